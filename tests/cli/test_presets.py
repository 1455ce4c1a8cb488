"""``init --preset``: the paper's experiments as whole configurations."""

from __future__ import annotations

import re
from pathlib import Path

import pytest
from typer.testing import CliRunner

from dissect_report.cli.app import app
from dissect_report.cli.presets import preset_configuration
from dissect_report.config import load_config
from dissect_report.config.presets import LICENCES, PRESETS
from dissect_report.sources.needed import files_of
from dissect_report.sources.paper.files import GENERATORS, SOURCES, sources_of


def run(*arguments: str) -> tuple[int, str]:
    result = CliRunner().invoke(app, ["init", *arguments], env={"COLUMNS": "200"})
    return result.exit_code, result.output


@pytest.mark.parametrize("name", PRESETS)
def test_every_preset_is_a_whole_configuration_of_known_sources(name: str, tmp_path: Path) -> None:
    code, output = run(str(tmp_path / "site"), "--preset", name)
    assert code == 0
    assert f"dissect-report fetch {tmp_path / 'site'}" in output.replace("\n", "")
    (loaded,) = load_config(tmp_path / "site").runs
    kinds = [source.kind for source in sources_of(loaded)]
    assert kinds.count("segmenter") == 2
    assert kinds[0] == loaded.model.kind
    assert (loaded.generation is None) == (loaded.ablation is not None)
    assert len(files_of(loaded)) == (7 if loaded.is_generator else 8)
    text = (tmp_path / "site" / "dissect.toml").read_text()
    assert all(LICENCES[key][:40] in re.sub(r"\n#\s+", " ", text) for key in PRESETS[name].licences)
    assert max(len(line) for line in text.splitlines() if line.startswith("#")) <= 100


def test_every_network_of_the_paper_has_one() -> None:
    networks = {name for name, source in SOURCES.items() if source.kind in ("classifier", "generator")}
    assert {preset.tables["model"]["source"] for preset in PRESETS.values()} == networks
    assert len(PRESETS) == 3 + len(GENERATORS)


def test_what_each_downloads_and_takes_is_listed() -> None:
    code, output = run("--preset", "list")
    assert code == 0
    line = next(line for line in output.splitlines() if "pnas-vgg16-places" in line)
    assert re.search(r"1,438\D+0\.1\D+0\.2", line)
    assert all(name in output for name in PRESETS)


def test_costs_grow_with_photos_and_edits() -> None:
    vgg, church = PRESETS["pnas-vgg16-places"], PRESETS["pnas-progan-church"]
    assert vgg.seconds[0] == pytest.approx(7300 * (15.5 + 92) / 40)
    assert church.edits == 512 * 80 + 2 * (10 * 21 + 2 * 20) * 32 + 2 * 64 * 2 * 32
    assert vgg.seconds[0] / vgg.seconds[1] == 50


def test_a_misspelt_preset_is_told_the_nearest_and_a_missing_folder_is_named(tmp_path: Path) -> None:
    code, output = run(str(tmp_path), "--preset", "pnas-vgg16")
    assert code == 2
    assert "did you mean 'pnas-vgg16-places'" in output
    assert list(tmp_path.iterdir()) == []
    assert run()[0] == 2


def test_values_are_those_of_the_paper() -> None:
    text = preset_configuration(PRESETS["pnas-alexnet-places"], "mine")
    assert re.search(r"^crop = 227 ", text, re.M)
    assert 'resize_mode = "squash"' in text
    assert "set_sizes = [1, 2, 3, 4, 5, 20, 64, 128, 256]" in text
