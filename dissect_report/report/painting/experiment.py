"""Painting with units: its part of the site."""

from __future__ import annotations

from collections.abc import Iterator
from dataclasses import dataclass
from pathlib import Path, PurePosixPath

from markupsafe import Markup
from PIL import Image

from dissect_report.errors import FindingsError
from dissect_report.findings.painting import PAINTING_ARRAYS
from dissect_report.findings.store import LoadedLayer, LoadedRun
from dissect_report.report import emblem
from dissect_report.report.addresses import HOME, link
from dissect_report.report.cards import LayerView
from dissect_report.report.experiment import NOTHING, Experiment, UnitParts, render_part
from dissect_report.report.formatting import plural
from dissect_report.report.page import DataFile, Page
from dissect_report.report.painting import files
from dissect_report.report.painting.page import megabytes, names_of, paint_page
from dissect_report.report.painting.view import PaintingView, offered, painting_view
from dissect_report.report.site import SiteFindings


class PaintingExperiment(Experiment):
    """Readers switch units on and off where their brush goes."""

    files = files.FILES

    def done(self, layer: LoadedLayer) -> bool:
        """Whether the layer can be painted with."""
        return layer.painting is not None and not layer.painting.obstacle

    def pages(self, site: SiteFindings, run: LoadedRun) -> Iterator[Page]:
        """The page to paint on."""
        if (found := offered(site, run)) and site.config.site.images:
            yield paint_page(found)

    def data_files(self, site: SiteFindings, run: LoadedRun) -> Iterator[DataFile]:
        """What it loads."""
        if (found := offered(site, run)) and site.config.site.images:
            yield from files.data_files(found)

    def copies(self, site: SiteFindings, run: LoadedRun) -> Iterator[tuple[Path, PurePosixPath]]:
        """The record, the graph and a picture."""
        if found := offered(site, run):
            yield from files.copies(found, site.config.site.images)

    def social_cards(self, site: SiteFindings, run: LoadedRun) -> Iterator[tuple[PurePosixPath, bytes]]:
        """A scene, intact and painted."""
        found = offered(site, run)
        if found and found.record.painted and site.config.site.images:
            own = found.edited.view
            name = found.edited.name(found.record.painted)
            source = own.run.paths.painted(own.layer.summary.folder)
            title = f"What happens if I paint “{name}” here?"
            told = f"{site.config.title}: paint with the units of {own.run.record.name}, in your browser"
            try:
                # No other format, whatever a stranger's file is: some are programs.
                with Image.open(source, formats=("WEBP",)) as shown:
                    picture = emblem.picture_card(title, told, shown)
            except (OSError, Image.DecompressionBombError) as error:
                raise FindingsError(
                    f"{source}: cannot be read ({error}); run `dissect-report analyze` again"
                ) from None
            yield own.run_addresses.paint_card, picture

    def home(self, site: SiteFindings, run: LoadedRun) -> Markup:
        """A painted scene, and the way to the page."""
        found = offered(site, run)
        if found is None or not site.config.site.images:
            return NOTHING
        addresses, painted = found.edited.view.run_addresses, found.record.painted
        name = found.edited.name(painted) if painted else ""
        context = {
            "head": "h3" if len(site.runs) > 1 else "h2",
            "href": link(HOME, addresses.paint),
            "picture": link(HOME, addresses.painted) if painted else "",
            "words": f"A scene, intact and with {name} painted into it",
            "names": names_of(found),
        }
        return render_part(site, "painting/home", context)

    def methods(self, site: SiteFindings, run: LoadedRun, page: PurePosixPath) -> Markup:
        """How it was exported and checked, or what stood in the way."""
        found = painting_view(site, run)
        if found is None:
            return NOTHING
        context = {
            "p": found.record, "layer_href": link(page, found.edited.view.addresses.page),
            "size": megabytes(found.record.bytes), "difference": f"{found.record.difference:.2g}",
            "steps": f"{found.record.multiplications / 1e6:,.0f} million", "plural": plural,
        }  # fmt: skip
        return render_part(site, "painting/methods", context)

    def data(self, site: SiteFindings, run: LoadedRun) -> Markup:
        """What the arrays hold."""
        return (
            render_part(site, "painting/data", {"arrays": PAINTING_ARRAYS}) if offered(site, run) else NOTHING
        )

    def units(self, view: LayerView) -> UnitParts | None:
        """A link to paint with the unit."""
        found = offered(view.site, view.run)
        if found is None or not view.site.config.site.images:
            return None
        own = found.edited.view.layer.summary.name == view.layer.summary.name
        return PaintedUnits(found, view.addresses.page) if own else None


@dataclass(frozen=True)
class PaintedUnits:
    """The units of the layer that is painted with."""

    found: PaintingView
    page: PurePosixPath

    def sentence(self, unit: int) -> str:
        """Nothing."""
        return ""

    def section(self, unit: int) -> Markup:
        """The link; a unit without an insertion value can only be removed."""
        if self.found.record.levels[unit] is None:
            words = "It has no insertion value: it can only be removed."
        else:
            words = "Switch it on and off where your brush goes."
        href = f"{link(self.page, self.found.edited.view.run_addresses.paint)}#set=u{unit}"
        return render_part(self.found.edited.view.site, "painting/unit", {"href": href, "words": words})
