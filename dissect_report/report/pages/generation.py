"""A generator's edits as the site shows them: its experiments, its pictures, and lines on other pages."""

from __future__ import annotations

from collections.abc import Iterator
from pathlib import Path, PurePosixPath
from typing import Any

from dissect_report.findings.store import LoadedRun
from dissect_report.report.addresses import HOME, RunAddresses, link
from dissect_report.report.edit_words import (
    insertion_sentence,
    of_image,
    portion,
    removal_sentence,
    strongest_insertion,
    strongest_removal,
)
from dissect_report.report.edits import removed_point, run_edits
from dissect_report.report.formatting import plural
from dissect_report.report.page import Page
from dissect_report.report.pages.inserting import inserting_page
from dissect_report.report.pages.removing import removing_page
from dissect_report.report.pages.side_effects import side_effects_page
from dissect_report.report.site import SiteFindings


def generation_pages(site: SiteFindings, run: LoadedRun) -> Iterator[Page]:
    """The three experiments; none for a run without edits."""
    found = run_edits(site, run)
    if found:
        yield removing_page(found)
        yield inserting_page(found)
        yield side_effects_page(found)


def edited_pictures(site: SiteFindings, run: LoadedRun) -> Iterator[tuple[Path, PurePosixPath]]:
    """Pictures of all edits, source and target."""
    for edited in run_edits(site, run):
        folder, addresses = edited.view.layer.summary.folder, edited.view.addresses
        for edits in edited.record.concepts:
            if edits.cells:
                yield run.paths.removal_grid(folder, edits.concept), addresses.removal_grid(edits.concept)
            for latent in range(len(edits.lattice_added)):
                target = addresses.lattice(edits.concept, latent)
                yield run.paths.lattice(folder, edits.concept, latent), target
        for unit in edited.record.units:
            if unit.latents:
                yield run.paths.unit_edits(folder, unit.unit), addresses.unit_edits(unit.unit)
            if unit.placed_outlines:
                yield run.paths.unit_lattice(folder, unit.unit), addresses.unit_lattice(unit.unit)


def concept_edit_lines(
    site: SiteFindings, run: LoadedRun, concept: int, page: PurePosixPath
) -> list[dict[str, str]]:
    """What a concept's page says about the run's edits of it: a line for every layer where it was edited."""
    lines = []
    for edited in run_edits(site, run):
        edits = edited.edited.get(concept)
        if edits is not None:
            point = removed_point(edits)
            lines.append({
                "layer": edited.view.layer.summary.name,
                "count": plural(point.count, "unit") if point else "",
                "removed": portion(point.portion if point else None),
                "added": of_image(edits.added),
                "removing": edited.removing_href(page, concept),
                "inserting": edited.inserting_href(page, concept),
            })  # fmt: skip
    return lines


def generation_headline(site: SiteFindings, run: LoadedRun) -> dict[str, Any] | None:
    """The strongest removal and the strongest insertion with links; None without any edit."""
    found = run_edits(site, run)
    removal, insertion = strongest_removal(found), strongest_insertion(found)
    if removal is None:
        return None
    addresses = RunAddresses(run.record.name)
    edited, edits, point = removal
    name = edited.name(edits.concept)
    text = removal_sentence(name, edits)
    if insertion is not None:
        other, most = insertion
        text += f" {insertion_sentence(other.name(most.concept), most, other)}"
    return {
        "verdict": text,
        "portion": portion(point.portion),
        "name": name,
        "count": point.count,
        "href": edited.removing_href(HOME, edits.concept),
        "removing": link(HOME, addresses.removing),
        "inserting": link(HOME, addresses.inserting),
        "side_effects": link(HOME, addresses.side_effects),
    }
