from __future__ import annotations

from pathlib import Path

import numpy as np
import pytest
import torch
from PIL import Image

from dissect_report.config import ProbeConfig, SegmenterConfig
from dissect_report.errors import SegmenterError
from dissect_report.sources.probe import list_probe
from dissect_report.sources.segmenters.masks import MaskSegmenter
from dissect_report.sources.segmenters.merge import open_segmenter, open_segmenters
from tests.sources.test_upright import stored

PROBE = ProbeConfig(images=("photos",), resize=32, crop=32)


def make(folder: Path, name: str, mask: np.ndarray | Image.Image, size: tuple[int, int] = (64, 64)) -> None:
    """A photo and its mask."""
    photo = folder / "photos" / f"{name}.jpg"
    photo.parent.mkdir(parents=True, exist_ok=True)
    Image.new("RGB", size).save(photo)
    path = folder / "masks" / f"{name}.png"
    path.parent.mkdir(parents=True, exist_ok=True)
    (mask if isinstance(mask, Image.Image) else Image.fromarray(mask)).save(path)


def write_concepts(folder: Path, text: str = "id,name,category\n3,c3,object\n") -> Path:
    (folder / "concepts.csv").write_text(text)
    return folder


def open_masks(
    folder: Path, unlabelled: int | tuple[int, ...] = 0, ids: tuple[int, ...] = (3, 7, 40)
) -> MaskSegmenter:
    rows = "".join(f"{number},c{number},object\n" for number in ids)
    (folder / "concepts.csv").write_text("id,name,category\n" + rows)
    config = SegmenterConfig(source="masks:masks", concepts="concepts.csv", unlabelled=unlabelled)
    segmenter = open_segmenter(config, PROBE, folder)
    assert isinstance(segmenter, MaskSegmenter)
    return segmenter


def label(segmenter: MaskSegmenter, *names: str, grid: int = 8) -> torch.Tensor:
    return segmenter.label(torch.zeros(len(names), 3, 32, 32), names, grid)


def test_a_cell_is_the_pixel_at_its_centre_of_the_resized_mask(tmp_path: Path) -> None:
    mask = np.random.default_rng(0).choice([0, 3, 7, 40], (64, 64)).astype(np.uint8)
    make(tmp_path, "a", mask)
    found = label(open_masks(tmp_path), "a.jpg")
    small = np.asarray(Image.fromarray(mask).resize((32, 32), Image.Resampling.NEAREST))
    expected = np.array([0, 1, 2, 3])[np.searchsorted([0, 3, 7, 40], small)]
    assert np.array_equal(found[0, 0].numpy(), expected[2::4, 2::4])


@pytest.mark.parametrize("mode", ["L", "P", "I;16", "1"])
def test_ids_are_read_from_every_kind_of_index_picture(tmp_path: Path, mode: str) -> None:
    value = {"I;16": 40_000, "1": 1}.get(mode, 40)
    if mode == "P":
        picture = Image.fromarray(np.full((64, 64), 40, np.uint8), "L").convert("P")
        picture.putpalette([255, 0, 0] * 256)
        picture.putdata([40] * 64 * 64)
    elif mode == "1":
        picture = Image.new("1", (64, 64), 1)
    else:
        picture = Image.fromarray(np.full((64, 64), value, np.uint16 if mode == "I;16" else np.uint8))
    make(tmp_path, "a", picture)
    assert label(open_masks(tmp_path, ids=(value,)), "a.jpg").unique().tolist() == [1]


def test_with_another_id_for_no_label_nought_is_a_concept(tmp_path: Path) -> None:
    mask = np.zeros((64, 64), np.uint8)
    mask[:, 32:] = 255
    make(tmp_path, "a", mask)
    found = label(open_masks(tmp_path, unlabelled=255, ids=(0, 3)), "a.jpg", grid=2)
    assert found[0, 0].tolist() == [[1, 0], [1, 0]]


def test_sub_folders_may_be_kept_or_left_out_but_not_confused(tmp_path: Path) -> None:
    for name, value in (("sea/a", 3), ("b", 7)):
        make(tmp_path, name, np.full((64, 64), value, np.uint8))
    segmenter = open_masks(tmp_path)
    assert label(segmenter, "sea/a.jpg", "alley/b.jpg").unique().tolist() == [1, 2]
    with pytest.raises(SegmenterError, match=r"b\.png: stands for both 'alley/b\.jpg' and 'dock/b\.jpg'"):
        label(segmenter, "dock/b.jpg")


def test_a_missing_mask_names_file_and_image(tmp_path: Path) -> None:
    make(tmp_path, "a", np.zeros((64, 64), np.uint8))
    words = (
        r"masks/sea/b\.png: no mask for the image 'sea/b\.jpg' .* the nearest file that is there is 'a\.png'"
    )
    with pytest.raises(SegmenterError, match=words):
        label(open_masks(tmp_path), "sea/b.jpg")


