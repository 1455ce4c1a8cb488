"""What was tried with one concept, as its record."""

from __future__ import annotations

import numpy as np

from dissect_report.analysis.generation.areas import area_changes
from dissect_report.analysis.generation.inserted_sets import added_at, inserted_sets
from dissect_report.analysis.generation.layer import Measured
from dissect_report.analysis.generation.pictures import grid_cells, set_cells
from dissect_report.analysis.generation.sweeps import sweep_curves
from dissect_report.findings.generation import ConceptEdits, Context
from dissect_report.findings.records import ConceptRecord
from dissect_report.findings.store import number
from dissect_report.findings.units import UnitRecord
from dissect_report.stats.effects import by_context
from dissect_report.stats.latent_intervals import sample_weights


def concept_edits(
    measured: Measured, place: int, record: ConceptRecord, units: tuple[UnitRecord, ...], seed: int
) -> ConceptEdits:
    """Removed, and inserted.

    Args:
        place: of the concept among those tried.
        units: of the layer.
        seed: of the bootstrap.
    """
    layer, sets, concept = measured.layer, measured.sets, record.id
    drawn, weights = layer.intact[:, concept], sample_weights(layer.latents, seed)
    detectors = sum(unit.detector and unit.concept == concept for unit in units)
    side = measured.together.pixels[:, sets.side[place]]
    put = inserted_sets(measured, place, weights)
    added = added_at(measured, place, put[0].chosen_by) / layer.pixels
    ceiling = np.nanmax(layer.iou[:, concept], initial=-1.0)
    return ConceptEdits(
        concept=concept,
        area=float(drawn.mean() / layer.pixels),
        images=int((drawn > 0).sum()),
        detectors=detectors,
        ceiling=None if ceiling < 0 else float(ceiling),
        insert_units=put[0].units,
        insert_strengths=put[0].strengths,
        sets=put,
        curves=sweep_curves(measured, place, concept, weights),
        side_count=layer.side_count,
        side_effects=tuple(area_changes(layer.intact, side, layer.pixels)),
        ace=put[0].ace,
        added=put[0].added,
        added_low=put[0].added_low,
        added_high=put[0].added_high,
        added_by_place=tuple(map(float, added.mean(0))),
        contexts=_contexts(added, place_labels(measured)),
        cells=grid_cells(measured, place, record),
        lattice_added=tuple(tuple(map(float, row)) for row in added[: layer.grid_latents]),
        shown_places=measured.chosen[place].lots,
        set_cells=set_cells(measured, place, record),
        notes=_notes(detectors, drawn, put[0].units),
    )


def _notes(detectors: int, drawn: np.ndarray, units: tuple[int, ...]) -> tuple[str, ...]:
    notes = []
    if not units:
        notes.append("no unit draws it: every strength that was learned is 0")
    if not detectors:
        notes.append("no unit of this layer detects it: its best units are changed all the same")
    if not drawn.any():
        notes.append(f"none of the first {len(drawn)} images shows it: nothing of it can be removed")
    return tuple(notes)


def place_labels(measured: Measured) -> np.ndarray:
    """int64 [latent, place, depth]: intact labels at the middle of every place."""
    layer = measured.layer
    return layer.labels_at(layer.places)[: layer.insert_latents]


def _contexts(added: np.ndarray, labels: np.ndarray) -> tuple[Context, ...]:
    """By what stood there, the largest gain first.

    Args:
        added: float64 [latent, place] areas.
        labels: int64 [latent, place, depth].
    """
    table = by_context(added.reshape(-1, 1), labels.reshape(-1, labels.shape[-1]))
    rows = [
        Context(int(concept), int(places), float(mean[0]), number(float(np.sqrt(variance[0]))))
        for concept, places, mean, variance in zip(
            table.concepts, table.places, table.mean, table.variance, strict=True
        )
    ]
    return tuple(sorted(rows, key=lambda row: (-row.added, row.concept)))
