"""The examples in ``sites/``: each can be read, each says what its lines mean."""

from __future__ import annotations

import importlib.util
import shutil
from pathlib import Path

import pytest

from dissect_report import dissect, load_config
from dissect_report.analysis.networks import survey_layers
from tests.docs.conftest import ROOT

pytestmark = pytest.mark.docs

SITES = ROOT / "sites"
EXAMPLES = ("demo", "generator", "torchvision", "vit")


def test_there_is_no_example_without_a_test():
    assert sorted(path.parent.name for path in SITES.glob("*/dissect.toml")) == sorted(EXAMPLES)


@pytest.mark.parametrize("name", EXAMPLES)
def test_a_configuration_is_read_and_begins_with_what_it_is(name):
    assert load_config(SITES / name).title
    assert (SITES / name / "dissect.toml").read_text(encoding="utf-8").startswith("# ")


@pytest.mark.parametrize("name", ["generator", "torchvision", "vit"])
def test_every_table_of_an_example_is_commented(name):
    text = (SITES / name / "dissect.toml").read_text(encoding="utf-8")
    for table in text.split("\n\n"):
        assert "#" in table, table


@pytest.mark.parametrize("name", ["generator", "torchvision", "vit"])
def test_a_readme_names_the_command_and_every_file(name):
    text = (SITES / name / "README.md").read_text(encoding="utf-8")
    assert f"dissect-report build sites/{name}" in text
    for path in (SITES / name).glob("*.py"):
        assert path.name in text


def test_the_torchvision_example_runs_on_the_layout_that_its_readme_describes(tmp_path: Path):
    for name in ("dissect.toml", "draw.py"):
        shutil.copy(SITES / "torchvision" / name, tmp_path / name)
    spec = importlib.util.spec_from_file_location("draw", tmp_path / "draw.py")
    module = importlib.util.module_from_spec(spec)
    spec.loader.exec_module(module)
    module.draw(tmp_path, images=8)
    path = tmp_path / "dissect.toml"
    text = path.read_text(encoding="utf-8")
    # Random weights and the last stage alone: nothing is downloaded, and it takes seconds.
    assert "@DEFAULT" in text
    text = text.replace("@DEFAULT", "").replace('"layer[1-4]"', '"layer4"')
    path.write_text(text.partition("[ablation]")[0], encoding="utf-8")
    (run,) = dissect(path)
    assert {image.label for image in run.record.images} == {"lakeside", "seashore", "barn", "dock"}
    assert run.layers["layer4"].summary.units == 512
    assert [segmenter.source for segmenter in run.record.segmenters] == ["masks:masks", "color"]


def test_the_drawn_classes_are_called_as_the_network_calls_them():
    from dissect_report.errors import ModelError
    from dissect_report.sources.torchvision_models import torchvision_knowledge

    spec = importlib.util.spec_from_file_location("draw", SITES / "torchvision" / "draw.py")
    module = importlib.util.module_from_spec(spec)
    spec.loader.exec_module(module)
    (run,) = load_config(SITES / "torchvision").runs
    assert set(module.CLASSES.values()) <= set(torchvision_knowledge(run.model.source, ModelError).classes)


def test_the_transformer_example_names_layers_whose_tokens_are_found():
    (run,) = load_config(SITES / "vit").runs
    chosen = [info for info, taken in survey_layers(run, SITES / "vit") if taken]
    assert len(chosen) == 1 + 6 + 6 + 1
    assert {info.map_size for info in chosen} == {(16, 16)}
    assert {info.reading.extra for info in chosen[1:]} == {3}
