"""Removing units of a classifier: its part of the site."""

from __future__ import annotations

from collections.abc import Iterator
from pathlib import Path, PurePosixPath

from markupsafe import Markup

from dissect_report.findings.store import LoadedLayer, LoadedRun
from dissect_report.report.ablation import files
from dissect_report.report.ablation.classes import ClassPages
from dissect_report.report.ablation.concepts import RelyingClasses
from dissect_report.report.ablation.interpretable import interpretable_page
from dissect_report.report.ablation.keeping import keeping_page, keeping_verdict, mean_lost
from dissect_report.report.ablation.live import live_file
from dissect_report.report.ablation.serving import layer_part
from dissect_report.report.ablation.units import UsedFor
from dissect_report.report.ablation.view import ablation_view, ablation_views
from dissect_report.report.ablation.words import ablation_glossary
from dissect_report.report.addresses import HOME, RunAddresses, link
from dissect_report.report.cards import LayerView
from dissect_report.report.experiment import (
    NOTHING,
    ConceptParts,
    Experiment,
    LayerPart,
    UnitParts,
    render_part,
)
from dissect_report.report.formatting import count, lost, number, percent, plural, share
from dissect_report.report.page import DataFile, Page
from dissect_report.report.site import SiteFindings


class AblationExperiment(Experiment):
    """Which units a class needs, and what the network says without them."""

    files = files.FILES

    def __init__(self, others: tuple[Experiment, ...] = ()) -> None:
        """``others`` have a line on the page of a class."""
        self.others = others

    def done(self, layer: LoadedLayer) -> bool:
        """Whether units of the layer were removed."""
        return layer.ablation is not None

    def pages(self, site: SiteFindings, run: LoadedRun) -> Iterator[Page]:
        """Two questions over all classes, then class by class."""
        if found := ablation_views(site, run):
            yield keeping_page(run, found)
            yield interpretable_page(run, found)
            yield from ClassPages(site, run, self.others).pages()

    def data_files(self, site: SiteFindings, run: LoadedRun) -> Iterator[DataFile]:
        """What a page needs to remove units by itself."""
        for ablation in ablation_views(site, run):
            if live := live_file(ablation):
                yield live

    def copies(self, site: SiteFindings, run: LoadedRun) -> Iterator[tuple[Path, PurePosixPath]]:
        """The records, and the pictures of images that are given up."""
        return files.copies(site, run)

    def home(self, site: SiteFindings, run: LoadedRun) -> Markup:
        """What removing a class's units does, in one sentence with links."""
        found = ablation_views(site, run)
        if not found or not (verdict := keeping_verdict(found[-1])):
            return NOTHING
        addresses = RunAddresses(run.record.name)
        context = {
            "head": "h3" if len(site.runs) > 1 else "h2",
            "verdict": verdict,
            "lost": lost(mean_lost(found[-1])),
            "words": found[-1].words.balanced,
            "href": link(HOME, addresses.keeping),
            "interpretable": link(HOME, addresses.interpretable),
            "classes": link(HOME, addresses.classes),
        }
        return render_part(site, "ablation/home", context)

    def methods(self, site: SiteFindings, run: LoadedRun, page: PurePosixPath) -> Markup:
        """How units were removed, and the words about it."""
        found = ablation_views(site, run)
        if not found:
            return NOTHING
        context = {
            "removals": [(ablation, link(page, ablation.view.addresses.page)) for ablation in found],
            "removal_terms": ablation_glossary(found[-1].record).values(),
            "count": count, "number": number, "percent": percent, "plural": plural, "share": share,
        }  # fmt: skip
        return render_part(site, "ablation/methods", context)

    def data(self, site: SiteFindings, run: LoadedRun) -> Markup:
        """What the arrays hold."""
        found = ablation_views(site, run)
        if not found:
            return NOTHING
        return render_part(site, "ablation/data", {"arrays": files.array_texts(found[-1].record)})

    def layer(self, view: LayerView) -> LayerPart | None:
        """Classes served: a figure, filters, an order."""
        found = ablation_view(view)
        return layer_part(found) if found else None

    def units(self, view: LayerView) -> UnitParts | None:
        """What each unit is used for."""
        found = ablation_view(view)
        return UsedFor(found, view.addresses.page) if found else None

    def concepts(self, site: SiteFindings, run: LoadedRun) -> ConceptParts | None:
        """Classes that each concept's detectors serve."""
        found = ablation_views(site, run)
        return RelyingClasses(found) if found else None
