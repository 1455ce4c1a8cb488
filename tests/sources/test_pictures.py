from __future__ import annotations

import importlib
import io
from pathlib import Path

import numpy as np
import pytest
from PIL import Image

from dissect_report.config import ProbeConfig
from dissect_report.errors import ProbeError
from dissect_report.sources.pictures import Traits, cut_picture, open_picture, resize_labels
from dissect_report.sources.torchvision_import import import_torchvision

RNG = np.random.default_rng(0)


def encode(picture: Image.Image, kind: str = "png", **options: object) -> bytes:
    stream = io.BytesIO()
    picture.save(stream, kind, **options)
    return stream.getvalue()


NOISE = Image.fromarray(RNG.integers(0, 255, (64, 64, 3), np.uint8))


def pixel(picture: Image.Image, **options: object) -> tuple[int, ...]:
    read, _ = open_picture(encode(picture, **options), "name")  # type: ignore[arg-type]
    assert read.mode == "RGB"
    return tuple(int(value) for value in np.asarray(read)[0, 0])


def test_every_mode_becomes_the_rgb_that_a_person_would_see() -> None:
    side = (4, 4)
    assert pixel(Image.new("L", side, 77)) == (77, 77, 77)
    assert pixel(Image.new("1", side, 1)) == (255, 255, 255)
    assert pixel(Image.new("RGB", side, (200, 10, 30)).quantize(4)) == (200, 10, 30)
    assert pixel(Image.new("RGBA", side, (200, 0, 0, 0))) == (255, 255, 255)
    assert pixel(Image.new("RGBA", side, (0, 0, 0, 128))) == (127, 127, 127)
    assert pixel(Image.new("LA", side, (0, 0))) == (255, 255, 255)
    assert pixel(Image.new("RGB", side, (9, 9, 9)), transparency=(9, 9, 9)) == (255, 255, 255)
    cmyk = pixel(Image.new("CMYK", side, (0, 255, 255, 0)), kind="tiff")
    assert cmyk[0] > 200 > 60 > cmyk[1]


def test_what_was_laid_over_white_and_left_out_is_told() -> None:
    def traits(picture: Image.Image, **options: object) -> Traits:
        return open_picture(encode(picture, **options), "name")[1]  # type: ignore[arg-type]

    side, color = (4, 4), (9, 99, 200)
    assert traits(Image.new("RGB", side)) == Traits()
    assert traits(Image.new("RGBA", side, (*color, 255))) == Traits(), "nothing of it is transparent"
    assert traits(Image.new("RGBA", side, (*color, 254))).transparent
    assert traits(Image.new("LA", side, (9, 0))).transparent
    assert traits(Image.new("P", side), transparency=0).transparent
    frames = [Image.new("RGB", side, (200, 0, shade)) for shade in (0, 200)]
    for kind in ("gif", "tiff", "webp", "png"):
        content = encode(frames[0], kind, save_all=True, append_images=frames[1:])
        picture, found = open_picture(content, "name")
        assert found.several, kind
        first = np.asarray(picture)[0, 0]
        assert (first[0] > 150, first[2] < 50) == (True, True), "the first is taken"


def test_a_second_frame_that_is_torn_spoils_nothing() -> None:
    frames = [Image.fromarray(RNG.integers(0, 255, (64, 64), np.uint8)) for _ in range(2)]
    content = encode(frames[0], "gif", save_all=True, append_images=frames[1:])
    picture, traits = open_picture(content[:-900], "name")
    whole, _ = open_picture(content, "name")
    assert np.array_equal(np.asarray(picture), np.asarray(whole))
    assert traits.several


