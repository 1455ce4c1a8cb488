"""Everything that a site consists of: pages, data files and pictures, from its findings."""

from __future__ import annotations

import base64
import json
from collections.abc import Iterator
from pathlib import Path, PurePosixPath
from typing import Any

from dissect_report.errors import FindingsError
from dissect_report.findings.store import LoadedLayer, LoadedRun
from dissect_report.findings.unit_table import unit_table
from dissect_report.report.addresses import PICTURES, RunAddresses
from dissect_report.report.cards import LayerView, layer_key, run_glossary
from dissect_report.report.comparison import Comparison, is_compared
from dissect_report.report.experiments import EXPERIMENTS
from dissect_report.report.page import DataFile, Page
from dissect_report.report.pages.compare import ComparePage
from dissect_report.report.pages.concept import ConceptPages
from dissect_report.report.pages.data import LAYER_FILES, PACKED, TABLE, data_page
from dissect_report.report.pages.home import home_page
from dissect_report.report.pages.layer import cards_file, layer_page, outlines_file
from dissect_report.report.pages.methods import methods_page
from dissect_report.report.pages.unit import UnitPages
from dissect_report.report.site import SiteFindings, layers_of
from dissect_report.report.templating import script_json


def pages(site: SiteFindings) -> Iterator[Page]:
    """All pages but the units', in the order of the navigation."""
    yield home_page(site)
    if is_compared(site):
        yield ComparePage(Comparison(site)).page()
    for run in site.runs:
        for layer in layers_of(run):
            yield layer_page(LayerView(site, run, layer))
        for experiment in EXPERIMENTS:
            yield from experiment.pages(site, run)
        yield methods_page(site, run)
        yield data_page(site, run)
    yield from ConceptPages(site).pages()


def unit_pages(site: SiteFindings, run: LoadedRun, layer: LoadedLayer) -> Iterator[Page]:
    """The pages of a layer's units, in channel order."""
    return UnitPages(LayerView(site, run, layer)).pages()


def data_files(site: SiteFindings) -> Iterator[DataFile]:
    """Downloads, and the scripts that pages load on demand; a site without pictures has no label maps."""
    for run in site.runs:
        for layer in layers_of(run):
            yield from unit_records(run, layer)
    yield from shared_files(site)


def shared_files(site: SiteFindings) -> Iterator[DataFile]:
    """The same but for the units' records."""
    shared: set[PurePosixPath] = set()
    for run in site.runs:
        addresses = RunAddresses(run.record.name)
        yield _terms(run)
        for layer in layers_of(run):
            view = LayerView(site, run, layer)
            # From the records, whatever a stranger's own table would have a spreadsheet do.
            table = unit_table(layer.units, run.record.concepts)
            yield DataFile(addresses.layer(layer.summary.folder).folder / TABLE, table)
            yield cards_file(view)
            if site.config.site.images:
                yield outlines_file(view)
        for experiment in EXPERIMENTS:
            for file in experiment.data_files(site, run):
                if file.path not in shared:  # several pages need what runs networks: once a site
                    yield file
                shared.add(file.path)
        if site.config.site.images:
            yield _palette(site, run)
            for image in range(len(run.record.images)):
                yield _segmentation(run, addresses, image)


def copies(site: SiteFindings) -> Iterator[tuple[Path, PurePosixPath]]:
    """Files that go over, source and target; pictures only if the site shows them.

    A target whose name has ``PACKED`` added is the source compressed; all others are it as it is.
    """
    shown = site.config.site.images
    return (pair for pair in pictures(site) if shown or pair[1].suffix not in PICTURES)


def pictures(site: SiteFindings) -> Iterator[tuple[Path, PurePosixPath]]:
    """Everything that can go over, source and target: findings and thumbnails."""
    for run in site.runs:
        addresses = RunAddresses(run.record.name)
        yield run.paths.run, addresses.root / "run.json"
        for layer in layers_of(run):
            folder = layer.summary.folder
            for name in (each for each in LAYER_FILES if each != TABLE):
                yield (
                    run.paths.root / folder / name.removesuffix(PACKED),
                    addresses.layer(folder).folder / name,
                )
        for experiment in EXPERIMENTS:
            yield from experiment.copies(site, run)
        for image in range(len(run.record.images)):
            yield run.paths.thumbnail(image), addresses.thumbnail(image)


def _terms(run: LoadedRun) -> DataFile:
    """Definitions with this run's parameters, as the tooltips of its unit pages."""
    path = RunAddresses(run.record.name).terms
    texts = {key: term.text for key, term in run_glossary(run).items()}
    return DataFile(path, _registered(path, texts))


def unit_records(run: LoadedRun, layer: LoadedLayer) -> Iterator[DataFile]:
    """A JSON file a unit: its part of ``dissection.json`` without outlines, which its page draws."""
    addresses = RunAddresses(run.record.name).layer(layer.summary.folder)
    # The layer's own key, not the run's: what is measured beside a layer leaves its files as they are.
    head = {"run": run.record.name, "layer": layer.summary.name, "key": layer_key(run, layer)}
    stored = json.loads(run.paths.dissection(layer.summary.folder).read_text(encoding="utf-8"))
    for unit in stored["units"]:
        for ranked in _ranked_images(unit):
            del ranked["outline"]
        text = json.dumps(head | unit, ensure_ascii=False, separators=(",", ":"))
        yield DataFile(addresses.record(unit["unit"]), text)


def _ranked_images(unit: dict[str, Any]) -> Iterator[dict[str, Any]]:
    """Every image that a stored unit lists."""
    yield from unit["top_images"]
    yield from unit["silent"]
    yield from unit["fires_without"]
    for band in unit["bands"]:
        yield from band["images"]


def _palette(site: SiteFindings, run: LoadedRun) -> DataFile:
    """Which colour of a segmentation picture is which concept, and where its page lies."""
    colors = {
        concept.color: [concept.name, concept.category, site.concept_files[concept.name]]
        for concept in run.record.concepts
    }
    data = {"grid": run.record.grid, "depth": run.record.depth, "colors": colors}
    path = RunAddresses(run.record.name).palette
    return DataFile(path, _registered(path, data))


def _segmentation(run: LoadedRun, addresses: RunAddresses, image: int) -> DataFile:
    """A segmentation as a ``data:`` address: a canvas may read it even on a page opened from disk."""
    source, path = run.paths.segmentation(image), addresses.segmentation(image)
    try:
        picture = source.read_bytes()
    except OSError as error:
        raise FindingsError(f"{source}: {error.strerror}; run `dissect-report analyze` again") from None
    data = {"png": "data:image/png;base64," + base64.b64encode(picture).decode("ascii")}
    return DataFile(path, _registered(path, data))


def _registered(path: PurePosixPath, data: object) -> str:
    """A script that hands ``data`` over under the name of its file."""
    return f"dissect.register({script_json(str(path.with_suffix('')))},{script_json(data)});\n"
