"""The compare page: several runs side by side, the paper's figure of a classifier beside a generator."""

from __future__ import annotations

from dataclasses import dataclass
from typing import Any

from dissect_report.file_names import file_names
from dissect_report.findings.records import CATEGORIES
from dissect_report.report.addresses import COMPARE, HOME, concept_page, link
from dissect_report.report.cards import LayerView
from dissect_report.report.comparison import Comparison, Found, Matched, Side
from dissect_report.report.comparison_words import (
    basis_sentences,
    category_sentence,
    change_sentence,
    depth_sentence,
    difference_notes,
    run_sentence,
    shared_sentence,
)
from dissect_report.report.concept_units import common_scale
from dissect_report.report.formatting import change, count, listing, number, plural, score
from dissect_report.report.glossary import LETTERS
from dissect_report.report.page import Page

#: Concepts of a group that are shown with their best units; the table has all.
SHOWN = 8


@dataclass(frozen=True)
class ComparePage:
    """The page that sets the runs of a site side by side."""

    comparison: Comparison

    def page(self) -> Page:
        """It lies at the top of the site."""
        names = listing([side.name for side in self.comparison.sides])
        context = self.context()
        return Page(
            path=COMPARE,
            title="Compare",
            description=f"{names} side by side: {context['shared']}",
            body=self.comparison.site.templates.get_template("pages/compare.html").render(context),
            search=f"compare {names} side by side",
            nav=("Compare",),
        )

    def context(self) -> dict[str, Any]:
        """What the page says."""
        comparison, sides = self.comparison, self.comparison.sides
        view, names = sides[0].views[0], [side.name for side in sides]
        return {
            "title": self._title(names),
            "run_or_basis": "basis" if comparison.of_bases else "run",
            "bases": [] if comparison.of_bases else [s for side in sides for s in basis_sentences(side.run)],
            "shared": shared_sentence(comparison),
            "about": self._about(),
            "depth": "" if comparison.of_bases else depth_sentence(sides),
            "categories_said": category_sentence(comparison),
            "change_said": change_sentence(comparison),
            "differences": difference_notes(comparison),
            "names": names,
            "generators": [side.name for side in sides if side.words.generator],
            "networks": [self._network(side) for side in sides],
            "groups": self._groups(),
            "rows": [self._row(row) for row in comparison.matched],
            "categories": [c for c in CATEGORIES if any(row.category == c for row in comparison.matched)],
            "concepts_href": link(COMPARE, concept_page("index")),
            "letters": LETTERS,
            "tips": view.tips,
            "shown": SHOWN,
            "change": change, "count": count, "number": number, "plural": plural,
        }  # fmt: skip

    def _title(self, names: list[str]) -> str:
        if self.comparison.of_bases:
            layers = [layer.name for layer in self.comparison.sides[0].layers]
            return f"{listing(layers)}: {listing(names)}"
        return " beside ".join(names) if len(names) == 2 else f"{listing(names)} side by side"

    def _about(self) -> list[str]:
        """A sentence a run, or a layer whose bases are compared."""
        sides = self.comparison.sides
        if self.comparison.of_bases:
            return basis_sentences(sides[0].run)
        return [run_sentence(s, len(self.comparison.by(place))) for place, s in enumerate(sides)]

    def _network(self, side: Side) -> dict[str, Any]:
        """One network's layers as rows, drawn on the scale that all runs share."""
        most = max(_most_concepts(other) for other in self.comparison.sides)
        rows = [self._layer(view, side.short(view), most) for view in side.views]
        return {
            "name": side.name,
            "anchor": file_names([side.name])[0],
            "words": side.words,
            "article": "" if side.basis else side.words.article,
            "href": f"{link(COMPARE, HOME)}#run-{side.run.record.name}",
            "layers": rows,
        }

    def _layer(self, view: LayerView, short: str, most: float) -> dict[str, Any]:
        layer = view.layer.summary
        chance = sum(view.layer.record.chance_concepts.values())
        found = [(c, layer.concepts.get(c, 0)) for c in CATEGORIES if layer.concepts.get(c, 0)]
        return {
            "name": layer.name,
            "short": short,
            "href": link(COMPARE, view.addresses.page),
            "concepts": sum(layer.concepts.values()),
            "parts": [(category, round(100 * amount / most, 2)) for category, amount in found],
            "words": listing([plural(amount, category) for category, amount in found]) or "none",
            "chance": chance,
            "chance_at": round(100 * chance / most, 2),
            "detectors": layer.detectors,
            "strong": layer.grades.get("strong", 0),
            "units": layer.units,
        }

    def _groups(self) -> list[dict[str, Any]]:
        """Concepts found by all runs, by some, and by each alone."""
        comparison = self.comparison
        several = len(comparison.sides) > 2
        groups = [("Found by all" if several else "Found by both", comparison.by_all)]
        if several:
            groups.append(("Found by some", comparison.by_some))
        groups += [(f"Only by {side.name}", comparison.only_by(i)) for i, side in enumerate(comparison.sides)]
        return [
            {
                "title": title,
                "amount": len(rows),
                "beside": max((sum(row.by) for row in rows), default=1),
                "matches": [self._match(row) for row in rows[:SHOWN]],
            }
            for title, rows in groups
        ]

    def _match(self, row: Matched) -> dict[str, Any]:
        """A concept with the best unit of every run that matches it."""
        return {
            **self._heading(row),
            "cards": [(found.side.name, card) for found in row.found if (card := self._card(found))],
            "others": [f"{found.side.name}: {found.reason}" for found in row.found if found.reason],
        }

    def _card(self, found: Found) -> dict[str, Any] | None:
        if found.best is None:
            return None
        view, unit = found.best
        scale = common_scale([view for side in self.comparison.sides for view in side.views])
        return view.card(unit, COMPARE, f"{found.side.short(view)} ", scale)

    def _heading(self, row: Matched) -> dict[str, Any]:
        file_name = self.comparison.site.concept_files[row.name]
        return {
            "name": row.name,
            "category": row.category,
            "href": link(COMPARE, concept_page(file_name)),
        }

    def _row(self, row: Matched) -> dict[str, Any]:
        """A line of the table: every run's units, and what changes from the first run to the others."""
        most = max(found.units for other in self.comparison.matched for found in other.found)
        return {
            **self._heading(row),
            "found": [_cell(found, most) for found in row.found],
            "changes": [row.change(place) for place in range(1, len(row.found))],
            "remarks": [f"{found.side.name}: {found.reason}" for found in row.found if found.reason],
        }


def _cell(found: Found, most: int) -> dict[str, Any]:
    """What a run's columns say of one concept."""
    cell: dict[str, Any] = {
        "known": found.record is not None,
        "units": found.units,
        "strong": found.strong,
        "length": round(found.units / most, 4),
        "iou": "",
        "best": "",
        "href": "",
    }
    if found.best:
        view, unit = found.best
        cell |= {
            "iou": score(unit.iou),
            "best": f"{view.layer.summary.name} unit {unit.unit}",
            "href": link(COMPARE, view.addresses.unit(unit.unit)),
        }
    return cell


def _most_concepts(side: Side) -> float:
    """The longest bar of a run; chance counts too."""
    chance = [sum(view.layer.record.chance_concepts.values()) for view in side.views]
    return max([*(sum(layer.concepts.values()) for layer in side.layers), *chance, 1])
