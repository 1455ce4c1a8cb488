"""Units ticked off where classes are decided by themselves, or by one logit: the page finds the run's own."""

from __future__ import annotations

import json
from collections.abc import Iterator
from pathlib import Path
from typing import Any

import pytest
from decision_site import write_decision_site
from rich.console import Console

from dissect_report.analysis.dissection import dissect
from dissect_report.config import load_config
from dissect_report.publish.builder import build_site
from tests.browser.conftest import opened

KEY = ("target", "kind", "size", "name")


@pytest.fixture(scope="module", params=["each", "unlabelled", "one"])
def decided(request: pytest.FixtureRequest, tmp_path_factory: pytest.TempPathFactory) -> Path:
    factory = "one" if request.param == "one" else "each"
    folder = tmp_path_factory.mktemp(request.param)
    path = write_decision_site(folder, factory, labelled=request.param != "unlabelled")
    dissect(path, threads=1)
    return build_site(load_config(path), Console(quiet=True)).parent


@pytest.fixture
def page(chromium: Any, decided: Path) -> Iterator[Any]:
    yield from opened(chromium, f"{decided.as_uri()}/")


def test_every_set_of_the_run_is_found_again(page: Any, decided: Path):
    record = json.loads(next(decided.parent.glob("run/*/last/ablation.json")).read_text())
    place = next(k for k, target in enumerate(record["targets"]) if target["name"] == "barn")
    page.goto(next(decided.glob("*/classes/barn.html")).as_uri())
    slack = record["live_difference"] + 0.02  # values are stored in 256 steps
    for size in (1, 4):
        page.click(f"[data-best='{size}']")
        page.wait_for_function(
            "size => (document.querySelector('[data-live]').dataset.removed || '').split(',').length === size"
            " && document.querySelector('[data-live]').dataset.balanced",
            arg=size,
        )
        found = page.evaluate("({...document.querySelector('[data-live]').dataset})")
        wanted = (place, "removed", size, "")
        row = next(r for r in record["rows"] if tuple(map(r.get, KEY)) == wanted)
        assert float(found["overall"]) == pytest.approx(row["accuracy"], abs=slack)
        assert float(found["balanced"]) == pytest.approx(row["balanced_accuracy"], abs=4 * slack)
