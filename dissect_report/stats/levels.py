"""Exact levels: a quantile over every upsampled pixel of every probe image, without keeping the pixels.

One pass puts all pixels into a fine histogram, which tells the few values among which the two order
statistics of the quantile lie; a second pass upsamples only the patches that can hold those and keeps them.
"""

from __future__ import annotations

import math
from dataclasses import dataclass

import numpy as np
from jaxtyping import Bool, Float32, Float64, Int64

from dissect_report.activations.upsampling import Upsampling, check_map_size, ringed_chunks
from dissect_report.compiled import compiled
from dissect_report.stats.blocks import over_units
from dissect_report.stats.selection import Pixels, select
from dissect_report.stats.tallies import tally

FINE_BINS = 4096
PAGE_BINS = 64


@dataclass(frozen=True, eq=False)
class ActivationStats:
    """What a layer's units do over the probe, per unit.

    Attributes:
        pixels: grid pixels of the probe.
        level: the (1 - quantile) quantile over all grid pixels, Hazen midpoint, exact; NaN if not finite.
        minimum: over the raw maps; NaN if not finite.
        maximum: over the raw maps; NaN if not finite.
        positive_pixels: grid pixels above 0; 0 if not finite.
        histogram: grid pixels per bin of equal width; empty if not finite.
        low: lower edge of the first bin.
        high: upper edge of the last bin, itself inside; equal to ``low`` for a constant unit.
        finite: False if any activation is NaN or infinite (or their range exceeds float32).
    """

    pixels: int
    level: Float64[np.ndarray, " unit"]
    minimum: Float32[np.ndarray, " unit"]
    maximum: Float32[np.ndarray, " unit"]
    positive_pixels: Int64[np.ndarray, " unit"]
    histogram: Int64[np.ndarray, "unit bin"]
    low: Float32[np.ndarray, " unit"]
    high: Float32[np.ndarray, " unit"]
    finite: Bool[np.ndarray, " unit"]


def measure_activations(
    maps: Float32[np.ndarray, "image unit y x"], plan: Upsampling, quantile: float, threads: int = 1
) -> ActivationStats:
    """Levels, ranges and histograms of all units over all images; memory does not grow with the images.

    Args:
        maps: raw activation maps, also a memory map.
        plan: from the maps to the segmentation grid.
        quantile: fraction of pixels above the level.
        threads: that work at the same time; no number depends on it.

    Raises:
        ValueError: no images, maps of another size than the plan's, or a quantile outside (0, 1).
    """
    check_map_size(maps, plan)
    if not (len(maps) and 0 < quantile < 1):
        raise ValueError(f"{len(maps)} images at quantile {quantile}: needs an image, and 0 < quantile < 1")
    parts = over_units(maps.shape[1], lambda block: _measure(maps[:, block], plan, quantile), threads)
    arrays = {
        name: np.concatenate([getattr(part, name) for part in parts])
        for name in ActivationStats.__dataclass_fields__
        if name != "pixels"
    }
    return ActivationStats(pixels=len(maps) * plan.grid**2, **arrays)


def _measure(
    maps: Float32[np.ndarray, "image unit y x"], plan: Upsampling, quantile: float
) -> ActivationStats:
    pixels = len(maps) * plan.grid**2
    minimum, maximum, finite = _extremes(maps, plan)
    low, high = possible_range(minimum, maximum, plan)
    scale = bin_scale(low, high)
    counts = np.zeros((maps.shape[1], FINE_BINS), np.int64)
    signs = np.zeros((maps.shape[1], 2), np.int64)
    source = Pixels(maps, plan, low, high, scale, counts, signs)
    for _, ringed in ringed_chunks(maps, plan):
        tally(ringed, finite, low, scale, plan.taps, counts, signs)
    return ActivationStats(
        pixels=pixels,
        level=_hazen(source, pixels, quantile, finite),
        minimum=minimum,
        maximum=maximum,
        positive_pixels=signs[:, 1],
        histogram=page_histogram(counts),
        low=low,
        high=high,
        finite=finite,
    )


