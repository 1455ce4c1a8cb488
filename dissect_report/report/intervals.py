"""95 % intervals of means that a page takes over classes or units."""

from __future__ import annotations

from collections.abc import Sequence
from typing import NamedTuple

import numpy as np
from scipy.special import stdtrit

COVERAGE = 0.95


class Interval(NamedTuple):
    """Both ends, None where undefined."""

    low: float | None
    high: float | None


def interval_of(ends: tuple[float, float] | None) -> Interval:
    """An interval of the findings."""
    return Interval(*ends) if ends else Interval(None, None)


def mean_interval(values: Sequence[float]) -> Interval:
    """Student's t interval of the mean of ``values``; undefined for fewer than two, or where none differs."""
    if len(values) < 2 or min(values) == max(values):
        return Interval(None, None)
    found = np.asarray(values, dtype=float)
    reach = float(stdtrit(len(found) - 1, (1 + COVERAGE) / 2) * found.std(ddof=1) / np.sqrt(len(found)))
    return Interval(float(found.mean()) - reach, float(found.mean()) + reach)
