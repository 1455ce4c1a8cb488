"""Lattices of insertions as their script needs them: what every place adds, and what stood there."""

from __future__ import annotations

from typing import Any

import numpy as np

from dissect_report.findings.generation import ConceptEdits, UnitEdits
from dissect_report.report.formatting import share
from dissect_report.report.generation.view import GenerationView
from dissect_report.report.generation.words import of_image


def lattice_data(edited: GenerationView, edits: ConceptEdits) -> dict[str, Any]:
    """A concept's units inserted, for every latent that is shown."""
    shown = len(edits.lattice_added)
    labels = edited.arrays["place_labels"][:shown]
    added = [_rounded(latent) for latent in edits.lattice_added]
    return _data(edited, edits.concept, edited.record.places, labels) | {"added": added}


def unit_lattice_data(edited: GenerationView, edits: UnitEdits) -> dict[str, Any]:
    """A unit inserted, on the first latent alone; without a concept nothing is said of what it adds."""
    concept = edited.view.layer.units[edits.unit].concept
    labels = edited.arrays["unit_place_labels"][None]
    return _data(edited, concept, edited.record.unit_places, labels) | {
        "added": [_rounded(edits.placed_added)],
        "outlines": [list(edits.placed_outlines)],
    }


def _data(
    edited: GenerationView, concept: int | None, shape: tuple[int, int], labels: np.ndarray
) -> dict[str, Any]:
    """What both say.

    Args:
        labels: int64 [latent, place, depth].
    """
    known = sorted({int(label) for label in labels.ravel() if label})
    index = {label: at for at, label in enumerate(known)}
    return {
        "concept": "" if concept is None else edited.name(concept),
        "rows": shape[0],
        "columns": shape[1],
        "names": [edited.name(label) for label in known],
        "on": [
            [[index[int(label)] for label in dict.fromkeys(place.tolist()) if label] for place in latent]
            for latent in labels
        ],
        "intact": [_intact(edited, concept, latent) for latent in range(len(labels))],
    }


def _intact(edited: GenerationView, concept: int | None, latent: int) -> str:
    if concept is None:
        return f"Latent {latent}, intact."
    part = edited.arrays["intact"][latent, concept] / edited.view.run.record.grid**2
    return f"Latent {latent}, intact: {edited.name(concept)} covers {share(float(part))} of the image."


def places_map(values: tuple[float, ...], shape: tuple[int, int], title: str) -> dict[str, Any] | None:
    """Added area by place: cells with their part of the largest, and words; None without any."""
    if not values:
        return None
    largest = max((abs(value) for value in values), default=0) or 1
    top = max(range(len(values)), key=lambda at: values[at])
    low = min(range(len(values)), key=lambda at: values[at])
    words = (
        f"{title}: from {of_image(values[low])} of the image at {_place(low, shape[1])} "
        f"to {of_image(values[top])} at {_place(top, shape[1])}."
    )
    cells = [
        (round(100 * abs(value) / largest), value < 0,
         f"{_place(at, shape[1])}: {of_image(value)} of the image")
        for at, value in enumerate(values)
    ]  # fmt: skip
    return {"rows": shape[0], "columns": shape[1], "cells": cells, "words": words}


def _place(at: int, columns: int) -> str:
    return f"row {at // columns + 1}, column {at % columns + 1}"


def _rounded(values: tuple[float, ...]) -> list[float]:
    return [round(value, 7) for value in values]  # finer than it is said, so that it is rounded once
