"""Sets of units that are put into images together: by effect, by IoU, and by lot as their control."""

from __future__ import annotations

from collections.abc import Sequence
from dataclasses import dataclass

import numpy as np
from jaxtyping import Float64

from dissect_report.stats.effects import rank_by


@dataclass(frozen=True)
class UnitSet:
    """Units, and how far each is moved to its insertion value.

    Attributes:
        units: channels of the layer, the strongest first.
        strengths: one for each, in (0, 1]; none moves them the whole way.
    """

    units: tuple[int, ...]
    strengths: tuple[float, ...] = ()


@dataclass(frozen=True)
class ConceptSets:
    """What is put into the images for one concept.

    Attributes:
        chosen: by how the units were chosen, "effect" or "iou": the first is the one asked for.
        draws: of as many units of the first at the same strengths, by lot; none without a control.
        by_place: such a draw for every place, so that the control does not hang on one of them.
        lots: for each latent that is shown, a place drawn by lot where all sets are shown side by side.
    """

    chosen: dict[str, UnitSet]
    draws: tuple[UnitSet, ...]
    by_place: tuple[UnitSet, ...]
    lots: tuple[int, ...]

    @property
    def first(self) -> UnitSet:
        """The set that was asked for."""
        return next(iter(self.chosen.values()))

    @property
    def names(self) -> tuple[str, ...]:
        """Of what is put at places."""
        return (*self.chosen, *(("random",) if self.by_place else ()))

    def at(self, name: str, place: int) -> UnitSet:
        """The set of a name that is put at a place."""
        return self.by_place[place] if name == "random" else self.chosen[name]


def by_strength(strengths: Float64[np.ndarray, " unit"], most: int) -> UnitSet:
    """The strongest units, those of strength 0 left out; equal strengths: lower index."""
    order = rank_by(strengths, np.flatnonzero(strengths > 0).tolist())[:most]
    return UnitSet(order, tuple(float(strengths[unit]) for unit in order))


def by_lot(like: UnitSet, alive: Sequence[int], generator: np.random.Generator) -> UnitSet:
    """As many units that are not dead, at the same strengths; fewer where the layer has fewer."""
    units = tuple(map(int, generator.permutation(np.asarray(alive, np.int64))[: len(like.units)]))
    return UnitSet(units, like.strengths[: len(units)])
