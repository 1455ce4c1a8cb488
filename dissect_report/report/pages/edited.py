"""What the three experiments on a generator's units have in common."""

from __future__ import annotations

from collections.abc import Callable
from pathlib import PurePosixPath
from typing import Any

from dissect_report.findings.generation import ConceptEdits
from dissect_report.report.addresses import HOME, link
from dissect_report.report.edit_words import (
    never_drawn_sentence,
    of_image,
    of_images,
    portion,
    portions,
)
from dissect_report.report.edits import Edits
from dissect_report.report.formatting import count, plural, score, share
from dissect_report.report.glossary import LETTERS
from dissect_report.report.page import Page
from dissect_report.report.published import published

#: Why a number has no interval.
ALONE = "No interval: fewer than 12 latents show a change"


def experiment_page(
    found: list[Edits], path: PurePosixPath, kind: str, title: str, description: str,
    sections: list[dict[str, Any]],
) -> Page:  # fmt: skip
    """A page of one question over all edited layers of a run."""
    view = found[-1].view
    name, addresses = view.run.record.name, view.run_addresses
    context = {
        "title": title,
        "run": name,
        "home": link(path, HOME),
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
        "methods": link(path, addresses.methods),
        "data": link(path, addresses.data),
        "count": count, "plural": plural, "score": score, "share": share, "portion": portion,
        "portions": portions, "of_image": of_image, "of_images": of_images, "alone": ALONE,
    }  # fmt: skip
    body = view.site.templates.get_template(f"pages/{kind}.html").render(context)
    return Page(
        path,
        f"{title} · {name}",
        description,
        body,
        f"experiment {title} {name}",
        (name, "Experiments", title),
    )


def layer_section(edited: Edits, path: PurePosixPath) -> dict[str, Any]:
    """What every page says about an edited layer."""
    return {
        "layer": edited.view.layer.summary.name,
        "layer_href": link(path, edited.view.addresses.page),
        "units": edited.view.layer.summary.units,
        "published": published(edited.view.run, edited.view.layer.summary.name, "removing"),
        "record": edited.record,
        "tips": edited.tips,
        "never_drawn": never_drawn_sentence(edited),
        "file": link(path, edited.view.addresses.folder / "generation.json"),
        "place": edited.view.layer.summary.folder,
    }


def strongest(edited: Edits, value: Callable[[ConceptEdits], float | None]) -> str:
    """The anchor of the concept with the largest value: what a page opens on; "" where none is defined."""
    known = [(value(edits), edits.concept) for edits in edited.record.concepts]
    defined = [(number, -concept) for number, concept in known if number is not None]
    return edited.anchor(-max(defined)[1]) if defined else ""


def concept_part(edited: Edits, path: PurePosixPath, edits: ConceptEdits) -> dict[str, Any]:
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
