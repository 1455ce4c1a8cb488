"""The layer of a run that can be painted with."""

from __future__ import annotations

from dataclasses import dataclass

from dissect_report.findings.painting import Painting
from dissect_report.findings.store import LoadedRun
from dissect_report.report.generation.view import GenerationView, generation_views
from dissect_report.report.site import SiteFindings


@dataclass(frozen=True)
class PaintingView:
    """What painting needs of a run.

    Attributes:
        edited: the layer and its edits.
        record: ``painting.json``.
    """

    edited: GenerationView
    record: Painting


def painting_view(site: SiteFindings, run: LoadedRun) -> PaintingView | None:
    """Of the run's painted layer, also where something stands in the way; None where none was asked for."""
    for edited in generation_views(site, run):
        if record := edited.view.layer.painting:
            return PaintingView(edited, record)
    return None


def offered(site: SiteFindings, run: LoadedRun) -> PaintingView | None:
    """The same where there is a page."""
    found = painting_view(site, run)
    return found if found and not found.record.obstacle else None