@pytest.mark.parametrize(
    ("content", "words"),
    [
        (b"", "photo: the file is empty"),
        (b"not a picture at all", "photo: not an image"),
        (
            encode(Image.fromarray(RNG.integers(0, 255, (64, 64, 3), np.uint8)), "jpeg")[:700],
            "photo: .*truncated",
        ),
        (encode(Image.fromarray(RNG.integers(0, 255, (64, 64, 3), np.uint8)))[:900], "photo: "),
        (encode(Image.new("L", (300, 2))), "photo: 300x2 pixels are too thin"),
        (b"\0\0\0\x18ftypheic" + bytes(150), "photo: HEIC by its content, .* convert it to JPEG or PNG"),
    ],
)
def test_what_cannot_be_read_is_refused_by_name(content: bytes, words: str) -> None:
    with pytest.raises(ProbeError, match=words) as caught:
        open_picture(content, "photo")
    assert "\n" not in str(caught.value)


def test_a_decompression_bomb_is_refused(monkeypatch: pytest.MonkeyPatch) -> None:
    content = encode(Image.new("L", (300, 300)))
    monkeypatch.setattr(Image, "MAX_IMAGE_PIXELS", 1000)
    with pytest.raises(ProbeError, match="decompression bomb"):
        open_picture(content, "photo")


def test_a_merely_large_photo_is_read_without_a_warning(monkeypatch: pytest.MonkeyPatch) -> None:
    content = encode(Image.new("L", (300, 300)))
    monkeypatch.setattr(Image, "MAX_IMAGE_PIXELS", 60_000)
    assert open_picture(content, "photo")[0].size == (300, 300)


@pytest.mark.parametrize("size", [(300, 200), (200, 301), (256, 256), (100, 77), (333, 256), (259, 256)])
def test_the_cut_is_the_one_of_torchvision(size: tuple[int, int]) -> None:
    transforms = importlib.import_module(f"{import_torchvision().__name__}.transforms")
    picture = Image.fromarray(RNG.integers(0, 255, (size[1], size[0], 3), np.uint8))
    expected = transforms.CenterCrop(224)(transforms.Resize(256)(picture))
    assert np.array_equal(np.asarray(cut_picture(picture, ProbeConfig())), np.asarray(expected))


def test_squashing_gives_up_the_proportions() -> None:
    picture = Image.fromarray(RNG.integers(0, 255, (100, 300, 3), np.uint8))
    config = ProbeConfig(resize=64, crop=64, resize_mode="squash")
    expected = picture.resize((64, 64), Image.Resampling.BILINEAR)
    assert np.array_equal(np.asarray(cut_picture(picture, config)), np.asarray(expected))


@pytest.mark.parametrize("mode", ["short_side", "squash"])
@pytest.mark.parametrize("size", [(300, 200), (64, 95), (31, 40)])
def test_masks_are_resized_and_cut_as_pillow_does_by_nearest(mode: str, size: tuple[int, int]) -> None:
    mask = RNG.integers(0, 200, (size[1], size[0]), np.uint8)
    config = ProbeConfig(resize=64, crop=56, resize_mode=mode)  # type: ignore[arg-type]
    wide, high = (
        (64, 64)
        if mode == "squash"
        else ((int(64 * size[0] / size[1]), 64) if size[0] > size[1] else (64, int(64 * size[1] / size[0])))
    )
    resized = Image.fromarray(mask).resize((wide, high), Image.Resampling.NEAREST)
    left, top = round((wide - 56) / 2), round((high - 56) / 2)
    expected = np.asarray(resized)[top : top + 56, left : left + 56]
    assert np.array_equal(resize_labels(mask, config), expected)


def test_a_mask_of_many_ids_keeps_them_all() -> None:
    mask = np.full((64, 64), 60_000, np.uint16)
    cut = resize_labels(mask, ProbeConfig(resize=32, crop=32))
    assert cut.dtype == np.uint16
    assert (cut == 60_000).all()


def test_a_photo_of_the_zoo_is_cut_without_trouble(zoo: Path) -> None:
    path = next((zoo / "photos").glob("*.jpg"))
    assert cut_picture(open_picture(path.read_bytes(), "photo")[0], ProbeConfig()).size == (224, 224)
