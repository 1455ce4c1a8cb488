"""What was tried with one concept, as its record."""

from __future__ import annotations

import numpy as np

from dissect_report.analysis.generation.areas import area_changes
from dissect_report.analysis.generation.layer import Measured
from dissect_report.analysis.generation.pictures import grid_cells
from dissect_report.analysis.generation.sweeps import sweep_curves
from dissect_report.findings.generation import ConceptEdits, Context
from dissect_report.findings.records import ConceptRecord
from dissect_report.findings.store import number
from dissect_report.findings.units import UnitRecord
from dissect_report.stats.effects import by_context
from dissect_report.stats.latent_intervals import mean_interval, sample_weights


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
    side, inserted, ablated = (
        measured.together.pixels[:, edits[place]] for edits in (sets.side, sets.inserted, sets.ablated)
    )
    added = _added(measured, place)[:, :, concept] / layer.pixels
    low, high = mean_interval(added.mean(1))
    ceiling = np.nanmax(layer.iou[:, concept], initial=-1.0)
    return ConceptEdits(
        concept=concept,
        area=float(drawn.mean() / layer.pixels),
        images=int((drawn > 0).sum()),
        detectors=detectors,
        ceiling=None if ceiling < 0 else float(ceiling),
        insert_units=measured.insert[place],
        curves=sweep_curves(measured, place, concept, weights),
        side_count=layer.side_count,
        side_effects=tuple(area_changes(layer.intact, side, layer.pixels)),
        ace=float((inserted[:, concept] - ablated[:, concept]).mean() / layer.pixels),
        added=float(added.mean()),
        added_low=number(low),
        added_high=number(high),
        added_by_place=tuple(map(float, added.mean(0))),
        contexts=_contexts(added, place_labels(measured)),
        cells=grid_cells(measured, place, record),
        lattice_added=tuple(tuple(map(float, row)) for row in added[: layer.grid_latents]),
        notes=_notes(detectors, drawn),
    )


def _notes(detectors: int, drawn: np.ndarray) -> tuple[str, ...]:
    notes = []
    if not detectors:
        notes.append("no unit of this layer detects it: its best units are changed all the same")
    if not drawn.any():
        notes.append(f"none of the first {len(drawn)} images shows it: nothing of it can be removed")
    return tuple(notes)


def _added(measured: Measured, place: int) -> np.ndarray:
    """int64 [latent, place, concept + 1] change in grid pixels of one concept's insertions."""
    layer = measured.layer
    many = len(layer.places)
    put = measured.placed.pixels[:, place * many : (place + 1) * many].astype(np.int64)
    added: np.ndarray = put - layer.intact[: layer.insert_latents, None]
    return added


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
