"""The unit page: what does this unit look for?

A layer has thousands of these, so everything that its units share is worked out once.
"""

from __future__ import annotations

from collections.abc import Iterator
from functools import cached_property
from pathlib import PurePosixPath
from typing import Any, NamedTuple

from markupsafe import Markup

from dissect_report.findings.records import ConceptRecord
from dissect_report.findings.store import LoadedLayer
from dissect_report.findings.units import RankedImage, ScoredConcept, UnitRecord
from dissect_report.report.addresses import HOME, link
from dissect_report.report.cards import LayerView, label, layer_key, setting
from dissect_report.report.experiments import EXPERIMENTS
from dissect_report.report.figures import activation_figure
from dissect_report.report.formatting import count, fine, number, plural, score, share
from dissect_report.report.glossary import LETTERS
from dissect_report.report.page import Page
from dissect_report.report.sentences import certainty_rows, unit_sentence
from dissect_report.report.site import layers_of

#: What the bands of activation are called on the page.
BANDS = {
    "top": "highest",
    "95-99": "95th to 99th percentile",
    "75-95": "75th to 95th",
    "50-75": "50th to 75th",
    "random": "any image",
}


class Shown(NamedTuple):
    """An image of a list, with its numbers as text and in words."""

    image: int
    words: str
    maximum: str
    area: str
    outline: str


class Row(NamedTuple):
    """A row of the concept table, every number as text."""

    cell: Markup
    href: str
    name: str
    iou: str
    precision: str
    recall: str
    pixels: str
    information: str
    ratio: str


