"""Nothing in a folder of pictures is passed over in silence."""

from __future__ import annotations

import os
import shutil
from pathlib import Path

import pytest
from PIL import Image, features

from dissect_report.config import ProbeConfig, SegmenterConfig
from dissect_report.errors import ProbeError
from dissect_report.sources import picture_kinds
from dissect_report.sources.picture_kinds import kind_by_content, readable_suffixes
from dissect_report.sources.probe import Probe, list_probe

PROBE = ProbeConfig(images=("photos",), resize=16, crop=16)


def fill(folder: Path, *names: str) -> None:
    for name in names:
        path = folder / "photos" / name
        path.parent.mkdir(parents=True, exist_ok=True)
        kind = picture_kinds.READABLE.get(path.suffix.lower()) is not None and path.suffix.lower() != ".jfif"
        Image.new("RGB", (40, 30), "red").save(path, None if kind else "jpeg")


def listed(folder: Path, *segmenters: SegmenterConfig) -> Probe:
    return list_probe(PROBE, folder, 0, segmenters)


def names(probe: Probe) -> list[str]:
    return [item.name for item in probe.items]


def test_every_kind_that_pillow_reads_is_read(tmp_path: Path) -> None:
    kinds = [".JPG", ".jpe", ".jfif", ".bmp", ".gif", ".TIFF", ".tif", ".png", ".ppm", ".tga", ".pcx"]
    kinds += [kind for kind, part in ((".webp", "webp"), (".avif", "avif"), (".jp2", "jpg_2000")) if part in
              features.get_supported()]  # fmt: skip
    fill(tmp_path, *(f"a{number:02}{kind}" for number, kind in enumerate(kinds)))
    probe = listed(tmp_path)
    assert len(probe) == len(kinds)
    assert probe.notes == ()
    for index in range(len(probe)):
        assert probe.load(index).pixels.shape == (16, 16, 3)


def test_pictures_of_kinds_that_are_not_read_are_counted_in_one_line(tmp_path: Path) -> None:
    fill(tmp_path, "a.jpg", "b.jpg", "sea/c.HEIC", "sea/d.heic", "e.cr2", "f.jxl", "g.npy")
    (tmp_path / "photos" / "notes.txt").write_text("no picture")
    (tmp_path / "photos" / "c.xml").write_text("<annotation/>")
    (tmp_path / "photos" / ".hidden.heic").touch()
    (line,) = listed(tmp_path).notes
    assert line.startswith("5 of 7 pictures in photos are not read: 2 .heic, ")
    assert line.endswith("; convert them to JPEG or PNG")
    assert all(f"1 {kind}" in line for kind in (".cr2", ".jxl", ".npy"))
    assert str(tmp_path) not in line, "the note goes into the findings"


