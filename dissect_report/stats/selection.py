"""Exact order statistics among upsampled pixels that are never all held in memory.

Per unit, a range of float32 values that is known to hold the wanted rank is narrowed until few pixels are
left in it; those are collected and sorted. Ranges are held as order keys (``stats.ordering``), so "narrowed
to a single value" is a plain comparison of integers.
"""

from __future__ import annotations

from dataclasses import dataclass

import numpy as np
from jaxtyping import Bool, Float32, Int64

from dissect_report.activations.upsampling import Upsampling, ringed_chunks
from dissect_report.stats.ordering import keys_of, values_of
from dissect_report.stats.tallies import Limits, collect, tally_keys

MANY_PIXELS = 1 << 18
"""Above this, a range is narrowed once more before its pixels are collected (1 MB a unit)."""

KEY_BINS = 4096


@dataclass(frozen=True, eq=False)
class Pixels:
    """All upsampled pixels of a block of units, and what the first pass found out about them.

    Attributes:
        maps: raw activation maps.
        plan: how they are upsampled.
        low: least possible value of each unit.
        high: greatest possible value.
        scale: bins per unit of activation; a value's bin is ``int((value - low) * scale)`` in float32.
        counts: pixels in each bin.
        signs: negative and positive pixels.
    """

    maps: Float32[np.ndarray, "image unit y x"]
    plan: Upsampling
    low: Float32[np.ndarray, " unit"]
    high: Float32[np.ndarray, " unit"]
    scale: Float32[np.ndarray, " unit"]
    counts: Int64[np.ndarray, "unit bin"]
    signs: Int64[np.ndarray, "unit sign"]


@dataclass
class Range:
    """Per unit: values whose keys lie in [low, high], with ``below`` pixels below and ``count`` inside."""

    low: Int64[np.ndarray, " unit"]
    high: Int64[np.ndarray, " unit"]
    below: Int64[np.ndarray, " unit"]
    count: Int64[np.ndarray, " unit"]

    def limits(self) -> Limits:
        """The range as values and as keys, for a compiled pass."""
        return Limits(values_of(self.low), values_of(self.high), self.low, self.high)


def select(
    pixels: Pixels, rank: int, follower: int, active: Bool[np.ndarray, " unit"]
) -> tuple[Float32[np.ndarray, " unit"], Float32[np.ndarray, " unit"]]:
    """The pixels at two ranks in ascending order (0 = the smallest), for every active unit.

    Args:
        pixels: where to look.
        rank: of the first.
        follower: of the second: ``rank`` or the one after it.
        active: units to look at; the others' results are 0.
    """
    first = np.zeros(len(active), np.float32)
    second = np.zeros(len(active), np.float32)
    # Ranks among the zeros, of which a ReLU leaves very many, are known without another pass.
    total = pixels.counts.sum(axis=1)
    negative, not_positive = pixels.signs[:, 0], total - pixels.signs[:, 1]
    pending = active & ~((negative <= rank) & (follower < not_positive))
    missing = _search(pixels, rank, follower, pending, first, second)
    # The follower is the least pixel above the range: rare enough for a search of its own.
    _search(pixels, follower, follower, missing, second, second)
    return first, second


def _search(
    pixels: Pixels, rank: int, follower: int, active: np.ndarray, first: np.ndarray, second: np.ndarray
) -> np.ndarray:
    """Fills in both values; returns the units whose follower lies outside the range of the rank."""
    if not active.any():
        return active
    span = _from_histogram(pixels, rank)
    while (wide := active & (span.count > MANY_PIXELS) & (span.low < span.high)).any():
        _narrow(pixels, span, rank, wide)
    inside = follower < span.below + span.count
    single = active & (span.low == span.high)
    first[single] = values_of(span.low)[single]
    second[single & inside] = values_of(span.low)[single & inside]
    several = active & ~single
    kept, ends = _collect(pixels, span, several)
    for unit in np.flatnonzero(several):
        values = kept[ends[unit] - span.count[unit] : ends[unit]]
        place = rank - span.below[unit]
        reach = place + 1 if inside[unit] and follower > rank else place
        values.partition([place, reach])
        first[unit] = values[place]
        if inside[unit]:
            second[unit] = values[reach]
    return np.asarray(active & ~inside)


def _from_histogram(pixels: Pixels, rank: int) -> Range:
    """The range of the linear bin that holds the rank."""
    ends = np.cumsum(pixels.counts, axis=1)
    bins = np.minimum((ends <= rank).sum(axis=1), ends.shape[1] - 1)
    rows = np.arange(len(bins))
    count = pixels.counts[rows, bins]
    return Range(
        low=_first_key(pixels, bins),
        high=_first_key(pixels, bins + 1) - 1,
        below=ends[rows, bins] - count,
        count=count,
    )


def _first_key(pixels: Pixels, bins: np.ndarray) -> Int64[np.ndarray, " unit"]:
    """The least key whose value falls into ``bins`` or above, by bisection over the bin formula itself."""
    last = pixels.counts.shape[1] - 1
    least, greatest = (np.nan_to_num(edge, nan=0.0) for edge in (pixels.low, pixels.high))
    # 0.0 and -0.0 are equal values, in one bin, with neighbouring keys: open the search by one key more.
    low, high = keys_of(least) - 2, keys_of(greatest) + 2
    while (high - low > 1).any():
        middle = (low + high) >> 1
        value = np.clip(values_of(middle), least, greatest)
        reached = np.minimum(((value - least) * pixels.scale).astype(np.int64), last) >= bins
        high = np.where(reached, middle, high)
        low = np.where(reached, low, middle)
    return high


def _narrow(pixels: Pixels, span: Range, rank: int, wide: np.ndarray) -> None:
    """Replaces the range of each wide unit by the one of its ``KEY_BINS`` pieces that holds the rank."""
    width = span.high - span.low
    shift = np.zeros(len(width), np.int64)
    while (width >> shift >= KEY_BINS).any():
        shift += width >> shift >= KEY_BINS
    counts = np.zeros((len(width), KEY_BINS), np.int64)
    plan = pixels.plan
    limits = span.limits()
    for _, ringed in ringed_chunks(pixels.maps, plan):
        tally_keys(ringed, wide, limits, shift, plan.taps, counts)
    ends = span.below[:, None] + np.cumsum(counts, axis=1)
    for unit in np.flatnonzero(wide):
        piece = int(np.searchsorted(ends[unit], rank, side="right"))
        start = span.low[unit] + (piece << int(shift[unit]))
        span.high[unit] = min(span.high[unit], start + (1 << int(shift[unit])) - 1)
        span.low[unit] = start
        span.count[unit] = counts[unit, piece]
        span.below[unit] = ends[unit, piece] - counts[unit, piece]


def _collect(pixels: Pixels, span: Range, active: np.ndarray) -> tuple[np.ndarray, np.ndarray]:
    """The pixels of all active units' ranges in one array, and where each unit's end."""
    sizes = np.where(active, span.count, 0)
    ends = np.cumsum(sizes)
    kept = np.empty(int(sizes.sum()), np.float32)
    position = ends - sizes
    plan = pixels.plan
    limits = span.limits()
    if active.any():
        for _, ringed in ringed_chunks(pixels.maps, plan):
            collect(ringed, active, limits, plan.taps, kept, position)
    return kept, ends
