"""Everything measured of one layer's edits, before it becomes records."""

from __future__ import annotations

from collections.abc import Sequence
from dataclasses import dataclass

import numpy as np

from dissect_report.activations.layers import LayerInfo
from dissect_report.analysis.generation.edits import Edit
from dissect_report.analysis.generation.passes import EditList, Outcome
from dissect_report.analysis.generation.plans import Place
from dissect_report.analysis.generation.unit_sets import ConceptSets, UnitSet
from dissect_report.findings.generation import GRID_COUNTS
from dissect_report.findings.records import ConceptRecord

#: Units removed for the side effects, as in the paper.
SIDE_COUNT = 20

#: Single units inserted at places at a time: what an interruption loses.
UNIT_BLOCK = 16

#: Rows of a unit's picture.
UNIT_LATENTS = 3


@dataclass(frozen=True, eq=False)
class LayerEdits:
    """What is tried with one layer, and what came of it.

    Attributes:
        info: the layer.
        concepts: tried ones.
        level: float64 [unit] values that units are inserted at; NaN = undefined.
        iou: float64 [unit, concept + 1].
        alive: units that random sets are drawn from.
        measured: units changed one by one.
        counts: numbers of units removed.
        grid_latents: the first so many are shown.
        shape: rows and columns of places.
        places: where insertions go.
        unit_shape: rows and columns of places of single units.
        unit_places: where single units go; none where they are not asked for.
        intact: int32 [latent, concept + 1].
        labels: uint16 [latent, depth, y, x] of the intact images.
        intact_pictures: uint8 [latent, TILE, TILE, 3].
        insert_latents: the first so many.
        unit_latents: the first so many, for single units.
        grid: side of the segmentation grid.
    """

    info: LayerInfo
    concepts: list[ConceptRecord]
    level: np.ndarray
    iou: np.ndarray
    alive: np.ndarray
    measured: tuple[int, ...]
    counts: tuple[int, ...]
    grid_latents: int
    shape: tuple[int, int]
    places: list[Place]
    unit_shape: tuple[int, int]
    unit_places: list[Place]
    intact: np.ndarray
    labels: np.ndarray
    intact_pictures: np.ndarray
    insert_latents: int
    unit_latents: int
    grid: int

    @property
    def pixels(self) -> float:
        """Of an image's segmentation grid."""
        return float(self.grid**2)

    def labels_at(self, places: Sequence[Place]) -> np.ndarray:
        """int64 [latent, place, depth]: intact labels at the middles of places."""
        rows, columns = ([place.middle[axis] for place in places] for axis in (0, 1))
        labels: np.ndarray = self.labels[:, :, rows, columns].transpose(0, 2, 1).astype(np.int64)
        return labels

    @property
    def latents(self) -> int:
        """For removing."""
        return len(self.intact)

    @property
    def shown(self) -> int:
        """Of insertions: latents that are shown."""
        return min(self.grid_latents, self.insert_latents)

    @property
    def grid_counts(self) -> tuple[int, ...]:
        """Columns of the before/after grids that the layer has units for."""
        return tuple(count for count in GRID_COUNTS if count <= self.info.units)

    @property
    def side_count(self) -> int:
        """Units removed for the side effects."""
        return min(SIDE_COUNT, self.info.units)


@dataclass(frozen=True, eq=False)
class UnitStage:
    """Single units: two edits each, removed and inserted everywhere.

    Attributes:
        edits: in the order of ``LayerEdits.measured``; the second of a unit without a level changes nothing.
        shown: int [measured, row] latents of each unit's picture.
        slots: where the picture of (latent, edit) goes.
    """

    edits: list[Edit]
    shown: np.ndarray
    slots: dict[tuple[int, int], int]


def unit_stage(layer: LayerEdits, fired: np.ndarray) -> UnitStage:
    """Plans the single units.

    Args:
        fired: int [unit, latent] the latents in the order of its images: a unit is shown where it fires most.
    """
    edits: list[Edit] = []
    slots: dict[tuple[int, int], int] = {}
    rows = min(UNIT_LATENTS, layer.unit_latents)
    shown = np.empty((len(layer.measured), rows), np.int64)
    for place, unit in enumerate(layer.measured):
        value = float(layer.level[unit])
        edits += [Edit((unit,)), Edit((unit,), (value,)) if np.isfinite(value) else Edit(())]
        shown[place] = fired[unit, :rows]
        for row, latent in enumerate(shown[place].tolist()):
            for side in range(2):
                slots[latent, 2 * place + side] = (place * rows + row) * 2 + side
    return UnitStage(edits, shown, slots)


