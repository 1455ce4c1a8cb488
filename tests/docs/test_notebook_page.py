"""The page about notebooks: every line of it is run."""

from __future__ import annotations

import re
from pathlib import Path
from typing import Any

import pytest
import torch
from torch.utils.data import TensorDataset

from tests.docs.conftest import DOCS
from tests.notebook.test_notebook import blocks, network, pixels

pytestmark = pytest.mark.docs

PAGE = DOCS / "pages" / "notebook.md"


def test_every_line_of_the_page_runs(tmp_path: Path, monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.chdir(tmp_path)
    dataset = TensorDataset(pixels(72) / 255, torch.arange(72) % 3)
    names: dict[str, Any] = {"net": network(), "dataset": dataset, "blocks": blocks}
    found = re.findall(r"```python\n(.*?)```", PAGE.read_text(encoding="utf-8"), re.DOTALL)
    assert len(found) == 5
    for block in found:
        exec(compile(block, str(PAGE), "exec"), names)
    assert names["ablated"]["2"].ablation.set_sizes == (1, 2)
    assert (tmp_path / "sites" / "mine" / "site" / "index.html").is_file()
