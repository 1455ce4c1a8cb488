"""Where each pixel of the segmentation grid looks in an activation map, and what it sees there.

A map is thought of with a ring of one cell around it: a copy of its edge (``border``) or zeros
(``zeros``). A grid pixel then always lies between four cells, and its value is, in float32 and in this
order everywhere,

    top = a + wx * (b - a);  bottom = c + wx * (d - c);  value = top + wy * (bottom - top)

Two facts make exact shortcuts possible. (1) A value never leaves the range of its four cells, rounding
included: for a weight below 1 the rounded product w * (b - a) is at most b - a, and rounding the sum is
monotone, so it cannot pass b. A weight of exactly 1 occurs only on the far ring, where b equals a or 0 and
the sum is exact. So a patch of 2 x 2 cells whose maximum does not exceed the level holds no pixel of the
mask, and one of equal cells holds only their value. (2) Every kernel computes the very same bits.
"""

from __future__ import annotations

from collections.abc import Iterator
from dataclasses import dataclass
from typing import Literal, NamedTuple

import numpy as np
from jaxtyping import Float32, Int32

from dissect_report.compiled import compiled

Outside = Literal["border", "zeros"]

RING_FLOATS = 1 << 18
"""Floats of ringed maps that are held at a time: they stay in the processor's cache, whatever the probe."""


@dataclass(frozen=True)
class CellPlaces:
    """Where a layer's cells sit on the image (registration ``convolution``), y before x.

    Attributes:
        offset: pixels from the image's first pixel centre to the centre of cell 0.
        scale: pixels between neighbouring cells.
        side: height and width of the image in pixels.
    """

    offset: tuple[float, float]
    scale: tuple[float, float]
    side: tuple[int, int]


@dataclass(frozen=True, eq=False)
class Axis:
    """One axis of the grid.

    Attributes:
        size: cells of the map along the axis, the ring not counted.
        index: for each target, the ringed cell before it (0 = the ring).
        weight: of the cell after it, in [0, 1].
        starts: the targets whose index is ``r`` are ``starts[r]`` up to, not including, ``starts[r + 1]``.
    """

    size: int
    index: Int32[np.ndarray, " target"]
    weight: Float32[np.ndarray, " target"]
    starts: Int32[np.ndarray, " cell"]


class Taps(NamedTuple):
    """The arrays of both axes in the form that compiled loops take."""

    y_index: np.ndarray
    y_weight: np.ndarray
    y_starts: np.ndarray
    x_index: np.ndarray
    x_weight: np.ndarray
    x_starts: np.ndarray


@dataclass(frozen=True, eq=False)
class Upsampling:
    """How maps of one size are brought to the segmentation grid.

    Attributes:
        y: rows.
        x: columns.
        grid: side of the segmentation grid.
        outside: what the ring around the map holds.
    """

    y: Axis
    x: Axis
    grid: int
    outside: Outside

    @property
    def taps(self) -> Taps:
        """Both axes for a compiled loop."""
        y, x = self.y, self.x
        return Taps(y.index, y.weight, y.starts, x.index, x.weight, x.starts)


def plan_upsampling(
    map_size: tuple[int, int], grid: int, outside: Outside, cells: CellPlaces | None = None
) -> Upsampling:
    """The bilinear plan from maps of ``map_size`` (height, width) to a ``grid`` x ``grid`` raster.

    Args:
        map_size: cells of the raw map; maps larger than the grid are sampled by the same rule.
        grid: side of the segmentation grid.
        outside: ``border`` repeats the map's edge, ``zeros`` lets it fade to zero within one cell.
        cells: where the cells sit; None spreads them evenly over the image, half-pixel centres.

    Raises:
        ValueError: a size that is not positive, or an unknown rule.
    """
    if min(*map_size, grid) < 1:
        raise ValueError(f"maps of {map_size[0]}x{map_size[1]} on a grid of {grid}: sizes must be positive")
    if outside not in ("border", "zeros"):
        raise ValueError(f"upsampling {outside!r} is not a rule; use 'border' or 'zeros'")
    targets = np.arange(grid, dtype=np.float64) + 0.5
    axes = []
    for axis, size in enumerate(map_size):
        if cells is None:
            source = targets * size / grid - 0.5
        else:
            pixel = targets * cells.side[axis] / grid - 0.5
            source = (pixel - cells.offset[axis]) / cells.scale[axis]
        axes.append(_plan_axis(source, size))
    return Upsampling(y=axes[0], x=axes[1], grid=grid, outside=outside)


def _plan_axis(source: np.ndarray, size: int) -> Axis:
    """Cells and weights for ascending source coordinates, 0 = the centre of the first cell."""
    ringed = np.clip(source, -1, size) + 1
    index = np.minimum(np.floor(ringed), size).astype(np.int32)
    weight = (ringed - index).astype(np.float32)
    # Just below 1 a weight may round to 1 in float32: then the target is the next cell itself.
    rounded = (weight >= 1) & (index < size)
    index[rounded] += 1
    weight[rounded] = 0
    starts = np.searchsorted(index, np.arange(size + 2)).astype(np.int32)
    return Axis(size=size, index=index, weight=weight, starts=starts)


