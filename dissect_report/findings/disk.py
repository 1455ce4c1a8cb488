"""Writing so that nobody ever reads half a file."""

from __future__ import annotations

import os
import tempfile
from collections.abc import Iterator
from contextlib import contextmanager
from pathlib import Path

try:
    import fcntl
except ImportError:  # Windows has no lock that leaves nothing behind
    fcntl = None  # type: ignore[assignment]

from dissect_report.errors import StorageError


def write_atomically(path: Path, data: bytes) -> None:
    """Writes ``data`` so that ``path`` holds either the old or the new bytes, never a part.

    Raises:
        StorageError: naming the path and what the system said.
    """
    try:
        path.parent.mkdir(parents=True, exist_ok=True)
        handle, name = tempfile.mkstemp(dir=path.parent, prefix=f".{path.name}.")
        try:
            with os.fdopen(handle, "wb") as stream:
                stream.write(data)
            os.chmod(name, 0o644)
            os.replace(name, path)
        except BaseException:
            os.unlink(name)
            raise
    except OSError as error:
        raise StorageError(f"{path}: cannot be written ({error.strerror or error})") from None


@contextmanager
def alone_in(folder: Path) -> Iterator[None]:
    """Keeps a second dissect-report out of a site's folder: they would write over each other.

    The lock is on the folder itself and leaves no file. Where the system has none, nothing is kept out.

    Raises:
        BusyError: another one is at work there.
    """
    if fcntl is None or not folder.is_dir():
        yield
        return
    handle = os.open(folder, os.O_RDONLY)
    try:
        fcntl.flock(handle, fcntl.LOCK_EX | fcntl.LOCK_NB)
    except BlockingIOError:
        os.close(handle)
        raise StorageError(
            f"{folder}: another dissect-report is at work here; wait until it is done"
        ) from None
    except OSError:  # a file system without locks
        pass
    try:
        yield
    finally:
        os.close(handle)
