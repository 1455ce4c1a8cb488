"""Sets of units put into images, side by side: chosen by effect, by IoU, and by lot."""

from __future__ import annotations

from collections.abc import Sequence
from pathlib import PurePosixPath
from typing import Any

from dissect_report.findings.generation import ConceptEdits, GridCell
from dissect_report.findings.inserted_sets import InsertedSet
from dissect_report.report.addresses import link
from dissect_report.report.figures import Figure
from dissect_report.report.formatting import plural, share
from dissect_report.report.generation.view import GenerationView
from dissect_report.report.generation.words import CHOSEN, of_image, of_images, portion, portions

#: Side of the box that outlines are drawn in.
BOX = 500

#: Colours and marks of the figure, by how units were chosen.
MARKS = {"effect": ("--accent", "circle"), "iou": ("--ink", "diamond"), "random": ("--faint", "x")}


def choice_sentence(edited: GenerationView) -> str:
    """How the units of this layer were chosen, and on which latents."""
    record = edited.record
    if record.learned_on is None:
        return (
            "Units were chosen by IoU with the concept, over the whole probe dataset; "
            '[generation] choose_by = "effect" learns instead which units draw it.'
        )
    first, stop = record.learned_on
    return (
        f"Units were chosen by effect: how far each is moved was learned in "
        f"{plural(record.learned_in or 0, 'step')} on latents {first} to {stop - 1}. Everything shown is "
        f"measured on others, latents 0 to {record.latents - 1}."
    )


def set_rows(edits: ConceptEdits) -> list[dict[str, Any]]:
    """The table of a concept's sets."""
    return [
        {
            "chosen_by": one.chosen_by,
            "name": CHOSEN[one.chosen_by],
            "units": len(one.units),
            "strength": f"{sum(one.strengths):.1f}",
            "painted": portion(one.painted),
            "gained": portion(one.gained, sign=True),
            "gained_ends": portions(one.gained_low, one.gained_high),
            "added": of_image(one.added),
            "added_ends": of_images(one.added_low, one.added_high),
            "ace": of_image(one.ace),
            "ace_ends": of_images(one.ace_low, one.ace_high),
            "removed": portion(one.removed),
            "removed_ends": portions(one.removed_low, one.removed_high),
        }
        for one in edits.sets
    ]


def set_sheet(edited: GenerationView, path: PurePosixPath, edits: ConceptEdits) -> dict[str, Any] | None:
    """Every shown latent intact and with each set at one place; None where none is shown."""
    if not edits.set_cells:
        return None
    concept = edited.name(edits.concept)
    names = ["intact", *(CHOSEN[one.chosen_by] for one in edits.sets)]
    rows = []
    for latent, cells in enumerate(edits.set_cells):
        place = edits.shown_places[latent]
        square = _square(place, edited.record.places)
        rows.append([
            {"outline": cell.outline if at else square,
             "words": _words(concept, latent, name, cell, cells[0])}
            for at, (name, cell) in enumerate(zip(names, cells, strict=True))
        ])  # fmt: skip
    return {"sheet": link(path, edited.view.addresses.set_grid(edits.concept)), "names": names, "rows": rows}


def _square(place: int, shape: tuple[int, int]) -> str:
    """The place as SVG path data."""
    height, width = BOX / shape[0], BOX / shape[1]
    top, left = place // shape[1] * height, place % shape[1] * width
    return f"M{left:.0f} {top:.0f}h{width:.0f}v{height:.0f}h-{width:.0f}z"


def _words(concept: str, latent: int, name: str, cell: GridCell, intact: GridCell) -> str:
    area = f"{concept} covers {share(cell.area)} of the image"
    if name == "intact":
        return f"Latent {latent}, intact: {area}; the place is outlined."
    return (
        f"Latent {latent}, units {name} inserted at the place: {area}, {share(intact.area)} intact; "
        f"{share(cell.changed)} of the image changed visibly."
    )


def gains_figure(edited: GenerationView) -> Figure | None:
    """What each set gains in the painted place, concept by concept; None without any."""
    pairs = [(edited.name(edits.concept), one) for edits in edited.record.concepts for one in edits.sets]
    if not pairs:
        return None
    traces = [_trace(name, [pair for pair in pairs if pair[1].chosen_by == name]) for name in MARKS]
    layout: Figure = {
        "showlegend": True,
        "scattermode": "group",
        "xaxis": {"type": "category"},
        "yaxis": {"title": {"text": "gain, % of the place"}, "zeroline": True},
    }
    return {"data": [trace for trace in traces if trace["x"]], "layout": layout}


def _trace(name: str, pairs: Sequence[tuple[str, InsertedSet]]) -> Figure:
    color, symbol = MARKS[name]
    reach = [0 if one.gained_high is None else 100 * (one.gained_high - one.gained) for _, one in pairs]
    return {
        "type": "scatter", "mode": "markers", "name": CHOSEN[name],
        "x": [concept for concept, _ in pairs],
        "y": [round(100 * one.gained, 2) for _, one in pairs],
        "customdata": [portions(one.gained_low, one.gained_high) for _, one in pairs],
        "error_y": {"type": "data", "array": [round(part, 2) for part in reach], "color": color, "width": 4},
        "marker": {"color": color, "symbol": symbol, "size": 9},
        "hovertemplate": "%{x}, " + CHOSEN[name] + ": %{y:.1f} % (%{customdata})<extra></extra>",
    }  # fmt: skip
