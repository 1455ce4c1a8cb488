"""The experiment that inserts a concept's units at every place: where can it go?"""

from __future__ import annotations

from pathlib import PurePosixPath
from typing import Any

from dissect_report.findings.generation import ConceptEdits
from dissect_report.report.addresses import link
from dissect_report.report.formatting import share
from dissect_report.report.generation.figures import context_figure
from dissect_report.report.generation.lattice import lattice_data, places_map
from dissect_report.report.generation.section import concept_part, generation_page, layer_section, strongest
from dissect_report.report.generation.sets import gains_figure, set_rows, set_sheet
from dissect_report.report.generation.view import GenerationView, beyond
from dissect_report.report.generation.words import ENOUGH_PLACES, insertion_sentence, of_image
from dissect_report.report.page import Page
from dissect_report.report.published.rows import beside_inserted

#: Contexts drawn as bars; the table has all.
BARS = 14


def inserting_page(found: list[GenerationView]) -> Page:
    """Units of every edited concept inserted at every place."""
    path = found[-1].view.run_addresses.inserting
    sections = [_section(edited, path) for edited in found]
    description = next(
        (s["verdict"] for s in sections[::-1] if s["verdict"]), "Units inserted into a generator."
    )
    return generation_page(found, path, "inserting", "Inserting a concept", description, sections)


def _section(edited: GenerationView, path: PurePosixPath) -> dict[str, Any]:
    return layer_section(edited, path) | {
        "verdict": inserting_verdict(edited),
        "beside": beside_inserted(edited),
        "concepts": [_concept(edited, path, edits) for edits in edited.record.concepts],
        "strongest": strongest(edited, lambda edits: edits.added),
        "enough": ENOUGH_PLACES,
        "place_share": share(edited.place_share),
        "gains": gains_figure(edited),
    }


def inserting_verdict(edited: GenerationView) -> str:
    """The concept that certainly takes best and the one that takes worst; "" where nothing is defined."""
    known = [(edits.added, edits) for edits in edited.record.concepts if edits.added is not None]
    if not known:
        return ""
    text = f"At one place, {share(edited.place_share)} of the image, "
    certain = [(added, edits) for added, edits in known if added > 0 and not _doubtful(edits)]
    if not certain:
        if len(known) == 1:
            return f"{text}the units of {edited.name(known[0][1].concept)} add none of it for certain."
        return f"{text}no concept's units add any of it for certain."
    added, best = max(certain, key=lambda pair: pair[0])
    text += f"the units of {edited.name(best.concept)} add {of_image(added, False)} of it on average"
    if len(known) == 1:
        return f"{text}."
    least, last = min(known, key=lambda pair: pair[0])
    most = "most" if added == max(gain for gain, _ in known) else "largest certain gain"
    text += f", the {most} of {len(known)} concepts"
    if _doubtful(last):
        return f"{text}; those of {edited.name(last.concept)} add nothing beyond their interval."
    return f"{text}; those of {edited.name(last.concept)} add {of_image(least, False)}, the least."


def _doubtful(edits: ConceptEdits) -> bool:
    """Whether its gain may be none; a single latent gives no interval to doubt it by."""
    return edits.added_low is not None and not beyond(edits.added_low, edits.added_high)


def _concept(edited: GenerationView, path: PurePosixPath, edits: ConceptEdits) -> dict[str, Any]:
    name = edited.name(edits.concept)
    bars = [(edited.name(c.concept), c.places, c.added, c.deviation) for c in edits.contexts]
    latents = range(len(edits.lattice_added))
    return concept_part(edited, path, edits) | {
        "sentence": insertion_sentence(name, edits, edited),
        "chip": of_image(edits.added) if edits.added is not None else "",
        "data": lattice_data(edited, edits),
        "sheets": [link(path, edited.view.addresses.lattice(edits.concept, k)) for k in latents],
        "thumbnails": [link(path, edited.view.run_addresses.thumbnail(k)) for k in latents],
        "figure": context_figure(bars[:BARS]) if bars else None,
        "contexts": [
            (edited.concept_href(path, c.concept), edited.name(c.concept), c) for c in edits.contexts
        ],
        "map": places_map(edits.added_by_place, edited.record.places, "Mean added area by place"),
        "removing": edited.removing_href(path, edits.concept),
        "sets": set_rows(edits),
        "side_by_side": set_sheet(edited, path, edits),
    }