def test_a_kind_that_this_pillow_lacks_is_counted(tmp_path: Path, monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.setattr(picture_kinds.features, "get_supported", lambda: ["jpg"])
    assert {".avif", ".webp", ".jp2"}.isdisjoint(readable_suffixes())
    fill(tmp_path, "a.jpg")
    for name in ("b.avif", "c.avif", "d.webp"):
        (tmp_path / "photos" / name).write_bytes(b"something")
    assert listed(tmp_path).notes[0].startswith("3 of 4 pictures in photos are not read: 2 .avif, 1 .webp;")


def test_a_picture_is_known_by_its_content_where_its_ending_says_nothing(tmp_path: Path) -> None:
    fill(tmp_path, "a.jpg", "b", "c", "d.jpg_large")
    (tmp_path / "photos" / "README").write_text("BMP files are elsewhere")
    (line,) = listed(tmp_path).notes
    assert "3 of 4 pictures" in line
    assert "2 JPEG without an ending" in line
    assert "1 JPEG ending in '.jpg_large'" in line
    assert kind_by_content(b"\0\0\0\x18ftypheix" + bytes(100)) == "HEIC"
    assert kind_by_content(b"\0\0\0\x0cjP  \r\n") == "JPEG 2000"
    assert kind_by_content(b"") == ""


def test_a_folder_of_nothing_else_says_what_is_there(tmp_path: Path) -> None:
    fill(tmp_path, "a.heic", "b.heic")
    with pytest.raises(ProbeError, match=r"not one image in this folder .*2 of 2 .* 2 \.heic; convert"):
        listed(tmp_path)


def test_a_folder_that_may_not_be_looked_into_is_named(
    tmp_path: Path, monkeypatch: pytest.MonkeyPatch
) -> None:
    fill(tmp_path, "a.jpg", "sea/b.jpg", "sea/deep/c.jpg")
    scan = os.scandir

    def refuse(path: str) -> object:  # permissions do not bind everybody who runs the tests
        if Path(path).name == "sea":
            raise PermissionError(13, "Permission denied", path)
        return scan(path)

    monkeypatch.setattr(os, "scandir", refuse)
    probe = listed(tmp_path)
    assert names(probe) == ["a.jpg"]
    assert probe.notes == ("photos/sea is left out: it cannot be looked into (Permission denied)",)


def test_links_to_nothing_and_the_same_folder_twice_are_named(tmp_path: Path) -> None:
    fill(tmp_path, "a.jpg", "sea/b.jpg")
    photos = tmp_path / "photos"
    (photos / "alley").symlink_to(tmp_path / "unplugged")
    (photos / "ocean").symlink_to(photos / "sea")
    (photos / "sea" / "up").symlink_to(photos)
    probe = listed(tmp_path)
    assert probe.notes == (
        "photos/alley is left out: a link to nothing",
        "photos/sea is photos/ocean again, by a link: its pictures count once",
    )
    assert len(probe) == 2


def test_a_pipe_is_no_picture_to_wait_for(tmp_path: Path) -> None:
    fill(tmp_path, "a.jpg")
    os.mkfifo(tmp_path / "photos" / "b.jpg")
    with pytest.raises(ProbeError, match=r"^b\.jpg: is no file$"):
        listed(tmp_path).load(1)


MASKS = SegmenterConfig(source="masks:photos/masks")
BESIDE = SegmenterConfig(source="masks:photos")


def test_masks_below_the_photos_are_no_images(tmp_path: Path) -> None:
    fill(tmp_path, "a.png", "sea/b.jpg", "masks/a.png", "masks/sea/b.png", "masks/gone.png")
    probe = listed(tmp_path, SegmenterConfig(source="color"), MASKS)
    assert names(probe) == ["a.png", "sea/b.jpg"]
    assert [item.label for item in probe.items] == [None, "sea"]
    assert probe.notes == ("3 pictures in the folders of images are masks (masks:photos/masks), no images",)


def test_masks_beside_the_photos_are_no_images(tmp_path: Path) -> None:
    fill(tmp_path, "a.jpg", "a.png", "sea/b.JPG", "sea/b.PNG", "c.png")
    probe = listed(tmp_path, BESIDE)
    assert names(probe) == ["a.jpg", "c.png", "sea/b.JPG"], "what is nobody's mask is an image"


def test_masks_beside_the_photos_are_told_by_a_rule(tmp_path: Path) -> None:
    fill(tmp_path, "a.png", "a_seg.png", "b.png", "b_seg.png")
    ruled = SegmenterConfig(source="masks:photos", mask_suffix="_seg")
    assert names(listed(tmp_path, ruled)) == ["a.png", "b.png"]


def test_photos_with_masks_beside_them_in_a_folder_below_stay_images(tmp_path: Path) -> None:
    fill(tmp_path, "train/a.jpg", "train/a.png", "train/b.jpg", "train/b.png")
    below = SegmenterConfig(source="masks:photos/train")
    assert names(listed(tmp_path, below)) == ["train/a.jpg", "train/b.jpg"]


def test_masks_elsewhere_change_nothing(tmp_path: Path) -> None:
    fill(tmp_path, "a.png", "b.png")
    shutil.copytree(tmp_path / "photos", tmp_path / "masks")
    probe = listed(tmp_path, SegmenterConfig(source="masks:masks"))
    assert (names(probe), probe.notes) == (["a.png", "b.png"], ())


def test_pictures_that_are_called_like_others_are_told_as_likely_masks(tmp_path: Path) -> None:
    fill(tmp_path, "a.jpg", "a.png", "b.jpg", "b.png", "c.jpg")
    (line,) = listed(tmp_path, SegmenterConfig(source="color")).notes
    assert "2 of 5 pictures are called like another beside or above them, as 'a.png'" in line
    assert len(listed(tmp_path)) == 5, "they are counted all the same"
    shutil.rmtree(tmp_path / "photos")
    fill(tmp_path, "a.png", "b.png", "masks/a.png", "masks/b.png")
    assert "as 'masks/a.png': if these are masks" in listed(tmp_path).notes[0]
    shutil.rmtree(tmp_path / "photos")
    fill(tmp_path, "sea/1.jpg", "sea/2.jpg", "alley/1.jpg", "alley/2.jpg", "1.jpg")
    assert listed(tmp_path).notes[0].startswith("2 of 5"), "a picture above two folders of its name"
    (tmp_path / "photos" / "1.jpg").unlink()
    assert listed(tmp_path).notes == (), "numbers in folders of classes mean nothing"


def test_a_folder_of_nothing_but_masks_is_refused(tmp_path: Path) -> None:
    fill(tmp_path, "masks/a.png", "masks/b.png")
    with pytest.raises(ProbeError, match=r"every picture of .* is a mask of masks:photos/masks"):
        listed(tmp_path, MASKS)
