"""The page to paint on."""

from __future__ import annotations

from dataclasses import replace
from pathlib import PurePosixPath
from typing import Any

from dissect_report.findings.generation import ConceptEdits, Context
from dissect_report.report.addresses import link
from dissect_report.report.experiment_page import experiment_page
from dissect_report.report.formatting import plural
from dissect_report.report.generation.view import beyond, removed_point
from dissect_report.report.generation.words import known_contexts, of_image, of_images, portion, portions
from dissect_report.report.glossary import LETTERS
from dissect_report.report.page import Page
from dissect_report.report.painting.files import SCRIPT
from dissect_report.report.painting.view import PaintingView

#: Widths of the brushes on a map of up to 16 cells a side; larger maps have wider ones.
WIDTHS = (1, 3, 5)


def paint_page(view: PaintingView) -> Page:
    """Where readers paint."""
    own, record = view.edited.view, view.record
    path = own.run_addresses.paint
    concepts = [_concept(view, path, edits) for edits in view.edited.record.concepts]
    concepts.sort(key=lambda c: -c["gain"])  # what takes best is what a reader tries first
    first = concepts[0]["name"] if concepts else "a unit"
    addresses = own.run_addresses
    context = {
        "question": f"What happens if I paint “{first}” here?",
        "layer": record.layer,
        "layer_href": link(path, own.addresses.page),
        "data": page_data(view, path, f"c{concepts[0]['id']}" if concepts else "u0"),
        "concepts": concepts,
        "latents": view.edited.record.latents,
        "quantile": f"{100 * record.insert_quantile:g} %",
        "segmenter": record.labels.source if record.labels else "",
        "why_uncounted": " ".join(f"{note[:1].upper()}{note[1:]}." for note in record.notes),
        "difference": f"{record.difference:.1g}",
        "size": megabytes(record.bytes + RUNTIME_BYTES),
        "graph_size": megabytes(record.bytes),
        "graph_href": link(path, own.addresses.folder / "tail.onnx"),
        "data_href": link(path, addresses.data),
        "script": link(path, SCRIPT),
        "others": [
            ("removing", link(path, addresses.removing)),
            ("inserting", link(path, addresses.inserting)),
            ("side effects", link(path, addresses.side_effects)),
        ],
    }
    name = own.run.record.name
    description = f"Paint with the units of {name}: the network runs in your browser."
    page = experiment_page(own, path, "paint", "Painting with units", description, context)
    card = str(addresses.paint_card) if record.painted and own.site.config.site.url else ""
    return replace(page, card=card)


#: What the runtime takes on its way to a reader.
RUNTIME_BYTES = 5_000_000


def megabytes(count: int) -> str:
    """A size: 1.2 MB."""
    return f"{count / 1e6:.1f} MB"


def brushes(map_size: tuple[int, int]) -> list[int]:
    """Widths in cells, odd, the smallest first."""
    scale = max(1, min(map_size) // 16)
    wide = [width * scale | 1 for width in WIDTHS]
    return [width for width in dict.fromkeys(wide) if width <= max(map_size)]


def page_data(view: PaintingView, path: PurePosixPath, first: str) -> dict[str, Any]:
    """What the page's scripts need before anything is loaded.

    Args:
        first: the set that is chosen at first.
    """
    own, record = view.edited.view, view.record
    labels = record.labels
    return {
        "folder": path.parent.as_posix(),
        "scenes": [link(path, own.run_addresses.thumbnail(latent)) for latent in record.scenes],
        "map": list(record.map_size),
        "side": record.side,
        "range": list(record.output_range),
        "first": first,
        "brushes": brushes(record.map_size),
        "levels": list(record.levels),
        "sets": {
            f"c{own_set.concept}": {
                "adds": own_set.adds, "strengths": own_set.strengths, "removes": own_set.removes,
            }
            for own_set in record.sets
        },
        "labels": {"first": labels.first, "grid": labels.grid} if labels else None,
        "units": link(path, own.addresses.folder / "x").removesuffix("x"),
        "recipe": {
            "made": "dissect-report, painting with units", "run": own.run.record.name, "layer": record.layer,
            "key": record.key,
        },
    }  # fmt: skip


def _concept(view: PaintingView, path: PurePosixPath, edits: ConceptEdits) -> dict[str, Any]:
    edited, labels = view.edited, view.record.labels
    concept, point = edited.concept(edits.concept), removed_point(edits)
    own = next(one for one in view.record.sets if one.concept == edits.concept)
    known = known_contexts(edits.contexts)
    return {
        "id": concept.id, "name": concept.name, "category": concept.category,
        "letter": LETTERS[concept.category], "href": edited.concept_href(path, concept.id),
        "gain": edits.added or 0.0,
        "removed_units": point.count if point else len(own.removes),
        "removed": portion(point.portion if point else None),
        "removed_interval": portions(point.low, point.high) if point and point.low is not None else "",
        "added_units": len(own.adds), "added": of_image(edits.added),
        "added_interval": of_images(edits.added_low, edits.added_high) if edits.added_low is not None else "",
        **_context("best", edited, path, known[0] if len(known) > 1 else None),
        **_context("worst", edited, path, known[-1] if len(known) > 1 else None),
        "trust": trust(concept.name, edits), "removing": edited.removing_href(path, concept.id),
        "inserting": edited.inserting_href(path, concept.id),
        "counted": labels is not None and labels.first < concept.id <= labels.first + labels.concepts,
    }  # fmt: skip


def _context(key: str, edited: Any, path: PurePosixPath, context: Context | None) -> dict[str, str]:
    if context is None:
        return {key: ""}
    return {
        key: edited.name(context.concept),
        f"{key}_href": edited.concept_href(path, context.concept),
        f"{key}_added": of_image(context.added),
    }


def trust(name: str, edits: ConceptEdits) -> str:
    """How certainly a concept comes and goes, in a sentence."""
    point = removed_point(edits)
    goes = bool(point and beyond(point.low, point.high) and (point.portion or 0) > 0)
    comes = beyond(edits.added_low, edits.added_high) and (edits.added or 0) > 0
    if goes and comes:
        return f"That {name} goes and that it comes are both certain on average."
    if goes:
        return f"That {name} goes is certain on average; that it comes is not."
    if comes:
        return f"That {name} comes is certain on average; that it goes is not."
    if point is None or point.low is None or edits.added_low is None:
        return f"Too few latents change to say for certain that {name} comes or goes."
    return f"Neither is certain for {name}: the intervals hold 0."


def names_of(view: PaintingView) -> str:
    """The concepts painted with, for a line."""
    names = [view.edited.name(own.concept) for own in view.record.sets]
    few = ", ".join(names[:5])
    return few if len(names) <= 5 else f"{few} and {plural(len(names) - 5, 'other concept')}"
