"""Pictures: segmentations say the labels, thumbnails repeat their bytes."""

from __future__ import annotations

import io

import numpy as np
from PIL import Image

from dissect_report.analysis.catalogue import distinct_colors
from dissect_report.analysis.pictures import segmentation_picture, thumbnail


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


def test_a_thumbnail_repeats_its_bytes():
    tile = np.random.default_rng(0).integers(0, 255, (128, 128, 3), dtype=np.uint8)
    assert thumbnail(tile) == thumbnail(tile)
    assert Image.open(io.BytesIO(thumbnail(tile))).size == (128, 128)
