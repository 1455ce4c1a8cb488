"""How alike the units of a layer are: correlation of their raw maps over all images and positions."""

from __future__ import annotations

from typing import Protocol, runtime_checkable

import numpy as np
from jaxtyping import Float32, Int32

DUPLICATE = 0.98
RELATIVES = 5

COLUMNS = 4096
"""Cells of a unit that go into one float32 product; fixed, so that the rounding never changes."""


@runtime_checkable
class Maps(Protocol):
    """float32 [image, unit, y, x], sliced by images: an array, or something that makes the slices anew."""

    @property
    def shape(self) -> tuple[int, ...]:
        """[image, unit, y, x]."""

    def __getitem__(self, images: slice, /) -> np.ndarray:
        """The maps of some consecutive images."""


def correlate_units(maps: Maps) -> Float32[np.ndarray, "unit unit"]:
    """Pearson correlation of every pair of units; NaN for a unit that is constant or not finite.

    Sums are float64; products of a fixed number of images are float32 matrix products of values shifted by
    the unit's mean in the first image, which keeps the cancellation small.
    """
    images, units, height, width = maps.shape
    step = max(1, COLUMNS // (height * width))
    products = np.zeros((units, units))
    sums = np.zeros(units)
    cells = images * height * width
    if not cells:
        return np.full((units, units), np.nan, np.float32)
    with np.errstate(invalid="ignore", over="ignore"):
        shift = np.asarray(maps[:1])[0].mean(axis=(1, 2), dtype=np.float64).astype(np.float32)
        for first in range(0, images, step):
            columns = (
                np.asarray(maps[first : first + step]).swapaxes(0, 1).reshape(units, -1) - shift[:, None]
            )
            products += columns @ columns.T
            sums += columns.sum(axis=1, dtype=np.float64)
        covariance = products / cells - np.outer(sums, sums) / cells**2
        variance = covariance.diagonal()
        deviation = np.sqrt(np.where(variance > 0, variance, np.nan))
        correlation = covariance / np.outer(deviation, deviation)
    np.fill_diagonal(correlation, np.where(np.isfinite(deviation), 1.0, np.nan))
    return np.asarray(np.clip(correlation, -1.0, 1.0), np.float32)


def duplicates(correlation: Float32[np.ndarray, "unit unit"]) -> Int32[np.ndarray, " unit"]:
    """For each unit the lowest-numbered earlier one that correlates above 0.98 with it; -1 if none does."""
    alike = np.tril(correlation > DUPLICATE, k=-1)
    return np.where(alike.any(axis=1), alike.argmax(axis=1), -1).astype(np.int32)


def relatives(
    correlation: Float32[np.ndarray, "unit unit"], k: int = RELATIVES
) -> tuple[Int32[np.ndarray, "unit k"], Float32[np.ndarray, "unit k"]]:
    """The ``k`` most correlated other units of each, most first, and their correlations.

    Ties go to the lower unit. Where fewer are defined, -1 and NaN fill the row.
    """
    others = correlation.copy()
    np.fill_diagonal(others, np.nan)
    order = np.argsort(-others, axis=1, kind="stable")[:, :k]
    values = np.take_along_axis(others, order, axis=1)
    return np.where(np.isnan(values), -1, order).astype(np.int32), values
