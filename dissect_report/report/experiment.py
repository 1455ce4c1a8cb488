"""What an experiment is to the site: pages of its own, and its part of the pages about everything else."""

from __future__ import annotations

from collections.abc import Iterator, Mapping
from dataclasses import dataclass, field
from pathlib import Path, PurePosixPath
from typing import Any, Protocol

from markupsafe import Markup

from dissect_report.findings.store import LoadedLayer, LoadedRun
from dissect_report.report.cards import LayerView
from dissect_report.report.page import DataFile, Page
from dissect_report.report.site import SiteFindings

#: A part that is left out.
NOTHING = Markup()


@dataclass(frozen=True)
class LayerPart:
    """What an experiment adds to a layer's page; what is empty is left out.

    Attributes:
        summary: goes on with what the folded figures show, such as ", and classes served".
        figure: a section among the figures, in place of the table by category.
        remark: why there is no figure.
        filters: controls of the form that filters the cards.
        sorts: value and name of further orders of the cards.
        data: goes into ``units.js``, for the filters and orders.
    """

    summary: str = ""
    figure: Markup = NOTHING
    remark: str = ""
    filters: Markup = NOTHING
    sorts: tuple[tuple[str, str], ...] = ()
    data: Mapping[str, Any] = field(default_factory=dict)


class UnitParts(Protocol):
    """What an experiment adds to the pages of a layer's units; made once for all of them."""

    def sentence(self, unit: int) -> str:
        """Goes on with the sentence that sums the unit up; "" for nothing."""

    def section(self, unit: int) -> Markup:
        """A section of the unit's page."""


class ConceptParts(Protocol):
    """What an experiment on one run adds to the pages of its concepts; made once for all of them."""

    def above(self, concept: int, page: PurePosixPath) -> Markup:
        """Goes before the cards of the concept's units; empty for nothing."""

    def below(self, concept: int, page: PurePosixPath) -> Markup:
        """Goes behind them."""


class Experiment:
    """One experiment as the site shows it; as written here it shows nothing anywhere.

    Attributes:
        files: names of its files in a layer's folder, and what is in them.
    """

    files: Mapping[str, str] = {}

    def done(self, layer: LoadedLayer) -> bool:
        """Whether its files lie in the layer's folder."""
        return False

    def pages(self, site: SiteFindings, run: LoadedRun) -> Iterator[Page]:
        """Pages of its own, in the order of the navigation."""
        yield from ()

    def data_files(self, site: SiteFindings, run: LoadedRun) -> Iterator[DataFile]:
        """What its pages load on demand."""
        yield from ()

    def copies(self, site: SiteFindings, run: LoadedRun) -> Iterator[tuple[Path, PurePosixPath]]:
        """Files and pictures of the findings that go over, source and target."""
        yield from ()

    def social_cards(self, site: SiteFindings, run: LoadedRun) -> Iterator[tuple[PurePosixPath, bytes]]:
        """Pictures of ``Page.card``, PNG of 1200 x 630."""
        yield from ()

    def home(self, site: SiteFindings, run: LoadedRun) -> Markup:
        """A section about the run on the home page."""
        return NOTHING

    def methods(self, site: SiteFindings, run: LoadedRun, page: PurePosixPath) -> Markup:
        """Sections of the methods page."""
        return NOTHING

    def data(self, site: SiteFindings, run: LoadedRun) -> Markup:
        """A section of the data page."""
        return NOTHING

    def on_class(self, site: SiteFindings, run: LoadedRun, index: int, page: PurePosixPath) -> Markup:
        """A line of the page about a class of the run; ``index`` is its place among ``Run.classes``."""
        return NOTHING

    def layer(self, view: LayerView) -> LayerPart | None:
        """What it adds to the layer's page; None where it was not made."""
        return None

    def units(self, view: LayerView) -> UnitParts | None:
        """What it adds to the pages of the layer's units; None where it was not made."""
        return None

    def concepts(self, site: SiteFindings, run: LoadedRun) -> ConceptParts | None:
        """What it adds to the pages of the run's concepts; None where it was not made."""
        return None


def render_part(site: SiteFindings, name: str, context: Mapping[str, Any]) -> Markup:
    """The template ``partials/<name>.html`` as part of a page."""
    return Markup(site.templates.get_template(f"partials/{name}.html").render(context))
