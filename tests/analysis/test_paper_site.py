"""A site whose photos and segmenters are the paper's, from a mirror of small ones: fetched, then measured."""

from __future__ import annotations

import io
import shutil
import zipfile
from pathlib import Path

import numpy as np
import pytest
from PIL import Image

from dissect_report.analysis.dissection import dissect
from dissect_report.analysis.progress import Silent
from dissect_report.errors import WeightsError
from dissect_report.sources.fetching.digests import Published
from dissect_report.sources.paper import files
from tests.perceptual_networks import write_color, write_upp
from tests.small_site import change, write_small_site


class Told(Silent):
    """Remembers what it was told."""

    def __init__(self) -> None:
        self.notes: list[str] = []

    def note(self, message: str) -> None:
        self.notes.append(message)


@pytest.fixture
def mirror(tmp_path: Path, own_cache: Path, monkeypatch: pytest.MonkeyPatch) -> Path:
    """Small networks and photos where the paper's would be; their digests are their own."""
    write_upp()
    write_color()
    folder = tmp_path / "mirror"
    shutil.move(own_cache / "weights" / "dissect.csail.mit.edu", folder)
    (folder / "datasets").mkdir()
    dice = np.random.default_rng(0)
    with zipfile.ZipFile(folder / "datasets" / "places_val.zip", "w") as archive:
        for number in range(6):
            buffer = io.BytesIO()
            Image.fromarray(dice.integers(0, 255, (40, 40, 3), np.uint8)).save(buffer, "PNG")
            archive.writestr(f"places/val/{'abbey' if number % 2 else 'zoo'}/{number}.png", buffer.getvalue())
    photos = files.PaperSource("paper:places-val", "photos", (Published(files.PLACES_VAL.files[0].url),))
    monkeypatch.setitem(files.SOURCES, photos.source, photos)
    return folder


def test_from_fetching_to_findings(mirror: Path, tmp_path: Path, own_cache: Path) -> None:
    config = write_small_site(tmp_path / "site", images=1)
    segmenters = 'source = "paper:upp"\n[[segmenter]]\nsource = "paper:color"'
    change(config, 'source = "net.py:blocks"\nconcepts = "concepts.csv"', segmenters)
    change(config, 'images = "photos"', 'images = "paper:places-val"')
    change(config, '["conv1", "conv2"]', '["conv2"]')
    config.write_text(f'{config.read_text()}[fetch]\nmirrors = ["dissect.csail.mit.edu={mirror.as_uri()}"]\n')
    told = Told()
    (run,) = dissect(config, told)
    assert files.UPP.files[0].url in told.notes[0]
    assert any("7 of 7 files" in note for note in told.notes)
    assert [image.label for image in run.record.images] == ["abbey"] * 3 + ["zoo"] * 3
    assert [segmenter.source for segmenter in run.record.segmenters] == ["paper:upp", "paper:color"]
    assert run.record.depth == 6
    assert {concept.category for concept in run.record.concepts} >= {"object", "part", "material", "color"}
    assert "mirror" not in run.paths.run.read_text()
    shutil.rmtree(mirror)
    before = run.paths.run.read_bytes()
    again = Told()
    dissect(config, again)
    assert not any("to download" in note for note in again.notes)
    assert run.paths.run.read_bytes() == before
    shutil.rmtree(own_cache / "weights")
    with pytest.raises(WeightsError, match=r"by hand and save it as .*what this run has done so far is kept"):
        dissect(config, again, force=True)
    assert run.paths.run.read_bytes() == before
