"""The concept pages: who looks for this, in every layer of every run?"""

from __future__ import annotations

from collections.abc import Iterator
from dataclasses import dataclass
from functools import cached_property
from types import SimpleNamespace
from typing import Any

from dissect_report.findings.records import CATEGORIES, ConceptRecord
from dissect_report.findings.store import LoadedRun
from dissect_report.report.addresses import COMPARE, CONCEPTS, HOME, concept_page, link
from dissect_report.report.cards import LayerView
from dissect_report.report.concept_units import Named, common_scale, remark, units_by_concept, views_by_run
from dissect_report.report.experiment import ConceptParts
from dissect_report.report.experiments import EXPERIMENTS
from dissect_report.report.figures import depth_figure
from dissect_report.report.formatting import count, listing, number, plural, score, share
from dissect_report.report.glossary import LETTERS
from dissect_report.report.network_words import network_words
from dissect_report.report.page import Page
from dissect_report.report.site import SiteFindings
from dissect_report.report.strip import shared_prefix

#: Units shown as cards before the rest becomes a list.
CARDS = 48

INDEX = CONCEPTS / "index.html"


@dataclass(frozen=True)
class ConceptPages:
    """The concept index and a page for every concept of the site."""

    site: SiteFindings

    @cached_property
    def views(self) -> dict[str, list[LayerView]]:
        """Layers by run name."""
        return views_by_run(self.site)

    @cached_property
    def scale(self) -> float:
        """The IoU at the right end of the cards' bars, one for all layers of all runs."""
        return common_scale([view for views in self.views.values() for view in views])

    @cached_property
    def parts(self) -> dict[str, list[ConceptParts]]:
        """By run name, what its experiments add."""
        found = {
            run.record.name: [experiment.concepts(self.site, run) for experiment in EXPERIMENTS]
            for run in self.site.runs
        }
        return {name: [part for part in parts if part is not None] for name, parts in found.items()}

    @cached_property
    def units(self) -> dict[tuple[str, int], Named]:
        """By run name and concept id, every unit whose best concept it is, best IoU first."""
        return units_by_concept(self.views)

    def pages(self) -> Iterator[Page]:
        """The index, then the concepts in the catalogue's order."""
        yield self.index()
        for name in self.site.concept_files:
            yield self.page(name)

    def index(self) -> Page:
        """Every concept in one sortable table."""
        rows = [self._row(name, run, records[run.record.name])
                for run in self.site.runs
                for name, records in self.site.concepts.items() if run.record.name in records]  # fmt: skip
        rows.sort(key=lambda row: (-row["detectors"], -(row["iou"] or 0)))
        found = len({row["name"] for row in rows if row["detectors"]})
        context = {
            "rows": rows,
            "found": found,
            "known": len(self.site.concepts),
            "several": len(self.site.runs) > 1,
            "categories": [c for c in CATEGORIES if any(row["category"] == c for row in rows)],
            "letters": LETTERS,
            "tips": self._tips(self.site.runs[0]),
            "score": score, "share": share, "count": count, "plural": plural,
        }  # fmt: skip
        body = self.site.templates.get_template("pages/concepts.html").render(context)
        description = f"{found} of {len(self.site.concepts)} concepts are matched by a unit."
        return Page(INDEX, "Concepts", description, body, "concepts", ("Concepts",))

    def _row(self, name: str, run: LoadedRun, concept: ConceptRecord) -> dict[str, Any]:
        named = self.units.get((run.record.name, concept.id), [])
        best = named[0] if named else None
        return {
            "name": name,
            "run": run.record.name,
            "href": link(INDEX, concept_page(self.site.concept_files[name])),
            "category": concept.category,
            "pixels": concept.pixels / total_pixels(run),
            "images": concept.images,
            "detectors": sum(unit.detector for _, unit in named),
            "strong": sum(unit.grade == "strong" for _, unit in named),
            "iou": best[1].iou if best else None,
            "best": f"{best[0].layer.summary.name} unit {best[1].unit}" if best else "",
            "best_href": link(INDEX, best[0].addresses.unit(best[1].unit)) if best else "",
            "attainable": concept.attainable_iou,
            "note": _remark(concept, run, self.views[run.record.name]),
        }

    def page(self, name: str) -> Page:
        """The page of one concept, across the runs that know it."""
        records = self.site.concepts[name]
        path = concept_page(self.site.concept_files[name])
        top = self._highest(name)
        runs = [self._section(run, records[run.record.name], name, top)
                for run in self.site.runs if run.record.name in records]  # fmt: skip
        without = [run.record.name for run in self.site.runs if run.record.name not in records]
        category = next(iter(records.values())).category
        detectors = sum(run["detectors"] for run in runs)
        context = {
            "name": name,
            "category": category,
            "letters": LETTERS,
            "runs": runs,
            "several": len(self.site.runs) > 1,
            "without": listing(without),
            "compare": link(path, COMPARE),
            "detectors": detectors,
            "strong": sum(run["strong"] for run in runs),
            "tips": runs[0]["tips"],
            "number": number, "score": score, "share": share, "count": count, "plural": plural,
        }  # fmt: skip
        body = self.site.templates.get_template("pages/concept.html").render(context)
        description = f"{plural(detectors, 'unit')} {'matches' if detectors == 1 else 'match'} {name}."
        return Page(path, name, description, body, f"concept {name} · {category} · {description}", None)

    def _highest(self, name: str) -> float:
        """The best IoU of any run: their figures share one axis."""
        records = self.site.concepts[name].items()
        named = [pair for run, concept in records for pair in self.units.get((run, concept.id), [])]
        return max((unit.iou or 0 for _, unit in named), default=0)

    def _section(self, run: LoadedRun, concept: ConceptRecord, name: str, top: float) -> dict[str, Any]:
        """What one run knows of a concept; ``top`` is the end of its figure's axis."""
        path = concept_page(self.site.concept_files[name])
        views = self.views[run.record.name]
        named, parts = self.units.get((run.record.name, concept.id), []), self.parts[run.record.name]
        shared = len(shared_prefix([view.layer.summary.name for view in views]))
        layers = [view.layer.summary.name[shared:] for view in views]
        points = [
            (v.layer.summary.name[shared:], u.unit, u.iou, u.detector) for v, u in named if u.iou is not None
        ]
        shown = [pair for pair in named if pair[1].detector][:CARDS]
        rest = named[len(shown) :]  # detectors come first
        return {
            "name": run.record.name,
            "words": network_words(run),
            "href": f"{link(path, HOME)}#run-{run.record.name}",
            "category": concept.category,
            "pixels": concept.pixels,
            "share": concept.pixels / total_pixels(run),
            "images": concept.images,
            "of_images": len(run.record.images),
            "attainable": concept.attainable_iou,
            "segmenter": run.record.segmenters[concept.segmenter].source,
            "quality": run.record.segmenters[concept.segmenter].quality.get(name),
            "has_quality": name in run.record.segmenters[concept.segmenter].quality,
            "note": _remark(concept, run, views),
            "detectors": sum(unit.detector for _, unit in named),
            "strong": sum(unit.grade == "strong" for _, unit in named),
            "figure": depth_figure(points, layers, concept.category, top) if points else None,
            "cards": [view.card(u, path, f"{view.layer.summary.name} ", self.scale) for view, u in shown],
            "rest": [
                (link(path, view.addresses.unit(u.unit)), f"{view.layer.summary.name} {u.unit}", score(u.iou))
                for view, u in rest
            ],
            "experiments": {
                "above": [part for each in parts if (part := each.above(concept.id, path))],
                "below": [part for each in parts if (part := each.below(concept.id, path))],
            },
            "tips": self._tips(run),
        }

    def _tips(self, run: LoadedRun) -> SimpleNamespace:
        return self.views[run.record.name][0].tips


def total_pixels(run: LoadedRun) -> int:
    """Grid pixels of the whole probe dataset."""
    return max(1, len(run.record.images) * run.record.grid**2)


def iou_threshold(views: list[LayerView]) -> float:
    """As configured for the run."""
    return views[0].iou_threshold


def _remark(concept: ConceptRecord, run: LoadedRun, views: list[LayerView]) -> str:
    return remark(concept, iou_threshold(views), f"the {network_words(run).images}")
