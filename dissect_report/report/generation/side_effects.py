"""The experiment that asks what else changes when a concept's units are removed."""

from __future__ import annotations

from pathlib import PurePosixPath
from typing import Any

from dissect_report.findings.generation import AreaChange
from dissect_report.report.formatting import number, plural, share
from dissect_report.report.generation.figures import side_figure
from dissect_report.report.generation.section import concept_part, generation_page, layer_section
from dissect_report.report.generation.view import GenerationView, beyond, relative
from dissect_report.report.generation.words import of_image, of_images, relative_words, side_sentence
from dissect_report.report.glossary import LETTERS
from dissect_report.report.page import Page

#: Concepts across the heat map, and rows of the table for one that was removed.
COLUMNS, ROWS = 24, 8
#: Part of all 99 % intervals that leave out 0 where nothing changed.
FALSE_ALARMS = 0.01


def side_effects_page(found: list[GenerationView]) -> Page:
    """Every concept's change without the units of each edited one."""
    path = found[-1].view.run_addresses.side_effects
    sections = [_section(edited, path) for edited in found]
    description = next((s["verdict"] for s in sections[::-1] if s["verdict"]), "What else a removal changes.")
    return generation_page(found, path, "side_effects", "Side effects", description, sections)


def _section(edited: GenerationView, path: PurePosixPath) -> dict[str, Any]:
    concepts = edited.record.concepts
    shown = columns_of(edited)
    cells = []
    for edits in concepts:
        by_concept = {change.concept: change for change in edits.side_effects}
        cells.append([_cell(edited, edits.concept, by_concept.get(concept), concept) for concept in shown])
    hrefs = [edited.removing_href(path, edits.concept) for edits in concepts]
    names = [edited.name(edits.concept) for edits in concepts]
    across = [edited.name(concept) for concept in shown]
    return layer_section(edited, path) | {
        "verdict": side_verdict(edited),
        "figure": side_figure(names, across, cells, hrefs) if names and across else None,
        "height": 150 + 30 * len(names),
        "width": 190 + 30 * len(across),
        "concepts": [
            concept_part(edited, path, edits)
            | {"sentence": side_sentence(edits, edited), "grid": edited.removing_href(path, edits.concept)}
            for edits in concepts
        ],
        "rows": [row for edits in concepts for row in _rows(edited, path, edits.concept)],
    }


def columns_of(edited: GenerationView) -> list[int]:
    """Concepts across the heat map: the edited ones, then those that change most in any row."""
    largest: dict[int, float] = {}
    for edits in edited.record.concepts:
        for change in edits.side_effects:
            part = abs(relative(change) or 0) if beyond(change.low, change.high) else 0
            largest[change.concept] = max(largest.get(change.concept, 0), min(1, part))
    own = [edits.concept for edits in edited.record.concepts if edits.concept in largest]
    rest = sorted((c for c in largest if c not in own), key=lambda c: (-largest[c], c))
    return (own + rest)[:COLUMNS]


def _cell(
    edited: GenerationView, removed: int, change: AreaChange | None, concept: int
) -> tuple[float | None, bool, str]:
    start = f"{edited.name(removed)} removed: {edited.name(concept)} "
    if change is None:
        return None, False, f"{start}was never there"
    words = f"{start}{share(change.before)} to {share(change.after)} of the image ({relative_words(change)})"
    known = beyond(change.low, change.high)
    return relative(change), known, words if known else f"{words}, not beyond its interval"


def side_verdict(edited: GenerationView) -> str:
    """How many other concepts change beyond their interval, and how many would by chance."""
    others = [
        (edits, change)
        for edits in edited.record.concepts
        for change in edits.side_effects
        if change.concept != edits.concept and change.low is not None
    ]
    if not others:
        return ""
    known = [(edits, change) for edits, change in others if beyond(change.low, change.high)]
    verb = "is" if len(known) == 1 else "are"
    text = (
        f"Of {plural(len(others), 'change')} of other concepts, {len(known)} {verb} "
        f"beyond the 99 % interval; about {number(FALSE_ALARMS * len(others))} would be by chance."
    )
    if not known:
        return text
    edits, top = max(known, key=lambda pair: abs(pair[1].after - pair[1].before))
    return (
        f"{text} The largest: without the units of {edited.name(edits.concept)}, {edited.name(top.concept)} "
        f"goes from {of_image(top.before, False)} to {of_image(top.after, False)} of the image."
    )


def _rows(edited: GenerationView, path: PurePosixPath, removed: int) -> list[dict[str, Any]]:
    """The largest changes of one removal."""
    edits = edited.edited[removed]
    return [
        {
            "removed": edited.name(removed),
            "grid": edited.removing_href(path, removed),
            "changed": edited.name(change.concept),
            "own": change.concept == removed,
            "href": edited.concept_href(path, change.concept),
            "category": edited.concept(change.concept).category,
            "letter": LETTERS[edited.concept(change.concept).category],
            "before": share(change.before),
            "after": share(change.after),
            "change": of_image(change.after - change.before),
            "interval": of_images(change.low, change.high),
            "relative": relative_words(change) if change.before else "–",
        }
        for change in edits.side_effects[:ROWS]
    ]
