"""From a file's bytes to the centre crop that model and segmenter see; masks follow the same cut.

A photo is taken as its pixels lie in the file, as training pipelines do: an orientation in its EXIF
data turns neither the photo nor its mask.
"""

from __future__ import annotations

import io
import warnings

import numpy as np
from jaxtyping import Integer
from PIL import Image, UnidentifiedImageError

from dissect_report.config import ProbeConfig
from dissect_report.errors import ProbeError

#: Longer than this many times its width, a picture would grow past all memory when resized.
LONGEST = 50


def open_picture(content: bytes, name: str) -> Image.Image:
    """A decoded RGB picture from a file's bytes; transparent parts over white, the first frame of several.

    Raises:
        ProbeError: Pillow cannot read it: "name: reason".
    """
    try:
        with warnings.catch_warnings():
            warnings.simplefilter("ignore")  # a large photo is only large; Pillow refuses a bomb
            with Image.open(io.BytesIO(content)) as picture:
                if max(picture.size) > LONGEST * min(picture.size):
                    raise ProbeError(f"{name}: {picture.width}x{picture.height} pixels are too thin to crop")
                picture.load()
                return _to_rgb(picture)
    except Image.DecompressionBombError:
        raise ProbeError(f"{name}: too many pixels to be a photo (decompression bomb)") from None
    except UnidentifiedImageError:
        raise ProbeError(f"{name}: not an image" if content else f"{name}: the file is empty") from None
    except (OSError, SyntaxError, ValueError, EOFError, MemoryError, IndexError) as error:
        raise ProbeError(f"{name}: {' '.join(str(error).split()) or type(error).__name__}") from None


def _to_rgb(picture: Image.Image) -> Image.Image:
    """``picture`` as 8-bit RGB: 16-bit grey is scaled, not clipped; alpha is laid over white."""
    if picture.mode.startswith(("I", "F")):
        values = np.asarray(picture, np.float64)
        if picture.mode == "F" and values.max(initial=0) <= 1:
            full = 1.0
        else:
            full = 65535.0 if picture.mode.startswith("I;16") or values.max(initial=0) > 255 else 255.0
        grey = np.rint(np.clip(values / full, 0, 1) * 255).astype(np.uint8)
        return Image.fromarray(grey).convert("RGB")
    if "A" in picture.mode or "a" in picture.mode or "transparency" in picture.info:
        layer = picture.convert("RGBA")
        ground = Image.new("RGBA", layer.size, "white")
        return Image.alpha_composite(ground, layer).convert("RGB")
    return picture if picture.mode == "RGB" else picture.convert("RGB")


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
    """``picture`` resized (Pillow bilinear) and cut to the centre crop."""
    wide, high, left, top = _frame(picture.width, picture.height, config)
    if picture.size != (wide, high):
        picture = picture.resize((wide, high), Image.Resampling.BILINEAR)
    return picture.crop((left, top, left + config.crop, top + config.crop))


def resize_labels(mask: Integer[np.ndarray, "y x"], config: ProbeConfig) -> Integer[np.ndarray, "crop crop"]:
    """[crop, crop] of ``mask`` [y, x]: the same resize and crop as an image's, by nearest neighbour."""
    height, width = mask.shape
    wide, high, left, top = _frame(width, height, config)
    rows = ((np.arange(top, top + config.crop) + 0.5) * height / high).astype(np.intp)
    columns = ((np.arange(left, left + config.crop) + 0.5) * width / wide).astype(np.intp)
    cut: np.ndarray = mask[rows[:, None], columns[None, :]]
    return cut
