"""Files and pictures of edits: what is in them, and where they go."""

from __future__ import annotations

from collections.abc import Iterator
from pathlib import Path, PurePosixPath

from dissect_report.findings.store import LoadedRun
from dissect_report.report.generation.view import GenerationView, generation_views
from dissect_report.report.site import SiteFindings

#: Of layers of a generator whose units were changed.
FILES = {
    "generation.json": "what removing and inserting units does, as every page about them says it",
    "generation.npz": "the whole arrays behind it: every unit alone, every latent, every place",
}


def copies(site: SiteFindings, run: LoadedRun) -> Iterator[tuple[Path, PurePosixPath]]:
    """Files and pictures, source and target."""
    for edited in generation_views(site, run):
        for name in FILES:
            yield (
                run.paths.root / edited.view.layer.summary.folder / name,
                edited.view.addresses.folder / name,
            )
        yield from _pictures(edited, run)


def _pictures(edited: GenerationView, run: LoadedRun) -> Iterator[tuple[Path, PurePosixPath]]:
    folder, addresses = edited.view.layer.summary.folder, edited.view.addresses
    for edits in edited.record.concepts:
        if edits.cells:
            yield run.paths.removal_grid(folder, edits.concept), addresses.removal_grid(edits.concept)
        if edits.set_cells:
            yield run.paths.set_grid(folder, edits.concept), addresses.set_grid(edits.concept)
        for latent in range(len(edits.lattice_added)):
            target = addresses.lattice(edits.concept, latent)
            yield run.paths.lattice(folder, edits.concept, latent), target
    for unit in edited.record.units:
        if unit.latents:
            yield run.paths.unit_edits(folder, unit.unit), addresses.unit_edits(unit.unit)
        if unit.placed_outlines:
            yield run.paths.unit_lattice(folder, unit.unit), addresses.unit_lattice(unit.unit)
