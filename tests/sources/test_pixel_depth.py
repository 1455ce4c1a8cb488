"""More than 8 bits a channel: the same value is the same grey in every picture of a type."""

from __future__ import annotations

import io
import struct
import zlib
from fractions import Fraction

import numpy as np
import pytest
from hypothesis import given, settings
from hypothesis import strategies as st
from PIL import Image

from dissect_report.errors import ProbeError
from dissect_report.sources.picture_notes import Tally
from dissect_report.sources.pictures import Traits, open_picture
from dissect_report.sources.pixel_depth import to_eight_bits

COLOR_TYPES = {1: 0, 2: 4, 3: 2, 4: 6}


def png_of_sixteen_bits(pixels: np.ndarray, orientation: int = 1) -> bytes:
    """A PNG of uint16 [y, x, channel], which Pillow cannot write in colour."""

    def chunk(name: bytes, data: bytes) -> bytes:
        return struct.pack(">I", len(data)) + name + data + struct.pack(">I", zlib.crc32(name + data))

    height, width, channels = pixels.shape
    head = struct.pack(">IIBBBBB", width, height, 16, COLOR_TYPES[channels], 0, 0, 0)
    rows = b"".join(b"\0" + row.astype(">u2").tobytes() for row in pixels)
    exif = Image.Exif()
    exif[0x0112] = orientation
    parts = [(b"IHDR", head), (b"eXIf", exif.tobytes()[6:]), (b"IDAT", zlib.compress(rows)), (b"IEND", b"")]
    return b"\x89PNG\r\n\x1a\n" + b"".join(chunk(*part) for part in parts)


def tiff_of_sixteen_bits(pixels: np.ndarray, order: str) -> bytes:
    """An uncompressed TIFF of uint16 [y, x, 3] in either order of bytes ("<" or ">")."""
    height, width, channels = pixels.shape
    data = pixels.astype(f"{order}u2").tobytes()
    offset = 8 + 2 + 10 * 12 + 4
    entries = [
        (256, 3, 1, width), (257, 3, 1, height), (258, 3, channels, offset), (259, 3, 1, 1), (262, 3, 1, 2),
        (273, 4, 1, offset + 6), (277, 3, 1, channels), (278, 3, 1, height), (279, 4, 1, len(data)),
        (284, 3, 1, 1),
    ]  # fmt: skip
    short = lambda kind, count, value: (  # noqa: E731  a short stands left in its four bytes
        struct.pack(f"{order}HH", value, 0) if (kind, count) == (3, 1) else struct.pack(f"{order}I", value)
    )
    table = b"".join(
        struct.pack(f"{order}HHI", tag, kind, n) + short(kind, n, value) for tag, kind, n, value in entries
    )
    mark = b"II*\0" if order == "<" else b"MM\0*"
    head = mark + struct.pack(f"{order}I", 8) + struct.pack(f"{order}H", len(entries)) + table + bytes(4)
    return head + struct.pack(f"{order}HHH", 16, 16, 16) + data


def encode(values: np.ndarray, kind: str = "tiff") -> bytes:
    stream = io.BytesIO()
    Image.fromarray(values).save(stream, kind)
    return stream.getvalue()


def read(content: bytes, full_scale: float = 0.0) -> tuple[np.ndarray, Traits]:
    picture, traits = open_picture(content, "scan", full_scale)
    return np.asarray(picture), traits


def grey(value: int, white: int) -> int:
    """Exactly, in fractions: the slow way."""
    share = min(max(Fraction(value, white), Fraction(0)), Fraction(1))
    return round(share * 255)


@given(st.lists(st.integers(0, 65535), min_size=1, max_size=40), st.sampled_from([255, 1023, 4095, 65535]))
@settings(max_examples=50, deadline=None)
def test_a_value_is_its_share_of_white(values: list[int], white: int) -> None:
    found = to_eight_bits(np.array(values, np.uint16), white)
    assert found.tolist() == [grey(value, white) for value in values]


@pytest.mark.parametrize("brightest", [300, 4095, 65535])
def test_a_picture_is_not_scaled_by_its_own_brightest_value(brightest: int) -> None:
    values = np.full((6, 6), 280, np.uint16)
    values[0, 0] = brightest
    for content in (encode(values), encode(values, "png"), encode(values.astype(np.int32))):
        pixels, traits = read(content)
        assert (pixels[1:] == grey(280, 65535)).all()
        assert (traits.deep, traits.low, traits.high) == ("whole numbers", 280, brightest)
        assert (read(content, 4095)[0][1:] == grey(280, 4095)).all()


