"""What was tried with one unit, as its record."""

from __future__ import annotations

import numpy as np

from dissect_report.analysis.generation.areas import area_changes
from dissect_report.analysis.generation.layer import Measured
from dissect_report.analysis.generation.pictures import changes, unit_pictures, unit_placed_pictures
from dissect_report.findings.generation import UnitEdits

#: Concepts listed for a single unit.
LISTED = 6


def unit_edits(measured: Measured, place: int, concept: int | None) -> UnitEdits:
    """Removed, inserted everywhere, and inserted at places of the first latent's image.

    Args:
        place: of the unit among those changed alone.
        concept: its best one.
    """
    layer = measured.layer
    unit, intact = layer.measured[place], layer.intact[: layer.unit_latents]
    removed, inserted = (measured.alone.pixels[:, 2 * place + side] for side in range(2))
    able = bool(np.isfinite(layer.level[unit]))
    ace = None
    if concept and able:
        ace = float((inserted[:, concept].astype(np.int64) - removed[:, concept]).mean() / layer.pixels)
    outlines = [
        (changes(before, without)[0], changes(before, put)[0])
        for before, without, put in unit_pictures(measured, place)
    ]
    placed = unit_placed_pictures(measured, place)[: None if able else 0]
    return UnitEdits(
        unit=unit,
        removed=tuple(area_changes(intact, removed, layer.pixels)[:LISTED]),
        inserted=tuple(area_changes(intact, inserted, layer.pixels)[:LISTED]) if able else (),
        ace=ace,
        latents=tuple(measured.units.shown[place].tolist()),
        outlines=tuple(outlines),
        placed_added=_placed_added(measured, place, concept) if concept and able else (),
        placed_outlines=tuple(changes(layer.intact_pictures[0], picture)[0] for picture in placed),
    )


def _placed_added(measured: Measured, place: int, concept: int) -> tuple[float, ...]:
    layer, pixels = measured.layer, measured.unit_placed[place, :, concept].astype(np.int64)
    return tuple(((pixels - layer.intact[0, concept]) / layer.pixels).tolist())