def test_images_without_a_mask_are_counted_before_anything_is_labelled(tmp_path: Path) -> None:
    for name in ("a", "b", "c"):
        make(tmp_path, name, np.zeros((64, 64), np.uint8))
    merged = open_segmenters(
        [SegmenterConfig("masks:masks", "concepts.csv")], PROBE, write_concepts(tmp_path)
    )
    merged.check(["a.jpg", "b.jpg", "c.jpg"])
    for name in ("b", "c"):
        (tmp_path / "masks" / f"{name}.png").unlink()
    merged = open_segmenters([SegmenterConfig("masks:masks", "concepts.csv")], PROBE, tmp_path)
    with pytest.raises(SegmenterError, match=r"2 of 3 images have no mask; the first: .*'b\.jpg'"):
        merged.check(["a.jpg", "b.jpg", "c.jpg"])


def test_an_id_outside_the_catalogue_names_file_and_id(tmp_path: Path) -> None:
    mask = np.zeros((64, 64), np.uint8)
    mask[1, 1] = 9
    make(tmp_path, "a", mask)
    with pytest.raises(SegmenterError, match=r"masks/a\.png: the id 9 is not in the catalogue"):
        label(open_masks(tmp_path), "a.jpg")


def test_a_mask_of_other_proportions_is_refused_and_another_scale_is_not(tmp_path: Path) -> None:
    make(tmp_path, "half", np.zeros((41, 64), np.uint8), size=(127, 81))
    make(tmp_path, "turned", np.zeros((64, 41), np.uint8), size=(127, 81))
    segmenter = open_masks(tmp_path)
    label(segmenter, "half.jpg")
    with pytest.raises(SegmenterError, match=r"turned\.png: 41x64 .* 'turned\.jpg', which is 127x81"):
        label(segmenter, "turned.jpg")


@pytest.mark.parametrize("broken", [b"junk", b""])
def test_a_mask_that_cannot_be_read_is_named(tmp_path: Path, broken: bytes) -> None:
    make(tmp_path, "a", np.zeros((64, 64), np.uint8))
    (tmp_path / "masks" / "a.png").write_bytes(broken)
    with pytest.raises(SegmenterError, match=r"a\.png: not a readable mask"):
        label(open_masks(tmp_path), "a.jpg")


def test_a_picture_in_colour_is_no_mask_without_a_column_of_colours(tmp_path: Path) -> None:
    make(tmp_path, "a", Image.new("RGB", (64, 64)))
    with pytest.raises(SegmenterError, match=r"a\.png: a colour picture .* a column `color` of the list"):
        label(open_masks(tmp_path), "a.jpg")


COLORS = "id,name,r,g,b\n5,sky,128,0,0\n9,sea,0,128,0\n200,border,224,224,192\n"


def coloured(folder: Path, unlabelled: int | tuple[int, ...] = (0, 200)) -> MaskSegmenter:
    config = SegmenterConfig("masks:masks", "concepts.csv", unlabelled=unlabelled)
    segmenter = open_segmenter(config, PROBE, write_concepts(folder, COLORS))
    assert isinstance(segmenter, MaskSegmenter)
    return segmenter


@pytest.mark.parametrize("mode", ["RGB", "RGBA"])
def test_colours_stand_for_the_ids_that_the_list_gives_them(tmp_path: Path, mode: str) -> None:
    ids = np.random.default_rng(0).integers(0, 4, (64, 64))
    palette = np.array([(0, 0, 0), (128, 0, 0), (0, 128, 0), (224, 224, 192)], np.uint8)
    make(tmp_path, "a", Image.fromarray(palette[ids]).convert(mode))
    found = coloured(tmp_path).read("a.jpg")
    assert np.array_equal(found, np.array([0, 1, 2, 0])[ids])
    assert [concept.name for concept in coloured(tmp_path).catalogue] == ["sky", "sea"]


def test_a_palette_keeps_its_ids_where_there_are_colours_too(tmp_path: Path) -> None:
    picture = Image.fromarray(np.full((64, 64), 9, np.uint8))
    picture.putpalette([128, 0, 0] * 256)
    make(tmp_path, "a", picture)
    assert picture.mode == "P"
    assert np.unique(coloured(tmp_path).read("a.jpg")).tolist() == [2]


def test_a_colour_that_is_not_listed_is_named_and_black_means_no_label(tmp_path: Path) -> None:
    make(tmp_path, "a", Image.new("RGB", (64, 64), (1, 2, 3)))
    with pytest.raises(SegmenterError, match=r"a\.png: the colour #010203 is not in the list .*100\.0% of"):
        label(coloured(tmp_path), "a.jpg")
    make(tmp_path, "a", Image.new("RGB", (64, 64), "black"))
    assert label(coloured(tmp_path), "a.jpg").unique().tolist() == [0]
    with pytest.raises(SegmenterError, match="the colour #000000 is not in the list"):
        label(coloured(tmp_path, 200), "a.jpg")


