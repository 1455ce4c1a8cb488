"""The data page: every file of a run and what is in it."""

from __future__ import annotations

import json
from typing import Any

from dissect_report.findings.store import COUNTS, LoadedLayer, LoadedRun, json_schema
from dissect_report.report import parquet
from dissect_report.report.addresses import RunAddresses, link
from dissect_report.report.experiments import EXPERIMENTS
from dissect_report.report.formatting import count
from dissect_report.report.network_words import network_words
from dissect_report.report.page import Page
from dissect_report.report.site import SiteFindings, layers_of

#: A copy compressed by gzip is named like its file with this added.
PACKED = ".gz"
TABLE = "units.csv"
#: What the JSON and picture files hold; ``counts.npz`` is described by ``COUNTS``.
LAYER_FILES = {
    TABLE: "one row a unit: the scores of this layer's pages",
    "dissection.json.gz": "every unit with all its lists, as the schema below says; gzip",
    "counts.npz": "the whole-number counts that all scores are ratios of",
}

#: The same where ``[site]`` asks for it.
PARQUET_FILES = {parquet.FILE: "the columns of units.csv with their types, floats in full; Parquet"}


def files_of(layer: LoadedLayer) -> dict[str, str]:
    """Files of a layer and what is in them, those of its experiments too."""
    files = dict(LAYER_FILES)
    for experiment in EXPERIMENTS:
        files |= experiment.files if experiment.done(layer) else {}
    return files


def data_page(site: SiteFindings, run: LoadedRun) -> Page:
    """The files of one run."""
    addresses = RunAddresses(run.record.name)
    path = addresses.data
    made = [each for each in EXPERIMENTS if any(each.done(layer) for layer in layers_of(run))]
    left_out = {name for each in EXPERIMENTS if each not in made for name in each.files}
    extra = PARQUET_FILES if site.config.site.parquet else {}
    layers = [
        (
            layer.summary,
            [(name, link(path, addresses.layer(layer.summary.folder).folder / name), text)
             for name, text in
             (files_of(layer) | extra).items()],
            link(path, addresses.layer(layer.summary.folder).page),
        )
        for layer in layers_of(run)
    ]  # fmt: skip
    context: dict[str, Any] = {
        "run": run.record,
        "words": network_words(run),
        "run_json": link(path, addresses.root / "run.json"),
        "layers": layers,
        "counts": COUNTS,
        "experiments": [each.data(site, run) for each in made],
        "schemas": [
            (name, json.dumps(schema, indent=1))
            for name, schema in json_schema().items()
            if name not in left_out
        ],
        "methods": link(path, addresses.methods),
        "count": count,
    }
    body = site.templates.get_template("pages/data.html").render(context)
    description = f"Every file of {run.record.name} with its schema."
    words = f"data files download json csv npz schema {run.record.name}"
    return Page(path, f"Data of {run.record.name}", description, body, words, (run.record.name, "Data"))
