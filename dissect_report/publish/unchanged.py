"""Layers whose pages an earlier build holds already: all that they are drawn from is as it was.

Of each layer its digest is noted, and of each of its files what it held: a build takes over what it finds so,
and draws the rest. The notes lie in the run's cache; without them everything is drawn.
"""

from __future__ import annotations

import dataclasses
import hashlib
import json
from collections.abc import Iterator, Mapping
from functools import cached_property
from importlib.metadata import version
from pathlib import Path, PurePosixPath
from typing import Any

import dissect_report
from dissect_report.findings.disk import write_atomically
from dissect_report.findings.paths import PAGES, SitePaths
from dissect_report.findings.store import LoadedLayer, LoadedRun
from dissect_report.publish.frames import Frame
from dissect_report.report.cards import LayerView, layer_key
from dissect_report.report.pages.unit import best_detectors
from dissect_report.report.site import SiteFindings, layers_of
from dissect_report.report.templating import templates_folder

#: What is noted of a run's layers, in its cache.
NOTES = PAGES


@dataclasses.dataclass(frozen=True)
class Drawn:
    """What a build made of one layer's units.

    Attributes:
        digest: of all that it was drawn from.
        files: by path below the site, sha256 of what was written.
        entries: of the search index.
        pages: those of the files that are pages.
    """

    digest: str
    files: dict[str, str]
    entries: list[dict[str, Any]]
    pages: list[str]


class Unchanged:
    """What an earlier build of a site drew, as far as it still holds."""

    def __init__(
        self, site: SiteFindings, frames: Mapping[PurePosixPath, Frame], previous: Path | None
    ) -> None:
        """Args:
        site: its findings.
        frames: by folder below the site.
        previous: the earlier build; None where there is none.
        """
        self.site = site
        self.frames = frames
        self.previous = previous
        self._noted: dict[str, dict[str, Drawn]] = {}

    def digest(self, run: LoadedRun, layer: LoadedLayer) -> str:
        """Of everything that the pages and records of a layer's units are drawn from."""
        folder = layer.summary.folder
        frame = self.frames.get(PurePosixPath(run.record.name, folder))
        other = {name: best for name, best in self._best[run.record.name].items() if name != folder}
        return _digest(
            self._common, self._shared[run.record.name], folder, other, frame and frame.pieces,
            layer_key(run, layer), dataclasses.asdict(layer.summary),
            _files(run.paths.root / folder, own=True),
        )  # fmt: skip

    def find(self, run: LoadedRun, layer: LoadedLayer, digest: str) -> Drawn | None:
        """What the earlier build drew of the same; None where it did not, or a file is not as it was."""
        known = self._known[run.record.name].get(layer.summary.folder)
        if known is None or known.digest != digest or self.previous is None:
            return None
        for path, held in known.files.items():
            twin = self.previous / path
            if not twin.is_file() or _hash(twin.read_bytes()) != held:
                return None
        return known

    def note(self, run: LoadedRun, layer: LoadedLayer, drawn: Drawn) -> None:
        """Remembers what was drawn of a layer; written by ``save``."""
        self._noted.setdefault(run.record.name, {})[layer.summary.folder] = drawn

    def save(self) -> None:
        """Writes the notes.

        Raises:
            StorageError: the cache cannot be written.
        """
        for run in self.site.runs:
            noted = self._noted.get(run.record.name, {})
            data = {folder: dataclasses.asdict(drawn) for folder, drawn in noted.items()}
            write_atomically(self._notes(run), json.dumps(data).encode())

    def _notes(self, run: LoadedRun) -> Path:
        return SitePaths(self.site.config.folder).cache(run.record.name) / NOTES

    @cached_property
    def _known(self) -> dict[str, dict[str, Drawn]]:
        return {run.record.name: _read(self._notes(run)) for run in self.site.runs}

    @cached_property
    def _common(self) -> str:
        """What all pages hang on: the program, its templates, the configuration, what the runs are."""
        own = self.site.config.templates
        package = Path(dissect_report.__file__).parent
        rooms = [package / name for name in ("report", "publish", "findings")]
        return _digest(
            dissect_report.__version__, version("jinja2"), version("markupsafe"),
            [_hashes(folder) for folder in (*rooms, templates_folder(), *([own] if own else []))],
            dataclasses.asdict(dataclasses.replace(self.site.config, path=Path(self.site.config.path.name))),
            [_told_of(run, whole=own is not None) for run in self.site.runs],
        )  # fmt: skip

    @cached_property
    def _shared(self) -> dict[str, list[tuple[str, str]]]:
        """By run, the experiments' findings of all its layers: pages tell of more layers than their own."""
        return {
            run.record.name: [
                file
                for layer in layers_of(run)
                for file in _files(run.paths.root / layer.summary.folder, own=False)
            ]
            for run in self.site.runs
        }

    @cached_property
    def _best(self) -> dict[str, dict[str, str]]:
        """By run and layer, what other layers' pages show of it."""
        return {
            run.record.name: {
                layer.summary.folder: _shown_elsewhere(LayerView(self.site, run, layer))
                for layer in layers_of(run)
            }
            for run in self.site.runs
        }


def _told_of(run: LoadedRun, whole: bool) -> object:
    """What pages and records of units tell of a run.

    Not when and how long it was measured, and which other layers it has: an analysis that leaves a layer as
    it was leaves its pages.

    Args:
        whole: all of it, for templates of the site's own that may show anything.
    """
    text = run.paths.run.read_bytes()
    if whole:
        return _hash(text)
    told = json.loads(text)
    del told["layers"], told["config"]["model"]["layers"]
    for key in ("key", "seconds", "created"):
        del told["provenance"][key]
    return told


def _shown_elsewhere(view: LayerView) -> str:
    """Digest of what other layers' pages show of one: the cards of its best detectors, on a common scale."""
    cards = [
        (concept, unit.iou, unit.chance_iou, view.card(unit, view.addresses.page, outlined=False))
        for concept, unit in sorted(best_detectors(view.layer).items())
    ]
    return _digest(cards, view.scale)


def _files(folder: Path, own: bool) -> list[tuple[str, str]]:
    """Name and hash of a layer's records and arrays: its ``own``, or those of experiments alone."""
    plain = ("dissection.json", "counts.npz")
    paths = sorted(path for path in folder.iterdir() if path.suffix in (".json", ".npz"))
    chosen = [path for path in paths if own or path.name not in plain]
    return [(f"{folder.name}/{path.name}", _hash(path.read_bytes())) for path in chosen]


def _hashes(folder: Path) -> list[tuple[str, str]]:
    """Name and hash of every source and template below a folder."""
    return [(str(path.relative_to(folder)), _hash(path.read_bytes())) for path in sorted(_sources(folder))]


def _sources(folder: Path) -> Iterator[Path]:
    return (path for path in folder.rglob("*") if path.is_file() and path.suffix != ".pyc")


def _read(path: Path) -> dict[str, Drawn]:
    """Notes as they were written; none where they are missing, torn, or of another version."""
    try:
        return {
            folder: Drawn(**drawn) for folder, drawn in json.loads(path.read_text(encoding="utf-8")).items()
        }
    except (OSError, ValueError, TypeError, AttributeError):
        return {}


def _hash(data: bytes) -> str:
    return hashlib.sha256(data).hexdigest()


def _digest(*parts: object) -> str:
    return _hash(json.dumps(parts, sort_keys=True, default=str).encode())
