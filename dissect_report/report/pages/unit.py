"""The unit page: what does this unit look for?

A layer has thousands of these, so everything that its units share is worked out once.
"""

from __future__ import annotations

from collections.abc import Iterator
from functools import cached_property
from pathlib import PurePosixPath
from typing import Any

from dissect_report.findings.records import RankedImage, UnitRecord
from dissect_report.report.addresses import HOME, link
from dissect_report.report.cards import LayerView, label, setting
from dissect_report.report.figures import activation_figure
from dissect_report.report.formatting import count, number, plural, score, share
from dissect_report.report.glossary import LETTERS
from dissect_report.report.page import Page
from dissect_report.report.sentences import unit_sentence
from dissect_report.report.templating import environment

#: What the bands of activation are called on the page.
BANDS = {
    "top": "highest",
    "95-99": "95th to 99th percentile",
    "75-95": "75th to 95th",
    "50-75": "50th to 75th",
    "random": "any image",
}


class UnitPages:
    """The unit pages of one layer."""

    def __init__(self, view: LayerView) -> None:
        self.view = view
        self.record = view.run.record
        self.template = environment().get_template("pages/unit.html")
        self.quantile = float(setting(view.run, "dissection", "quantile"))

    def pages(self) -> Iterator[Page]:
        """A page for every unit, in channel order."""
        for unit in self.view.layer.units:
            yield self.page(unit, self.view.addresses.unit(unit.unit))

    def prototype(self) -> Page:
        """The first unit at an address of its own; publish frames it and puts the others into the frame."""
        return self.page(self.view.layer.units[0], self.view.addresses.folder / "unit.html")

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
            search=f"{layer} unit {unit.unit} · {name} · IoU {score(unit.iou)}",
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
            "home": link(page, HOME),
            "methods": link(page, view.run_addresses.methods),
            "thumbnails": link(page, view.run_addresses.root / "thumbnails") + "/",
            "quantile": self.quantile,
            "iou_threshold": view.iou_threshold,
            "letters": LETTERS,
            "band_names": BANDS,
            "concept_links": view.concept_links,
            "concepts": run.concepts,
            "provenance": provenance,
            "probe_images": len(run.images),
            "segmenters": ", ".join(segmenter.source for segmenter in run.segmenters),
            "seed": setting(view.run, "dissection", "seed"),
            "version": provenance.versions.get("dissect-report", ""),
            "score": score,
            "number": number,
            "count": count,
            "share": share,
        }

    def context(self, unit: UnitRecord) -> dict[str, Any]:
        """What this unit's page says."""
        view = self.view
        concept = view.concept(unit.concept)
        second = unit.concepts[1] if len(unit.concepts) > 1 else None
        return {
            "unit": unit,
            "name": label(unit, concept),
            "concept": concept,
            "category": concept.category if concept and unit.detector else "none",
            "second": second,
            "bar": view.bar(unit),
            "sentence": unit_sentence(unit, self.record.concepts, self.quantile, view.iou_threshold),
            "rows": [(scored, self.record.concepts[scored.concept - 1]) for scored in unit.concepts],
            "tops": [self._image(ranked, "area") for ranked in unit.top_images],
            "bands": [(BANDS[b.name], [self._image(r) for r in b.images]) for b in unit.bands],
            "silent": [self._image(ranked, "concept") for ranked in unit.silent],
            "fires_without": [self._image(ranked) for ranked in unit.fires_without],
            "figure_dict": activation_figure(unit.histogram, unit.level) if unit.histogram else None,
            "relatives": self._relatives(unit),
        }

    def _relatives(self, unit: UnitRecord) -> list[tuple[dict[str, Any], str]]:
        units, page = self.view.layer.units, self.view.addresses.unit(unit.unit)
        return [(self.view.card(units[r.unit], page), f"{r.correlation:.2f}") for r in unit.relatives]

    def _image(self, ranked: RankedImage, area: str = "") -> dict[str, Any]:
        """An image of a list: its number, its outline and its numbers in words."""
        image = self.record.images[ranked.image]
        words = f"{image.name}: maximum {number(ranked.maximum)}"
        if area and ranked.area is not None:
            what = "above the level" if area == "area" else "of the concept"
            words += f", {plural(ranked.area, 'grid pixel')} {what}"
        if image.label:
            words += f", labelled {image.label}"
        return {
            "image": ranked.image,
            "words": words,
            "maximum": number(ranked.maximum),
            "area": ranked.area,
            "outline": ranked.outline,
        }
