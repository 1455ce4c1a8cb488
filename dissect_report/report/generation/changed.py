"""What removing a unit alone changes in a generator's images, as the layer page filters and sorts by it."""

from __future__ import annotations

from typing import Any

import numpy as np

from dissect_report.report.experiment import LayerPart, render_part
from dissect_report.report.generation.view import GenerationView

#: Units that count as changing a concept: the first of its ranking.
LISTED = 20


def layer_part(generation: GenerationView) -> LayerPart:
    """What the layer page says: a filter by the concept that changes, an order by how much."""
    data = changes(generation)
    filters = {"listed": LISTED, "changed_names": [name for name, _ in data["changes"]]}
    return LayerPart(
        filters=render_part(generation.view.site, "generation/layer_filters", filters),
        sorts=(("changed", "what removing changes"),),
        data=data,
    )


def changes(edits: GenerationView) -> dict[str, Any]:
    """What removing a unit alone changes in a generator's images.

    ``changed`` is the area that concepts gain and lose, added up, as a fraction of the image, or null for a
    unit that was not removed alone. ``changes`` has for every concept that some unit changes its name and
    the units that change it most, with the area afterwards minus before.
    """
    removed, measured = edits.arrays["removed"], edits.arrays["units"]
    changed: list[float | None] = [None] * len(edits.view.layer.units)
    for unit, areas in zip(measured, removed, strict=True):
        changed[unit] = round(float(np.abs(areas).sum()), 6)
    by_concept = []
    for concept in edits.view.run.record.concepts:
        areas = removed[:, concept.id]
        order = [int(at) for at in np.argsort(-np.abs(areas), kind="stable")[:LISTED] if areas[at]]
        if order:
            found = [(int(measured[at]), round(float(areas[at]), 6)) for at in order]
            by_concept.append((concept.name, found))
    return {"changed": changed, "changes": sorted(by_concept)}
