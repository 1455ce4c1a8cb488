"""Pictures of more than 8 bits a channel: one scale a pixel type, never a picture's own brightest value."""

from __future__ import annotations

import io
import sys

import numpy as np
from jaxtyping import Float32, UInt8
from PIL import Image

from dissect_report.errors import ProbeError

#: What is white by itself, and which Pillow modes hold such values; all other modes have 8 bits.
WHITE = {"whole numbers": 65535.0, "floats": 1.0}

#: Bytes of a sample in Pillow's names for 16 bits a channel.
_BIG, _LITTLE = ";16B", ";16L"
_ENDINGS = {_BIG: _LITTLE, _LITTLE: _BIG, ";16N": _BIG if sys.byteorder == "little" else _LITTLE}


def raw_mode(picture: Image.Image) -> str:
    """How the samples of a picture that is not loaded yet lie in its file; "" where Pillow does not say."""
    tiles = getattr(picture, "tile", None) or [("", (), 0, "")]
    arguments = tiles[0][3]
    name = arguments[0] if isinstance(arguments, tuple) and arguments else arguments
    return name if isinstance(name, str) else ""


def read_deep(picture: Image.Image, content: bytes, raw: str) -> tuple[str, np.ndarray] | None:
    """The samples of a loaded picture of more than 8 bits; None if it has no more.

    Args:
        content: the file's bytes: Pillow keeps one byte of 16-bit colours, the other is read once more.
        raw: of the picture before it was loaded.

    Returns:
        Their type, a key of ``WHITE``; and [y, x] or [y, x, channel].
    """
    if picture.mode == "F":
        return "floats", np.asarray(picture)
    if picture.mode.startswith("I"):
        return "whole numbers", np.asarray(picture)
    bands, ending = raw[:-4], raw[-4:]
    if bands == "LA" and ending == _BIG:  # two samples of two bytes are as wide as four of one
        two, four = np.uint16(256), np.asarray(_load_as(content, "RGBA")).astype(np.uint16)
        return "whole numbers", four[..., [0, 0, 0, 2]] * two + four[..., [1, 1, 1, 3]]
    if bands not in ("RGB", "RGBA") or ending not in _ENDINGS:
        return None
    high, low = np.asarray(picture), np.asarray(_load_as(content, bands + _ENDINGS[ending]))
    return "whole numbers", high.astype(np.uint16) * np.uint16(256) + low


def _load_as(content: bytes, raw: str) -> Image.Image:
    """The picture, its samples taken apart as ``raw`` says."""
    picture = Image.open(io.BytesIO(content))
    picture.tile = [
        tile._replace(args=(raw, *tile.args[1:]) if isinstance(tile.args, tuple) else raw)
        for tile in picture.tile
    ]
    picture.load()
    return picture


def to_eight_bits(values: np.ndarray, white: float) -> UInt8[np.ndarray, ...]:
    """``values`` from black (0) to ``white`` as 0 to 255; what lies outside is clipped."""
    scaled: Float32[np.ndarray, ...] = values.astype(np.float32)
    scaled *= 255 / white
    np.rint(scaled, out=scaled)
    return np.clip(scaled, 0, 255, out=scaled).astype(np.uint8)


def extremes(values: np.ndarray, name: str) -> tuple[float, float]:
    """The lowest and the highest of the samples.

    Raises:
        ProbeError: some are no numbers.
    """
    low, high = float(values.min()), float(values.max())
    if not np.isfinite([low, high]).all():
        raise ProbeError(f"{name}: holds values that are not finite (NaN or infinite)")
    return low, high
