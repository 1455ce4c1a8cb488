"""Pictures: outlines follow the mask, segmentations say the labels, sprites hold the tiles."""

from __future__ import annotations

import io
import re

import numpy as np
from PIL import Image, ImageDraw

from dissect_report.analysis.catalogue import distinct_colors
from dissect_report.analysis.sprites import BOX, outline, segmentation_picture, sprite

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


def test_a_segmentation_picture_gives_every_label_its_color():
    rng = np.random.default_rng(0)
    colors = ["#000000", *distinct_colors(300)]
    for concepts in (5, 300):
        labels = rng.integers(0, concepts + 1, (2, 20, 20))
        picture = Image.open(io.BytesIO(segmentation_picture(labels, colors)))
        rgba = np.asarray(picture.convert("RGBA")).reshape(2, 20, 20, 4)
        expected = np.array([list(bytes.fromhex(color[1:])) for color in colors])[labels]
        np.testing.assert_array_equal(rgba[..., 3] > 0, labels > 0)
        np.testing.assert_array_equal(rgba[..., :3][labels > 0], expected[labels > 0])


def test_colors_are_distinct_and_never_black():
    colors = distinct_colors(2000)
    assert len(set(colors)) == 2000
    assert "#000000" not in colors


def test_a_sprite_repeats_its_bytes():
    tiles = np.random.default_rng(0).integers(0, 255, (3, 128, 128, 3), dtype=np.uint8)
    assert sprite(tiles, [2, 0]) == sprite(tiles, [2, 0])
    assert Image.open(io.BytesIO(sprite(tiles, [2, 0]))).size == (256, 128)
