"""An image finds its mask by name, however the two are written, and an error says what would do."""

from __future__ import annotations

import unicodedata
from pathlib import Path

import pytest

from dissect_report.config import SegmenterConfig
from dissect_report.errors import ConfigError
from dissect_report.sources.mask_names import MaskFiles


def masks(folder: Path, *names: str, image_suffix: str = "", mask_suffix: str = "") -> MaskFiles:
    for name in names:
        (folder / name).parent.mkdir(parents=True, exist_ok=True)
        (folder / name).touch()
    return MaskFiles(folder, SegmenterConfig("masks:m", image_suffix=image_suffix, mask_suffix=mask_suffix))


def found(files: MaskFiles, name: str) -> str | None:
    path = files.find(name)
    return path.relative_to(files.folder).as_posix() if path else None


def test_case_and_unicode_form_do_not_matter_but_the_same_writing_comes_first(tmp_path: Path) -> None:
    composed = unicodedata.normalize("NFC", "Straße café")
    taken_apart = unicodedata.normalize("NFD", composed)
    files = masks(tmp_path, "photo.PNG", f"{taken_apart}.png", "A.png", "a.png", "STRASSE.Png")
    assert found(files, "photo.png") == "photo.PNG"
    assert found(files, "Photo.JPG") == "photo.PNG"
    assert found(files, f"{composed}.jpg") == f"{taken_apart}.png"
    assert found(files, "A.jpg") == "A.png"
    assert found(files, "a.jpg") == "a.png"
    assert found(files, "straße.jpg") == "STRASSE.Png"


@pytest.mark.parametrize(
    ("image", "rule", "mask"),
    [
        (
            "aachen/aachen_000000_leftImg8bit.png",
            ("_leftImg8bit", "_gtFine_labelIds"),
            "aachen/aachen_000000_gtFine_labelIds.png",
        ),
        ("0001TP.png", ("", "_L"), "0001TP_L.png"),
        ("0001TP.png", ("", "_L.png"), "0001TP_L.png"),
        ("ISIC_1.jpg", ("", "_Segmentation"), "ISIC_1_segmentation.TIF"),
        ("a.jpg", ("", ".jpg"), "a.jpg.png"),
        ("shop.v2.jpg", ("", ""), "shop.v2.png"),
        ("shop_rgb.jpg", ("_RGB", ""), "shop.bmp"),
        ("other.jpg", ("_leftImg8bit", ""), "other.png"),
    ],
)
def test_endings_of_images_and_masks_follow_a_rule(
    tmp_path: Path, image: str, rule: tuple[str, str], mask: str
) -> None:
    assert found(masks(tmp_path, mask, image_suffix=rule[0], mask_suffix=rule[1]), image) == mask


def test_a_png_is_taken_before_other_kinds_and_a_jpeg_never(tmp_path: Path) -> None:
    files = masks(tmp_path, "a.tif", "a.png", "b.gif", "b.bmp", "c.jpg")
    assert [found(files, f"{name}.jpg") for name in "abc"] == ["a.png", "b.bmp", None]


def test_an_image_is_never_its_own_mask(tmp_path: Path) -> None:
    files = masks(tmp_path, "a.png", "a.tif", "b.png")
    assert files.find("a.png", tmp_path / "a.png") == tmp_path / "a.tif"
    assert files.find("b.png", tmp_path / "b.png") is None
    assert "is 'a." in files.missing("b.png", ["b.png"], tmp_path / "b.png")


def test_an_error_names_the_nearest_file_and_the_rule_that_would_do(tmp_path: Path) -> None:
    town = [f"town/town_{number:06}" for number in range(3)]
    files = masks(tmp_path, *(f"{name}_gtFine_labelIds.png" for name in town))
    images = [f"{name}_leftImg8bit.png" for name in town]
    line = files.missing(images[1], images)
    assert "no mask for the image 'town/town_000001_leftImg8bit.png'" in line
    assert "the nearest file that is there is 'town/town_000001_gtFine_labelIds.png'" in line
    rule = 'image_suffix = "_leftImg8bit" and mask_suffix = "_gtFine_labelIds" in [[segmenter]]'
    assert f"with {rule}, 3 of 3 images have one" in line
    assert "\n" not in line


def test_a_rule_that_would_do_for_few_is_not_proposed(tmp_path: Path) -> None:
    files = masks(tmp_path, "p001.png", "p003_x.png", "q.png")
    line = files.missing("p003.jpg", ["p003.jpg", "p004.jpg", "p005.jpg"])
    assert line.endswith("the nearest file that is there is 'p003_x.png'")
    assert "holds no masks" in masks(tmp_path / "empty").missing("a.jpg", ["a.jpg"])


def test_names_that_begin_otherwise_are_compared_as_wholes(tmp_path: Path) -> None:
    files = masks(tmp_path, "seg_00017.png", "seg_00018.png")
    assert "is 'seg_00018.png'" in files.missing("rgb_00018.png", ["rgb_00018.png"])


def test_rules_for_names_are_for_masks_only() -> None:
    with pytest.raises(ConfigError, match="color: image_suffix, mask_suffix and panoptic are for masks:"):
        SegmenterConfig(source="color", mask_suffix="_L")
