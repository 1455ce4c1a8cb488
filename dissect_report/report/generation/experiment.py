"""Removing and inserting units of a generator: its part of the site."""

from __future__ import annotations

from collections.abc import Iterator
from dataclasses import dataclass
from pathlib import Path, PurePosixPath

from markupsafe import Markup

from dissect_report.findings.generation import GENERATION_ARRAYS
from dissect_report.findings.store import LoadedLayer, LoadedRun
from dissect_report.report.addresses import link
from dissect_report.report.cards import LayerView
from dissect_report.report.experiment import (
    NOTHING,
    ConceptParts,
    Experiment,
    LayerPart,
    UnitParts,
    render_part,
)
from dissect_report.report.formatting import count, plural, share
from dissect_report.report.generation import files
from dissect_report.report.generation.changed import layer_part
from dissect_report.report.generation.glossary import generation_glossary
from dissect_report.report.generation.inserting import inserting_page
from dissect_report.report.generation.removing import removing_page
from dissect_report.report.generation.side_effects import side_effects_page
from dissect_report.report.generation.summary import concept_edit_lines, generation_headline
from dissect_report.report.generation.units import UnitEdited
from dissect_report.report.generation.view import generation_view, generation_views
from dissect_report.report.page import Page
from dissect_report.report.site import SiteFindings


class GenerationExperiment(Experiment):
    """What units of a generator draw, and where they can."""

    files = files.FILES

    def done(self, layer: LoadedLayer) -> bool:
        """Whether units of the layer were changed."""
        return layer.generation is not None

    def pages(self, site: SiteFindings, run: LoadedRun) -> Iterator[Page]:
        """Removing, inserting, side effects."""
        if found := generation_views(site, run):
            yield removing_page(found)
            yield inserting_page(found)
            yield side_effects_page(found)

    def copies(self, site: SiteFindings, run: LoadedRun) -> Iterator[tuple[Path, PurePosixPath]]:
        """The records, and the pictures of all edits."""
        return files.copies(site, run)

    def home(self, site: SiteFindings, run: LoadedRun) -> Markup:
        """The strongest removal and the strongest insertion."""
        headline = generation_headline(site, run)
        head = "h3" if len(site.runs) > 1 else "h2"
        shown = headline and headline | {"head": head, "plural": plural}
        return render_part(site, "generation/home", shown) if shown else NOTHING

    def methods(self, site: SiteFindings, run: LoadedRun, page: PurePosixPath) -> Markup:
        """How units were changed, and the words about it."""
        found = generation_views(site, run)
        if not found:
            return NOTHING
        context = {
            "edits": [(edited, link(page, edited.view.addresses.page)) for edited in found],
            "edit_terms": generation_glossary(found[-1].record).values(),
            "count": count, "plural": plural, "share": share,
        }  # fmt: skip
        return render_part(site, "generation/methods", context)

    def data(self, site: SiteFindings, run: LoadedRun) -> Markup:
        """What the arrays hold."""
        found = generation_views(site, run)
        return render_part(site, "generation/data", {"arrays": GENERATION_ARRAYS}) if found else NOTHING

    def layer(self, view: LayerView) -> LayerPart | None:
        """A filter and an order by what removing a unit changes."""
        found = generation_view(view)
        return layer_part(found) if found else None

    def units(self, view: LayerView) -> UnitParts | None:
        """What each unit draws."""
        found = generation_view(view)
        return UnitEdited(found, view.addresses.page) if found else None

    def concepts(self, site: SiteFindings, run: LoadedRun) -> ConceptParts | None:
        """What editing each concept did."""
        return EditedConcepts(site, run) if generation_views(site, run) else None


@dataclass(frozen=True)
class EditedConcepts:
    """A line a layer where a concept was edited."""

    site: SiteFindings
    run: LoadedRun

    def above(self, concept: int, page: PurePosixPath) -> Markup:
        """What was removed and added."""
        lines = concept_edit_lines(self.site, self.run, concept, page)
        head = "h3" if len(self.site.runs) > 1 else "h2"
        shown = {"lines": lines, "head": head}
        return render_part(self.site, "generation/concept", shown) if lines else NOTHING

    def below(self, concept: int, page: PurePosixPath) -> Markup:
        """Nothing."""
        return NOTHING
