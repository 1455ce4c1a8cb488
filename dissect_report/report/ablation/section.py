"""What both pages about removing units say of a layer."""

from __future__ import annotations

from pathlib import PurePosixPath
from typing import Any

from dissect_report.report.ablation.view import AblationView
from dissect_report.report.addresses import link
from dissect_report.report.published.rows import beside_removals


def class_index(found: list[AblationView], path: PurePosixPath) -> str:
    """The run's classes as seen from ``path``."""
    return link(path, found[-1].view.run_addresses.classes)


def layer_section(removals: AblationView, path: PurePosixPath) -> dict[str, Any]:
    """What a section of either page says."""
    return {
        "layer": removals.view.layer.summary.name,
        "layer_href": link(path, removals.view.addresses.page),
        "units": removals.view.layer.summary.units,
        "words": removals.words,
        "tips": removals.tips,
        "beside": beside_removals(removals),
        "record": removals.record,
    }
