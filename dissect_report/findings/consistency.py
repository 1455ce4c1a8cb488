"""What the parts of one record say of each other."""

from __future__ import annotations

from collections.abc import Iterator

from dissect_report.findings.ablation import Ablation
from dissect_report.findings.generation import Generation


def ablation_contradictions(record: Ablation) -> Iterator[str]:
    """What pages about removals rely on."""
    rows = {(row.target, row.kind, row.size) for row in record.rows if not row.name}
    for target in range(len(record.targets)):
        for size in record.set_sizes:
            if (target, "removed", size) not in rows:
                yield f"rows: none of target {target} with {size} units removed"
    for place, row in enumerate(record.rows):
        if row.kind == "random" and len(row.draws) != len(row.accuracy_draws):
            yield f"rows.{place}: {len(row.draws)} and {len(row.accuracy_draws)} draws"
        if row.name and row.name not in record.sets:
            yield f"rows.{place}: the set {row.name!r}"
    if not record.serving:
        yield "serving: no bar"
    for place, bar in enumerate(record.serving):
        if (bar.measured > 0) != (bar.mean_iou is not None):
            yield f"serving.{place}: a mean of {bar.measured} units"
    for place, asked in enumerate(record.targets):
        if any(len(flip.after) != len(record.flip_sizes) for flip in asked.flips):
            yield f"targets.{place}: flips of other sizes"
    classes = sum(target.kind == "class" for target in record.targets)
    yield from (
        f"spread.{place}.values: {len(state.values)} of {classes} classes"
        for place, state in enumerate(record.spread)
        if len(state.values) != classes
    )


def generation_contradictions(record: Generation) -> Iterator[str]:
    """What pages about edits rely on."""
    places, unit_places = record.places[0] * record.places[1], record.unit_places[0] * record.unit_places[1]
    if not places:
        yield "places: none"
    for place, edits in enumerate(record.concepts):
        where = f"concepts.{place}"
        if len(edits.added_by_place) not in (0, places):
            yield f"{where}.added_by_place: {len(edits.added_by_place)} of {places}"
        if any(len(row) != places for row in edits.lattice_added):
            yield f"{where}.lattice_added: not of {places} places"
        if any(len(row) != len(record.grid_counts) for row in edits.cells):
            yield f"{where}.cells: not of {len(record.grid_counts)} columns"
    for place, unit in enumerate(record.units):
        if len(unit.outlines) != len(unit.latents):
            yield f"units.{place}.outlines: {len(unit.outlines)} of {len(unit.latents)}"
        if len(unit.placed_outlines) not in (0, unit_places):
            yield f"units.{place}.placed_outlines: {len(unit.placed_outlines)} of {unit_places}"
        if len(unit.placed_added) not in (0, unit_places):
            yield f"units.{place}.placed_added: {len(unit.placed_added)} of {unit_places}"
