"""Archives of others, unpacked: nothing lands outside, nothing is a link, nothing fills the disk."""

from __future__ import annotations

import re
import shutil
import stat
import tarfile
import zipfile
from collections.abc import Iterator
from contextlib import contextmanager
from dataclasses import dataclass
from pathlib import Path
from typing import IO, Any

from dissect_report.errors import StorageError, WeightsError
from dissect_report.findings.disk import alone_in, write_atomically

#: An archive that grows more than so many times is none of pictures or weights.
MOST_GROWTH = 100
#: Entries at most.
MOST_ENTRIES = 2_000_000
#: Left free on the disk.
SPARE = 1 << 30
#: In an unpacked folder: the digest of the archive it is of; with it the folder is whole.
MARKER = ".dissect-report-unpacked"
CHUNK = 1 << 20


@dataclass(frozen=True)
class Entry:
    """A file in an archive.

    Attributes:
        name: its path, parted by "/".
        size: as the archive says it, in bytes.
        inside: what the archive's own reader opens.
    """

    name: str
    size: int
    inside: Any


def unpacked(archive: Path, digest: str) -> Path:
    """The folder beside an archive that holds what is in it, unpacked once.

    Args:
        archive: a zip or tar file.
        digest: of its content.

    Raises:
        WeightsError: it is damaged, or holds what no archive of data should.
        StorageError: the disk refuses.
    """
    folder = archive.with_name(f"{archive.name}.unpacked")
    part = folder.with_name(f"{folder.name}.part")
    with alone_in(archive.parent, wait=True):
        if marked(folder) == digest:
            return folder
        try:
            _remove(part)
            _remove(folder)
            part.mkdir()
            write_atomically(part / MARKER, b"")
            _unpack(archive, part)
            write_atomically(part / MARKER, digest.encode())
            part.rename(folder)
        except OSError as error:
            raise StorageError(f"{folder}: cannot be written ({error.strerror or error})") from None
        finally:
            shutil.rmtree(part, ignore_errors=True)
    return folder


def _remove(folder: Path) -> None:
    """A folder of an earlier time, if it was made here; raises OSError."""
    if folder.exists() and not (folder / MARKER).is_file():
        raise StorageError(f"{folder}: was not made by dissect-report; move it away or delete it yourself")
    if folder.exists():
        shutil.rmtree(folder)


def marked(folder: Path) -> str:
    """The digest of the archive that a folder holds whole; "" if it does not."""
    marker = folder / MARKER
    return marker.read_text(encoding="utf-8").strip() if marker.is_file() else ""


def _unpack(archive: Path, folder: Path) -> None:
    with _opened(archive) as reader:
        entries = list(_entries(reader, archive))
        _check(entries, archive, folder)
        for entry in entries:
            target = folder / entry.name
            target.parent.mkdir(parents=True, exist_ok=True)
            with _stream(reader, entry) as stream, target.open("xb") as out:
                _copy(stream, out, entry, archive)


@contextmanager
def _opened(archive: Path) -> Iterator[zipfile.ZipFile | tarfile.TarFile]:
    """The archive's reader; what it raises on damaged bytes is one clear line."""
    try:
        if zipfile.is_zipfile(archive):
            with zipfile.ZipFile(archive) as reader:
                yield reader
        else:
            with tarfile.open(archive) as tar:
                yield tar
    except (zipfile.BadZipFile, tarfile.TarError, EOFError, NotImplementedError, RuntimeError) as error:
        raise WeightsError(
            f"{archive}: cannot be unpacked ({error}): delete it to download it again"
        ) from None


def _entries(reader: zipfile.ZipFile | tarfile.TarFile, archive: Path) -> Iterator[Entry]:
    """Its files; folders are made as they are needed."""
    if isinstance(reader, zipfile.ZipFile):
        for info in reader.infolist():
            kind = stat.S_IFMT(info.external_attr >> 16)
            if kind not in (0, stat.S_IFREG, stat.S_IFDIR):
                raise WeightsError(f"{archive}: {info.filename!r} in it is a link or no file: refused")
            if not info.is_dir():
                yield Entry(info.filename, info.file_size, info)
        return
    for member in reader:
        if not (member.isreg() or member.isdir()):
            raise WeightsError(f"{archive}: {member.name!r} in it is a link or no file: refused")
        if member.isreg():
            yield Entry(member.name, member.size, member)


def _check(entries: list[Entry], archive: Path, folder: Path) -> None:
    for entry in entries:
        steps = entry.name.split("/")
        strange = re.search(r"[\x00-\x1f\\:]", entry.name) or entry.name.startswith("/")
        if strange or not all(step.strip(" .") for step in steps):
            raise WeightsError(f"{archive}: {entry.name!r} in it would land elsewhere: refused")
    if len({entry.name.casefold() for entry in entries}) < len(entries):
        raise WeightsError(f"{archive}: two files in it have the same name: refused")
    size, packed = sum(entry.size for entry in entries), archive.stat().st_size
    if len(entries) > MOST_ENTRIES or size > MOST_GROWTH * packed + CHUNK:
        raise WeightsError(
            f"{archive}: {packed / 1e6:,.0f} MB would become {size / 1e6:,.0f} MB in {len(entries):,} files: "
            "refused"
        )
    free = shutil.disk_usage(folder).free - SPARE
    if size > free:
        raise StorageError(
            f"{folder.parent}: {size / 1e9:.1f} GB needed for what is in {archive.name}, "
            f"{free / 1e9:.1f} GB free; free some space, or set DISSECT_REPORT_CACHE to one on a larger disk"
        )


def _stream(reader: zipfile.ZipFile | tarfile.TarFile, entry: Entry) -> IO[bytes]:
    if isinstance(reader, zipfile.ZipFile):
        return reader.open(entry.inside)
    stream = reader.extractfile(entry.inside)
    assert stream is not None, "a regular file"
    return stream


def _copy(stream: IO[bytes], out: IO[bytes], entry: Entry, archive: Path) -> None:
    """Never more than the archive says: its own size was checked against the disk."""
    left = entry.size
    while chunk := stream.read(CHUNK):
        left -= len(chunk)
        if left < 0:
            raise WeightsError(f"{archive}: {entry.name!r} in it is larger than it says: refused")
        out.write(chunk)
    if left:
        raise WeightsError(f"{archive}: {entry.name!r} in it is cut off: delete it to download it again")
