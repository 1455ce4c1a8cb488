"""Writing so that nobody ever reads half a file."""

from __future__ import annotations

import os
import tempfile
from pathlib import Path

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
