"""A generator's edits in a line: on the home page, and on the page of a concept."""

from __future__ import annotations

from pathlib import PurePosixPath
from typing import Any

from dissect_report.findings.store import LoadedRun
from dissect_report.report.addresses import HOME, RunAddresses, link
from dissect_report.report.formatting import plural
from dissect_report.report.generation.sets import set_rows
from dissect_report.report.generation.view import generation_views, removed_point
from dissect_report.report.generation.words import (
    insertion_sentence,
    of_image,
    portion,
    removal_sentence,
    strongest_insertion,
    strongest_removal,
)
from dissect_report.report.site import SiteFindings


def concept_edit_lines(
    site: SiteFindings, run: LoadedRun, concept: int, page: PurePosixPath
) -> list[dict[str, Any]]:
    """What a concept's page says about the run's edits of it: a line for every layer where it was edited."""
    lines = []
    for edited in generation_views(site, run):
        edits = edited.edited.get(concept)
        if edits is not None:
            point = removed_point(edits)
            lines.append({
                "layer": edited.view.layer.summary.name,
                "count": plural(point.count, "unit") if point else "",
                "removed": portion(point.portion if point else None),
                "added": of_image(edits.added),
                "sets": set_rows(edits),
                "tips": edited.tips,
                "removing": edited.removing_href(page, concept),
                "inserting": edited.inserting_href(page, concept),
            })  # fmt: skip
    return lines


def generation_headline(site: SiteFindings, run: LoadedRun) -> dict[str, Any] | None:
    """The strongest removal and the strongest insertion with links; None without any edit."""
    found = generation_views(site, run)
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
