"""From a file's bytes to the centre crop that model and segmenter see; masks follow the same cut.

A photo is turned upright as its EXIF orientation says, and is as every viewer shows it. Masks are taken as
drawn on the upright photo: what their own EXIF data say turns nothing.
"""

from __future__ import annotations

import io
import struct
import warnings
from dataclasses import dataclass
from pathlib import Path

import numpy as np
from jaxtyping import Integer
from PIL import ExifTags, Image, UnidentifiedImageError

from dissect_report.config import ProbeConfig
from dissect_report.errors import ProbeError
from dissect_report.sources.picture_kinds import kind_by_content
from dissect_report.sources.pixel_depth import WHITE, extremes, raw_mode, read_deep, to_eight_bits

#: Longer than this many times its width, a picture would grow past all memory when resized.
LONGEST = 50

#: What turns a picture upright, by its EXIF orientation; 1 is upright.
UPRIGHT = {
    2: Image.Transpose.FLIP_LEFT_RIGHT,
    3: Image.Transpose.ROTATE_180,
    4: Image.Transpose.FLIP_TOP_BOTTOM,
    5: Image.Transpose.TRANSPOSE,
    6: Image.Transpose.ROTATE_270,
    7: Image.Transpose.TRANSVERSE,
    8: Image.Transpose.ROTATE_90,
}

#: What undoes it, where it is not the same again.
_BACK = {**UPRIGHT, 6: Image.Transpose.ROTATE_90, 8: Image.Transpose.ROTATE_270}

#: Where a PNG may keep an orientation: Pillow decodes all of it to look, which the others are spared.
PNG_MARKS = (b"eXIf", b"Raw profile type", b"XML:com.adobe.xmp")

#: What Pillow raises on a file that is damaged.
DAMAGED = (OSError, SyntaxError, ValueError, EOFError, MemoryError, IndexError)


@dataclass(frozen=True)
class Traits:
    """What a reader should know of how a picture was read.

    Attributes:
        turned: its EXIF orientation was not upright.
        transparent: parts of it were, and lie over white now.
        several: it has more frames or pages than the one that is taken.
        deep: type of its samples, a key of ``WHITE``; "" where they have 8 bits.
        low: lowest sample, where ``deep``.
        high: highest sample, where ``deep``.
    """

    turned: bool = False
    transparent: bool = False
    several: bool = False
    deep: str = ""
    low: float = 0.0
    high: float = 0.0


#: A picture with nothing remarkable about it.
PLAIN = Traits()


def open_picture(content: bytes, name: str, full_scale: float = 0.0) -> tuple[Image.Image, Traits]:
    """A decoded RGB picture, upright, from a file's bytes: the first frame of several.

    Args:
        full_scale: the sample that is white where samples have more than 8 bits; 0: by their type.

    Raises:
        ProbeError: Pillow cannot read it: "name: reason".
    """
    try:
        with warnings.catch_warnings():
            warnings.simplefilter("ignore")  # a large photo is only large; Pillow refuses a bomb
            with Image.open(io.BytesIO(content)) as picture:
                if max(picture.size) > LONGEST * min(picture.size):
                    raise ProbeError(f"{name}: {picture.width}x{picture.height} pixels are too thin to crop")
                return _decode(picture, content, name, full_scale)
    except Image.DecompressionBombError:
        raise ProbeError(f"{name}: too many pixels to be a photo (decompression bomb)") from None
    except UnidentifiedImageError:
        raise ProbeError(f"{name}: {_unknown(content)}") from None
    except DAMAGED as error:
        raise ProbeError(f"{name}: {' '.join(str(error).split()) or type(error).__name__}") from None


def _unknown(content: bytes) -> str:
    kind = kind_by_content(content[:132])
    if kind:
        return f"{kind} by its content, which cannot be read; convert it to JPEG or PNG"
    return "not an image" if content else "the file is empty"


def _decode(picture: Image.Image, content: bytes, name: str, full_scale: float) -> tuple[Image.Image, Traits]:
    raw = raw_mode(picture)
    first = orientation(picture) if picture.format == "TIFF" else 1  # loading turns a TIFF, and forgets it
    picture.load()
    turn = orientation(picture)
    low = high = 0.0
    deep = read_deep(picture, content, raw)
    if deep:
        kind, values = deep
        colors = values[..., :3] if values.ndim == 3 else values
        low, high = extremes(colors, name)
        picture = _from_deep(values, full_scale or WHITE[kind])
    upright, transparent = _to_rgb(picture)
    if turn in UPRIGHT:
        upright = upright.transpose(UPRIGHT[turn])
    turned = first in UPRIGHT or turn in UPRIGHT
    return upright, Traits(turned, transparent, _has_frames(content), deep[0] if deep else "", low, high)


