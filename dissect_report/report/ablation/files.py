"""Files of removals: what is in them, and where they go."""

from __future__ import annotations

from collections.abc import Iterator
from pathlib import Path, PurePosixPath

from dissect_report.findings.ablation import ARRAYS, Ablation
from dissect_report.findings.store import LoadedRun
from dissect_report.report.ablation.view import ablation_views
from dissect_report.report.ablation.words import words_of
from dissect_report.report.site import SiteFindings

#: Of layers whose units were removed.
FILES = {
    "ablation.json": "what removing units does, as every page about classes says it",
    "ablation.npz": "the whole arrays behind it: every unit alone for every class",
}


def copies(site: SiteFindings, run: LoadedRun) -> Iterator[tuple[Path, PurePosixPath]]:
    """Files, source and target."""
    for ablation in ablation_views(site, run):
        folder, addresses = ablation.view.layer.summary.folder, ablation.view.addresses
        for name in FILES:
            yield run.paths.root / folder / name, addresses.folder / name


def array_texts(record: Ablation) -> dict[str, str]:
    """What the arrays of ``ablation.npz`` hold, in the words that fit the run's labels."""
    balanced = words_of(record).balanced
    return {name: text.replace("balanced accuracy", balanced) for name, text in ARRAYS.items()}
