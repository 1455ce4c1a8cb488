"""Trying a photo: its part of the site."""

from __future__ import annotations

from collections.abc import Iterator
from pathlib import Path, PurePosixPath

from markupsafe import Markup

from dissect_report.findings.photo import PHOTO_ARRAYS
from dissect_report.findings.store import LoadedLayer, LoadedRun
from dissect_report.report.addresses import HOME, link
from dissect_report.report.experiment import NOTHING, Experiment, render_part
from dissect_report.report.formatting import count, number
from dissect_report.report.page import DataFile, Page
from dissect_report.report.photo.files import FILES, data_files
from dissect_report.report.photo.page import megabytes, photo_page, preprocessing
from dissect_report.report.photo.view import photo_view
from dissect_report.report.runtime import VERSION
from dissect_report.report.site import SiteFindings


class PhotoExperiment(Experiment):
    """A page on which the classifier runs in the reader's browser, on a photo of theirs."""

    files = FILES

    def done(self, layer: LoadedLayer) -> bool:
        """Whether the network was exported with this layer's units."""
        return layer.photo is not None and not layer.photo.obstacle

    def pages(self, site: SiteFindings, run: LoadedRun) -> Iterator[Page]:
        """The one page."""
        if photo := photo_view(site, run):
            yield photo_page(photo)

    def data_files(self, site: SiteFindings, run: LoadedRun) -> Iterator[DataFile]:
        """What it loads."""
        if photo := photo_view(site, run):
            yield from data_files(photo)

    def copies(self, site: SiteFindings, run: LoadedRun) -> Iterator[tuple[Path, PurePosixPath]]:
        """The record and its arrays."""
        if photo := photo_view(site, run):
            folder = photo.view.layer.summary.folder
            for name in FILES:
                yield run.paths.root / folder / name, photo.view.addresses.folder / name

    def home(self, site: SiteFindings, run: LoadedRun) -> Markup:
        """An invitation."""
        photo = photo_view(site, run)
        if photo is None:
            return NOTHING
        context = {
            "head": "h3" if len(site.runs) > 1 else "h2",
            "run": run.record.name,
            "layer": photo.view.layer.summary.name,
            "href": link(HOME, photo.page),
            "photos": [link(HOME, photo.view.run_addresses.thumbnail(image)) for image in photo.photos],
        }
        return render_part(site, "photo/home", context)

    def on_class(self, site: SiteFindings, run: LoadedRun, index: int, page: PurePosixPath) -> Markup:
        """An invitation to ask for the class."""
        photo = photo_view(site, run)
        if photo is None:
            return NOTHING
        context = {"name": run.record.classes[index], "href": f"{link(page, photo.page)}#class={index}"}
        return render_part(site, "photo/class", context)

    def methods(self, site: SiteFindings, run: LoadedRun, page: PurePosixPath) -> Markup:
        """What was exported, and how near it comes; or why there is no such page."""
        records = [layer.photo for layer in run.layers.values() if layer.photo]
        if not records:
            return NOTHING
        photo = photo_view(site, run)
        context = {
            "record": records[0],
            "href": link(page, photo.page) if photo else "",
            "preprocessing": preprocessing(photo) if photo else "",
            "megabytes": megabytes(photo) if photo else 0,
            "runtime": VERSION,
            "count": count, "number": number,
        }  # fmt: skip
        return render_part(site, "photo/methods", context)

    def data(self, site: SiteFindings, run: LoadedRun) -> Markup:
        """What the arrays hold."""
        return render_part(site, "photo/data", {"arrays": PHOTO_ARRAYS})