@dataclass(frozen=True, eq=False)
class SetStage:
    """Sets of a concept's units: removed in growing numbers, and inserted everywhere.

    Attributes:
        edits: each once.
        rankings: names of the orders: effect where units are chosen by it, iou, ace, then random draws.
        sweep: int64 [concept, ranking, count] index of the edit.
        side: int64 [concept] index of the edit that removes ``side_count`` units.
        inserted: int64 [concept, set] index of the edit that inserts a set everywhere: chosen ones, draws.
        ablated: int64 [concept, set] index of the edit that removes those same units.
        grid: int64 [concept, column] index of the edits shown.
        slots: where the picture of (latent, edit) goes.
        orders: per concept, the units by each ranking.
    """

    edits: list[Edit]
    rankings: tuple[str, ...]
    sweep: np.ndarray
    side: np.ndarray
    inserted: np.ndarray
    ablated: np.ndarray
    grid: np.ndarray
    slots: dict[tuple[int, int], int]
    orders: list[tuple[tuple[int, ...], ...]]


def set_stage(
    layer: LayerEdits,
    rankings: tuple[str, ...],
    orders: list[tuple[tuple[int, ...], ...]],
    chosen: list[ConceptSets],
) -> SetStage:
    """Plans the sets.

    Args:
        rankings: names of the orders.
        orders: per concept, the units in each; the first is the one that is shown.
        chosen: per concept, the sets that are inserted.
    """
    found = EditList()
    sweep = np.zeros((len(orders), len(rankings), len(layer.counts)), np.int64)
    side = np.zeros(len(orders), np.int64)
    whole = [(*sets.chosen.values(), *sets.draws) for sets in chosen]
    inserted, ablated = (np.zeros((len(whole), len(whole[0]) if whole else 1), np.int64) for _ in range(2))
    grid = np.zeros((len(orders), len(layer.grid_counts)), np.int64)
    for place, of_concept in enumerate(orders):
        for ranking, order in enumerate(of_concept):
            for column, count in enumerate(layer.counts):
                sweep[place, ranking, column] = found.add(_remove(order, count))
        side[place] = found.add(_remove(of_concept[0], layer.side_count))
        for row, units in enumerate(whole[place]):
            inserted[place, row] = found.add(insertion(layer, units, None))
            ablated[place, row] = found.add(_remove(units.units, len(units.units)))
        for column, count in enumerate(layer.grid_counts):
            grid[place, column] = found.add(_remove(of_concept[0], count))
    slots: dict[tuple[int, int], int] = {}
    for latent in range(layer.grid_latents):
        for edit in np.unique(grid).tolist():
            slots[latent, edit] = len(slots)
    return SetStage(found.edits, rankings, sweep, side, inserted, ablated, grid, slots, orders)


def _remove(order: tuple[int, ...], count: int) -> Edit:
    """The first of an order, in ascending order: the same set is the same edit."""
    return Edit(tuple(sorted(order[:count])))


def insertion(layer: LayerEdits, units: UnitSet, block: tuple[int, int, int, int] | None) -> Edit:
    """Units moved to the values they are inserted at; those without one are left out."""
    able = [at for at, unit in enumerate(units.units) if np.isfinite(layer.level[unit])]
    values = tuple(float(layer.level[units.units[at]]) for at in able)
    strengths = tuple(units.strengths[at] for at in able) if units.strengths else ()
    return Edit(tuple(units.units[at] for at in able), values, block, strengths)


@dataclass(frozen=True, eq=False)
class Measured:
    """All outcomes of a layer.

    Attributes:
        layer: what was tried.
        units: the plan of single units.
        alone: what single units gave.
        sets: the plan of sets.
        together: what sets gave.
        chosen: per concept, the sets that were inserted.
        placed: what insertions at places gave: edits are concepts x sets x places.
        placed_slots: where the picture of (latent, edit) of ``placed`` is.
        units_placed: what inserting single units at places gave, on latent 0 alone, by blocks of
            ``UNIT_BLOCK`` units: edits, and the slots of their pictures, are units x places.
    """

    layer: LayerEdits
    units: UnitStage
    alone: Outcome
    sets: SetStage
    together: Outcome
    chosen: list[ConceptSets]
    placed: Outcome
    placed_slots: dict[tuple[int, int], int]
    units_placed: tuple[Outcome, ...]

    @property
    def stages(self) -> tuple[Outcome, ...]:
        """All passes over edits."""
        return self.alone, *self.units_placed, self.together, self.placed

    def placed_edit(self, concept: int, name: str, place: int) -> int:
        """Index among the edits of ``placed``.

        Args:
            concept: its place among those tried.
            name: of the set.
            place: where it is put.
        """
        names = self.chosen[concept].names
        return (concept * len(names) + names.index(name)) * len(self.layer.places) + place

    @property
    def unit_placed(self) -> np.ndarray:
        """int32 [measured, unit place, concept + 1] grid pixels of latent 0's image."""
        layer = self.layer
        shape = (len(layer.measured), len(layer.unit_places), layer.intact.shape[1])
        parts = [part.pixels[0] for part in self.units_placed]
        return np.concatenate(parts).reshape(shape) if parts else np.empty(shape, np.int32)
