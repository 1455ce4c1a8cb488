"""What a built site holds beside the pages that mkdocs rendered."""

from __future__ import annotations

import gzip
from collections.abc import Mapping, Sequence
from dataclasses import dataclass
from pathlib import Path, PurePosixPath

from dissect_report.errors import PublishError
from dissect_report.findings import disk, folders
from dissect_report.publish import search
from dissect_report.publish.frames import SCRIPT, Frame
from dissect_report.publish.sitemap import write_sitemap
from dissect_report.report.page import Page
from dissect_report.report.pages.data import PACKED
from dissect_report.report.render import copies, data_files, unit_pages
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
        for run in self.site.runs:
            name = run.record.name if len(self.site.runs) > 1 else ""
            for layer in run.layers.values():
                for page in unit_pages(self.site, run, layer):
                    written.append(self._write_page(page))
                    entries.append(search.unit_entry(page, name))
        for file in data_files(self.site):
            self._write_file(file.path, file.text)
        for source, target in copies(self.site):
            if target.name == source.name + PACKED:
                # No time in the archive: the same findings give the same bytes.
                self._write_bytes(target, gzip.compress(source.read_bytes(), mtime=0))
            else:
                share(source, self._target(target))
        search.write_entries(self.folder, entries)
        write_sitemap(self.folder, url, written)
        return len(written)

    def _write_page(self, page: Page) -> PurePosixPath:
        frame = self.frames.get(page.path.parent)
        if frame is None:
            raise PublishError(f"{page.path}: its folder has no frame; run `dissect-report render` again")
        self._write_file(page.path, frame.fill(page))
        return page.path

    def _write_file(self, path: PurePosixPath, text: str) -> None:
        self._write_bytes(path, text.encode())

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