@pytest.mark.parametrize("brightest", [0.5, 1.0, 200.0])
def test_floats_are_white_at_one(brightest: float) -> None:
    values = np.full((6, 6), 0.25, np.float32)
    values[0, 0] = brightest
    pixels, traits = read(encode(values))
    assert (pixels[1:] == 64).all()
    assert (traits.deep, traits.high) == ("floats", brightest)
    assert (read(encode(values), 255.0)[0][1:] == 0).all()


def test_values_that_are_no_numbers_are_refused() -> None:
    for bad in (np.nan, np.inf):
        with pytest.raises(ProbeError, match=r"scan: holds values that are not finite"):
            read(encode(np.full((6, 6), bad, np.float32)))


@pytest.mark.parametrize("channels", [3, 4])
def test_both_bytes_of_a_colour_count(channels: int) -> None:
    values = np.random.default_rng(0).integers(0, 4096, (5, 7, channels)).astype(np.uint16)
    if channels == 4:
        values[..., 3] = 65535
    pixels, traits = read(png_of_sixteen_bits(values), 4095)
    expected = [[[grey(int(v), 4095) for v in pixel[:3]] for pixel in row] for row in values]
    assert pixels.tolist() == expected
    assert traits.high == values[..., :3].max()
    assert not traits.transparent


@pytest.mark.parametrize("order", ["<", ">"])
def test_the_order_of_bytes_of_a_tiff_is_kept(order: str) -> None:
    values = np.random.default_rng(1).integers(0, 65536, (5, 7, 3)).astype(np.uint16)
    pixels, _ = read(tiff_of_sixteen_bits(values, order))
    assert pixels.tolist() == [[[grey(int(v), 65535) for v in pixel] for pixel in row] for row in values]


def test_grey_with_opacity_of_sixteen_bits_is_laid_over_white() -> None:
    values = np.zeros((4, 4, 2), np.uint16)
    values[..., 0] = 1000
    values[:2, :, 1] = 65535
    pixels, traits = read(png_of_sixteen_bits(values), 4095)
    assert (pixels[:2] == grey(1000, 4095)).all()
    assert (pixels[2:] == 255).all()
    assert traits.transparent


def notes(*pictures: Traits, full_scale: float = 0.0, brightest: int = 200) -> str:
    tally = Tally()
    for traits in pictures:
        tally.add(traits, brightest, full_scale)
    return "\n".join(Tally.restored(tally.stored()).notes(full_scale))


def test_a_probe_that_is_nearly_black_is_told_with_the_key_that_says_what_is_white() -> None:
    dark, bright = Traits(deep="whole numbers", high=4095), Traits(deep="whole numbers", high=40000)
    told = notes(dark, dark)
    assert "2 pictures hold whole numbers of more than 8 bits, from 0 to 4095" in told
    assert "none is brighter than 6.2% of white; set [probe] full_scale" in told
    assert notes(dark, bright) == "", "one is bright: the others are dark photos"
    assert notes(dark, dark, full_scale=4095) == ""
    assert "floats" in notes(Traits(deep="floats", high=0.01), bright), "each type has a scale of its own"
    assert "none is brighter" in notes(Traits(), dark), "8-bit pictures beside them have another"
    assert notes(Traits(), brightest=24) == "no picture is brighter than 9% of white: are these photos?"


def test_values_beyond_white_are_told() -> None:
    told = notes(Traits(deep="floats", high=255.0), Traits(deep="floats", high=0.9))
    assert "1 of them go beyond black or white and are clipped; set [probe] full_scale" in told
    assert "clipped" in notes(Traits(deep="whole numbers", low=-1000, high=30000))
    assert notes(Traits(deep="floats", high=1.0 + 1e-6)) == ""


def test_what_was_turned_laid_over_white_and_left_out_is_counted() -> None:
    told = notes(Traits(turned=True), Traits(transparent=True), Traits(several=True), Traits())
    assert told.count("1 of 4 pictures") == 3
    assert "masks are taken as drawn on the upright picture" in told
    assert notes(Traits()) == ""
