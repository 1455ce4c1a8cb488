"""Outlines of masks as SVG path data: contoured by contourpy, thinned and written by one compiled kernel."""

from __future__ import annotations

from functools import lru_cache
from typing import Any

import numpy as np

from dissect_report.compiled import compiled

#: Side of the box in which outlines are drawn: half a pixel of a picture twice as large as a tile.
BOX = 500

#: Points this near the line between their neighbours are left out.
TOLERANCE = BOX / 200

#: Characters that a point takes at most: two steps of up to four, and what parts them.
POINT_CHARACTERS = 10


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
    points, offsets = _contour(_with_edge(activation), level)
    if points is None:
        return ""
    text = np.empty(len(points) * POINT_CHARACTERS + len(offsets) * 4, np.uint8)
    return text[: _write_paths(points, offsets, TOLERANCE, text)].tobytes().decode("ascii")


def _contour(ringed: np.ndarray, level: float) -> tuple[Any, Any]:
    """Rings around what exceeds the level, each before its holes.

    Returns:
        Points float64 [point, 2], and the offsets of each ring's first point; None where there is no ring.
    """
    from contourpy import FillType, LineType, SerialContourGenerator, ZInterp  # noqa: PLC0415  slow to load

    known = np.isfinite(ringed)
    unknown: Any = None if known.all() else ~known
    # Not by contourpy's own factory, whose checks and raster cost ten times the contour.
    generator = SerialContourGenerator(
        *_raster(ringed.shape),
        ringed,
        unknown,
        x_chunk_size=ringed.shape[1] - 1,
        y_chunk_size=ringed.shape[0] - 1,
        line_type=LineType.ChunkCombinedOffset,
        fill_type=FillType.ChunkCombinedOffsetOffset,
        corner_mask=True,
        quad_as_tri=False,
        z_interp=ZInterp.Linear,
    )
    filled: Any = generator.filled(level, np.inf)
    (points,), (offsets,), _ = filled
    return points, offsets


def _with_edge(activation: np.ndarray) -> np.ndarray:
    """float64 [y + 2, x + 2]: the map with a copy of its edge around it."""
    ringed = np.empty((activation.shape[0] + 2, activation.shape[1] + 2))
    ringed[1:-1, 1:-1] = activation
    ringed[0], ringed[-1] = ringed[1], ringed[-2]
    ringed[:, 0], ringed[:, -1] = ringed[:, 1], ringed[:, -2]
    return ringed


@lru_cache(maxsize=16)
def _raster(shape: tuple[int, ...]) -> tuple[np.ndarray, np.ndarray]:
    """Where every cell of a map with its edge lies: columns, rows."""
    x, y = np.meshgrid(_places(shape[1] - 2), _places(shape[0] - 2))
    return x, y


def _places(side: int) -> np.ndarray:
    """Centres of the grid's cells in the box, and the box's two edges around them."""
    centres = (np.arange(side) + 0.5) * BOX / side
    return np.concatenate([[0.0], centres, [BOX]])


@compiled
def _write_paths(points: np.ndarray, offsets: np.ndarray, tolerance: float, text: np.ndarray) -> int:
    """Every ring of whole numbers, written relative to the point before, which takes half the bytes.

    Args:
        points: float64 [point, 2]; the last of a ring repeats its first.
        offsets: of each ring's first point, and the number of points.
        tolerance: of ``_thin``.
        text: room for the characters.

    Returns:
        Characters written.
    """
    end = 0
    for number in range(len(offsets) - 1):
        first, last = int(offsets[number]), int(offsets[number + 1]) - 1
        # Before rounding, which bends lines by half a step and would keep their points.
        ring = np.rint(_thin(points[first:last].copy(), tolerance)).astype(np.int64)
        count = _drop_repeated(ring)
        if count < 3:
            continue
        text[end] = ord("M")
        end = _write_pair(ring[0, 0], ring[0, 1], text, end + 1)
        text[end] = ord("l")
        end += 1
        for place in range(1, count):
            x, y = ring[place, 0] - ring[place - 1, 0], ring[place, 1] - ring[place - 1, 1]
            if place > 1 and x >= 0:  # a minus parts two numbers by itself
                text[end] = ord(" ")
                end += 1
            end = _write_pair(x, y, text, end)
        text[end] = ord("z")
        end += 1
    return end


@compiled
def _thin(ring: np.ndarray, tolerance: float) -> np.ndarray:
    """Drops points that lie within ``tolerance`` of the line between their neighbours.

    Only every other point may go in one sweep, so that a curve cannot erode.
    """
    count = len(ring)
    kept = np.empty_like(ring)
    for _ in range(4):
        if count < 8:
            break
        left = 0
        for place in range(count):
            if place % 2 == 1:
                before, after = ring[place - 1], ring[(place + 1) % count]
                chord_x, chord_y = after[0] - before[0], after[1] - before[1]
                arm_x, arm_y = ring[place, 0] - before[0], ring[place, 1] - before[1]
                length = max(np.hypot(chord_x, chord_y), 1e-9)
                if abs(chord_x * arm_y - chord_y * arm_x) / length <= tolerance:
                    continue
            kept[left] = ring[place]
            left += 1
        ring, kept, count = kept, ring, left
    return ring[:count]


@compiled
def _drop_repeated(ring: np.ndarray) -> int:
    """Moves the points that differ from the one before, the first's being the last, to the front."""
    count, left = len(ring), 0
    if count == 0:
        return 0
    x, y = ring[count - 1, 0], ring[count - 1, 1]
    for place in range(count):
        here_x, here_y = ring[place, 0], ring[place, 1]
        if here_x != x or here_y != y:
            ring[left, 0], ring[left, 1] = here_x, here_y
            left += 1
        x, y = here_x, here_y
    return left


@compiled
def _write_pair(x: int, y: int, text: np.ndarray, end: int) -> int:
    end = _write_number(x, text, end)
    if y >= 0:
        text[end] = ord(" ")
        end += 1
    return _write_number(y, text, end)


@compiled
def _write_number(number: int, text: np.ndarray, end: int) -> int:
    """The decimal digits; returns the place after them."""
    if number < 0:
        text[end] = ord("-")
        end += 1
        number = -number
    size = 10
    while size <= number:
        size *= 10
    while size > 1:
        size //= 10
        text[end] = ord("0") + number // size % 10
        end += 1
    return end
