"""95 % intervals of means that a page takes over classes or units, and of their differences."""

from __future__ import annotations

from collections.abc import Sequence
from typing import NamedTuple

import numpy as np

COVERAGE = 0.95


class Interval(NamedTuple):
    """Both ends, None where undefined."""

    low: float | None
    high: float | None


class Sample(NamedTuple):
    """A group of numbers as its size, mean and variance (of n - 1; None below two numbers)."""

    size: int
    mean: float
    variance: float | None


def interval_of(ends: tuple[float, float] | None) -> Interval:
    """An interval of the findings."""
    return Interval(*ends) if ends else Interval(None, None)


def mean_interval(values: Sequence[float]) -> Interval:
    """Student's t interval of the mean of ``values``; undefined for fewer than two, or where none differs."""
    if len(values) < 2 or min(values) == max(values):
        return Interval(None, None)
    found = np.asarray(values, dtype=float)
    reach = float(_students(len(found) - 1) * found.std(ddof=1) / np.sqrt(len(found)))
    return Interval(float(found.mean()) - reach, float(found.mean()) + reach)


def join_samples(samples: Sequence[Sample]) -> Sample:
    """All numbers of some groups as one group."""
    size = sum(sample.size for sample in samples)
    mean = sum(sample.size * sample.mean for sample in samples) / size
    squares = sum(
        (sample.size - 1) * (sample.variance or 0) + sample.size * (sample.mean - mean) ** 2
        for sample in samples
    )
    return Sample(size, mean, squares / (size - 1) if size > 1 else None)


def difference_interval(first: Sample, second: Sample) -> Interval:
    """Welch's t interval of the mean of ``second`` minus that of ``first``.

    Undefined where either has fewer than two numbers, or neither varies.
    """
    parts = [sample.variance / sample.size for sample in (first, second) if sample.variance is not None]
    if len(parts) < 2 or not sum(parts):
        return Interval(None, None)
    weights = [part**2 / (sample.size - 1) for part, sample in zip(parts, (first, second), strict=True)]
    reach = float(_students(sum(parts) ** 2 / sum(weights)) * np.sqrt(sum(parts)))
    return Interval(second.mean - first.mean - reach, second.mean - first.mean + reach)


def _students(freedom: float) -> float:
    """How many standard errors the interval reaches to either side."""
    from scipy.special import stdtrit  # noqa: PLC0415  slow to load, and few pages need it

    return float(stdtrit(freedom, (1 + COVERAGE) / 2))