class UnitPages:
    """The unit pages of one layer."""

    def __init__(self, view: LayerView) -> None:
        self.view = view
        self.record = view.run.record
        self.template = view.site.templates.get_template("pages/unit.html")
        self.cards: dict[int, Markup] = {}
        self.cells: dict[int, Markup] = {}
        self.namesakes: dict[int, list[Markup]] = {}
        found = [experiment.units(view) for experiment in EXPERIMENTS]
        self.parts = [part for part in found if part is not None]
        self.pixels = len(self.record.images) * self.record.grid**2
        self.quantile = float(setting(view.run, "dissection", "quantile"))

    def pages(self) -> Iterator[Page]:
        """A page for every unit, in channel order."""
        for unit in self.view.layer.units:
            yield self.page(unit, self.view.addresses.unit(unit.unit))

    def page(self, unit: UnitRecord, path: PurePosixPath) -> Page:
        """The page of one unit."""
        layer = self.view.layer.summary.name
        name = label(unit, self.view.concept(unit.concept))
        context = self.context(unit)
        return Page(
            path=path,
            title=f"{layer} unit {unit.unit}: {name}",
            description=context["sentence"],
            body=self.template.render(self.shared | context),
            search=f"{layer} unit {unit.unit} · {name} · IoU {score(unit.iou)} · {unit.grade}",
            nav=None,
        )

    @cached_property
    def shared(self) -> dict[str, Any]:
        """What every unit page of the layer says alike."""
        view, page = self.view, self.view.addresses.unit(0)
        run, provenance = self.record, self.record.provenance
        return {
            "root": link(page, HOME).removesuffix("index.html"),
            "run": run.name,
            "layer": view.layer.summary,
            "units": len(view.layer.units),
            "site_title": view.site.config.title,
            "tips": view.tips,
            "sampled": view.sampled,
            "home": link(page, HOME),
            "methods": link(page, view.run_addresses.methods),
            "thumbnails": link(page, view.run_addresses.root / "thumbnails") + "/",
            "quantile": number(self.quantile),
            "iou_threshold": number(view.iou_threshold),
            "provenance": provenance,
            "key": layer_key(view.run, view.layer),
            "probe_images": count(len(run.images)),
            "segmenters": ", ".join(segmenter.source for segmenter in run.segmenters),
            "seed": setting(view.run, "dissection", "seed"),
            "version": provenance.versions.get("dissect-report", ""),
        }

    def context(self, unit: UnitRecord) -> dict[str, Any]:
        """What this unit's page says."""
        view = self.view
        concept = view.concept(unit.concept)
        rows = [self._row(scored) for scored in unit.concepts]
        sentence = unit_sentence(
            unit, self.record.concepts, self.pixels, view.iou_threshold, self.record.groups, view.sampled
        )
        return {
            "unit": unit,
            "name": label(unit, concept),
            "concept": concept,
            "category": concept.category if concept and unit.detector else "none",
            "letter": LETTERS[concept.category] if concept else "",
            "href": "" if concept is None else view.concept_links[concept.id],
            "second": rows[1] if len(rows) > 1 else None,
            "iou": score(unit.iou),
            "level": number(unit.level),
            "density": share(unit.density),
            "mask_pixels": count(unit.mask_pixels),
            "maximum": number(unit.maximum),
            "saturates": count(unit.saturation) if unit.saturates else "",
            "sure": certainty_rows(unit),
            "range": f"{number(unit.minimum)} to {number(unit.maximum)}",
            "bar": view.bar(unit),
            "sentence": " ".join([sentence, *(said for p in self.parts if (said := p.sentence(unit.unit)))]),
            "experiments": [part.section(unit.unit) for part in self.parts],
            "rows": rows,
            "tops": [self._image(ranked, "above the level") for ranked in unit.top_images],
            "bands": [(BANDS[b.name], [self._image(r) for r in b.images]) for b in unit.bands],
            "silent": [self._image(ranked, "of the concept") for ranked in unit.silent],
            "fires_without": [self._image(ranked) for ranked in unit.fires_without],
            "figure_dict": activation_figure(unit.histogram, unit.level) if unit.histogram else None,
            "relatives": self._relatives(unit),
            "elsewhere": self._elsewhere(unit),
        }

    def _named(self, concept: ConceptRecord) -> Markup:
        """A concept's cell in the tables, rendered once for all pages of the layer."""
        if concept.id not in self.cells:
            macro = self.view.site.templates.get_template("partials/concept.html").module.named  # type: ignore[attr-defined]
            href = self.view.concept_links[concept.id]
            self.cells[concept.id] = macro(concept.category, LETTERS[concept.category], href, concept.name)
        return self.cells[concept.id]

    def _card(self, unit: UnitRecord) -> Markup:
        """A unit's card, rendered once: it is the same on every page of the layer."""
        if unit.unit not in self.cards:
            macro = self.view.site.templates.get_template("partials/card.html").module.card  # type: ignore[attr-defined]
            self.cards[unit.unit] = macro(self.view.card(unit, self.view.addresses.page, outlined=False))
        return self.cards[unit.unit]

    def _relatives(self, unit: UnitRecord) -> list[tuple[Markup, str]]:
        units = self.view.layer.units
        return [(self._card(units[r.unit]), f"{r.correlation:.2f}") for r in unit.relatives]

    def _elsewhere(self, unit: UnitRecord) -> list[Markup]:
        """Of every other layer with a detector of the unit's concept the best one, in execution order."""
        if unit.concept is None or not unit.detector:
            return []
        if unit.concept not in self.namesakes:
            macro = self.view.site.templates.get_template("partials/card.html").module.card  # type: ignore[attr-defined]
            page = self.view.addresses.page
            self.namesakes[unit.concept] = [
                macro(
                    other.card(
                        best[unit.concept], page, f"{other.layer.summary.name} ", self.widest, outlined=False
                    )
                )
                for other, best in self.others
                if unit.concept in best
            ]
        return self.namesakes[unit.concept]

    @cached_property
    def others(self) -> list[tuple[LayerView, dict[int, UnitRecord]]]:
        """The run's other layers with the best detector of every concept found there."""
        found = []
        for layer in layers_of(self.view.run):
            if layer is not self.view.layer:
                found.append((LayerView(self.view.site, self.view.run, layer), best_detectors(layer)))
        return found

    @cached_property
    def widest(self) -> float:
        """The IoU at the right end of the bars of several layers."""
        return max([self.view.scale, *(other.scale for other, _ in self.others)])

    def _row(self, scored: ScoredConcept) -> Row:
        concept = self.record.concepts[scored.concept - 1]
        return Row(
            self._named(concept),
            self.view.concept_links[concept.id],
            concept.name,
            score(scored.iou),
            share(scored.precision),
            share(scored.recall),
            count(scored.intersection),
            fine(scored.mutual_information),
            fine(scored.information_quality_ratio),
        )

    def _image(self, ranked: RankedImage, area: str = "") -> Shown:
        """``area`` says what the image's grid pixels are of."""
        image = self.record.images[ranked.image]
        words = f"{image.name}: maximum {number(ranked.maximum)}"
        if area and ranked.area is not None:
            words += f", {plural(ranked.area, 'grid pixel')} {area}"
        if image.label:
            words += f", labelled {image.label}"
        return Shown(ranked.image, words, number(ranked.maximum), count(ranked.area), ranked.outline)


def best_detectors(layer: LoadedLayer) -> dict[int, UnitRecord]:
    """Of every concept that a layer's detectors found, by its id, the best of them."""
    ranked = sorted((u for u in layer.units if u.detector), key=lambda u: (u.iou or 0, -u.unit))
    return {unit.concept: unit for unit in ranked if unit.concept is not None}
