"""One layer's edits of a generator's images as its pages need them: names, links, what was removed."""

from __future__ import annotations

from dataclasses import dataclass
from functools import cached_property
from pathlib import PurePosixPath
from types import SimpleNamespace

import numpy as np
from markupsafe import escape

from dissect_report.findings.generation import AreaChange, ConceptEdits, Generation, SweepPoint, UnitEdits
from dissect_report.findings.records import ConceptRecord
from dissect_report.findings.store import LoadedRun
from dissect_report.report.addresses import concept_page, link
from dissect_report.report.cards import LayerView
from dissect_report.report.generation.glossary import generation_glossary
from dissect_report.report.site import SiteFindings, layers_of

#: Units removed in headlines, or the most below it that were tried: the paper's number.
HEADLINE = 20


@dataclass(frozen=True)
class GenerationView:
    """What changing the units of a layer does to the images.

    Attributes:
        view: the layer.
        record: ``generation.json``.
        place: of the layer among the run's edited ones.
    """

    view: LayerView
    record: Generation
    place: int

    @property
    def arrays(self) -> dict[str, np.ndarray]:
        """``generation.npz``."""
        return self.view.layer.generation_arrays

    @cached_property
    def tips(self) -> SimpleNamespace:
        """Definitions as tooltips."""
        return SimpleNamespace(**{key: escape(t.text) for key, t in generation_glossary(self.record).items()})

    @cached_property
    def edited(self) -> dict[int, ConceptEdits]:
        """By concept id."""
        return {edits.concept: edits for edits in self.record.concepts}

    @cached_property
    def units(self) -> dict[int, UnitEdits]:
        """Those that were changed one by one, by index."""
        return {edits.unit: edits for edits in self.record.units}

    def concept(self, concept: int) -> ConceptRecord:
        """The record of a concept id."""
        return self.view.run.record.concepts[concept - 1]

    def name(self, concept: int) -> str:
        """What a concept is called."""
        return self.concept(concept).name

    def concept_href(self, page: PurePosixPath, concept: int) -> str:
        """A concept's page as seen from ``page``."""
        return link(page, concept_page(self.view.site.concept_files[self.name(concept)]))

    def anchor(self, concept: int) -> str:
        """Of a concept's part of a page that may hold several layers."""
        return f"{self.view.layer.summary.folder}-{self.concept(concept).slug}"

    def removing_href(self, page: PurePosixPath, concept: int) -> str:
        """Before/after grid of an edited concept."""
        return f"{link(page, self.view.run_addresses.removing)}#{self.anchor(concept)}"

    def inserting_href(self, page: PurePosixPath, concept: int) -> str:
        """Insertion lattice of an edited concept."""
        return f"{link(page, self.view.run_addresses.inserting)}#{self.anchor(concept)}"

    @property
    def place_share(self) -> float:
        """Part of the image that is one place."""
        return 1 / (self.record.places[0] * self.record.places[1])


def generation_view(view: LayerView) -> GenerationView | None:
    """The layer's edits; None where none were made."""
    own = [e for e in generation_views(view.site, view.run) if e.record.layer == view.layer.summary.name]
    return own[0] if own else None


def generation_views(site: SiteFindings, run: LoadedRun) -> list[GenerationView]:
    """Of every layer of the run whose units were changed, in execution order."""
    found = [(layer, layer.generation) for layer in layers_of(run)]
    made = [(layer, record) for layer, record in found if record is not None]
    return [
        GenerationView(LayerView(site, run, layer), record, at) for at, (layer, record) in enumerate(made)
    ]


def removed_point(edits: ConceptEdits) -> SweepPoint | None:
    """The largest removal of at most ``HEADLINE`` of its units, in the order by which they were chosen.

    None where no unit was removed.
    """
    tried = [point for curve in edits.curves[:1] for point in curve.points if 0 < point.count <= HEADLINE]
    return max(tried, key=lambda point: point.count, default=None)


def point_at(edits: ConceptEdits, ranking: str, size: int) -> SweepPoint | None:
    """So many units removed; None where the ranking has fewer, or was not tried."""
    curves = [curve for curve in edits.curves if curve.ranking == ranking]
    return next((point for curve in curves for point in curve.points if point.count == size), None)


def relative(change: AreaChange) -> float | None:
    """A concept's change as a part of what was there; None if nothing was."""
    return (change.after - change.before) / change.before if change.before else None


def beyond(low: float | None, high: float | None) -> bool:
    """Whether an interval leaves out 0: the change is not put down to which latents were drawn."""
    return low is not None and high is not None and (low > 0 or high < 0)
