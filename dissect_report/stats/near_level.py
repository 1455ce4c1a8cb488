"""Levels and masks in one look at every map, once pixels are counted by the upper half of their keys.

The first round (``stats.rounds``) tells which code holds a unit's level. Pixels above that code are in the
mask whatever the level is; those of the code itself, mostly a few hundredths of a mask, are kept with the
lower half of their keys. When all images are seen these tell the level, and which of them belong to the mask.
"""

from __future__ import annotations

from dataclasses import dataclass

import numpy as np
from jaxtyping import Float32, Float64, Int32, Int64, UInt16

from dissect_report.activations.upsampling import Taps, Upsampling, blend, ringed_chunks
from dissect_report.compiled import compiled
from dissect_report.stats.blocks import over_units
from dissect_report.stats.levels import (
    FINE_BINS,
    ActivationStats,
    finite_range,
    hazen_place,
    interpolate,
    page_histogram,
)
from dissect_report.stats.masks import Masks, position_type
from dissect_report.stats.ordering import order_key, values_of
from dissect_report.stats.rounds import MIDDLE, Codes, Sought, limits_of
from dissect_report.stats.tallies import Limits, tally


@dataclass(frozen=True, eq=False)
class NearLevel:
    """The pixels of the code that holds each unit's level, unit after unit; filled in place.

    Attributes:
        starts: int64 [unit + 1] where each unit's pixels begin; the last is their number.
        filled: int64 [unit] how many of them are there.
        least: int64 [unit] the least key of all pixels above the code.
        histogram: int64 [unit, FINE_BINS] all grid pixels in bins of equal width.
        images: int32 [pixel] each one's image, ascending within a unit.
        cells: [pixel] its place on the grid.
        keys: uint16 [pixel] the lower half of its key.
    """

    starts: Int64[np.ndarray, " end"]
    filled: Int64[np.ndarray, " unit"]
    least: Int64[np.ndarray, " unit"]
    histogram: Int64[np.ndarray, "unit bin"]
    images: Int32[np.ndarray, " pixel"]
    cells: np.ndarray
    keys: UInt16[np.ndarray, " pixel"]

    def of(self, unit: np.integer | int) -> slice:
        """Where the pixels of a unit lie."""
        return slice(int(self.starts[unit]), int(self.starts[unit] + self.filled[unit]))


def count_near(first: Codes, sought: Sought) -> Int64[np.ndarray, " unit"]:
    """Pixels of the code that holds each unit's level; none where the level is known."""
    return np.where(sought.active, first.codes[np.arange(len(sought.code)), sought.code], 0).astype(np.int64)


def near_bytes(pixels: int, grid: int) -> int:
    """Bytes that so many pixels take in ``NearLevel``."""
    return pixels * (4 + 2 + np.dtype(position_type(grid)).itemsize)


def no_near(
    counts: Int64[np.ndarray, " unit"], images: np.ndarray, cells: np.ndarray, keys: np.ndarray
) -> NearLevel:
    """Of no image yet; the last three arrays are filled."""
    units = len(counts)
    return NearLevel(
        np.concatenate([[0], np.cumsum(counts)]), np.zeros(units, np.int64),
        np.full(units, np.iinfo(np.int32).max, np.int64), np.zeros((units, FINE_BINS), np.int64),
        images, cells, keys,
    )  # fmt: skip


def add_near(
    near: NearLevel,
    masks: Masks,
    filled: Int64[np.ndarray, " unit"],
    first: int,
    maps: Float32[np.ndarray, "image unit y x"],
    sought: Sought,
    plan: Upsampling,
    threads: int = 1,
) -> None:
    """Some more images: what is surely in the masks, and what is near the level.

    Args:
        near: what is known; grows.
        masks: filled up to image ``first``.
        filled: pixels of each mask so far; grows.
        first: of the images.
        maps: theirs.
        sought: where the levels lie.
        plan: from the maps to the grid.
        threads: that look at the same time; nothing depends on it.

    Raises:
        ValueError: a mask of more pixels than there is room for.
    """
    room, limits = masks.positions.shape[1], limits_of(sought.code)
    # Where the code is not looked at, the level is 0, or there is none.
    cut = np.where(sought.active, limits.high, np.where(sought.finite, np.float32(0), np.float32(np.nan)))
    signs = np.zeros((maps.shape[1], 2), np.int64)

    def add(block: slice) -> None:
        own = Limits(*(end[block] for end in limits))
        for start, ringed in ringed_chunks(maps[:, block], plan):
            tally(
                ringed, sought.finite[block], sought.low[block], sought.scale[block], plan.taps,
                near.histogram[block], signs[block],
            )  # fmt: skip
            here = slice(first + start, first + start + len(ringed))
            kept = near.images, near.cells, near.keys
            ends = near.starts[block], near.starts[1:][block], near.filled[block], near.least[block]
            _sort_out(
                ringed, sought.active[block], cut[block], own, plan.taps, here.start,
                (masks.positions[block], masks.counts[block][:, here], filled[block]), kept, ends,
            )  # fmt: skip

    over_units(maps.shape[1], add, threads)
    if (filled > room).any() or (near.filled > np.diff(near.starts)).any():
        raise ValueError(f"more pixels than the {room} of a mask, or than were counted near its level")


