"""The page that counts a layer again gets the numbers of the findings."""

from __future__ import annotations

import re
from pathlib import Path

import numpy as np
import pytest

from dissect_report import dissect, load_run
from tests.small_site import write_small_site

pytestmark = pytest.mark.docs

PAGE = Path(__file__).parents[2] / "sites" / "docs" / "pages" / "recount.md"


def test_the_page_gets_the_numbers_of_the_findings(tmp_path, monkeypatch, capsys):
    dissect(write_small_site(tmp_path))
    monkeypatch.chdir(tmp_path)
    blocks = re.findall(r"```python\n(.*?)```", PAGE.read_text(encoding="utf-8"), re.S)
    names: dict = {}
    exec(compile("\n".join(blocks), str(PAGE), "exec"), names)
    units = load_run("run/factory").layers["conv1"].units
    assert len(capsys.readouterr().out.splitlines()) == len(units)
    np.testing.assert_allclose(names["robust"], [unit.robust_iou for unit in units], rtol=1e-8)
    assert any(unit.robust_iou for unit in units)
    shown = 0
    for unit in units:
        assert names["q"][unit.unit] == pytest.approx(unit.q)
        ends = names["interval"](unit.unit)
        if unit.iou_low is None:
            assert ends is None
        else:
            shown += 1
            assert ends == pytest.approx((unit.iou_low, unit.iou_high), rel=1e-7)
    assert shown
