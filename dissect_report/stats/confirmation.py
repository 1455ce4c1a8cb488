"""Losses that a second half of the images confirms: chosen on one half, measured on the other."""

from __future__ import annotations

from collections.abc import Sequence
from typing import NamedTuple

import numpy as np
from jaxtyping import Bool, Float64, Int64

from dissect_report.findings.ablation import ENOUGH_IMAGES, SERVING


class Ranked(NamedTuple):
    """One half that ranks.

    Attributes:
        order: [target, unit] most important first.
        lost: [target, unit] balanced accuracy lost on it; NaN = undefined.
        images: [target] of each target on it.
    """

    order: Int64[np.ndarray, "target unit"]
    lost: Float64[np.ndarray, "target unit"]
    images: Int64[np.ndarray, " target"]


class Confirmed(NamedTuple):
    """Per target and unit.

    Attributes:
        serves: whether some half ranks the unit among the ``SERVING`` most important with a loss, and the
            other loses too.
        loss: mean of the losses that confirm it; NaN where it does not serve.
    """

    serves: Bool[np.ndarray, "target unit"]
    loss: Float64[np.ndarray, "target unit"]


def confirm(directions: Sequence[tuple[Ranked, Float64[np.ndarray, "target unit"]]]) -> Confirmed:
    """Units that serve a target.

    Args:
        directions: a half that ranks, and [target, unit] what is lost on the images that it does not hold. A
            target with fewer than ``ENOUGH_IMAGES`` images on a half is not ranked there.
    """
    shape = directions[0][1].shape
    total, times = np.zeros(shape), np.zeros(shape, np.int64)
    for ranked, other in directions:
        first = np.zeros(shape, bool)
        np.put_along_axis(first, ranked.order[:, :SERVING], True, axis=1)
        first &= (ranked.images >= ENOUGH_IMAGES)[:, None]
        held = first & (np.nan_to_num(ranked.lost) > 0) & (np.nan_to_num(other) > 0)
        total[held] += other[held]
        times[held] += 1
    loss = np.divide(total, times, out=np.full(shape, np.nan), where=times > 0)
    return Confirmed(times > 0, loss)


def rank_correlation(
    first: Float64[np.ndarray, " unit"], second: Float64[np.ndarray, " unit"], seed: int
) -> tuple[float, float]:
    """Spearman's rank correlation (equal values share their mean rank) and its two-sided p by permutation.

    Returns:
        NaN for both where either is constant. p is (1 + permutations at least as far from 0) / (1 + 9,999).
    """
    ranks = [_ranks(values) - (len(values) - 1) / 2 for values in (first, second)]
    norm = np.sqrt((ranks[0] ** 2).sum() * (ranks[1] ** 2).sum()) if len(first) else 0.0
    if not norm:
        return float("nan"), float("nan")
    found = ranks[0] @ ranks[1] / norm
    generator = np.random.default_rng([seed, 4000])
    drawn = np.array([ranks[0] @ generator.permutation(ranks[1]) for _ in range(9999)]) / norm
    return float(found), float((1 + (np.abs(drawn) >= abs(found) - 1e-12).sum()) / 10000)


def _ranks(values: np.ndarray) -> np.ndarray:
    _, place, counts = np.unique(values, return_inverse=True, return_counts=True)
    ends = np.cumsum(counts)
    middle: np.ndarray = ends - (counts + 1) / 2
    return middle[place]
