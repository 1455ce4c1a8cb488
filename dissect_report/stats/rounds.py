"""Exact levels of maps that are seen batch by batch and kept nowhere: two rounds, whatever their number.

The first round counts all pixels by the upper half of their order keys (``stats.ordering``), which tells for
each unit the 65,536 values among which its level lies; the second counts those one by one. Both are sums over
images and go on from where they were saved.
"""

from __future__ import annotations

from dataclasses import dataclass

import numpy as np
from jaxtyping import Bool, Float32, Int64

from dissect_report.activations.upsampling import Taps, Upsampling, blend_row, ringed_chunks
from dissect_report.compiled import compiled
from dissect_report.stats.blocks import over_units
from dissect_report.stats.levels import (
    FINE_BINS,
    ActivationStats,
    bin_scale,
    finite_range,
    hazen_place,
    interpolate,
    page_histogram,
    possible_range,
    widen,
)
from dissect_report.stats.ordering import order_key, values_of
from dissect_report.stats.tallies import Limits, all_equal, find_between, tally, tally_keys

#: Values of one half of an order key.
CODES = 1 << 16

#: Order key of infinity; that of its negative is one less than the negative of this.
LAST = 0x7F800000

#: What a code is more than the upper half of its keys.
MIDDLE = CODES // 2


@dataclass(frozen=True, eq=False)
class Codes:
    """What the first round knows of a layer's units; filled in place.

    Attributes:
        minimum: over the kept maps; NaN shows in both extremes.
        maximum: over the kept maps.
        signs: int64 [unit, 2] negative and positive grid pixels.
        codes: int32 or int64 [unit, CODES] grid pixels by the upper half of their keys.
    """

    minimum: Float32[np.ndarray, " unit"]
    maximum: Float32[np.ndarray, " unit"]
    signs: Int64[np.ndarray, "unit sign"]
    codes: np.ndarray

    def add(self, maps: Float32[np.ndarray, "image unit y x"], plan: Upsampling, threads: int = 1) -> None:
        """The maps of some more images."""

        def count(units: slice) -> None:
            for _, ringed in ringed_chunks(maps[:, units], plan):
                tally_codes(ringed, plan.taps, self.codes[units], self.signs[units])

        widen(maps, self.minimum, self.maximum)
        over_units(maps.shape[1], count, threads)


def no_codes(units: int, pixels: int) -> Codes:
    """Of no image yet.

    Args:
        pixels: grid pixels of all images together: how far a count can go.
    """
    return Codes(
        np.full(units, np.inf, np.float32), np.full(units, -np.inf, np.float32),
        np.zeros((units, 2), np.int64),
        np.zeros((units, CODES), np.int32 if pixels < 1 << 31 else np.int64),
    )  # fmt: skip


@dataclass(frozen=True, eq=False)
class Sought:
    """Where the level of each unit is sought in the second round.

    Attributes:
        low: least possible value of each unit.
        high: greatest possible value.
        scale: bins of the histogram per unit of activation.
        finite: units that have a level at all.
        active: those whose level lies not among the zeros.
        code: of the values that hold the pixel at the rank.
        before: pixels below those.
        apart: whether the pixel after it is of another code.
        next_code: which.
    """

    low: Float32[np.ndarray, " unit"]
    high: Float32[np.ndarray, " unit"]
    scale: Float32[np.ndarray, " unit"]
    finite: Bool[np.ndarray, " unit"]
    active: Bool[np.ndarray, " unit"]
    code: Int64[np.ndarray, " unit"]
    before: Int64[np.ndarray, " unit"]
    apart: Bool[np.ndarray, " unit"]
    next_code: Int64[np.ndarray, " unit"]


def seek(first: Codes, plan: Upsampling, pixels: int, quantile: float) -> Sought:
    """What the second round has to look at."""
    minimum, maximum, finite = finite_range(first.minimum.copy(), first.maximum.copy())
    low, high = possible_range(minimum, maximum, plan)
    rank, follower, _ = hazen_place(pixels, quantile)
    negative, not_positive = first.signs[:, 0], pixels - first.signs[:, 1]
    units = len(minimum)
    code, before, next_code = (np.zeros(units, np.int64) for _ in range(3))
    for unit in np.flatnonzero(finite):
        ends = np.cumsum(first.codes[unit], dtype=np.int64)
        code[unit], next_code[unit] = np.searchsorted(ends, [rank, follower], side="right")
        before[unit] = ends[code[unit]] - first.codes[unit, code[unit]]
    among_zeros = (negative <= rank) & (follower < not_positive)
    return Sought(
        low, high, bin_scale(low, high), finite, finite & ~among_zeros, code, before,
        finite & ~among_zeros & (code != next_code), next_code,
    )  # fmt: skip


@dataclass(frozen=True, eq=False)
class Fine:
    """What the second round counts; filled in place.

    Attributes:
        histogram: int64 [unit, FINE_BINS] grid pixels in bins of equal width.
        signs: int64 [unit, 2] negative and positive grid pixels.
        keys: int32 or int64 [unit, CODES] grid pixels of the code sought, by the lower half of their key.
        least: int64 [unit] the least key of the next code.
    """

    histogram: Int64[np.ndarray, "unit bin"]
    signs: Int64[np.ndarray, "unit sign"]
    keys: np.ndarray
    least: Int64[np.ndarray, " unit"]

    def add(
        self,
        maps: Float32[np.ndarray, "image unit y x"],
        plan: Upsampling,
        sought: Sought,
        threads: int = 1,
    ) -> None:
        """The maps of some more images."""
        limits, following = limits_of(sought.code), limits_of(sought.next_code)
        shift = np.zeros(len(sought.code), np.int64)

        def count(units: slice) -> None:
            own, after = (Limits(*(end[units] for end in each)) for each in (limits, following))
            for _, ringed in ringed_chunks(maps[:, units], plan):
                tally(
                    ringed, sought.finite[units], sought.low[units], sought.scale[units], plan.taps,
                    self.histogram[units], self.signs[units],
                )  # fmt: skip
                tally_keys(ringed, sought.active[units], own, shift[units], plan.taps, self.keys[units])
                find_least(ringed, sought.apart[units], after, plan.taps, self.least[units])

        over_units(maps.shape[1], count, threads)


