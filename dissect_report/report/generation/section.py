"""What the three experiments on a generator's units have in common."""

from __future__ import annotations

from collections.abc import Callable
from pathlib import PurePosixPath
from typing import Any

from dissect_report.findings.generation import ConceptEdits
from dissect_report.report.addresses import link
from dissect_report.report.experiment_page import experiment_page
from dissect_report.report.generation.sets import choice_sentence
from dissect_report.report.generation.view import GenerationView
from dissect_report.report.generation.words import (
    CHOSEN,
    never_drawn_sentence,
    of_image,
    of_images,
    portion,
    portions,
)
from dissect_report.report.glossary import LETTERS
from dissect_report.report.page import Page

#: Why a number has no interval.
ALONE = "No interval: fewer than 12 latents show a change"


def generation_page(
    found: list[GenerationView], path: PurePosixPath, kind: str, title: str, description: str,
    sections: list[dict[str, Any]],
) -> Page:  # fmt: skip
    """A page of one question over all edited layers of a run."""
    view = found[-1].view
    addresses = view.run_addresses
    context = {
        "sections": sections,
        "others": [
            (text, link(path, other))
            for text, other in (
                ("removing", addresses.removing),
                ("inserting", addresses.inserting),
                ("side effects", addresses.side_effects),
            )
            if other != path
        ],
        "portion": portion, "portions": portions, "of_image": of_image, "of_images": of_images,
        "alone": ALONE,
    }  # fmt: skip
    return experiment_page(view, path, kind, title, description, context)


def layer_section(edited: GenerationView, path: PurePosixPath) -> dict[str, Any]:
    """What every page says about an edited layer."""
    return {
        "layer": edited.view.layer.summary.name,
        "layer_href": link(path, edited.view.addresses.page),
        "units": edited.view.layer.summary.units,
        "record": edited.record,
        "tips": edited.tips,
        "never_drawn": never_drawn_sentence(edited),
        "choice": choice_sentence(edited),
        "by": CHOSEN[edited.record.choose_by],
        "file": link(path, edited.view.addresses.folder / "generation.json"),
        "place": edited.view.layer.summary.folder,
    }


def strongest(edited: GenerationView, value: Callable[[ConceptEdits], float | None]) -> str:
    """The anchor of the concept with the largest value: what a page opens on; "" where none is defined."""
    known = [(value(edits), edits.concept) for edits in edited.record.concepts]
    defined = [(number, -concept) for number, concept in known if number is not None]
    return edited.anchor(-max(defined)[1]) if defined else ""


def concept_part(edited: GenerationView, path: PurePosixPath, edits: ConceptEdits) -> dict[str, Any]:
    """What every page says about an edited concept."""
    concept = edited.concept(edits.concept)
    return {
        "id": edited.anchor(edits.concept),
        "name": concept.name,
        "category": concept.category,
        "letter": LETTERS[concept.category],
        "href": edited.concept_href(path, edits.concept),
        "edits": edits,
        "undetected": not edits.detectors,
        "notes": edits.notes,
    }
