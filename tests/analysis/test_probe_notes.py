"""What was found in the folders and how pictures were read is told before the work, and kept."""

from __future__ import annotations

from pathlib import Path

import numpy as np
import pytest
from PIL import Image

from dissect_report.analysis.progress import Silent
from dissect_report.analysis.setup import Setup, set_up
from dissect_report.config import load_config
from dissect_report.errors import SegmenterError
from tests.small_site import change, write_small_site


class Log(Silent):
    """Progress that remembers."""

    def __init__(self) -> None:
        self.notes: list[str] = []

    def note(self, message: str) -> None:
        self.notes.append(message)


def opened(path: Path) -> tuple[Setup, list[str]]:
    config, log = load_config(path), Log()
    return set_up(config, config.runs[0], log, threads=1), log.notes


def photos(path: Path) -> list[Path]:
    return sorted((path.parent / "photos").rglob("*.png"))


def test_plain_photos_give_no_note(tmp_path: Path) -> None:
    setup, told = opened(write_small_site(tmp_path, 6))
    assert (setup.survey.notes, told) == ((), [])


def test_pictures_of_twelve_bits_are_told_and_full_scale_reads_them(tmp_path: Path) -> None:
    path = write_small_site(tmp_path, 6)
    for photo in photos(path):
        grey = np.asarray(Image.open(photo).convert("L")).astype(np.uint16)
        Image.fromarray(grey * np.uint16(16)).save(photo)
    setup, told = opened(path)
    assert len(told) == 1
    assert "6 pictures hold whole numbers of more than 8 bits" in told[0]
    assert "set [probe] full_scale" in told[0]
    assert setup.survey.notes == tuple(told)
    assert opened(path)[1] == told, "from the cache, too"
    keys = {setup.stages.labels()}
    again, told = opened(change(path, "[probe]", "[probe]\nfull_scale = 4080"))
    assert told == []
    assert again.survey.digest == setup.survey.digest, "the files are the same"
    assert again.stages.labels() not in keys, "what the segmenter sees is not"
    assert again.survey.read(0, 6).max() > 10 * setup.survey.read(0, 6).max()


def test_an_interrupted_reading_counts_every_picture_once(
    tmp_path: Path, monkeypatch: pytest.MonkeyPatch
) -> None:
    path = write_small_site(tmp_path, 9)
    exif = Image.Exif()
    exif[0x0112] = 3
    for photo in photos(path)[::2]:
        Image.open(photo).save(photo, exif=exif)
    survey = "dissect_report.analysis.survey"
    monkeypatch.setattr(f"{survey}.STRIDE", 2)
    monkeypatch.setattr("dissect_report.analysis.passes.filling.NOTE_SECONDS", 0.0)
    with monkeypatch.context() as broken:
        broken.setattr(f"{survey}.small_picture", Stopping(5))
        with pytest.raises(KeyboardInterrupt):
            opened(path)
    setup, told = opened(path)
    assert len(told) == 1
    assert told[0].startswith("5 of 9 pictures are turned upright")
    assert len(setup.survey) == 9


class Stopping:
    """Makes small pictures until somebody stops it."""

    def __init__(self, after: int) -> None:
        self.left = after

    def __call__(self, pixels: np.ndarray) -> np.ndarray:
        self.left -= 1
        if self.left < 0:
            raise KeyboardInterrupt
        return np.zeros((128, 128, 3), np.uint8)


def test_an_image_without_a_mask_is_named_before_anything_is_labelled(tmp_path: Path) -> None:
    path = write_small_site(tmp_path, 6)
    for photo in photos(path)[1:]:
        mask = tmp_path / "masks" / photo.relative_to(tmp_path / "photos").with_suffix("")
        mask.parent.mkdir(parents=True, exist_ok=True)
        with Image.open(photo) as picture:
            Image.new("L", picture.size).save(f"{mask}_mask.png")
    change(path, 'source = "net.py:blocks"', 'source = "masks:masks"\nmask_suffix = "_mask"')
    with pytest.raises(SegmenterError, match=r"no mask for the image 'class0/000\.png' .* the nearest file"):
        opened(path)


def test_what_was_told_is_in_the_findings(tmp_path: Path) -> None:
    from dissect_report import dissect

    path = write_small_site(tmp_path, 6)
    (tmp_path / "photos" / "more.heic").touch()
    (run,) = dissect(path)
    line = "1 of 7 pictures in photos are not read: 1 .heic; convert them to JPEG or PNG"
    assert line in run.record.provenance.notes
    assert len(run.record.images) == 6
