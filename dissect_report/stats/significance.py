"""How often chance matches a unit as well as its own concept does, and how many matches that leaves."""

from __future__ import annotations

from collections.abc import Callable
from dataclasses import dataclass
from typing import NamedTuple

import numpy as np
from jaxtyping import Bool, Float64, Int64

#: Permutations that are drawn for every unit.
FIRST = 99

#: A unit with so many hits is settled.
ENOUGH_HITS = 10

#: Further draws of a layer, a unit of it. They go to the units without a hit first: one real unit of 512 is
#: told from chance (q <= .05) after 10,239 permutations without a hit, for which 20 are too few.
FURTHER = 30

#: Unit-permutations that are counted between two looks at whose turn it is.
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
    """Draws on until every unit has ``ENOUGH_HITS`` or the layer's further draws are spent.

    Units without a hit draw first, then the others; of either kind those with the fewest draws get their next
    permutation at each step. A step that the draws left cannot pay for is not taken.

    Args:
        observed: best IoU of each unit; 0 where no concept overlaps its mask.
        masked: whether it has a mask at all.
        first: best IoUs under the first ``FIRST`` permutations.
        draw: gives those under further ones; None: there are none.
    """
    hits = np.where(masked, (first >= observed).sum(0), 0).astype(np.int64)
    drawn = np.where(masked, len(first), 0).astype(np.int64)
    left = FURTHER * len(observed) if draw else 0
    while draw and (turn := _whose_turn(hits, drawn, masked)) is not None and left >= len(turn.units):
        units, start = turn.units, int(drawn[turn.units[0]])
        steps = min(max(1, ROUND // len(units)), left // len(units), turn.steps)
        going = np.ones(len(units), bool)
        for reached in draw(range(start, start + steps), units) >= observed[units]:
            drawn[units[going]] += 1
            left -= int(going.sum())
            hits[units[going & reached]] += 1
            going &= (hits[units] == 0) if turn.without_hit else (hits[units] < ENOUGH_HITS)
    p = np.where(masked, (1 + hits) / (1 + drawn), np.nan)
    return Significance(hits, drawn, p, benjamini_hochberg(p))


class _Turn(NamedTuple):
    """Units that draw next, for how many steps no others join them, and whether they are without a hit."""

    units: np.ndarray
    steps: int
    without_hit: bool


def _whose_turn(hits: np.ndarray, drawn: np.ndarray, masked: np.ndarray) -> _Turn | None:
    unsettled = np.flatnonzero(masked & (hits < ENOUGH_HITS))
    if not unsettled.size:
        return None
    without = unsettled[hits[unsettled] == 0]
    first = without if without.size else unsettled
    depths = np.unique(drawn[first])
    steps = int(depths[1] - depths[0]) if len(depths) > 1 else ROUND
    return _Turn(first[drawn[first] == depths[0]], steps, bool(without.size))


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
