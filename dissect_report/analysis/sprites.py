"""The pictures of a run: thumbnails, segmentations, sprites of top images, outlines of masks."""

from __future__ import annotations

import io
from collections.abc import Sequence
from functools import lru_cache
from itertools import pairwise

import contourpy
import numpy as np
from PIL import Image

from dissect_report.findings.paths import TILE

#: Side of the box in which outlines are drawn: half a pixel of a picture twice as large as a tile.
BOX = 500


def sprite(tiles: np.ndarray, images: Sequence[int]) -> bytes:
    """WebP of the tiles of ``images`` side by side.

    Args:
        tiles: uint8 [image, TILE, TILE, 3].
        images: at least one index.
    """
    strip = np.empty((TILE, TILE * len(images), 3), np.uint8)
    for place, image in enumerate(images):
        strip[:, place * TILE : (place + 1) * TILE] = tiles[image]
    return _webp(strip)


def picture_grid(pictures: np.ndarray) -> bytes:
    """WebP of pictures in rows and columns.

    Args:
        pictures: uint8 [row, column, y, x, 3].
    """
    rows, columns, height, width, _ = pictures.shape
    return _webp(pictures.transpose(0, 2, 1, 3, 4).reshape(rows * height, columns * width, 3))


def thumbnail(tile: np.ndarray) -> bytes:
    """WebP of one tile, uint8 [TILE, TILE, 3]."""
    return _webp(tile)


def _webp(pixels: np.ndarray) -> bytes:
    stream = io.BytesIO()
    # Method 2 takes half the time of the default 4 for files 4 % larger. At a tile's size quality 62 cannot
    # be told from 72 by eye and is 11 % smaller: sprites are most of a site.
    Image.fromarray(pixels).save(stream, "WEBP", quality=62, method=2)
    return stream.getvalue()


def segmentation_picture(labels: np.ndarray, colors: Sequence[str]) -> bytes:
    """PNG of the label channels stacked from top to bottom, "no label" transparent.

    Args:
        labels: integer [depth, y, x] of concept ids.
        colors: "#rrggbb" by concept id; id 0 is not looked at.
    """
    stacked = labels.reshape(-1, labels.shape[-1])
    present, codes = np.unique(stacked, return_inverse=True)
    palette = [(0, 0, 0) if concept == 0 else _rgb(colors[concept]) for concept in present]
    stream = io.BytesIO()
    if len(present) <= 256:
        picture = Image.fromarray(codes.reshape(stacked.shape).astype(np.uint8), "P")
        picture.putpalette([value for color in palette for value in color])
        options = {"transparency": 0} if present[0] == 0 else {}
        picture.save(stream, "PNG", optimize=False, compress_level=9, **options)
    else:
        rgba = np.array([(*c, 255 * int(k > 0)) for k, c in zip(present, palette, strict=True)], np.uint8)
        Image.fromarray(rgba[codes.reshape(stacked.shape)]).save(stream, "PNG", compress_level=9)
    return stream.getvalue()


def _rgb(color: str) -> tuple[int, int, int]:
    return int(color[1:3], 16), int(color[3:5], 16), int(color[5:7], 16)


def outline(activation: np.ndarray, level: float) -> str:
    """SVG path data around the places where an upsampled map exceeds the level.

    Args:
        activation: float32 [y, x] on the grid.
        level: of the unit.

    Returns:
        Path in a box of BOX x BOX, fill rule evenodd; "" if nothing exceeds the level. The line
        runs where the interpolated activation crosses the level, so it is smooth at any zoom.
    """
    if not np.nanmax(activation) > level:
        return ""
    rows, columns = (_places(side) for side in activation.shape)
    ringed = np.pad(activation, 1, mode="edge")
    generator = contourpy.contour_generator(
        columns, rows, ringed, name="serial", fill_type=contourpy.FillType.OuterOffset
    )
    points, offsets = generator.filled(level, np.inf)
    return "".join(
        _closed_path(polygon[start:stop])
        for polygon, ends in zip(points, offsets, strict=True)
        for start, stop in pairwise(ends)
    )


@lru_cache(maxsize=16)
def _places(side: int) -> np.ndarray:
    """Centres of the grid's cells in the box, and the box's two edges around them."""
    centres = (np.arange(side) + 0.5) * BOX / side
    return np.concatenate([[0.0], centres, [BOX]])


def _closed_path(polygon: np.ndarray) -> str:
    """One ring of whole numbers, written relative to the point before: half the bytes."""
    # Before rounding, which bends lines by half a step and would keep their points.
    ring = np.rint(_without_straight_points(polygon[:-1])).astype(np.int64)
    ring = ring[(ring != np.concatenate((ring[-1:], ring[:-1]))).any(axis=1)]
    if len(ring) < 3:
        return ""
    steps = np.diff(ring, axis=0)
    path = f"M{ring[0, 0]} {ring[0, 1]}l" + " ".join(f"{x} {y}" for x, y in steps.tolist())
    return path.replace(" -", "-") + "z"


def _without_straight_points(ring: np.ndarray, tolerance: float = BOX / 200) -> np.ndarray:
    """Drops points that lie within ``tolerance`` of the line between their neighbours.

    Only every other point may go in one sweep, so that a curve cannot erode.
    """
    for _ in range(4):
        if len(ring) < 8:
            break
        before, after = np.concatenate((ring[-1:], ring[:-1])), np.concatenate((ring[1:], ring[:1]))
        chord, arm = after - before, ring - before
        length = np.maximum(np.hypot(chord[:, 0], chord[:, 1]), 1e-9)
        distance = np.abs(chord[:, 0] * arm[:, 1] - chord[:, 1] * arm[:, 0]) / length
        drop = distance <= tolerance
        drop[::2] = False
        ring = ring[~drop]
    return ring
