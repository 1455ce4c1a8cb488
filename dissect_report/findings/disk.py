"""Writing so that nobody ever reads half a file."""

from __future__ import annotations

import os
import secrets
import shutil
from collections.abc import Iterator
from contextlib import contextmanager
from pathlib import Path
from typing import BinaryIO

try:
    import fcntl
except ImportError:  # Windows has no lock that leaves nothing behind
    fcntl = None  # type: ignore[assignment]

from dissect_report.errors import BusyError, StorageError

#: How the name of a file ends that takes another's place when it is whole. Only a killed process leaves one.
PART = ".dissect-report-part"


def write_atomically(path: Path, data: bytes) -> None:
    """Writes ``data`` so that ``path`` holds either the old or the new bytes, never a part.

    Raises:
        StorageError: naming the path and what the system said.
    """
    with writing(path) as stream:
        stream.write(data)


@contextmanager
def writing(path: Path) -> Iterator[BinaryIO]:
    """A stream whose bytes become the file at ``path`` when all are written; the user's umask holds.

    Raises:
        StorageError: naming the path and what the system said.
    """
    try:
        path.parent.mkdir(parents=True, exist_ok=True)
        part = path.with_name(f".{path.name}.{secrets.token_hex(4)}{PART}")
        try:
            with open(part, "xb") as stream:
                yield stream
            os.replace(part, path)
        except BaseException:
            part.unlink(missing_ok=True)
            raise
    except OSError as error:
        raise StorageError(f"{path}: cannot be written ({error.strerror or error})") from None


def whole_names(folder: Path) -> Iterator[str]:
    """Names in a folder but for what a killed process of this program left half written."""
    return (path.name for path in folder.iterdir() if not path.name.endswith(PART))


def share(source: Path, target: Path) -> None:
    """The same file at another place: one on disk where the disk can, else a copy; raises OSError."""
    try:
        os.link(source, target)
    except FileNotFoundError:
        raise
    except OSError:  # another disk, or one without hard links
        shutil.copy2(source, target)


def sweep(folder: Path, below: bool = True) -> None:
    """Removes what killed processes left half written; only whoever is alone in a folder may.

    Args:
        below: in its folders, too.

    Raises:
        StorageError: the disk refuses.
    """
    try:
        for path in (folder.rglob if below else folder.glob)(f".*{PART}"):
            path.unlink(missing_ok=True)
    except OSError as error:
        raise StorageError(f"{error.filename}: {error.strerror}") from None


@contextmanager
def alone_in(folder: Path, wait: bool = False) -> Iterator[None]:
    """Keeps a second dissect-report out of a folder: they would write over each other.

    The lock is on the folder itself and leaves no file. Where the system has none, nothing is kept out.

    Args:
        wait: until the other one is done.

    Raises:
        BusyError: another one is at work there.
    """
    if fcntl is None or not folder.is_dir():
        yield
        return
    handle = os.open(folder, os.O_RDONLY)
    try:
        fcntl.flock(handle, fcntl.LOCK_EX | (0 if wait else fcntl.LOCK_NB))
    except BlockingIOError:
        os.close(handle)
        raise BusyError(f"{folder}: another dissect-report is at work here; wait until it is done") from None
    except OSError:  # a file system without locks
        pass
    try:
        yield
    finally:
        os.close(handle)