def test_several_ids_mean_no_label_or_none(tmp_path: Path) -> None:
    mask = np.array([[0, 3], [255, 3]], np.uint8).repeat(32, 0).repeat(32, 1)
    make(tmp_path, "a", mask)
    with pytest.raises(SegmenterError, match=r"the id 255 .* set `unlabelled` = \[0, 255\] if it means no"):
        label(open_masks(tmp_path, ids=(3,)), "a.jpg")
    assert label(open_masks(tmp_path, (0, 255), (3,)), "a.jpg", grid=2)[0, 0].tolist() == [[0, 1], [0, 1]]
    everything = open_masks(tmp_path, -1, (0, 3, 255))
    assert label(everything, "a.jpg", grid=2)[0, 0].tolist() == [[1, 2], [3, 2]]


@pytest.mark.parametrize("number", range(1, 9))
def test_a_mask_lies_on_the_photo_as_it_is_looked_at(tmp_path: Path, number: int) -> None:
    mask = np.zeros((60, 90), np.uint8)
    mask[:20, :30] = 3
    photo = np.full((60, 90, 3), 20, np.uint8)
    photo[:20, :30] = 240
    make(tmp_path, "a", mask)
    exif = Image.Exif()
    exif[0x0112] = number
    for name, pixels in (("photos/a.jpg", stored(photo, number)), ("masks/a.png", mask)):
        Image.fromarray(pixels).save(tmp_path / name, exif=exif, quality=95)
    found = label(open_masks(tmp_path, ids=(3,)), "a.jpg", grid=32)[0, 0].numpy()
    pixels = list_probe(PROBE, tmp_path, 0).load(0).pixels.mean(2)
    assert 0 < (found == 1).mean() < 1
    assert ((found == 1) == (pixels > 128)).mean() > 0.97


def test_a_mask_drawn_on_the_photo_as_it_lies_in_its_file_is_refused_with_the_reason(tmp_path: Path) -> None:
    make(tmp_path, "a", np.zeros((60, 90), np.uint8), size=(90, 60))
    exif = Image.Exif()
    exif[0x0112] = 6
    Image.new("RGB", (90, 60)).save(tmp_path / "photos" / "a.jpg", exif=exif)
    with pytest.raises(SegmenterError, match="which is 60x90; masks are drawn on the picture turned upright"):
        label(open_masks(tmp_path), "a.jpg")


def test_masks_beside_their_photos_label_them(tmp_path: Path) -> None:
    make(tmp_path, "a", np.full((64, 64), 3, np.uint8))
    (tmp_path / "masks" / "a.png").rename(tmp_path / "photos" / "a.PNG")
    config = SegmenterConfig("masks:photos", "concepts.csv")
    segmenter = open_segmenter(config, PROBE, write_concepts(tmp_path))
    names = [item.name for item in list_probe(PROBE, tmp_path, 0, [config]).items]
    assert names == ["a.jpg"]
    assert segmenter.label(torch.zeros(1, 3, 32, 32), names, 4).unique().tolist() == [1]


def test_masks_are_of_images_that_are_there(tmp_path: Path) -> None:
    make(tmp_path, "a", np.zeros((64, 64), np.uint8))
    with pytest.raises(SegmenterError, match="masks are of images that are there"):
        open_segmenter(SegmenterConfig("masks:masks", "concepts.csv"), ProbeConfig(), tmp_path)


def test_folder_and_concepts_must_be_there(tmp_path: Path) -> None:
    make(tmp_path, "a", np.zeros((64, 64), np.uint8))
    for config, words in (
        (SegmenterConfig(source="masks:none", concepts="concepts.csv"), "none: no such folder of masks"),
        (SegmenterConfig(source="masks:masks"), "masks need a list of concepts"),
    ):
        with pytest.raises(SegmenterError, match=words):
            open_segmenter(config, PROBE, tmp_path)


def test_the_digest_follows_the_masks(tmp_path: Path) -> None:
    make(tmp_path, "a", np.zeros((64, 64), np.uint8))
    before = open_masks(tmp_path).digest
    assert open_masks(tmp_path).digest == before
    Image.fromarray(np.ones((9, 9), np.uint8)).save(tmp_path / "masks" / "of_no_image.png")
    assert open_masks(tmp_path).digest == before
    make(tmp_path, "a", np.full((64, 64), 3, np.uint8))
    assert open_masks(tmp_path).digest != before


def test_the_coco_masks_of_the_zoo_fit_their_images(zoo: Path) -> None:
    probe = ProbeConfig(images=("coco/images",), limit=20)
    config = SegmenterConfig(source="masks:coco/masks", concepts="coco/concepts.csv")
    merged = open_segmenters([config], probe, zoo)
    names = [item.name for item in list_probe(probe, zoo, 0).items]
    labels = merged.label(torch.zeros(len(names), 3, 224, 224), names, 56)
    assert labels.shape == (20, 1, 56, 56)
    assert 0.8 < (labels > 0).mean() < 1
    assert labels.max() <= len(merged.catalogue) == 129
