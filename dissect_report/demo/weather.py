"""What lies between the scene and the eye: reflections, mist, rain, snow, vignette, the grain of paper.

None of it is labelled: a reflection in a lake is lake, a flake before a house is house, and so is mist.
"""

from functools import cache

import numpy as np
from numpy.typing import NDArray
from PIL import Image, ImageDraw

from dissect_report.demo.concepts import label
from dissect_report.demo.palette import Light

_WATERS = (label("sea", "", "water")[0], label("lake", "", "water")[0])
_GRAIN_SIDE = 512


def finish(image: NDArray[np.float32], labels: NDArray[np.uint8], light: Light, key: tuple[int, int], *,
           snowing: bool, mist: float = 0.0, raining: bool = False) -> NDArray[np.uint8]:  # fmt: skip
    """The drawn colours as the eye sees them.

    Args:
        image: float32 [y, x, 3], 0..255, changed in place.
        labels: uint8 [3, y, x], the truth; only read.
        light: the hour.
        key: seed and index: where the grain and the flakes lie.
        snowing: flakes in the air.
        mist: 0 clear .. 1 nothing but mist, half as thick at the lower edge, where all is near.
        raining: streaks in the air.

    Returns:
        uint8 [y, x, 3].
    """
    size = image.shape[0]
    random = np.random.default_rng((*key, 1))
    _reflect(image, labels[0])
    if mist:
        veil = np.linspace(mist, mist / 2, size, dtype=np.float32)[:, None, None]
        image += (np.array(light.haze, dtype=np.float32) - image) * veil
    if raining:
        image += (np.array(light.cloud[0], dtype=np.float32) - image) * _streaks(size, random)[..., None]
    if snowing:
        flakes = _flakes(size, random)[..., None]
        image += (np.float32(250 if not light.dark else 190) - image) * flakes
    row, column = random.integers(0, _GRAIN_SIDE - size + 1, 2) if size <= _GRAIN_SIDE else (0, 0)
    image *= _vignette(size)
    grain = _grain()
    if size > _GRAIN_SIDE:
        grain = np.tile(grain, (-(-size // _GRAIN_SIDE),) * 2)
    image += grain[row : row + size, column : column + size, None]
    seen: NDArray[np.uint8] = np.clip(image + 0.5, 0, 255).astype(np.uint8)
    return seen


def _reflect(image: NDArray[np.float32], objects: NDArray[np.uint8]) -> None:
    """Water mirrors what stands above its upper edge, paler towards the viewer, broken by ripples."""
    wet = (objects == _WATERS[0]) | (objects == _WATERS[1])
    rows = np.flatnonzero(wet.mean(axis=1) > 0.3)
    if not len(rows):
        return
    size, top = image.shape[0], int(rows[0])
    below = np.arange(top, size)
    depth = below - top
    mirror = np.clip(top - 1 - depth, 0, size - 1)
    ripple = np.round(np.sin(below * 1.9 * 128 / size) * (depth * 0.035 + 0.4)).astype(np.int64)
    columns = np.clip(np.arange(size)[None] + ripple[:, None], 0, size - 1)
    strength = 0.42 * np.exp(-depth / (size * 0.22))
    share = (strength[:, None] * wet[top:]).astype(np.float32)[..., None]
    mirrored = image[mirror[:, None], columns]
    image[top:] += (mirrored - image[top:]) * share


def _flakes(size: int, random: np.random.Generator) -> NDArray[np.float32]:
    """Coverage of falling snow, float32 [y, x], 0..1."""
    fine = 2
    layer = Image.new("L", (size * fine, size * fine), 0)
    draw = ImageDraw.Draw(layer)
    number = int(random.integers(40, 110))
    places = random.random((number, 2)) * size * fine
    for (x, y), radius in zip(
        places.tolist(), (0.3 + 0.75 * random.random(number) ** 2) * size * fine / 128, strict=True
    ):
        draw.ellipse((x - radius, y - radius, x + radius, y + radius), fill=225)
    return np.asarray(layer.reduce(fine)).astype(np.float32) / np.float32(255)


def _streaks(size: int, random: np.random.Generator) -> NDArray[np.float32]:
    """Coverage of falling rain, float32 [y, x], 0..1: thin slanting lines, all at one angle."""
    fine, number, slant = 2, int(random.integers(60, 140)), float(random.uniform(-0.35, 0.35))
    layer = Image.new("L", (size * fine, size * fine), 0)
    draw = ImageDraw.Draw(layer)
    lengths = (5 + 9 * random.random(number)) * size * fine / 128
    for (x, y), length in zip((random.random((number, 2)) * size * fine).tolist(), lengths, strict=True):
        draw.line((x, y, x + slant * length, y + length), fill=150, width=max(size * fine // 128, 1))
    return np.asarray(layer.reduce(fine)).astype(np.float32) / np.float32(255)


@cache
def _vignette(size: int) -> NDArray[np.float32]:
    axis = (np.arange(size, dtype=np.float32) + 0.5) / size * 2 - 1
    return (1.015 - 0.055 * (axis[:, None] ** 2 + axis[None] ** 2) ** 1.5)[..., None].astype(np.float32)


@cache
def _grain() -> NDArray[np.float32]:
    """Paper: soft and fine noise, float32 [512, 512], about 1 of 255 in standard deviation."""
    random = np.random.default_rng(7)
    noise = random.standard_normal((_GRAIN_SIDE, _GRAIN_SIDE)).astype(np.float32)
    soft = noise.copy()
    for axis in (0, 1):
        soft = (soft + np.roll(soft, 1, axis) + np.roll(soft, -1, axis)) / np.float32(3)
    return (noise * 0.7 + soft * 2.8).astype(np.float32)
