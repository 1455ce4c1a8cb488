"""Sources by name: one table, open to packages that are installed beside this one."""

from __future__ import annotations

import sys
from collections.abc import Iterator
from pathlib import Path

import pytest
import torch

from dissect_report import schemes
from dissect_report.cli.init import commented_configuration
from dissect_report.config import ModelConfig, ProbeConfig, SegmenterConfig
from dissect_report.config.reading import run_name
from dissect_report.errors import ModelError, SegmenterError, SourceError
from dissect_report.schemes import BUILT_IN, GROUP, OWN_CODE, forms, last_part, scheme_of
from dissect_report.schemes import schemes as every
from dissect_report.sources.models import load_model
from dissect_report.sources.opening import load_opener
from dissect_report.sources.probe import list_probe
from dissect_report.sources.segmenters.merge import open_segmenter, open_segmenters

TOY = """
from dissect_report.schemes import Scheme
SCHEME = Scheme("toy", {"model": "toy:SIDE", "segmenter": "toy:ID", "images": "toy:GREY"}, "a toy",
    model="toys.made:network", segmenter="toys.made:segmenter", images="toys.made:images")
"""
MADE = """
from functools import partial
import numpy as np
import torch
from dissect_report.sources.concepts import Concept
from dissect_report.sources.probe import ProbeItem

def network(config, folder, notes):
    notes.append("a toy was opened")
    return torch.nn.Conv2d(3, 4, int(config.source.partition(":")[2]))

class Everywhere:
    digest, quality, catalogue = "", {}, (Concept(1, "thing", "object"),)
    def __init__(self, source): self.source = source
    def to(self, device): pass
    def label(self, images, names, grid): return torch.ones(len(images), 1, grid, grid, dtype=torch.int64)

def segmenter(config, probe, folder, among):
    return Everywhere(config.source)

def plain(grey, side): return np.full((side, side, 3), grey, np.uint8)

def images(config):
    grey = int(config.images[0].partition(":")[2])
    return [ProbeItem(f"{n}", None, None, n, draw=partial(plain, grey + n)) for n in range(3)]
"""


def install(folder: Path, package: str, value: str, **modules: str) -> None:
    """A package as pip would leave it: its modules, and beside them what says what it adds."""
    (folder / package).mkdir(parents=True)
    for name, text in {"__init__": "", **modules}.items():
        (folder / package / f"{name}.py").write_text(text)
    about = folder / f"{package}-1.0.dist-info"
    about.mkdir()
    (about / "METADATA").write_text(f"Metadata-Version: 2.1\nName: {package}\nVersion: 1.0\n")
    (about / "entry_points.txt").write_text(f"[{GROUP}]\n{package} = {value}\n")


@pytest.fixture
def beside(tmp_path: Path, monkeypatch: pytest.MonkeyPatch) -> Iterator[Path]:
    """A folder of installed packages that Python looks in, as in another site-packages."""
    folder = tmp_path / "installed"
    folder.mkdir()
    monkeypatch.syspath_prepend(folder)
    schemes.added.cache_clear()
    before = set(sys.modules)
    yield folder
    schemes.added.cache_clear()
    for name in set(sys.modules) - before:
        if name.partition(".")[0] in {path.name for path in folder.iterdir()}:
            del sys.modules[name]


def test_a_package_beside_this_one_adds_networks_segmenters_and_pictures(beside: Path) -> None:
    install(beside, "toys", "toys.scheme:SCHEME", scheme=TOY, made=MADE)
    notes: list[str] = []
    assert (
        load_model(ModelConfig("classifier", "toy:2"), beside, notes)(torch.zeros(1, 3, 2, 2)).shape[1] == 4
    )
    assert notes == ["a toy was opened"]
    probe = ProbeConfig(images=("toy:7",), resize=8, crop=4)
    listed = list_probe(probe, beside, 0)
    assert [listed.load(n).pixels[0, 0, 0] for n in range(3)] == [7, 8, 9]
    merged = open_segmenters([SegmenterConfig("toy:1"), SegmenterConfig("color")], probe, beside)
    assert [concept.name for concept in merged.catalogue][:2] == ["thing", "black"]
    assert "toy:ID" in forms("segmenter")
    assert "toy:SIDE" in commented_configuration("mine")
    assert run_name("", "toy:some/where", "here") == "where"


def test_what_a_package_adds_is_looked_up_but_not_loaded_until_it_is_used(beside: Path) -> None:
    install(beside, "toys", "toys.scheme:SCHEME", scheme=TOY, made="raise RuntimeError('loaded')")
    assert scheme_of("toy:1") is not None
    with pytest.raises(RuntimeError, match="loaded"):
        load_opener(scheme_of("toy:1").model)  # type: ignore[union-attr]


@pytest.mark.parametrize(
    ("scheme", "words"),
    [
        (TOY.replace('"toy"', '"color"'), "toys adds sources called 'color', as dissect-report does"),
        ("SCHEME = 3", r"toys.scheme:SCHEME is no dissect_report.schemes.Scheme"),
        ("import not_there", "toys.scheme:SCHEME cannot be loaded: ModuleNotFoundError"),
        (TOY.replace('"images": "toy:GREY"', ""), "a form for every opener"),
    ],
)
def test_a_package_that_adds_no_source_is_named(beside: Path, scheme: str, words: str) -> None:
    install(beside, "toys", "toys.scheme:SCHEME", scheme=scheme, made=MADE)
    with pytest.raises(SourceError, match=words):
        scheme_of("toy:1")


def test_the_demo_is_such_a_package() -> None:
    assert "demo" not in [scheme.name for scheme in BUILT_IN]
    assert scheme_of("demo") is not None
    assert scheme_of("demo:more") is None


def test_a_source_of_another_kind_of_thing_is_answered_with_what_can_stand_there(tmp_path: Path) -> None:
    with pytest.raises(
        ModelError, match=r"'masks:x' is no network: expected file.py:factory, .*torchvision:"
    ):
        load_model(ModelConfig(source="masks:x"), tmp_path)
    with pytest.raises(SegmenterError, match=r"'progan:x' is no segmenter: expected .*masks:FOLDER"):
        open_segmenter(SegmenterConfig("progan:x"), ProbeConfig(), tmp_path)
    (tmp_path / "color").mkdir()
    with pytest.raises(SourceError, match="not one image in this folder"):
        list_probe(ProbeConfig(images=("color",)), tmp_path, 0)


@pytest.mark.parametrize("scheme", every(), ids=lambda scheme: scheme.name)
def test_every_kind_has_what_opens_it_and_is_named_in_readme(scheme: schemes.Scheme) -> None:
    readme = (Path(__file__).parents[2] / "README.md").read_text()
    for role, form in scheme.forms.items():
        assert callable(load_opener(scheme.opener(role)))
        for one in form.split(" | "):
            assert scheme.name == "memory" or f"`{one}`" in readme, one


@pytest.mark.parametrize(
    ("source", "name"),
    [
        ("torchvision:vgg16@DEFAULT", "vgg16"),
        ("progan:a/church.safetensors", "church"),
        ("memory:Net_2", "Net_2"),
    ],
)
def test_a_run_is_called_as_what_its_source_names(source: str, name: str) -> None:
    scheme = scheme_of(source)
    assert scheme is not None
    assert last_part(source, scheme) == run_name("", source, "here") == name


def test_own_code_is_of_no_kind() -> None:
    assert [scheme_of(source) for source in (*OWN_CODE, "net:make", "C:\\photos", "photos", "")] == [None] * 6
