"""What one unit of a generator does: the unit removed, and inserted everywhere."""

from __future__ import annotations

from pathlib import PurePosixPath
from typing import Any

from markupsafe import Markup

from dissect_report.findings.generation import AreaChange, UnitEdits
from dissect_report.report.addresses import link
from dissect_report.report.experiment import render_part
from dissect_report.report.formatting import listing, share
from dissect_report.report.generation.lattice import places_map, unit_lattice_data
from dissect_report.report.generation.view import GenerationView, beyond
from dissect_report.report.generation.words import of_image, of_images
from dissect_report.report.glossary import LETTERS

#: Columns of a unit's picture.
COLUMNS = ("intact", "removed", "inserted everywhere")


class UnitEdited:
    """Of the units of one layer, as their pages show it."""

    def __init__(self, edited: GenerationView, page: PurePosixPath) -> None:
        self.edited = edited
        self.page = page

    def sentence(self, unit: int) -> str:
        """Nothing: the section says it."""
        return ""

    def section(self, unit: int) -> Markup:
        """What the unit draws."""
        site = self.edited.view.site
        return render_part(site, "generation/unit", {"edited": self.context(unit)})

    def context(self, unit: int) -> dict[str, Any]:
        """What the section says; ``measured`` is False for a unit that was not changed alone."""
        found = self.edited.units.get(unit)
        if found is None:
            return {"measured": False}
        concept = self.edited.view.layer.units[unit].concept
        rows = len(found.latents)
        own = None if concept is None else self.edited.name(concept)
        return {
            "measured": True,
            "sheet": link(self.page, self.edited.view.addresses.unit_edits(unit)),
            "rows": rows,
            "columns": len(COLUMNS),
            "strips": _strips(found),
            "placed": self._placed(found),
            "sentence": unit_edit_sentence(self.edited, found.removed, found.inserted),
            "tables": [
                ("Removed", "removed", self._rows(found.removed)),
                ("Inserted everywhere", "inserted", self._rows(found.inserted)),
            ],
            "ace": of_image(found.ace),
            "own": own,
            "lattice": self.edited.inserting_href(self.page, concept)
            if concept in self.edited.edited
            else "",
            "tips": self.edited.tips,
            "latents": self.edited.record.unit_latents,
        }

    def _placed(self, found: UnitEdits) -> dict[str, Any] | None:
        """The unit inserted at places; None where it was not."""
        if not found.placed_outlines:
            return None
        return {
            "data": unit_lattice_data(self.edited, found),
            "sheet": link(self.page, self.edited.view.addresses.unit_lattice(found.unit)),
            "thumbnail": link(self.page, self.edited.view.run_addresses.thumbnail(0)),
            "map": places_map(found.placed_added, self.edited.record.unit_places, "Added area by place"),
        }

    def _rows(self, changes: tuple[AreaChange, ...]) -> list[dict[str, Any]]:
        return [self._row(change) for change in changes if change.after != change.before]

    def _row(self, change: AreaChange) -> dict[str, Any]:
        concept = self.edited.concept(change.concept)
        return {
            "name": concept.name,
            "category": concept.category,
            "letter": LETTERS[concept.category],
            "href": self.edited.concept_href(self.page, change.concept),
            "before": share(change.before),
            "after": share(change.after),
            "change": of_image(change.after - change.before),
            "interval": of_images(change.low, change.high),
            "beyond": beyond(change.low, change.high),
        }


def _strips(found: UnitEdits) -> list[tuple[str, int, list[tuple[int, int, str]]]]:
    """By column: its name, its place, and of every latent shown the row, the latent and the outline."""
    return [
        (
            name,
            column,
            [
                (row, latent, found.outlines[row][column - 1] if column else "")
                for row, latent in enumerate(found.latents)
            ],
        )
        for column, name in enumerate(COLUMNS)
    ]


def unit_edit_sentence(
    edited: GenerationView, removed: tuple[AreaChange, ...], inserted: tuple[AreaChange, ...]
) -> str:
    """What the unit alone does to the concepts, in one sentence."""
    parts = [f"Removed, {_told(edited, removed)}", f"inserted everywhere, {_told(edited, inserted)}"]
    return f"{'; '.join(parts)}."


def _told(edited: GenerationView, changes: tuple[AreaChange, ...]) -> str:
    known = [change for change in changes if beyond(change.low, change.high)][:2]
    if not known:
        return "it changes no concept beyond its interval"
    told = [f"{edited.name(c.concept)} by {of_image(c.after - c.before)} of the image" for c in known]
    return f"it changes {listing(told)}"
