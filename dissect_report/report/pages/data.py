"""The data page: every file of a run and what is in it."""

from __future__ import annotations

import json
from typing import Any

from dissect_report.findings.ablation import ARRAYS, Ablation
from dissect_report.findings.generation import GENERATION_ARRAYS
from dissect_report.findings.store import COUNTS, LoadedRun, json_schema
from dissect_report.report import parquet
from dissect_report.report.addresses import RunAddresses, link
from dissect_report.report.edits import run_edits
from dissect_report.report.formatting import count
from dissect_report.report.network_words import network_words
from dissect_report.report.page import Page
from dissect_report.report.removal_words import words_of
from dissect_report.report.removals import run_removals
from dissect_report.report.site import SiteFindings, layers_of

#: A copy compressed by gzip is named like its file with this added.
PACKED = ".gz"
#: What the JSON and picture files hold; ``counts.npz`` is described by ``COUNTS``.
LAYER_FILES = {
    "units.csv": "one row a unit: the scores of this layer's pages",
    "dissection.json.gz": "every unit with all its lists, as the schema below says; gzip",
    "counts.npz": "the whole-number counts that all scores are ratios of",
}

#: The same for layers whose units were removed.
ABLATION_FILES = {
    "ablation.json": "what removing units does, as every page about classes says it",
    "ablation.npz": "the whole arrays behind it: every unit alone for every class",
}


#: The same for layers of a generator whose units were changed.
GENERATION_FILES = {
    "generation.json": "what removing and inserting units does, as every page about them says it",
    "generation.npz": "the whole arrays behind it: every unit alone, every latent, every place",
}

#: The same where ``[site]`` asks for it.
PARQUET_FILES = {parquet.FILE: "the columns of units.csv with their types, floats in full; Parquet"}


def files_of(ablated: bool, edited: bool) -> dict[str, str]:
    """Files of a layer and what is in them; its units were removed, or changed in a generator."""
    return LAYER_FILES | (ABLATION_FILES if ablated else {}) | (GENERATION_FILES if edited else {})


def array_texts(records: list[Ablation]) -> dict[str, str]:
    """What the arrays of ``ablation.npz`` hold, in the words that fit the run's labels; {} without any."""
    if not records:
        return {}
    balanced = words_of(records[-1]).balanced
    return {name: text.replace("balanced accuracy", balanced) for name, text in ARRAYS.items()}


def data_page(site: SiteFindings, run: LoadedRun) -> Page:
    """The files of one run."""
    addresses = RunAddresses(run.record.name)
    path = addresses.data
    ablated = {removals.record.layer: removals.record for removals in run_removals(site, run)}
    edited = {edits.record.layer for edits in run_edits(site, run)}
    left_out = [*([] if ablated else ABLATION_FILES), *([] if edited else GENERATION_FILES)]
    extra = PARQUET_FILES if site.config.site.parquet else {}
    layers = [
        (
            layer.summary,
            [(name, link(path, addresses.layer(layer.summary.folder).folder / name), text)
             for name, text in
             (files_of(layer.summary.name in ablated, layer.summary.name in edited) | extra).items()],
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
        "removals": array_texts(list(ablated.values())),
        "edits": GENERATION_ARRAYS if edited else {},
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
