"""What a built site holds beside the pages that mkdocs rendered."""

from __future__ import annotations

import gzip
import hashlib
import zlib
from collections.abc import Iterator, Mapping, Sequence
from dataclasses import dataclass
from functools import cached_property
from pathlib import Path, PurePosixPath

from dissect_report.errors import PublishError
from dissect_report.findings import disk, folders
from dissect_report.findings.store import LoadedLayer, LoadedRun
from dissect_report.publish import search
from dissect_report.publish.frames import SCRIPT, Frame
from dissect_report.publish.sharing_out import Job, cores, draw_jobs, helpers, outcome, shares
from dissect_report.publish.sitemap import write_sitemap
from dissect_report.publish.unchanged import Drawn, Unchanged
from dissect_report.report.page import Page
from dissect_report.report.pages.data import PACKED
from dissect_report.report.render import copies, shared_files, unit_pages, unit_records
from dissect_report.report.site import SiteFindings


@dataclass(frozen=True)
class Contents:
    """Framed pages, data files, pictures, search entries and sitemap of one built site.

    Attributes:
        folder: the built site.
        site: its findings.
        frames: by folder below the site.
        previous: an older build elsewhere; files with equal bytes are shared with it instead of written.
    """

    folder: Path
    site: SiteFindings
    frames: Mapping[PurePosixPath, Frame]
    previous: Path | None = None

    def write(self, rendered: Sequence[Page], framed: Sequence[Page], url: str) -> int:
        """Writes everything; the number of all pages.

        Args:
            rendered: pages that mkdocs wrote already.
            framed: other pages that are not a unit's.
            url: of the site, for its sitemap; may be empty.
        """
        entries = search.page_entries([*rendered, *framed])
        for folder, frame in self.frames.items():
            if frame.script:
                self._write_file(folder / SCRIPT, frame.script)
        written = [page.path for page in rendered]
        for page in framed:
            written.append(self._write_page(page))
        for drawn in self._units():
            written += map(PurePosixPath, drawn.pages)
            entries += drawn.entries
        self._unchanged.save()
        for file in shared_files(self.site):
            self._write_file(file.path, file.text)
        for source, target in copies(self.site):
            if target.name == source.name + PACKED:
                self._pack(source, target)
            else:
                share(source, self._target(target))
        search.write_entries(self.folder, entries)
        write_sitemap(self.folder, url, written)
        return len(written)

    def _units(self) -> Iterator[Drawn]:
        """Of every layer in turn, what its units have: taken over where it would be the same, else drawn."""
        layers = [(run, layer) for run in self.site.runs for layer in run.layers.values()]
        digests = [self._unchanged.digest(run, layer) for run, layer in layers]
        known = [self._unchanged.find(*pair, digest) for pair, digest in zip(layers, digests, strict=True)]
        jobs = [
            Job(place, run.record.name, layer.summary.name, layer.summary.units, digests[place])
            for place, (run, layer) in enumerate(layers)
            if known[place] is None
        ]
        found = self._shared_out(jobs)
        for place, (run, layer) in enumerate(layers):
            drawn = known[place]
            if drawn is not None:
                self._take_over(drawn)
            else:
                drawn = found[place]
            self._unchanged.note(run, layer, drawn)
            yield drawn

    def _shared_out(self, jobs: Sequence[Job]) -> dict[int, Drawn]:
        """What was drawn of some layers' units, here and by helpers, by place."""
        mine, *others = shares(jobs, cores())
        found: dict[int, Drawn] = {}
        with helpers(self, others) as started:
            found |= draw_jobs(self, mine)
            for process in started:
                found |= outcome(process)
        return found | draw_jobs(self, [job for job in jobs if job.place not in found])

    @cached_property
    def _unchanged(self) -> Unchanged:
        return Unchanged(self.site, self.frames, self.previous)

    def _take_over(self, known: Drawn) -> None:
        """Pages and records of a layer's units as the earlier build has them."""
        if self.previous is not None:
            for path in known.files:
                share(self.previous / path, self._target(PurePosixPath(path)))

    def draw(self, run: LoadedRun, layer: LoadedLayer, digest: str) -> Drawn:
        """Writes pages and records of a layer's units.

        Args:
            digest: of all that they are drawn from.
        """
        name = run.record.name if len(self.site.runs) > 1 else ""
        drawn = Drawn(digest, {}, [], [])
        for page in unit_pages(self.site, run, layer):
            text = self._fill(page)
            drawn.files[str(page.path)] = self._write_file(page.path, text)
            drawn.pages.append(str(page.path))
            drawn.entries.append(search.unit_entry(page, name))
        for file in unit_records(run, layer):
            drawn.files[str(file.path)] = self._write_file(file.path, file.text)
        return drawn

    def _pack(self, source: Path, target: PurePosixPath) -> None:
        """The source compressed, without a time: the same findings give the same bytes."""
        data, twin = source.read_bytes(), self.previous / target if self.previous else None
        if twin is not None and _unpacked(twin) == data:  # seven times faster than packing it
            share(twin, self._target(target))
        else:
            self._write_bytes(target, gzip.compress(data, mtime=0))

    def _write_page(self, page: Page) -> PurePosixPath:
        self._write_file(page.path, self._fill(page))
        return page.path

    def _fill(self, page: Page) -> str:
        frame = self.frames.get(page.path.parent)
        if frame is None:
            raise PublishError(f"{page.path}: its folder has no frame; run `dissect-report render` again")
        return frame.fill(page)

    def _write_file(self, path: PurePosixPath, text: str) -> str:
        """Writes it; sha256 of its bytes."""
        data = text.encode()
        self._write_bytes(path, data)
        return hashlib.sha256(data).hexdigest()

    def _write_bytes(self, path: PurePosixPath, data: bytes) -> None:
        target = self._target(path)
        twin = self.previous / path if self.previous else None
        if twin and folders.holds(twin, data):
            share(twin, target)
        else:
            target.write_bytes(data)

    def _target(self, path: PurePosixPath) -> Path:
        """The file for ``path``, its folder made.

        Raises:
            PublishError: the path leads out of the site.
        """
        if path.is_absolute() or ".." in path.parts:
            raise PublishError(f"{path}: would be written outside the site; report this as a bug")
        target = self.folder / path
        target.parent.mkdir(parents=True, exist_ok=True)
        return target


def share(source: Path, target: Path) -> None:
    """The same file at another place: one on disk where the disk can, else a copy.

    Raises:
        PublishError: there is no such file.
    """
    target.unlink(missing_ok=True)
    try:
        disk.share(source, target)
    except FileNotFoundError:
        raise PublishError(f"{source}: this file is missing; run `dissect-report analyze` again") from None


def _unpacked(path: Path) -> bytes | None:
    """What a compressed file holds; None where there is none, or a torn one."""
    try:
        return gzip.decompress(path.read_bytes())
    except (OSError, EOFError, zlib.error):
        return None