def _from_deep(values: np.ndarray, white: float) -> Image.Image:
    """An 8-bit picture; its last channel of four is opacity, which is always of 16 bits."""
    eight = to_eight_bits(values, white)
    if values.ndim == 3 and values.shape[2] == 4:
        eight[..., 3] = to_eight_bits(values[..., 3], WHITE["whole numbers"])
    return Image.fromarray(eight)


def orientation(picture: Image.Image) -> int:
    """The EXIF orientation, 1 to 8; 1 where there is none, or none that can be read."""
    try:
        found = picture.getexif().get(ExifTags.Base.Orientation, 1)
    except (
        *DAMAGED,
        TypeError,
        KeyError,
        OverflowError,
        struct.error,
    ):  # a photo with torn EXIF data is whole
        return 1
    return found if isinstance(found, int) and 1 <= found <= 8 else 1


def _has_frames(content: bytes) -> bool:
    """Whether a picture that can be read has more than one frame or page; asking may move to the second."""
    try:
        with Image.open(io.BytesIO(content)) as picture:
            return bool(getattr(picture, "is_animated", False))
    except DAMAGED:  # the second is torn; the first is whole
        return True


def _to_rgb(picture: Image.Image) -> tuple[Image.Image, bool]:
    """``picture`` as 8-bit RGB, opacity laid over white; whether any of it was transparent."""
    if "A" in picture.mode or "a" in picture.mode or "transparency" in picture.info:
        layer = picture.convert("RGBA")
        lowest, _ = layer.getchannel("A").getextrema()
        if float(lowest) < 255:  # type: ignore[arg-type]  # one channel has one pair
            ground = Image.new("RGBA", layer.size, "white")
            return Image.alpha_composite(ground, layer).convert("RGB"), True
        return layer.convert("RGB"), False
    return (picture if picture.mode == "RGB" else picture.convert("RGB")), False


def upright_size(path: Path) -> tuple[int, int] | None:
    """Width and height of a photo as it is looked at; None where that cannot be told."""
    try:
        with Image.open(path) as picture:
            plain = picture.format == "PNG" and not any(mark in path.read_bytes() for mark in PNG_MARKS)
            turned = not plain and orientation(picture) >= 5
            size = raw_size(picture)
    except (*DAMAGED, Image.DecompressionBombError):  # the probe reports unreadable images
        return None
    return size[::-1] if turned else size


def raw_size(picture: Image.Image) -> tuple[int, int]:
    """Width and height of the pixels in the file: of a TIFF, Pillow gives those of the turned picture."""
    tags = getattr(picture, "tag_v2", {}) if picture.format == "TIFF" else {}
    return (tags[256], tags[257]) if 256 in tags and 257 in tags else picture.size


def as_drawn(picture: Image.Image) -> np.ndarray:
    """The pixels of a mask as they lie in its file, [y, x] or [y, x, channel]."""
    turn = orientation(picture) if picture.format == "TIFF" else 1
    picture.load()
    return np.asarray(picture.transpose(_BACK[turn]) if turn in _BACK else picture)


def _frame(width: int, height: int, config: ProbeConfig) -> tuple[int, int, int, int]:
    """Width and height after resizing, then left and top of the centre crop, as torchvision has them."""
    side, crop = config.resize, config.crop
    if config.resize_mode == "squash":
        wide, high = side, side
    elif width <= height:
        wide, high = side, int(side * height / width)
    else:
        wide, high = int(side * width / height), side
    return wide, high, round((wide - crop) / 2.0), round((high - crop) / 2.0)


def cut_picture(picture: Image.Image, config: ProbeConfig) -> Image.Image:
    """``picture`` resized by Pillow, as the configuration says, and cut to the centre crop."""
    wide, high, left, top = _frame(picture.width, picture.height, config)
    if picture.size != (wide, high):
        picture = picture.resize((wide, high), Image.Resampling[config.interpolation.upper()])
    return picture.crop((left, top, left + config.crop, top + config.crop))


def resize_labels(mask: Integer[np.ndarray, "y x"], config: ProbeConfig) -> Integer[np.ndarray, "crop crop"]:
    """[crop, crop] of ``mask`` [y, x]: the same resize and crop as an image's, by nearest neighbour."""
    height, width = mask.shape
    wide, high, left, top = _frame(width, height, config)
    rows = ((np.arange(top, top + config.crop) + 0.5) * height / high).astype(np.intp)
    columns = ((np.arange(left, left + config.crop) + 0.5) * width / wide).astype(np.intp)
    cut: np.ndarray = mask[rows[:, None], columns[None, :]]
    return cut
