"""The data page: every file of a run and what is in it."""

from __future__ import annotations

import json
from typing import Any

from dissect_report.findings.store import COUNTS, LoadedRun, json_schema
from dissect_report.report.addresses import RunAddresses, link
from dissect_report.report.formatting import count
from dissect_report.report.page import Page
from dissect_report.report.site import SiteFindings, layers_of
from dissect_report.report.templating import environment

#: What the JSON and picture files hold; ``counts.npz`` is described by ``COUNTS``.
LAYER_FILES = {
    "units.csv": "one row a unit: the scores of this layer's pages",
    "dissection.json": "every unit with all its lists, as the schema below says",
    "counts.npz": "the whole-number counts that all scores are ratios of",
}

#: The same for layers whose units were removed.
ABLATION_FILES = {
    "ablation.json": "what removing units does, as every page about classes says it",
    "ablation.npz": "the whole arrays behind it: every unit alone for every class",
}


def data_page(site: SiteFindings, run: LoadedRun) -> Page:
    """The files of one run."""
    addresses = RunAddresses(run.record.name)
    path = addresses.data
    layers = [
        (
            layer.summary,
            [(name, link(path, addresses.layer(layer.summary.folder).folder / name), text)
             for name, text in LAYER_FILES.items()],
            link(path, addresses.layer(layer.summary.folder).page),
        )
        for layer in layers_of(run)
    ]  # fmt: skip
    context: dict[str, Any] = {
        "run": run.record,
        "run_json": link(path, addresses.root / "run.json"),
        "layers": layers,
        "counts": COUNTS,
        "schemas": [(name, json.dumps(schema, indent=1)) for name, schema in json_schema().items()],
        "methods": link(path, addresses.methods),
        "count": count,
    }
    body = environment().get_template("pages/data.html").render(context)
    description = f"Every file of {run.record.name} with its schema."
    words = f"data files download json csv npz schema {run.record.name}"
    return Page(path, f"Data of {run.record.name}", description, body, words, (run.record.name, "Data"))
