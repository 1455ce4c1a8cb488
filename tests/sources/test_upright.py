"""A photo is what every viewer shows, whatever way it lies in its file; a mask is what lies in its file."""

from __future__ import annotations

import io
from pathlib import Path

import numpy as np
import pytest
from PIL import Image, features

from dissect_report.sources.pictures import as_drawn, open_picture, orientation, upright_size

#: Where the first row and the first column of the file stand in the picture: the table of the EXIF standard.
STANDARD = {
    1: ("top", "left"),
    2: ("top", "right"),
    3: ("bottom", "right"),
    4: ("bottom", "left"),
    5: ("left", "top"),
    6: ("right", "top"),
    7: ("right", "bottom"),
    8: ("left", "bottom"),
}
KINDS = [
    kind
    for kind, part in (("jpeg", "jpg"), ("png", "zlib"), ("webp", "webp"), ("tiff", "zlib"), ("avif", "avif"))
    if part in features.get_supported()
]


def stored(upright: np.ndarray, number: int) -> np.ndarray:
    """The pixels of a file with the orientation ``number`` whose picture is ``upright`` [y, x, 3]."""
    row, column = STANDARD[number]
    pixels = upright
    if row in ("left", "right"):  # a row of the file is a column of the picture
        pixels = pixels.transpose(1, 0, 2)
        flip_rows, flip_columns = row == "right", column == "bottom"
    else:
        flip_rows, flip_columns = row == "bottom", column == "right"
    return pixels[:: -1 if flip_rows else 1, :: -1 if flip_columns else 1]


def scene() -> np.ndarray:
    """A picture that no turn and no flip gives again."""
    pixels = np.full((48, 80, 3), 40, np.uint8)
    pixels[:24, :40] = (230, 30, 30)
    pixels[:24, 40:] = (30, 200, 30)
    pixels[24:, :40] = (30, 30, 230)
    return pixels


def encode(pixels: np.ndarray, kind: str, number: int) -> bytes:
    exif, stream = Image.Exif(), io.BytesIO()
    exif[0x0112] = number
    Image.fromarray(pixels).save(stream, kind, exif=exif, quality=95)
    return stream.getvalue()


@pytest.mark.parametrize("kind", KINDS)
@pytest.mark.parametrize("number", STANDARD)
def test_every_orientation_of_every_kind_is_turned_upright(tmp_path: Path, kind: str, number: int) -> None:
    content = encode(stored(scene(), number), kind, number)
    picture, traits = open_picture(content, "photo")
    assert picture.size == (80, 48)
    assert np.abs(np.asarray(picture).astype(int) - scene())[4:20, 4:36].max() < 40
    assert np.abs(np.asarray(picture).astype(int) - scene())[28:, 44:].max() < 40
    assert traits.turned == (number != 1)
    (tmp_path / "photo").write_bytes(content)
    assert upright_size(tmp_path / "photo") == (80, 48)


@pytest.mark.parametrize("number", [0, 9, 65535])
def test_an_orientation_that_does_not_exist_is_upright(number: int) -> None:
    picture, traits = open_picture(encode(scene(), "jpeg", number), "photo")
    assert picture.size == (80, 48)
    assert not traits.turned


@pytest.mark.parametrize("cut", [7, 9, 12, 20])
def test_torn_exif_data_do_not_spoil_a_photo(cut: int) -> None:
    exif = Image.Exif()
    exif[0x0112], exif[0x010E] = 6, "described"
    stream = io.BytesIO()
    Image.fromarray(scene()).save(stream, "jpeg", exif=exif.tobytes()[:cut])
    picture, _ = open_picture(stream.getvalue(), "photo")
    assert sorted(picture.size) == [48, 80]


def test_sixteen_bit_colours_are_turned_too() -> None:
    from tests.sources.test_pixel_depth import png_of_sixteen_bits

    deep = scene().astype(np.uint16) * 257
    picture, traits = open_picture(png_of_sixteen_bits(stored(deep, 6), orientation=6), "photo")
    assert np.array_equal(np.asarray(picture), scene())
    assert (traits.turned, traits.deep) == (True, "whole numbers")


@pytest.mark.parametrize("kind", ["png", "tiff"])
@pytest.mark.parametrize("number", STANDARD)
def test_a_mask_is_taken_as_it_lies_in_its_file(kind: str, number: int) -> None:
    mask = np.arange(12, dtype=np.uint8).reshape(3, 4)
    with Image.open(io.BytesIO(encode(mask, kind, number))) as picture:
        assert orientation(picture) == number
    with Image.open(io.BytesIO(encode(mask, kind, number))) as picture:
        assert np.array_equal(as_drawn(picture), mask)
