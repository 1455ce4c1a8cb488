"""Which sets of units are removed from a layer, and where their predictions stand."""

from __future__ import annotations

import itertools
from collections.abc import Mapping
from dataclasses import dataclass

import numpy as np

from dissect_report.analysis.ablation.removals import Nest
from dissect_report.findings.ablation import SERVING

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
    named: dict[str, tuple[tuple[int, ...], int, int]]
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
    columns = _Columns()
    flips = tuple(size for size in FLIP_SIZES if size < order.shape[1])
    tried = tuple(sorted({*sizes, *flips}))
    best = tuple(columns.both(ranked[: tried[-1]], tried) if tried else {} for ranked in order)
    places: dict[str, tuple[tuple[int, ...], int, int]] = {}
    for name, chosen in named.items():
        unique = np.array(sorted(set(chosen)), np.int64)
        removed, kept = columns.both(unique, (len(unique),))[len(unique)]
        places[name] = (tuple(unique.tolist()), removed, kept)
    drawn = []
    for permuted in random:
        possible = tuple(size for size in sizes if size <= len(permuted))
        drawn.append(columns.removed(permuted[: possible[-1]], possible) if possible else {})
    combinations = [
        {
            chosen: columns.removed(np.array(chosen, np.int64), (len(chosen),))[len(chosen)]
            for chosen in _subsets(tuple(int(unit) for unit in ranked[:SERVING]))
        }
        for ranked in (order if combine else [])
    ]
    return SetPlan(tuple(columns.nests), sizes, flips, best, places, tuple(drawn), tuple(combinations))


class _Columns:
    """Nests in the order of their columns; column 0 is the intact network."""

    def __init__(self) -> None:
        self.nests: list[Nest] = []
        self.next = 1

    def removed(self, units: np.ndarray, sizes: tuple[int, ...]) -> dict[int, int]:
        """By size, the column of the first units removed."""
        first = self._add(Nest(units, sizes))
        return {size: first + k for k, size in enumerate(sizes)}

    def both(self, units: np.ndarray, sizes: tuple[int, ...]) -> dict[int, tuple[int, int]]:
        """By size, the columns of the first units removed, and of them kept."""
        first = self._add(Nest(units, sizes, True, True))
        return {size: (first + k, first + k + len(sizes)) for k, size in enumerate(sizes)}

    def _add(self, nest: Nest) -> int:
        first = self.next
        self.nests.append(nest)
        self.next += nest.columns
        return first


def _subsets(units: tuple[int, ...]) -> list[tuple[int, ...]]:
    """All but the empty one, by binary counting: the first unit is the lowest digit."""
    masks = itertools.product((False, True), repeat=len(units))
    chosen = [tuple(u for u, taken in zip(units, mask[::-1], strict=True) if taken) for mask in masks]
    return [subset for subset in chosen if subset]
