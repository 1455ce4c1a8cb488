"""How often chance matches a unit as well as its own concept does, and how many matches that leaves."""

from __future__ import annotations

from collections.abc import Callable
from dataclasses import dataclass

import numpy as np
from jaxtyping import Bool, Float64, Int64

#: Permutations that are drawn for every unit.
FIRST = 99

#: A unit with so many hits is settled.
ENOUGH_HITS = 10

#: Further draws of a layer, a unit of it.
FURTHER = 20

#: Unit-permutations that are counted between two looks at who is settled.
ROUND = 2048

Draw = Callable[[range, np.ndarray], np.ndarray]
"""Best IoUs [permutation, unit] under the permutations of these numbers, for the units of these indices."""


@dataclass(frozen=True, eq=False)
class Significance:
    """Per unit.

    Attributes:
        hits: permutations whose best IoU reaches the unit's own.
        drawn: permutations that it was compared with; 0 for a unit without a mask.
        p: (1 + hits) / (1 + drawn); NaN for a unit without a mask.
        q: p by Benjamini and Hochberg over the units that have one.
    """

    hits: Int64[np.ndarray, " unit"]
    drawn: Int64[np.ndarray, " unit"]
    p: Float64[np.ndarray, " unit"]
    q: Float64[np.ndarray, " unit"]


def settle(
    observed: Float64[np.ndarray, " unit"],
    masked: Bool[np.ndarray, " unit"],
    first: Float64[np.ndarray, "permutation unit"],
    draw: Draw | None,
) -> Significance:
    """Draws on, a permutation for each unsettled unit at a time, until all are settled or all draws spent.

    A round that the rest of the layer's draws cannot pay for every unsettled unit is not begun.

    Args:
        observed: best IoU of each unit; 0 where no concept overlaps its mask.
        masked: whether it has a mask at all.
        first: best IoUs under the first ``FIRST`` permutations.
        draw: gives those under further ones; None: there are none.
    """
    hits = np.where(masked, (first >= observed).sum(0), 0).astype(np.int64)
    drawn = np.where(masked, len(first), 0).astype(np.int64)
    left, number = FURTHER * len(observed) if draw else 0, len(first)
    while draw and (open_ := np.flatnonzero(masked & (hits < ENOUGH_HITS))).size and left >= open_.size:
        numbers = range(number, number + min(max(1, ROUND // open_.size), left // open_.size))
        reached = draw(numbers, open_) >= observed[open_]
        for row in reached:
            # Units that were settled since the draws began are no longer counted, nor paid for.
            going = hits[open_] < ENOUGH_HITS
            hits[open_[going]] += row[going]
            drawn[open_[going]] += 1
            left -= int(going.sum())
        number = numbers.stop
    p = np.where(masked, (1 + hits) / (1 + drawn), np.nan)
    return Significance(hits, drawn, p, benjamini_hochberg(p))


def benjamini_hochberg(p: Float64[np.ndarray, " unit"]) -> Float64[np.ndarray, " unit"]:
    """The least false discovery rate at which each p is taken (Benjamini, Hochberg 1995); NaN where p is."""
    q = np.full(p.shape, np.nan)
    known = np.flatnonzero(~np.isnan(p))
    order = known[np.argsort(-p[known], kind="stable")]
    ranks = np.arange(len(order), 0, -1)
    q[order] = np.minimum.accumulate(np.minimum(1.0, p[order] * len(order) / ranks))
    return q


def chance_line(first: Float64[np.ndarray, "permutation unit"]) -> Float64[np.ndarray, " unit"]:
    """95th percentile of each unit's best IoU under the first permutations; NaN without any."""
    return np.quantile(first, 0.95, axis=0) if len(first) else np.full(first.shape[1], np.nan)


@dataclass(frozen=True)
class ChanceCount:
    """How many units of a layer chance would make detectors.

    Attributes:
        mean: over the first permutations.
        high: their 95th percentile.
        p: (1 + permutations with at least as many as were found) / (1 + permutations).
    """

    mean: float
    high: float
    p: float


def chance_count(chance: Bool[np.ndarray, "permutation unit"], found: int) -> ChanceCount:
    """The layer's own comparison with chance.

    Args:
        chance: which units each permutation makes detectors.
        found: detectors of the layer.
    """
    counts = chance.sum(1)
    return ChanceCount(
        mean=float(counts.mean()),
        high=float(np.quantile(counts, 0.95)),
        p=float((1 + (counts >= found).sum()) / (1 + len(counts))),
    )
