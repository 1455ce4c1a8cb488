"""Where each unit fires: the grid positions of its mask, kept so that what follows needs no maps again."""

from __future__ import annotations

from dataclasses import dataclass

import numpy as np
from jaxtyping import Float32, Float64, Int32, Int64, Shaped

from dissect_report.activations.upsampling import Taps, Upsampling, blend, check_map_size, ringed_chunks
from dissect_report.compiled import compiled
from dissect_report.stats.blocks import over_units

#: Grids up to this side number their cells in two bytes.
SMALL_GRID = 256


@dataclass(frozen=True, eq=False)
class Masks:
    """The masks of some units over consecutive images, as positions; an image's follow the one before.

    Attributes:
        positions: flat grid positions y * grid + x; rows are filled from the left.
        counts: how many of them lie in each image.
    """

    positions: Shaped[np.ndarray, "unit capacity"]
    counts: Int32[np.ndarray, "unit image"]

    def __post_init__(self) -> None:
        if len(self.positions) != len(self.counts):
            raise ValueError(f"positions of {len(self.positions)} units but counts of {len(self.counts)}")

    def __len__(self) -> int:
        return len(self.counts)

    def __getitem__(self, units: slice | np.ndarray) -> Masks:
        """The masks of some of the units."""
        return Masks(self.positions[units], self.counts[units])


def position_type(grid: int) -> type[np.generic]:
    """The integers that number the cells of a grid."""
    return np.uint16 if grid <= SMALL_GRID else np.uint32


def capacity(quantile: float, pixels: int) -> int:
    """Most pixels that can lie above the (1 - quantile) quantile of ``pixels`` values."""
    return min(pixels, int(quantile * pixels) + 1)


def find_masks(
    maps: Float32[np.ndarray, "image unit y x"],
    level: Float64[np.ndarray, " unit"],
    plan: Upsampling,
    room: int,
    threads: int = 1,
) -> Masks:
    """The grid positions at which each unit's activation is strictly above its level.

    Args:
        maps: raw activation maps.
        level: NaN = empty mask.
        plan: from the maps to the grid.
        room: pixels a unit that positions are kept for; see ``capacity``.
        threads: that look at the same time; no position depends on it.

    Raises:
        ValueError: shapes that do not fit each other, or a mask of more than ``room`` pixels.
    """
    check_map_size(maps, plan)
    images, units = maps.shape[:2]
    if level.shape != (units,):
        raise ValueError(f"levels {level.shape} do not go with {units} units")
    masks = Masks(np.zeros((units, room), position_type(plan.grid)), np.zeros((units, images), np.int32))
    append_masks(masks, np.zeros(units, np.int64), 0, maps, level, plan, threads)
    return masks


def append_masks(
    masks: Masks,
    filled: Int64[np.ndarray, " unit"],
    first: int,
    maps: Float32[np.ndarray, "image unit y x"],
    level: Float64[np.ndarray, " unit"],
    plan: Upsampling,
    threads: int = 1,
) -> None:
    """Finds the masks on some images and writes them behind those of the images before.

    Args:
        masks: filled up to image ``first``.
        filled: pixels of each mask so far; grows.
        first: of the images.
        maps: theirs, of the units of ``masks``.
        level: NaN = empty mask.
        plan: from the maps to the grid.
        threads: that look at the same time; no position depends on it.

    Raises:
        ValueError: a mask of more pixels than there is room for.
    """
    room, cut = masks.positions.shape[1], _cut_below(level)

    def find(block: slice) -> None:
        positions, counts = masks.positions[block], masks.counts[block]
        for start, ringed in ringed_chunks(maps[:, block], plan):
            here = slice(first + start, first + start + len(ringed))
            _find(ringed, cut[block], plan.taps, positions, counts[:, here], filled[block])
        if (filled[block] > room).any():
            most = filled[block].max()
            raise ValueError(f"a mask of {most} pixels where {room} are kept: levels and room differ")

    over_units(maps.shape[1], find, threads)


def _cut_below(level: Float64[np.ndarray, " unit"]) -> Float32[np.ndarray, " unit"]:
    """The largest float32 not above each level: for float32 values, ``> cut`` is the same as ``> level``."""
    cut = level.astype(np.float32)
    return np.where(cut > level, np.nextafter(cut, np.float32(-np.inf)), cut).astype(np.float32)


@compiled
def find_mask(cells: np.ndarray, cut: np.float32, taps: Taps, found: np.ndarray) -> int:
    """Writes the flat grid positions above ``cut`` of one ringed map; returns how many.

    Only patches with a cell above ``cut`` are upsampled, which is exact (see ``activations.upsampling``).
    """
    count = 0
    grid = taps.x_weight.size
    y_starts, x_starts = taps.y_starts, taps.x_starts
    for r in range(y_starts.size - 1):
        if y_starts[r] == y_starts[r + 1]:
            continue
        for s in range(x_starts.size - 1):
            a, b, c, d = cells[r, s], cells[r, s + 1], cells[r + 1, s], cells[r + 1, s + 1]
            if not (a > cut or b > cut or c > cut or d > cut):
                continue
            for y in range(y_starts[r], y_starts[r + 1]):
                for x in range(x_starts[s], x_starts[s + 1]):
                    if blend(a, b, c, d, taps.x_weight[x], taps.y_weight[y]) > cut:
                        found[count] = y * grid + x
                        count += 1
    return count


@compiled
def _find(
    ringed: np.ndarray,
    cut: np.ndarray,
    taps: Taps,
    positions: np.ndarray,
    counts: np.ndarray,
    filled: np.ndarray,
) -> None:
    """Appends every image's positions; a unit without room is only counted."""
    found = np.empty(taps.y_weight.size * taps.x_weight.size, np.int32)
    for u in range(ringed.shape[1]):
        for n in range(len(ringed)):
            count = find_mask(ringed[n, u], cut[u], taps, found)
            counts[u, n] = count
            start = filled[u]
            filled[u] += count
            if filled[u] <= positions.shape[1]:
                for k in range(count):
                    positions[u, start + k] = found[k]
