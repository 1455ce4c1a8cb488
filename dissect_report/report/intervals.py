"""95 % intervals of what a page shows, where the findings hold the predictions but no interval."""

from __future__ import annotations

from collections.abc import Sequence
from typing import NamedTuple

import numpy as np

DRAWS = 1000
ENDS = (2.5, 97.5)


class Interval(NamedTuple):
    """Both ends, None where undefined."""

    low: float | None
    high: float | None


def class_intervals(own: np.ndarray, said: np.ndarray, seed: int) -> tuple[Interval, Interval]:
    """Of recall and of balanced accuracy of a class, over images.

    To draw images with replacement is to draw how many there are of four kinds: of the class or not,
    called so or not. That is a multinomial.

    Args:
        own: [image] bool, of the class.
        said: [image] bool, predicted as it.
        seed: of the draws.
    """
    kinds = np.bincount(2 * own.astype(int) + said, minlength=4)
    if not len(own):
        return Interval(None, None), Interval(None, None)
    drawn = np.random.default_rng(seed).multinomial(len(own), kinds / len(own), DRAWS).astype(float)
    with np.errstate(invalid="ignore"):
        recall = drawn[:, 3] / (drawn[:, 2] + drawn[:, 3])
        specificity = drawn[:, 0] / (drawn[:, 0] + drawn[:, 1])
    return _ends(recall), _ends((recall + specificity) / 2)


def mean_interval(values: Sequence[float], seed: int) -> Interval:
    """Of the mean of ``values``, over them; undefined for fewer than two."""
    if len(values) < 2:
        return Interval(None, None)
    chosen = np.random.default_rng(seed).integers(0, len(values), (DRAWS, len(values)))
    return _ends(np.asarray(values, dtype=float)[chosen].mean(1))


def _ends(draws: np.ndarray) -> Interval:
    known = draws[np.isfinite(draws)]
    if not len(known):
        return Interval(None, None)
    low, high = np.percentile(known, ENDS)
    return Interval(float(low), float(high))
