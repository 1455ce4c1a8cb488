"""``manifest.json``: size and sha256 of every file of a run; what is missing or damaged is named by it."""

from __future__ import annotations

import hashlib
import os
from collections.abc import Callable, Mapping, Sequence
from concurrent.futures import ThreadPoolExecutor
from dataclasses import dataclass, field
from pathlib import Path

from dissect_report.errors import FindingsError, StorageError
from dissect_report.findings.parts import MANIFEST, FileRecord, Manifest, files_in, part_of
from dissect_report.findings.records import SCHEMA_VERSION
from dissect_report.findings.store import read_record, write_record

#: Files whose names a line about them gives; the rest are counted.
NAMED = 3
MISSING, DAMAGED = "missing", "damaged"


@dataclass
class Digests:
    """Digests of files; one that nobody but this process writes is read once.

    Attributes:
        known: by path, what the file was when it was read, and its digest.
    """

    known: dict[Path, tuple[tuple[int, int, int], FileRecord]] = field(default_factory=dict)

    def of(self, path: Path) -> FileRecord:
        """Size and digest of a file.

        Raises:
            StorageError: it cannot be read.
        """
        try:
            stamp = _stamp(path)
            if path not in self.known or self.known[path][0] != stamp:
                self.known[path] = (stamp, digest_of(path))
        except OSError as error:
            raise StorageError(f"{path}: cannot be read ({error.strerror or error})") from None
        return self.known[path][1]

    def believe(self, path: Path, record: FileRecord) -> None:
        """Takes a digest for that of a file; raises OSError where there is none."""
        self.known[path] = (_stamp(path), record)


def _stamp(path: Path) -> tuple[int, int, int]:
    status = path.stat()
    return status.st_ino, status.st_size, status.st_mtime_ns


def digest_of(path: Path) -> FileRecord:
    """Size and digest of a file; raises OSError where it cannot be read."""
    with open(path, "rb") as stream:
        sha256 = hashlib.file_digest(stream, "sha256").hexdigest()
        return FileRecord(os.fstat(stream.fileno()).st_size, sha256)


def write_manifest(root: Path, digests: Digests) -> None:
    """Writes the manifest of a run's folder.

    Raises:
        StorageError: a file cannot be read, or the disk refuses.
    """
    write_listing(root / MANIFEST, [name for name in files_in(root) if part_of(name)], digests)


def write_listing(path: Path, names: Sequence[str], digests: Digests) -> None:
    """Writes to ``path`` what the files of these names are, all below its folder.

    Raises:
        StorageError: a file cannot be read, or the disk refuses.
    """
    with ThreadPoolExecutor() as pool:  # hashing lets go of the GIL
        found = list(pool.map(lambda name: digests.of(path.parent / name), names))
    write_record(path, Manifest(SCHEMA_VERSION, dict(zip(names, found, strict=True))))


def read_manifest(root: Path) -> Manifest | None:
    """The manifest of a run's folder; None where an older version wrote none.

    Raises:
        FindingsError: it cannot be read, or names what is no file of findings.
    """
    return read_listing(root / MANIFEST, lambda name: part_of(name) is not None)


def read_listing(path: Path, known: Callable[[str], bool]) -> Manifest | None:
    """A manifest; None where there is none.

    Args:
        known: whether a name is one that this program gives.

    Raises:
        FindingsError: it cannot be read, or a name in it is another, or leads elsewhere.
    """
    if not path.exists():
        return None
    manifest = read_record(path, Manifest)
    for name in manifest.files:
        if not known(name) or name.startswith("/") or ".." in name.split("/"):
            raise FindingsError(
                f"{path}: files: {name[:200]!r} cannot be; run `dissect-report analyze` again"
            )
    return manifest


def faults(root: Path, manifest: Manifest) -> dict[str, str]:
    """What does not hold of a run's folder: by name ``MISSING`` or ``DAMAGED``, in the order of the manifest.

    Every byte is read: a file of the same size and time may hold others.
    """
    with ThreadPoolExecutor() as pool:
        found = pool.map(lambda item: _fault(root / item[0], item[1]), manifest.files.items())
    return {name: fault for name, fault in zip(manifest.files, found, strict=True) if fault}


def vouched(path: Path) -> bool:
    """Whether a file at the top of a run's folder is what was written, as far as anything tells.

    Raises:
        FindingsError: the manifest cannot be read.
    """
    manifest = read_manifest(path.parent)
    return manifest is None or path.name not in manifest.files or not _fault(path, manifest.files[path.name])


def _fault(path: Path, known: FileRecord) -> str:
    try:
        if path.stat().st_size != known.size:
            return DAMAGED
        return "" if digest_of(path) == known else DAMAGED
    except FileNotFoundError:
        return MISSING
    except OSError:
        return DAMAGED


def told(root: Path, found: Mapping[str, str]) -> str:
    """A line that names what does not hold, the first of many, with the remedy."""
    named = [f"{name} ({fault})" for name, fault in list(found.items())[:NAMED]]
    rest = f" and {len(found) - NAMED} more files" if len(found) > NAMED else ""
    return (
        f"{root}: {', '.join(named)}{rest}: not what was written; "
        "`dissect-report analyze` makes it again, and only it"
    )
