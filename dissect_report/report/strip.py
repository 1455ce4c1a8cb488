"""The strip of a run's layers: a glyph a layer, its height the concepts found."""

from __future__ import annotations

from pathlib import PurePosixPath
from typing import Any

from dissect_report.findings.records import CATEGORIES
from dissect_report.findings.store import LoadedRun
from dissect_report.report.addresses import RunAddresses, link
from dissect_report.report.formatting import plural
from dissect_report.report.site import layers_of


def layer_strip(run: LoadedRun, page: PurePosixPath, current: str = "") -> list[dict[str, Any]]:
    """A glyph for every layer of ``run``, as seen from ``page``."""
    addresses = RunAddresses(run.record.name)
    totals = {layer.name: sum(layer.concepts.values()) for layer in run.record.layers}
    top = max([*totals.values(), 1])
    shared = len(shared_prefix(list(totals)))
    return [
        {
            "name": layer.summary.name,
            "short": layer.summary.name[shared:],
            "href": link(page, addresses.layer(layer.summary.folder).page),
            "current": layer.summary.name == current,
            "concepts": totals[layer.summary.name],
            "words": " in ".join(
                [plural(totals[layer.summary.name], "concept"), plural(layer.summary.units, "unit")]
            ),
            "parts": [
                (category, round(100 * layer.summary.concepts.get(category, 0) / top, 2))
                for category in CATEGORIES
                if layer.summary.concepts.get(category, 0)
            ],
        }
        for layer in layers_of(run)
    ]


def shared_prefix(names: list[str]) -> str:
    """The dotted beginning that all layer names share, such as ``features.``; "" for a single layer."""
    if len(names) < 2:
        return ""
    parts = [name.split(".")[:-1] for name in names]
    same = 0
    while all(len(part) > same for part in parts) and len({part[same] for part in parts}) == 1:
        same += 1
    return "".join(f"{part}." for part in parts[0][:same])
