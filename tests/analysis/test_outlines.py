"""Outlines follow the mask, and are to the byte what the slow twin draws."""

from __future__ import annotations

import re

import numpy as np
import pytest
import reference_outlines
from PIL import Image, ImageDraw

from dissect_report.analysis.outlines import BOX, outline

SIDE = 1000


def fill(path: str, side: int) -> np.ndarray:
    """The path drawn by Pillow with the even-odd rule, at ``side`` pixels."""
    image = np.zeros((SIDE, SIDE), bool)
    for ring in re.findall(r"M[^z]*z", path):
        numbers = [int(n) for n in re.findall(r"-?\d+", ring)]
        points = np.cumsum(np.array(numbers).reshape(-1, 2), axis=0) * (SIDE // BOX)
        layer = Image.new("1", (SIDE, SIDE))
        ImageDraw.Draw(layer).polygon([tuple(p) for p in points.tolist()], fill=1)
        image ^= np.asarray(layer)
    step = SIDE // side
    return image[step // 2 :: step, step // 2 :: step]


def smooth(seed: int) -> np.ndarray:
    rng = np.random.default_rng(seed)
    small = Image.fromarray(rng.standard_normal((7, 7)).astype(np.float32))
    return np.asarray(small.resize((40, 40), Image.Resampling.BICUBIC))


def test_the_outline_holds_the_cells_above_the_level():
    for seed in range(5):
        activation = smooth(seed)
        level = float(np.quantile(activation, 0.8))
        drawn = fill(outline(activation, level), 40)
        assert (drawn != (activation > level)).mean() < 0.02


def test_a_ring_keeps_its_hole():
    y, x = np.mgrid[:40, :40]
    ring = (8 - np.abs(np.hypot(y - 20, x - 20) - 12)).astype(np.float32)
    drawn = fill(outline(ring, 4.0), 40)
    assert not drawn[20, 20]
    assert drawn[20, 8]


def test_nothing_above_the_level_gives_no_outline():
    assert outline(np.ones((8, 8), np.float32), 1.0) == ""


def test_a_mask_that_touches_the_border_reaches_it():
    drawn = fill(outline(np.full((8, 8), 2, np.float32), 1.0), 8)
    assert drawn.all()


@pytest.mark.parametrize("seed", range(40))
def test_an_outline_is_to_the_byte_that_of_its_slow_twin(seed):
    rng = np.random.default_rng(seed)
    activation = rng.standard_normal(rng.integers(1, 40, 2)).astype(np.float32)
    if seed % 3 == 0:
        activation = np.round(activation)  # plateaus at the level itself
    if seed % 4 == 1:
        activation[rng.random(activation.shape) < 0.05] = rng.choice([np.nan, np.inf])
    activation.flat[0] = 3
    for level in (0.0, 0.5, 1.0, float(np.nanquantile(activation, 0.3))):
        assert outline(activation, level) == reference_outlines.outline(activation, level)


def test_an_outline_of_a_smooth_map_is_to_the_byte_that_of_its_slow_twin():
    for seed in range(10):
        activation = smooth(seed)
        for share in (0.1, 0.5, 0.9, 0.99):
            level = float(np.quantile(activation, share))
            assert outline(activation, level) == reference_outlines.outline(activation, level) != ""
