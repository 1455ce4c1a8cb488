"""Findings while they are written: beside those that stand, whose place they take when they are whole."""

from __future__ import annotations

from collections.abc import Iterable, Iterator
from contextlib import contextmanager, suppress
from dataclasses import dataclass, field
from pathlib import Path

from dissect_report.errors import FindingsError, StorageError
from dissect_report.findings import folders
from dissect_report.findings.disk import alone_in, share, write_atomically
from dissect_report.findings.gate import check_plain
from dissect_report.findings.manifest import Digests, faults, read_manifest, write_manifest
from dissect_report.findings.parts import AS_THEY_ARE, ATTRIBUTES, MANIFEST, files_in, foreign
from dissect_report.findings.paths import RunPaths
from dissect_report.findings.store import LoadedRun, load_run

#: Keeps a draft out of commits.
IGNORE = ".gitignore"


@dataclass(frozen=True)
class Kept:
    """Findings that were made before.

    Attributes:
        run: the findings.
        faults: by name what is missing of them, or damaged.
        files: names of those that hold.
    """

    run: LoadedRun
    faults: dict[str, str]
    files: tuple[str, ...]

    @property
    def key(self) -> str:
        """Digest of everything that they depend on."""
        return self.run.record.provenance.key


def read_kept(paths: RunPaths) -> Kept | None:
    """The findings in a run's folder; None where there are none, or nothing tells whether they hold."""
    try:
        run, manifest = load_run(paths.root), read_manifest(paths.root)
    except FindingsError:
        return None
    if manifest is None:
        return None
    found = faults(paths.root, manifest)
    return Kept(run, found, tuple(name for name in manifest.files if name not in found))


@dataclass(frozen=True)
class Draft:
    """A run's findings while they are written.

    Attributes:
        standing: the findings that a reader has until then.
        digests: of the files written so far.
    """

    standing: RunPaths
    digests: Digests = field(default_factory=Digests)

    @property
    def paths(self) -> RunPaths:
        """Where they are written."""
        return RunPaths(folders.new_of(self.standing.root))

    def settle(self) -> None:
        """Ends what a killed process left half done when it was about to put findings in their place.

        Raises:
            FindingsError: there are links among the findings.
            StorageError: their folder is a file, or the disk refuses.
        """
        check_plain(self.standing.root)
        if self.standing.root.is_file():
            raise StorageError(f"{self.standing.root}: is not a folder; move it away")
        folders.settle(self.standing.root)

    def begin(self, standing: Kept | None = None) -> None:
        """Starts anew, with what holds of the findings that stand: the files themselves, not copies.

        Raises:
            StorageError: the disk refuses.
        """
        self.clear()
        folders.mark(self.paths.root, folders.UNFINISHED)
        write_atomically(self.paths.root / IGNORE, b"*\n")  # nobody commits half a run
        write_atomically(self.paths.root / ATTRIBUTES, AS_THEY_ARE)
        self._take(standing.files if standing else ())

    def resume(self, kept: Kept) -> None:
        """Goes on where an interrupted run was: what is not known to be whole goes.

        Args:
            kept: what is in the draft.

        Raises:
            StorageError: the disk refuses.
        """
        known = {*kept.files, IGNORE, ATTRIBUTES, MANIFEST}
        folders.remove_others(self.paths.root, {self.paths.root / name for name in known})
        self.seal()

    def _take(self, names: Iterable[str]) -> None:
        """Files of the findings that stand, also as files of the draft."""
        for name in names:
            source, target = self.standing.root / name, self.paths.root / name
            try:
                target.parent.mkdir(parents=True, exist_ok=True)
                share(source, target)
            except OSError as error:
                raise StorageError(f"{target}: cannot be written ({error.strerror or error})") from None

    def seal(self) -> None:
        """Notes what is whole so far: an interrupted run goes on from here."""
        write_manifest(self.paths.root, self.digests)

    def put(self) -> None:
        """Takes the place of the findings that stand. Files there that are their owner's come along.

        Waits for a site that is being built from them.

        Raises:
            StorageError: the disk refuses.
        """
        self.seal()
        root = self.standing.root
        with alone_in(root.parent.parent, wait=True):
            (self.paths.root / IGNORE).unlink(missing_ok=True)
            if root.is_dir():
                self._take(foreign(files_in(root)))
                folders.mark(root, folders.COMPLETE)  # older versions left no marker
            folders.replace(root, self.paths.root, lasting=True)

    def abandon(self) -> None:
        """After an error: what an interrupted run can go on from stays, anything less goes."""
        if not (self.paths.root / MANIFEST).is_file():
            self.clear()

    def clear(self) -> None:
        """Removes the draft."""
        folders.clear(self.paths.root)


@contextmanager
def alone_among(runs: Path) -> Iterator[None]:
    """Keeps a second analysis out of the folder of all runs; it is there meanwhile, and no longer if empty.

    A site may be built from the findings that stand: that takes the lock of the site's folder.

    Raises:
        BusyError: another one is at work there.
        StorageError: the folder cannot be made.
    """
    try:
        runs.mkdir(parents=True, exist_ok=True)
    except OSError as error:
        raise StorageError(f"{runs}: cannot be made ({error.strerror or error})") from None
    with alone_in(runs):
        try:
            yield
        finally:
            with suppress(OSError):  # it holds findings
                runs.rmdir()


def clear_leftovers(runs: Path, wanted: Iterable[str]) -> None:
    """Removes drafts of runs that are no longer asked for.

    Args:
        runs: the folder of all runs.
        wanted: names of the runs that are.
    """
    known = {beside(runs / name).name for name in wanted for beside in (folders.new_of, folders.old_of)}
    for folder in runs.glob(".*"):
        if folder.name.endswith(("-new", "-old")) and folder.name not in known and folders.is_ours(folder):
            folders.clear(folder)