def no_fine(units: int, pixels: int) -> Fine:
    """Of no image yet."""
    return Fine(
        np.zeros((units, FINE_BINS), np.int64), np.zeros((units, 2), np.int64),
        np.zeros((units, CODES), np.int32 if pixels < 1 << 31 else np.int64),
        np.full(units, np.iinfo(np.int32).max, np.int64),
    )  # fmt: skip


def finish(first: Codes, sought: Sought, fine: Fine, pixels: int, quantile: float) -> ActivationStats:
    """What ``levels.measure_activations`` gives of the same maps, to the bit."""
    rank, follower, share = hazen_place(pixels, quantile)
    below, above = (np.zeros(len(sought.code), np.float32) for _ in range(2))
    for unit in np.flatnonzero(sought.active):
        ends = sought.before[unit] + np.cumsum(fine.keys[unit], dtype=np.int64)
        start = (sought.code[unit] - MIDDLE) << 16
        places = start + np.searchsorted(ends, [rank, follower], side="right")
        if sought.apart[unit]:
            places[1] = fine.least[unit]
        below[unit], above[unit] = values_of(places)
    minimum, maximum, finite = finite_range(first.minimum.copy(), first.maximum.copy())
    return ActivationStats(
        pixels=pixels,
        level=interpolate(below, above, share, finite),
        minimum=minimum,
        maximum=maximum,
        positive_pixels=fine.signs[:, 1],
        histogram=page_histogram(fine.histogram),
        low=sought.low,
        high=sought.high,
        finite=finite,
    )


def limits_of(code: Int64[np.ndarray, " unit"]) -> Limits:
    """The range of all values of a code.

    Keys of NaN, at either end of all keys, stand for the infinite value before them: no unit with a level has
    pixels there.
    """
    low = (code - MIDDLE) << 16
    high = low + CODES - 1
    ends = np.clip(low, -LAST - 1, LAST), np.clip(high, -LAST - 1, LAST)
    return Limits(values_of(ends[0]), values_of(ends[1]), low, high)


@compiled
def tally_codes(ringed: np.ndarray, taps: Taps, counts: np.ndarray, signs: np.ndarray) -> None:
    """Adds every pixel to its unit's histogram of codes, and the negative and positive ones to ``signs``."""
    top = np.empty(taps.x_index.size, np.float32)
    bottom = np.empty(taps.x_index.size, np.float32)
    row = np.empty(taps.x_index.size, np.float32)
    bits = row.view(np.int32)
    for u in range(ringed.shape[1]):
        for n in range(len(ringed)):
            blended = -1
            for r in range(taps.y_starts.size - 1):
                first, end = taps.y_starts[r], taps.y_starts[r + 1]
                if first == end:
                    continue
                cell = ringed[n, u, r, 0]
                if all_equal(ringed[n, u, r], cell) and all_equal(ringed[n, u, r + 1], cell):
                    pixels = np.int64(end - first) * taps.x_index.size
                    row[0] = cell + np.float32(0)  # -0.0 has a key of its own, 0.0 has that of all zeros
                    counts[u, (order_key(bits[0]) >> np.int32(16)) + MIDDLE] += pixels
                    signs[u, 0] += pixels * (cell < 0)
                    signs[u, 1] += pixels * (cell > 0)
                    continue
                if blended == r:
                    top, bottom = bottom, top
                else:
                    blend_row(ringed[n, u, r], taps, top)
                blend_row(ringed[n, u, r + 1], taps, bottom)
                blended = r + 1
                for y in range(first, end):
                    weight = taps.y_weight[y]
                    negative = np.int32(0)
                    positive = np.int32(0)
                    for x in range(row.size):
                        row[x] = top[x] + weight * (bottom[x] - top[x]) + np.float32(0)
                        negative += np.int32(row[x] < np.float32(0))
                        positive += np.int32(row[x] > np.float32(0))
                    for x in range(row.size):
                        counts[u, (order_key(bits[x]) >> np.int32(16)) + MIDDLE] += 1
                    signs[u, 0] += negative
                    signs[u, 1] += positive


@compiled
def find_least(ringed: np.ndarray, active: np.ndarray, limits: Limits, taps: Taps, least: np.ndarray) -> None:
    """The least order key inside each active unit's range, if it is less than what is known."""
    found = np.empty(taps.y_weight.size * taps.x_weight.size, np.float32)
    bits = found.view(np.int32)
    for u in range(ringed.shape[1]):
        if not active[u]:
            continue
        for n in range(len(ringed)):
            count = find_between(ringed[n, u], limits.low[u], limits.high[u], taps, found)
            for i in range(count):
                key = np.int64(order_key(bits[i]))
                if limits.low_key[u] <= key <= limits.high_key[u]:
                    least[u] = min(least[u], key)
