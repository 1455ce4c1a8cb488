"""What a reader pastes from the tutorials works: every file, every command, in the order of the page."""

from __future__ import annotations

import json
import os
import re
import subprocess
import sys
from collections.abc import Iterator
from dataclasses import dataclass
from pathlib import Path

import pytest

from dissect_report import load_config, load_run
from dissect_report.errors import ModelError, SegmenterError
from dissect_report.sources.torchvision_models import find_weights
from tests.docs.conftest import DOCS

pytestmark = pytest.mark.docs

TUTORIALS = DOCS / "pages" / "tutorial"
_FENCE = re.compile(r'^```(\w+)(?: title="([^"]+)")?\n(.*?)^```$', re.MULTILINE | re.DOTALL)
KINDS = {"sh", "toml", "python"}


@dataclass(frozen=True)
class Block:
    """A fenced block of a page.

    Attributes:
        kind: its language.
        title: the file that it is saved as; "" for commands.
        text: what stands in it.
    """

    kind: str
    title: str
    text: str


def blocks(page: str, with_files) -> Iterator[Block]:
    text = (TUTORIALS / page).read_text(encoding="utf-8")
    for kind, title, body in _FENCE.findall(with_files(text)):
        yield Block(kind, title, body)


def follow(page: str, folder: Path, with_files) -> list[str]:
    """Does what the page says; the commands that ran."""
    ran = []
    programs = f"{Path(sys.executable).parent}{os.pathsep}{os.environ['PATH']}"
    environment = {**os.environ, "PATH": programs, "OMP_NUM_THREADS": "1", "COLUMNS": "200"}
    for block in blocks(page, with_files):
        if block.kind == "sh":
            for command in block.text.strip().splitlines():
                done = subprocess.run(
                    command, shell=True, cwd=folder, env=environment, capture_output=True, text=True,
                    timeout=300, check=False,
                )  # fmt: skip
                assert done.returncode == 0, f"{page}: {command}\n{done.stdout}{done.stderr}"
                ran.append(command)
        else:
            path = folder / block.title
            path.parent.mkdir(parents=True, exist_ok=True)
            path.write_text(block.text, encoding="utf-8")
    return ran


@pytest.fixture(scope="module")
def with_files(docs_module):
    """Fills in the files of the repository that a page shows."""
    return docs_module("hooks").with_files


@pytest.fixture(scope="module")
def classifier(tmp_path_factory: pytest.TempPathFactory, with_files) -> tuple[Path, list[str]]:
    """The folder after the first tutorial, and its commands."""
    folder = tmp_path_factory.mktemp("tutorial")
    return folder, follow("classifier.md", folder, with_files)


def test_every_block_is_a_file_or_commands(with_files):
    pages = sorted(path.name for path in TUTORIALS.glob("*.md"))
    assert pages == ["classifier.md", "generator.md", "segmenter.md"]
    for page in pages:
        text = (TUTORIALS / page).read_text(encoding="utf-8")
        found = list(blocks(page, with_files))
        assert len(found) == len(re.findall(r"^```\w", text, re.MULTILINE)), "a block that no test would see"
        for block in found:
            assert block.kind in KINDS, (page, block.kind)
            assert bool(block.title) == (block.kind != "sh"), (page, block.text[:80])


def test_the_classifier_of_the_tutorial_is_dissected(classifier):
    folder, ran = classifier
    assert "dissect-report build mine" in ran
    run = load_run(folder / "mine" / "run" / "small_network")
    layer = run.layers["4"]
    assert layer.summary.detectors > layer.summary.chance_detectors
    assert layer.ablation.accuracy > 0.6, "the network has learned something"
    assert {target.name for target in layer.ablation.targets} == {"ski resort", "harbor", "forest", "desert"}
    assert (folder / "mine" / "site" / "index.html").is_file()
    assert (folder / "mine.zip").is_file()


def test_the_layers_of_the_classifier_are_recorded_as_the_page_says(classifier):
    folder, _ = classifier
    text = (TUTORIALS / "classifier.md").read_text(encoding="utf-8")
    run = load_run(folder / "mine" / "run" / "small_network")
    assert run.layers["2"].summary.recorded_as == "2 -> 3 (ReLU)"
    assert "`2 -> 3 (ReLU)`" in text


def test_the_segmenters_of_the_tutorial_name_units(classifier, with_files):
    folder, _ = classifier
    follow("segmenter.md", folder, with_files)
    named = {}
    for name in ("truth", "code"):
        run = load_run(folder / "segmented" / "run" / name)
        names = {concept.id: concept.name for concept in run.record.concepts}
        named[name] = {names[u.concept] for u in run.layers["4"].units if u.detector}
        assert len(run.record.images) == 100
    assert named["truth"] - {"sky"}
    assert named["code"] <= {
        "reddish",
        "greenish",
        "bluish",
        "bright",
        "dark",
        "bright above",
        "bright below",
    }
    assert named["code"]
    assert (folder / "segmented" / "site" / "compare.html").is_file()


def test_the_torchvision_sources_of_the_tutorials_exist(classifier, with_files):
    folder, _ = classifier
    (block,) = [
        block for block in blocks("segmenter.md", with_files) if block.title == "torchvision/dissect.toml"
    ]
    path = folder / "named" / "dissect.toml"
    path.parent.mkdir()
    path.write_text(block.text, encoding="utf-8")
    (run,) = load_config(path).runs
    assert find_weights(run.model.source, ModelError) is not None
    weights = find_weights(run.segmenters[0].source, SegmenterError)
    assert len(weights.meta["categories"]) == 21, "twenty things and the background"


def test_the_generator_of_the_tutorial_shows_what_was_built_in(tmp_path, with_files):
    ran = follow("generator.md", tmp_path, with_files)
    assert "python check.py" in ran
    layer = load_run(tmp_path / "run" / "countryside").layers["layer1"]
    sky = layer.units[0]
    assert not any(unit.detector for unit in layer.units[:40])
    assert max(unit.attainable_iou for unit in layer.units[:40]) == pytest.approx(0.12, abs=0.005)
    assert sky.chance_iou == pytest.approx(sky.iou, abs=0.001), "no more than its chance value"
    assert min(unit.iou for unit in layer.units[40:80]) > 0.8
    names = {c.id: c.name for c in load_run(tmp_path / "run" / "countryside").record.concepts}
    (red,) = [edited for edited in layer.generation.concepts if names[edited.concept] == "red"]
    portions = {curve.ranking: {p.count: p.portion for p in curve.points} for curve in red.curves}
    assert portions["iou"][12] < 0.99 <= portions["iou"][16], "sixteen units by IoU"
    assert portions["ace"][4] < 0.99 <= portions["ace"][8], "eight units by ACE"
    assert portions["random"][16] < 0.5
    sides = {names[side.concept]: side.after - side.before for side in red.side_effects}
    assert sides["blue"] > 0.01
    assert sides["green"] > 0.01
    added = {names[context.concept]: context.added for context in red.contexts}
    assert added["red"] < 0.5 * min(added["blue"], added["green"])
    assert json.loads((tmp_path / "run/countryside/run.json").read_text())["generator"]["clipped"] == 0
