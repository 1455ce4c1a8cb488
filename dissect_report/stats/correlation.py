"""How alike the units of a layer are: correlation of their raw maps over all images and positions."""

from __future__ import annotations

from dataclasses import dataclass
from typing import Protocol, runtime_checkable

import numpy as np
from jaxtyping import Float32, Float64, Int32, Int64

DUPLICATE = 0.98
RELATIVES = 5

WIDEST = 8192
"""Units at most whose pairs are compared: of more, sums of all pairs would fill the memory."""

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

    Of more units than ``WIDEST`` none: an array without entries.
    """
    images, units, height, width = maps.shape
    sums = CorrelationSums.of(units, height, width)
    for first in range(0, images, sums.step):
        sums.add(np.asarray(maps[first : first + sums.step]))
    return sums.finish()


@dataclass(eq=False)
class CorrelationSums:
    """What the correlation of a layer's units is made from; images are added in their order.

    Sums are float64; products of a fixed number of images are float32 matrix products of values shifted by
    the unit's mean in the first image, which keeps the cancellation small. Images wait until their product
    is full, so that no batch size changes a bit.

    Attributes:
        cells: of a map, and added so far.
        shift: of each unit's values.
        products: of the shifted values of every pair.
        sums: of the shifted values.
        waiting: images that are not in the products yet.
    """

    cells: Int64[np.ndarray, " two"]
    shift: Float32[np.ndarray, " unit"]
    products: Float64[np.ndarray, "unit unit"]
    sums: Float64[np.ndarray, " unit"]
    waiting: Float32[np.ndarray, "image unit y x"]

    @classmethod
    def of(cls, units: int, height: int, width: int) -> CorrelationSums:
        """Of no image yet; nothing is added up of more units than ``WIDEST``."""
        held = units if units <= WIDEST else 0
        return cls(
            np.array([height * width, 0]), np.zeros(held, np.float32), np.zeros((held, held)),
            np.zeros(held), np.empty((0, held, height, width), np.float32),
        )  # fmt: skip

    @property
    def step(self) -> int:
        """Images that go into one product."""
        return max(1, COLUMNS // int(self.cells[0]))

    @property
    def images(self) -> int:
        """Added so far."""
        return int(self.cells[1] // self.cells[0]) + len(self.waiting)

    def add(self, maps: Float32[np.ndarray, "image unit y x"]) -> None:
        """The images that come after those added before."""
        if not len(self.sums):
            self.cells[1] += len(maps) * self.cells[0]
            return
        with np.errstate(invalid="ignore", over="ignore"):
            if not self.cells[1] and not len(self.waiting) and len(maps):
                self.shift = maps[0].mean(axis=(1, 2), dtype=np.float64).astype(np.float32)
            maps = np.concatenate([self.waiting, maps]) if len(self.waiting) else maps
            full = len(maps) - len(maps) % self.step
            for first in range(0, full, self.step):
                self._multiply(maps[first : first + self.step])
            self.waiting = np.array(maps[full:])

    def _multiply(self, maps: Float32[np.ndarray, "image unit y x"]) -> None:
        columns = maps.swapaxes(0, 1).reshape(len(self.sums), -1) - self.shift[:, None]
        self.products += columns @ columns.T
        self.sums += columns.sum(axis=1, dtype=np.float64)
        self.cells[1] += columns.shape[1]

    def finish(self) -> Float32[np.ndarray, "unit unit"]:
        """The correlations; nothing is added afterwards."""
        with np.errstate(invalid="ignore", over="ignore"):
            if len(self.waiting):
                self._multiply(self.waiting)
                self.waiting = self.waiting[:0]
            cells = int(self.cells[1])
            if not cells:
                return np.full(self.products.shape, np.nan, np.float32)
            covariance = self.products / cells - np.outer(self.sums, self.sums) / cells**2
            variance = covariance.diagonal()
            deviation = np.sqrt(np.where(variance > 0, variance, np.nan))
            correlation = covariance / np.outer(deviation, deviation)
        np.fill_diagonal(correlation, np.where(np.isfinite(deviation), 1.0, np.nan))
        return np.asarray(np.clip(correlation, -1.0, 1.0), np.float32)


def duplicates(
    correlation: Float32[np.ndarray, "unit unit"], units: int | None = None
) -> Int32[np.ndarray, " unit"]:
    """For each unit the lowest-numbered earlier one that correlates above 0.98 with it; -1 if none does.

    Args:
        correlation: of all pairs; without entries where they were not compared: nothing is known then.
        units: of the layer.
    """
    if units is not None and len(correlation) != units:
        return np.full(units, -1, np.int32)
    alike = np.tril(correlation > DUPLICATE, k=-1)
    return np.where(alike.any(axis=1), alike.argmax(axis=1), -1).astype(np.int32)


def relatives(
    correlation: Float32[np.ndarray, "unit unit"], k: int = RELATIVES, units: int | None = None
) -> tuple[Int32[np.ndarray, "unit k"], Float32[np.ndarray, "unit k"]]:
    """The ``k`` most correlated other units of each, most first, and their correlations.

    Ties go to the lower unit. Where fewer are defined, -1 and NaN fill the row.

    Args:
        correlation: see ``duplicates``.
        k: how many.
        units: of the layer.
    """
    if units is not None and len(correlation) != units:
        return np.full((units, k), -1, np.int32), np.full((units, k), np.nan, np.float32)
    others = correlation.copy()
    np.fill_diagonal(others, np.nan)
    order = np.argsort(-others, axis=1, kind="stable")[:, :k]
    values = np.take_along_axis(others, order, axis=1)
    return np.where(np.isnan(values), -1, order).astype(np.int32), values