def add_ring(
    maps: Float32[np.ndarray, "*batch y x"], plan: Upsampling
) -> Float32[np.ndarray, "*batch y2 x2"]:
    """A contiguous copy of the maps with the plan's ring of one cell around each."""
    height, width = plan.y.size, plan.x.size
    ringed = np.empty((*maps.shape[:-2], height + 2, width + 2), np.float32)
    flat = np.ascontiguousarray(maps).reshape(-1, height, width)
    _ring(flat, plan.outside == "border", ringed.reshape(-1, height + 2, width + 2))
    return ringed


@compiled
def _ring(maps: np.ndarray, border: bool, ringed: np.ndarray) -> None:
    for n in range(len(maps)):
        for row in range(ringed.shape[1]):
            ring_row(maps[n], row, border, ringed[n, row])


@compiled
def ring_row(cells: np.ndarray, row: int, border: bool, ringed: np.ndarray) -> None:
    """One row of a map with its ring; 0 and the last are the ring itself."""
    height, width = cells.shape
    if not border and (row == 0 or row == height + 1):
        ringed[:] = 0
        return
    inner = cells[min(max(row - 1, 0), height - 1)]
    ringed[1 : width + 1] = inner
    ringed[0] = inner[0] if border else np.float32(0)
    ringed[width + 1] = inner[width - 1] if border else np.float32(0)


def ringed_chunks(
    maps: Float32[np.ndarray, "image unit y x"], plan: Upsampling
) -> Iterator[tuple[int, Float32[np.ndarray, "chunk unit y2 x2"]]]:
    """The maps with their ring, a few images at a time, each with the index of its first image."""
    cells = max(1, maps.shape[1] * (plan.y.size + 2) * (plan.x.size + 2))
    step = max(1, RING_FLOATS // cells)
    for first in range(0, len(maps), step):
        yield first, add_ring(np.asarray(maps[first : first + step]), plan)


def upsample(
    maps: Float32[np.ndarray, "*batch y x"], plan: Upsampling
) -> Float32[np.ndarray, "*batch gy gx"]:
    """The maps on the segmentation grid.

    Raises:
        ValueError: the maps are not of the plan's size.
    """
    check_map_size(maps, plan)
    flat = np.ascontiguousarray(maps, np.float32).reshape(-1, plan.y.size, plan.x.size)
    values = np.empty((len(flat), plan.grid, plan.grid), np.float32)
    _upsample(flat, plan.taps, plan.outside == "border", values)
    return values.reshape(*maps.shape[:-2], plan.grid, plan.grid)


def check_map_size(maps: Float32[np.ndarray, "*batch y x"], plan: Upsampling) -> None:
    """Refuses maps that the plan was not made for.

    Raises:
        ValueError: naming both sizes.
    """
    if maps.shape[-2:] != (plan.y.size, plan.x.size):
        given = "x".join(map(str, maps.shape[-2:]))
        raise ValueError(f"maps of {given} do not fit a plan for {plan.y.size}x{plan.x.size}; plan anew")


@compiled
def blend(
    a: np.float32, b: np.float32, c: np.float32, d: np.float32, wx: np.float32, wy: np.float32
) -> np.float32:
    """One grid pixel between the cells a b (above) and c d (below)."""
    top = a + wx * (b - a)
    bottom = c + wx * (d - c)
    return np.float32(top + wy * (bottom - top))


@compiled
def blend_row(cells: np.ndarray, taps: Taps, row: np.ndarray) -> None:
    """The horizontal half of the formula: one ringed row of cells, to the grid's columns."""
    for x in range(taps.x_index.size):
        a = cells[taps.x_index[x]]
        row[x] = a + taps.x_weight[x] * (cells[taps.x_index[x] + 1] - a)


@compiled
def _upsample(maps: np.ndarray, taps: Taps, border: bool, values: np.ndarray) -> None:
    """Of a map larger than the grid only the rows that the taps read are looked at."""
    cells = np.empty(maps.shape[2] + 2, np.float32)
    top = np.empty(taps.x_index.size, np.float32)
    bottom = np.empty(taps.x_index.size, np.float32)
    for n in range(len(maps)):
        row = -1
        for y in range(taps.y_index.size):
            if taps.y_index[y] != row:
                row = taps.y_index[y]
                ring_row(maps[n], row, border, cells)
                blend_row(cells, taps, top)
                ring_row(maps[n], row + 1, border, cells)
                blend_row(cells, taps, bottom)
            for x in range(taps.x_index.size):
                values[n, y, x] = top[x] + taps.y_weight[y] * (bottom[x] - top[x])
