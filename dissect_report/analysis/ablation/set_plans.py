"""Which sets of units are removed from a layer, and where their predictions stand."""

from __future__ import annotations

import itertools
from collections.abc import Mapping
from dataclasses import dataclass

import numpy as np

from dissect_report.analysis.ablation.removals import Nest
from dissect_report.stats.importance import SERVING

#: Best units removed for the before/after pictures.
FLIP_SIZES = (2, 4, 8, 20)


@dataclass(frozen=True, eq=False)
class SetPlan:
    """The sets of one layer and where their predictions stand.

    Attributes:
        nests: in the order of the columns.
        sizes: of the set table.
        best: per target, size -> (column removed, column kept).
        flips: numbers of best units removed for the before/after pictures.
        named: per set name, (units, column removed, column kept).
        random: per draw, size -> column removed.
        combinations: per target, units -> column.
    """

    nests: tuple[Nest, ...]
    sizes: tuple[int, ...]
    flips: tuple[int, ...]
    best: tuple[dict[int, tuple[int, int]], ...]
    named: dict[str, tuple[int, int, int]]
    random: tuple[dict[int, int], ...]
    combinations: tuple[dict[tuple[int, ...], int], ...]


def plan_sets(
    order: np.ndarray,
    random: np.ndarray,
    sizes: tuple[int, ...],
    named: Mapping[str, tuple[int, ...]],
    combine: bool,
) -> SetPlan:
    """Every set that is asked for; column 0 is the intact network.

    Args:
        order: [target, unit] most important first.
        random: [draw, unit] units that are not dead.
        sizes: of the set table.
        named: sets by name.
        combine: whether to try all combinations of each target's four best units.
    """
    nests: list[Nest] = []
    column = 1
    units = order.shape[1]
    flips = tuple(size for size in FLIP_SIZES if size < units)
    all_sizes = tuple(sorted({*sizes, *flips}))
    best = []
    for ranked in order:
        best.append({size: (column + k, column + k + len(all_sizes)) for k, size in enumerate(all_sizes)})
        if all_sizes:
            nests.append(Nest(ranked[: all_sizes[-1]], all_sizes, True, True))
            column += nests[-1].columns
    places = {}
    for name, chosen in named.items():
        unique = np.array(sorted(set(chosen)), np.int64)
        nests.append(Nest(unique, (len(unique),), True, True))
        places[name] = (len(unique), column, column + 1)
        column += 2
    drawn = []
    for permuted in random:
        possible = tuple(size for size in sizes if size <= len(permuted))
        drawn.append({size: column + k for k, size in enumerate(possible)})
        if possible:
            nests.append(Nest(permuted[: possible[-1]], possible))
            column += len(possible)
    combinations = []
    for ranked in order if combine else []:
        own: dict[tuple[int, ...], int] = {}
        for chosen in _subsets(tuple(int(unit) for unit in ranked[:SERVING])):
            nests.append(Nest(np.array(chosen, np.int64), (len(chosen),)))
            own[chosen] = column
            column += 1
        combinations.append(own)
    return SetPlan(tuple(nests), sizes, flips, tuple(best), places, tuple(drawn), tuple(combinations))


def _subsets(units: tuple[int, ...]) -> list[tuple[int, ...]]:
    """All but the empty one, by binary counting: the first unit is the lowest digit."""
    masks = itertools.product((False, True), repeat=len(units))
    chosen = [tuple(u for u, taken in zip(units, mask[::-1], strict=True) if taken) for mask in masks]
    return [subset for subset in chosen if subset]