def settle_near(
    first: Codes, sought: Sought, near: NearLevel, pixels: int, quantile: float
) -> ActivationStats:
    """What ``levels.measure_activations`` gives of the same maps, to the bit."""
    rank, follower, share = hazen_place(pixels, quantile)
    below, above = (np.zeros(len(sought.code), np.float32) for _ in range(2))
    for unit in np.flatnonzero(sought.active):
        start, before = (int(sought.code[unit]) - MIDDLE) << 16, int(sought.before[unit])
        places = [rank - before] if sought.apart[unit] else [rank - before, follower - before]
        found = np.partition(near.keys[near.of(unit)], places)[places].astype(np.int64) + start
        last = near.least[unit] if sought.apart[unit] else found[-1]
        below[unit], above[unit] = values_of(np.array([found[0], last]))
    minimum, maximum, finite = finite_range(first.minimum.copy(), first.maximum.copy())
    return ActivationStats(
        pixels=pixels,
        level=interpolate(below, above, share, finite),
        minimum=minimum,
        maximum=maximum,
        positive_pixels=np.where(finite, first.signs[:, 1], 0),
        histogram=page_histogram(near.histogram),
        low=sought.low,
        high=sought.high,
        finite=finite,
    )


def complete(
    masks: Masks,
    units: Int64[np.ndarray, " unit"],
    near: NearLevel,
    sought: Sought,
    level: Float64[np.ndarray, " unit"],
) -> Masks:
    """Masks with those pixels near the level that exceed it.

    Args:
        masks: of some units, as ``add_near`` left them.
        units: which.
        near: of all units.
        sought: of all units.
        level: of all units.
    """
    added = []
    for unit in units:
        here = near.of(unit)
        keys = near.keys[here].astype(np.int64) + ((int(sought.code[unit]) - MIDDLE) << 16)
        above = values_of(keys) > level[unit]
        added.append((np.asarray(near.images[here])[above], np.asarray(near.cells[here])[above]))
    sizes = masks.counts.sum(axis=1) + [len(images) for images, _ in added]
    longest = int(sizes.max(initial=0))
    whole = Masks(np.zeros((len(units), longest), masks.positions.dtype), np.array(masks.counts))
    for place, (images, cells) in enumerate(added):
        _merge(masks.positions[place], masks.counts[place], images, cells, whole.positions[place],
               whole.counts[place])  # fmt: skip
    return whole


@compiled
def _find_from(
    cells: np.ndarray,
    cut: np.float32,
    low: np.float32,
    taps: Taps,
    found: np.ndarray,
    values: np.ndarray,
) -> int:
    """Writes place and value of the pixels of one ringed map above ``cut`` or from ``low`` on; how many.

    A patch is skipped if its four cells, and with them all its pixels, lie below.
    """
    count = 0
    grid, y_starts, x_starts = taps.x_weight.size, taps.y_starts, taps.x_starts
    for r in range(y_starts.size - 1):
        if y_starts[r] == y_starts[r + 1]:
            continue
        for s in range(x_starts.size - 1):
            a, b, c, d = cells[r, s], cells[r, s + 1], cells[r + 1, s], cells[r + 1, s + 1]
            most = max(a, b, c, d)
            if not (most > cut or most >= low):
                continue
            for y in range(y_starts[r], y_starts[r + 1]):
                for x in range(x_starts[s], x_starts[s + 1]):
                    value = blend(a, b, c, d, taps.x_weight[x], taps.y_weight[y])
                    if value > cut or value >= low:
                        found[count] = y * grid + x
                        # Plus 0: -0.0, which has a key of its own, becomes 0.0.
                        values[count] = value + np.float32(0)
                        count += 1
    return count


@compiled
def _sort_out(
    ringed: np.ndarray,
    active: np.ndarray,
    cut: np.ndarray,
    limits: Limits,
    taps: Taps,
    first: int,
    masks: tuple[np.ndarray, np.ndarray, np.ndarray],
    kept: tuple[np.ndarray, np.ndarray, np.ndarray],
    ends: tuple[np.ndarray, np.ndarray, np.ndarray, np.ndarray],
) -> None:
    """Pixels above each unit's code go to its mask, those of the code are kept, without room only counted."""
    positions, counts, filled = masks
    images, cells, keys = kept
    starts, stops, known, least = ends
    found = np.empty(taps.y_weight.size * taps.x_weight.size, np.int32)
    values = np.empty(found.size, np.float32)
    bits = values.view(np.int32)
    for u in range(ringed.shape[1]):
        low = limits.low[u] if active[u] else np.float32(np.nan)  # nothing is above it
        for n in range(len(ringed)):
            before = filled[u]
            for k in range(_find_from(ringed[n, u], cut[u], low, taps, found, values)):
                key = np.int64(order_key(bits[k]))
                if active[u] and key <= limits.high_key[u]:
                    place = starts[u] + known[u]
                    known[u] += 1
                    if place < stops[u]:
                        images[place] = first + n
                        cells[place] = found[k]
                        keys[place] = key - limits.low_key[u]
                else:
                    least[u] = min(least[u], key)
                    if filled[u] < positions.shape[1]:
                        positions[u, filled[u]] = found[k]
                    filled[u] += 1
            counts[u, n] = filled[u] - before


@compiled
def _merge(
    positions: np.ndarray,
    counts: np.ndarray,
    images: np.ndarray,
    cells: np.ndarray,
    into: np.ndarray,
    totals: np.ndarray,
) -> None:
    """One unit's pixels, image after image, with those that belong to it besides."""
    read = write = more = 0
    for image in range(counts.size):
        for _ in range(counts[image]):
            into[write] = positions[read]
            write += 1
            read += 1
        while more < images.size and images[more] == image:
            into[write] = cells[more]
            totals[image] += 1
            write += 1
            more += 1
