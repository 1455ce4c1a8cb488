"""``--set``, ``--json`` and ``--quiet``: what people expect of a command line."""

from __future__ import annotations

import json
from pathlib import Path

import pytest
from typer.testing import CliRunner

from dissect_report.cli.app import app
from dissect_report.config.overrides import override
from dissect_report.errors import ConfigError
from tests.small_site import write_small_site

runner = CliRunner()
TABLES = {"title": "x", "model": {"layers": ["a"]}, "segmenter": [{"source": "color"}]}
RUNS = {"run": [{"name": "one", "probe": {"limit": 3}}, {"name": "two"}]}


@pytest.mark.parametrize(
    ("tables", "change", "path", "value"),
    [
        (TABLES, 'model.layers=["b", "c"]', ("model", "layers"), ["b", "c"]),
        (TABLES, "probe.limit = 100", ("probe", "limit"), 100),
        (TABLES, "model.source=net.py:mine", ("model", "source"), "net.py:mine"),
        (TABLES, "title=a=b", ("title",), "a=b"),
        (TABLES, "segmenter.source=demo", ("segmenter", 0, "source"), "demo"),
        (RUNS, "one.probe.limit=7", ("run", 0, "probe", "limit"), 7),
        (RUNS, "two.compute.batch_size=2", ("run", 1, "compute", "batch_size"), 2),
        ({"run": [{"name": "one"}]}, "probe.limit=7", ("run", 0, "probe", "limit"), 7),
        ({"segmenter": [{}, {}]}, "segmenter.1.source=demo", ("segmenter", 1, "source"), "demo"),
    ],
)
def test_a_key_is_set_and_the_file_left_alone(tables, change, path, value):
    before = json.dumps(tables)
    found = override(tables, [change])
    for part in path:
        found = found[part]
    assert found == value
    assert json.dumps(tables) == before


@pytest.mark.parametrize(
    ("tables", "change", "words"),
    [
        (TABLES, "probe.limit", "not KEY=VALUE"),
        (TABLES, "=3", "not KEY=VALUE"),
        (TABLES, "probe..limit=3", "not KEY=VALUE"),
        (TABLES, "title.x=3", "title is no table"),
        (RUNS, "probe.limit=3", "begin with the name of a run: 'one', 'two'"),
        ({"segmenter": [{}, {}]}, "segmenter.0=3", "not KEY=VALUE"),
    ],
)
def test_a_key_that_names_no_place_is_refused(tables, change, words):
    with pytest.raises(ConfigError, match=words):
        override(tables, [change])


def test_a_key_that_is_none_is_refused_as_in_the_file(tmp_path: Path):
    config = write_small_site(tmp_path, images=4)
    done = runner.invoke(app, ["layers", str(config), "--set", "probe.limt=3"], env={"COLUMNS": "200"})
    assert done.exit_code == 2
    assert "did you mean 'limit'" in done.stderr


def test_layers_as_json(tmp_path: Path):
    config = write_small_site(tmp_path, images=4)
    done = runner.invoke(app, ["layers", str(config), "--json", "--set", 'model.layers=["conv2"]'])
    assert done.exit_code == 0, done.output
    (run,) = json.loads(done.stdout)["runs"]
    known = {layer["name"]: layer for layer in run["layers"]}
    assert known["conv2"] == {
        "name": "conv2", "units": 8, "map": [8, 8], "recorded_as": "conv2 -> relu2 (ReLU)", "chosen": True,
    }  # fmt: skip
    assert known["conv1"]["chosen"] is False
    assert "not a map" in known["head"]["obstacle"]


def test_a_build_as_json_prints_nothing_else_and_the_next_is_heard_again(tmp_path: Path):
    config = write_small_site(tmp_path, images=6)
    done = runner.invoke(app, ["build", str(config), "--json", "--set", 'model.layers=["conv2"]'])
    assert done.exit_code == 0, done.output
    told = json.loads(done.stdout)
    (layer,) = told["runs"][0]["layers"]
    assert layer["name"] == "conv2"
    assert layer["units"] == 8
    assert sum(layer["grades"].values()) == 8
    assert Path(told["site"]).is_file()
    silent = runner.invoke(app, ["analyze", str(config), "--quiet", "--set", 'model.layers=["conv2"]'])
    assert (silent.exit_code, silent.output) == (0, "")
    heard = runner.invoke(app, ["analyze", str(config), "--set", 'model.layers=["conv2"]'])
    assert "up to date" in heard.stdout


def test_a_failure_is_heard_whatever_is_silenced(tmp_path: Path):
    config = write_small_site(tmp_path, images=4)
    done = runner.invoke(app, ["analyze", str(config), "--quiet", "--set", 'model.layers=["conv9"]'])
    assert done.exit_code == 1
    assert done.stdout == ""
    assert "conv9" in done.stderr
