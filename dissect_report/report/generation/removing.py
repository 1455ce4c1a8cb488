"""The experiment that removes a concept's units: are these the units that draw it?"""

from __future__ import annotations

from collections.abc import Sequence
from pathlib import PurePosixPath
from typing import Any

from dissect_report.findings.generation import RANKINGS, ConceptEdits, GridCell, SweepPoint
from dissect_report.report.addresses import link
from dissect_report.report.formatting import plural, share
from dissect_report.report.generation.figures import sweep_figure
from dissect_report.report.generation.section import concept_part, generation_page, layer_section, strongest
from dissect_report.report.generation.view import HEADLINE, GenerationView, beyond, point_at, removed_point
from dissect_report.report.generation.words import portion, removal_sentence
from dissect_report.report.page import Page
from dissect_report.report.published.rows import beside_removed

#: Names of the rankings.
RANKED = {"effect": "by effect", "iou": "by IoU", "ace": "by ACE", "random": "random"}


def removing_page(found: list[GenerationView]) -> Page:
    """Units of every edited concept removed step by step."""
    path = found[-1].view.run_addresses.removing
    sections = [_section(edited, path) for edited in found]
    description = next(
        (s["verdict"] for s in sections[::-1] if s["verdict"]), "Units removed from a generator."
    )
    return generation_page(found, path, "removing", "Removing a concept", description, sections)


def _section(edited: GenerationView, path: PurePosixPath) -> dict[str, Any]:
    return layer_section(edited, path) | {
        "verdict": removing_verdict(edited),
        "beside": beside_removed(edited),
        "concepts": [_concept(edited, path, edits) for edits in edited.record.concepts],
        "strongest": strongest(edited, _portion),
        "grid_counts": edited.record.grid_counts,
        "removed": tried_size(edited),
        "rankings": [(RANKED[ranking], f"{ranking}_ranking") for ranking in tried(edited)],
    }


def tried(edited: GenerationView) -> tuple[str, ...]:
    """The rankings of the sweeps: by effect only where units were chosen by it."""
    return tuple(r for r in RANKINGS if r != "effect" or edited.record.choose_by == "effect")


def tried_size(edited: GenerationView) -> int:
    """The largest number of units removed in every sweep, of those for headlines; 0 without any."""
    return max((size for size in edited.record.removed if size <= HEADLINE), default=0)


def _portion(edits: ConceptEdits) -> float | None:
    point = removed_point(edits)
    return point.portion if point else None


def removing_verdict(edited: GenerationView) -> str:
    """The concepts that lose most and least, in one sentence; "" where nothing is defined."""
    pairs = [(removed_point(edits), edits) for edits in edited.record.concepts]
    known = [(p.portion, p, edited.name(e.concept)) for p, e in pairs if p and p.portion is not None]
    if not known:
        return ""
    _, best, name = max(known, key=lambda item: item[0])
    start = f"Without its {plural(best.count, 'best unit')}, {_loss(best, name)}"
    if len(known) == 1:
        return f"{start}."
    _, worst, last = min(known, key=lambda item: item[0])
    if portion(worst.portion) == portion(best.portion):
        return f"{start}, and so {'does the other concept' if len(known) == 2 else 'do all others'}."
    return f"{start}, the most of {len(known)} concepts; {_loss(worst, last)}, the least."


def _loss(point: SweepPoint, name: str) -> str:
    if point.low is not None and not beyond(point.low, point.high):
        return f"{name} stays as it is ({portion(-(point.portion or 0), sign=True)}, within its interval)"
    if (point.portion or 0) < 0:
        return f"{name} grows by {portion(-(point.portion or 0))}"
    return f"{name} loses {portion(point.portion)} of its pixels"


def _concept(edited: GenerationView, path: PurePosixPath, edits: ConceptEdits) -> dict[str, Any]:
    concept = edited.concept(edits.concept)
    best = removed_point(edits)
    size = tried_size(edited)
    own = {"effect": best}
    points = {name: own.get(name) or point_at(edits, name, size) for name in tried(edited)}
    grid = edited.view.addresses.removal_grid(edits.concept)
    most = max(range(len(edits.cells)), key=lambda row: edits.cells[row][0].area, default=0)
    return concept_part(edited, path, edits) | {
        "sentence": removal_sentence(concept.name, edits),
        "points": points,
        "chip": portion(best.portion) if best else "",
        "figure": sweep_figure(edits.curves, concept.category),
        "sheet": link(path, grid),
        "columns": len(edited.record.grid_counts),
        "rows": _rows(edited, edits, concept.name),
        "first": most,
        "steps": _steps(edits, tried(edited)),
        "inserting": edited.inserting_href(path, edits.concept),
    }


def _rows(edited: GenerationView, edits: ConceptEdits, name: str) -> list[list[dict[str, Any]]]:
    """The grid's cells with their words."""
    return [
        [
            {"outline": cell.outline, "count": size, "words": _words(latent, size, name, cell, row[0])}
            for size, cell in zip(edited.record.grid_counts, row, strict=True)
        ]
        for latent, row in enumerate(edits.cells)
    ]


def _words(latent: int, size: int, name: str, cell: GridCell, intact: GridCell) -> str:
    if not size:
        return f"Latent {latent}, intact: {name} covers {share(cell.area)} of the image."
    return (
        f"Latent {latent}, {size} units removed: {name} covers {share(cell.area)} of the image, "
        f"{share(intact.area)} intact; {share(cell.changed)} of the image changed visibly."
    )


def _steps(edits: ConceptEdits, rankings: Sequence[str]) -> list[tuple[int, list[SweepPoint | None]]]:
    """The sweep as a table: units removed, then a point for every ranking."""
    by_ranking = {curve.ranking: {p.count: p for p in curve.points} for curve in edits.curves}
    counts = sorted({size for points in by_ranking.values() for size in points})
    return [(size, [by_ranking.get(ranking, {}).get(size) for ranking in rankings]) for size in counts]