def _extremes(
    maps: Float32[np.ndarray, "image unit y x"], plan: Upsampling
) -> tuple[np.ndarray, np.ndarray, np.ndarray]:
    """Minimum, maximum and finiteness of each unit; a NaN anywhere shows in both extremes."""
    minimum = np.full(maps.shape[1], np.inf, np.float32)
    maximum = np.full(maps.shape[1], -np.inf, np.float32)
    widen(maps, minimum, maximum)
    return finite_range(minimum, maximum)


def widen(
    maps: Float32[np.ndarray, "image unit y x"],
    minimum: Float32[np.ndarray, " unit"],
    maximum: Float32[np.ndarray, " unit"],
) -> None:
    """Widens each unit's extremes, in place, by some images in their order."""
    for image in maps:
        _widen(np.ascontiguousarray(image).reshape(len(image), -1), minimum, maximum)


def finite_range(minimum: np.ndarray, maximum: np.ndarray) -> tuple[np.ndarray, np.ndarray, np.ndarray]:
    """Extremes with NaN in place of those that are not finite, and which are; works in place."""
    with np.errstate(invalid="ignore", over="ignore"):
        # b - a in the bilinear formula must not overflow either.
        finite = np.isfinite(maximum - minimum)
    minimum[~finite] = np.nan
    maximum[~finite] = np.nan
    return minimum, maximum, finite


def possible_range(
    minimum: np.ndarray, maximum: np.ndarray, plan: Upsampling
) -> tuple[np.ndarray, np.ndarray]:
    """The least and the greatest value that a grid pixel can have."""
    if plan.outside == "zeros":
        return np.minimum(minimum, np.float32(0)), np.maximum(maximum, np.float32(0))
    return minimum, maximum


def page_histogram(fine: Int64[np.ndarray, "unit fine"]) -> Int64[np.ndarray, "unit bin"]:
    """The bins that are shown."""
    return np.asarray(fine.reshape(len(fine), PAGE_BINS, -1).sum(axis=2))


@compiled
def _widen(cells: np.ndarray, minimum: np.ndarray, maximum: np.ndarray) -> None:
    """Widens each unit's extremes by the cells of one image; a NaN makes them NaN for good."""
    for unit in range(len(cells)):
        least, greatest = np.float32(np.inf), np.float32(-np.inf)
        strange = False
        for value in cells[unit]:
            least, greatest = min(value, least), max(value, greatest)
            strange |= np.isnan(value)
        if strange or np.isnan(minimum[unit]):
            minimum[unit] = maximum[unit] = np.nan
        else:
            minimum[unit], maximum[unit] = min(minimum[unit], least), max(maximum[unit], greatest)


def bin_scale(low: Float32[np.ndarray, " unit"], high: Float32[np.ndarray, " unit"]) -> np.ndarray:
    """Fine bins per unit of activation, float32; 0 (everything in bin 0) where no finite scale exists."""
    with np.errstate(divide="ignore", over="ignore", invalid="ignore"):
        scale = np.float32(FINE_BINS) / (high - low)
    return np.where(np.isfinite(scale), scale, np.float32(0)).astype(np.float32)


def _hazen(source: Pixels, pixels: int, quantile: float, finite: np.ndarray) -> Float64[np.ndarray, " unit"]:
    rank, follower, share = hazen_place(pixels, quantile)
    return interpolate(*select(source, rank, follower, finite), share, finite)


def hazen_place(pixels: int, quantile: float) -> tuple[int, int, float]:
    """The quantile at rank ``pixels * (1 - quantile) - 1/2``: the ranks around it, and how far it is."""
    place = pixels * (1 - quantile) - 0.5
    rank = min(max(math.floor(place), 0), pixels - 1)
    follower = min(rank + 1, pixels - 1)
    share = place - math.floor(place)
    return rank, follower, 0.0 if place < 0 or follower == rank else share


def interpolate(
    first: Float32[np.ndarray, " unit"],
    second: Float32[np.ndarray, " unit"],
    share: float,
    finite: Bool[np.ndarray, " unit"],
) -> Float64[np.ndarray, " unit"]:
    """The levels between two neighbours in order; NaN where a unit is not finite."""
    below, above = first.astype(np.float64), second.astype(np.float64)
    gap = above - below
    # The two forms of numpy's own interpolation: exact at both ends, whichever is nearer.
    level = below + gap * share if share < 0.5 else above - gap * (1 - share)
    return np.where(finite, level + 0.0, np.nan)
