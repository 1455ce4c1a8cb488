"""Bad input is one line that names the thing, a code, and no findings that were there are touched."""

from __future__ import annotations

from pathlib import Path

import pytest
from typer.testing import CliRunner

from dissect_report.cli.app import app
from tests.faults.bad_files import FAULTS, Fault
from tests.faults.bad_values import VALUES, Value
from tests.small_site import change, write_small_site

pytestmark = pytest.mark.faults


def refused(site: Path) -> tuple[int, str]:
    """Exit code and the one line of an analysis, in this process, over findings that stand."""
    standing = site / "run" / "factory" / "run.json"
    written = not (site / "run").exists()
    if written:
        standing.parent.mkdir(parents=True)
        standing.write_text("{}")
    done = CliRunner().invoke(app, ["analyze", str(site / "dissect.toml")], env={"COLUMNS": "400"})
    assert "Traceback" not in done.output
    lines = done.stderr.strip().splitlines()
    assert len(lines) == 1, done.output
    assert not written or standing.read_text() == "{}"
    return done.exit_code, lines[0]


@pytest.mark.parametrize("value", VALUES, ids=lambda value: value.new[-30:])
def test_a_value_that_cannot_be_meant(tmp_path: Path, value: Value):
    config = write_small_site(tmp_path, images=6)
    change(config, value.old, value.new)
    code, line = refused(tmp_path)
    assert value.words in line
    assert code == value.code, line


@pytest.mark.parametrize("fault", FAULTS, ids=lambda fault: fault.name)
def test_a_file_that_cannot_be_used(tmp_path: Path, fault: Fault):
    write_small_site(tmp_path, images=6)
    fault.make(tmp_path)
    code, line = refused(tmp_path)
    assert fault.words in line
    assert code == fault.code, line


def test_there_are_as_many_as_were_promised():
    assert len(VALUES) + len(FAULTS) >= 150
