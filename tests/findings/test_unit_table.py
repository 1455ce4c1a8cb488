"""Tables that people open in a spreadsheet: numbers stay numbers, and no name is run."""

from __future__ import annotations

import csv
import json
from pathlib import Path

import pytest

from dissect_report.config import load_config
from dissect_report.findings.store import load_run
from dissect_report.findings.unit_table import inert, unit_rows, unit_table
from dissect_report.report import render
from dissect_report.report.site import load_site
from tests.synthetic import write_synthetic_site


@pytest.mark.parametrize("name", ["=1+1", "+1", "-2", "@SUM(A1)", "\t=1", "\r=1", "\n=1", "＝1", "＠x"])
def test_what_a_spreadsheet_would_run_stands_behind_an_apostrophe(name: str):
    assert inert(name) == f"'{name}"


@pytest.mark.parametrize("name", ["tree", "", "a=1", "'tree'", "1-2"])
def test_other_names_stay_as_they_are(name: str):
    assert inert(name) == name


@pytest.fixture
def foreign(tmp_path: Path) -> Path:
    """A site whose findings name a formula, with a table of a stranger's own."""
    config = write_synthetic_site(tmp_path, units=6)
    (run,) = (tmp_path / "run").iterdir()
    record = run / "run.json"
    stored = json.loads(record.read_text(encoding="utf-8"))
    for concept in stored["concepts"]:
        concept["name"] = f"={concept['name']}"
    record.write_text(json.dumps(stored), encoding="utf-8")
    for table in run.rglob("units.csv"):
        table.write_text("unit,concept\n0,=HYPERLINK(1)\n")
    return config


def test_the_table_of_a_site_is_made_from_its_records(foreign: Path):
    site = load_site(load_config(foreign))
    assert not [target for _, target in render.copies(site) if target.suffix == ".csv"]
    tables = [file.text for file in render.shared_files(site) if file.path.name == "units.csv"]
    assert len(tables) == len(site.runs[0].layers)
    for text in tables:
        rows = list(csv.DictReader(text.splitlines()))
        assert len(rows) == 6
        named = [row["concept"] for row in rows if row["concept"]]
        assert named
        assert all(name.startswith("'=") for name in named)


def test_rows_hold_the_names_themselves_and_numbers_without_marks(foreign: Path):
    (folder,) = (foreign.parent / "run").iterdir()
    run = load_run(folder)
    layer = next(iter(run.layers.values()))
    rows = list(unit_rows(layer.units, run.record.concepts))
    assert {row["concept"][:1] for row in rows if row["concept"]} == {"="}
    written = list(csv.DictReader(unit_table(layer.units, run.record.concepts).splitlines()))
    assert [{**row, "concept": ""} for row in rows] == [{**row, "concept": ""} for row in written]
    assert [row["level"] for row in written] == [f"{unit.level:.9g}" for unit in layer.units]
