"""A build draws the layers that changed, and gives what a fresh build would give."""

from __future__ import annotations

import json
import shutil
from collections.abc import Callable
from pathlib import Path
from typing import Any

import pytest

from dissect_report.findings import folders
from dissect_report.publish import contents
from dissect_report.publish.unchanged import NOTES
from tests.publish.conftest import Built, made


@pytest.fixture(scope="module")
def first(tmp_path_factory: pytest.TempPathFactory) -> Built:
    return made(tmp_path_factory.mktemp("first"), runs=2)


@pytest.fixture
def again(first: Built, tmp_path: Path) -> Built:
    shutil.copytree(first.folder, tmp_path / "again")
    return Built(tmp_path / "again")


@pytest.fixture
def drawn(monkeypatch: pytest.MonkeyPatch) -> list[tuple[str, str]]:
    """Run and layer of every call for a layer's unit pages."""
    calls = []

    def note(site: Any, run: Any, layer: Any) -> Any:
        calls.append((run.record.name, layer.summary.name))
        return whole(site, run, layer)

    whole = contents.unit_pages
    monkeypatch.setattr(contents, "unit_pages", note)
    return calls


def change(path: Path, edit: Callable[[Any], object]) -> None:
    record = json.loads(path.read_text(encoding="utf-8"))
    edit(record)
    path.unlink()  # the site may share the file
    path.write_text(json.dumps(record), encoding="utf-8")


def layer_records(built: Built, name: str = "dissection.json") -> list[Path]:
    return sorted(built.folder.glob(f"run/*/*/{name}"))


def assert_as_fresh(built: Built, fresh: Path) -> None:
    shutil.copytree(built.folder, fresh, ignore=shutil.ignore_patterns("site", "docs", "cache", "mkdocs.yml"))
    other = Built(fresh)
    other.build()
    files = {path.relative_to(other.site) for path in other.site.rglob("*") if path.is_file()}
    assert files == {path.relative_to(built.site) for path in built.site.rglob("*") if path.is_file()}
    for path in files - {Path(folders.MARKER)}:
        assert (built.site / path).read_bytes() == (other.site / path).read_bytes(), path


def test_nothing_is_drawn_where_nothing_changed(again: Built, drawn: list[tuple[str, str]]):
    assert "; 0 of" in again.build()
    assert drawn == []


def test_of_one_changed_layer_only_its_units_are_drawn(
    again: Built, drawn: list[tuple[str, str]], tmp_path: Path
):
    path = layer_records(again)[-1]
    weakest = json.loads(path.read_text(encoding="utf-8"))["units"]
    change(
        path, lambda record: [unit.update(density=0.25) for unit in record["units"] if not unit["detector"]]
    )
    assert any(not unit["detector"] for unit in weakest)
    again.build()
    assert len(drawn) == 1
    assert_as_fresh(again, tmp_path / "fresh")


@pytest.mark.parametrize("name", ["dissection.json", "ablation.json"])
def test_what_pages_of_other_layers_show_is_drawn_anew_there(
    name: str, again: Built, drawn: list[tuple[str, str]], tmp_path: Path
):
    def edit(record: Any) -> None:
        if name == "ablation.json":
            record["accuracy"] = 0.123
        for unit in record["units"] if name == "dissection.json" else ():
            unit["iou"] = unit["iou"] and unit["iou"] * 0.9

    change(layer_records(again, name)[0], edit)
    again.build()
    assert 0 < len(drawn) < 4  # the other run's layers are as they were
    assert_as_fresh(again, tmp_path / "fresh")


def test_another_title_draws_everything(again: Built, drawn: list[tuple[str, str]], tmp_path: Path):
    path = again.folder / "dissect.toml"
    path.write_text(path.read_text(encoding="utf-8").replace('title = "', 'title = "Another '))
    again.build()
    assert len(drawn) == 4
    assert_as_fresh(again, tmp_path / "fresh")


def test_a_page_that_was_touched_and_notes_that_are_torn_are_made_anew(
    again: Built, drawn: list[tuple[str, str]], tmp_path: Path
):
    page = next(path for path in sorted(again.site.glob("*/*/5.html")))
    page.write_text("touched", encoding="utf-8")
    sorted(again.folder.glob(f"cache/*/{NOTES}"))[-1].write_text("{", encoding="utf-8")
    again.build()
    assert len(drawn) == 3  # one layer, and both of the other run
    assert_as_fresh(again, tmp_path / "fresh")


def test_a_run_measured_again_with_the_same_numbers_draws_nothing(
    again: Built, drawn: list[tuple[str, str]], tmp_path: Path
):
    def measured_later(record: Any) -> None:
        record["provenance"].update(created="2031-01-01T00:00:00", seconds={"open": 1.5}, key="another")

    for layer in sorted(again.folder.glob("run/*/run.json")):
        change(layer, lambda record: [summary.update(key="mine") for summary in record["layers"]])
    again.build()
    drawn.clear()
    for path in sorted(again.folder.glob("run/*/run.json")):
        change(path, measured_later)
    again.build()
    assert drawn == []
    assert_as_fresh(again, tmp_path / "fresh")
