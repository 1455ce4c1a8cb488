"""A built site as one zip file: the same bytes for the same site."""

from __future__ import annotations

import os
import tempfile
import zipfile
from pathlib import Path

from dissect_report.errors import StorageError
from dissect_report.publish.inventory import files_of

#: The earliest time that a zip can name; no file's own time gets in.
_TIME = (1980, 1, 1, 0, 0, 0)
#: Packed already; deflating them again costs time and saves nothing.
_PACKED = (".webp", ".png", ".jpg", ".npz", ".gz", ".woff2")


def write_archive(site: Path, target: Path, name: str) -> int:
    """Writes the files of a built site to ``target``, all in one folder called ``name``.

    Returns:
        Bytes of the archive.

    Raises:
        StorageError: the disk refuses.
    """
    try:
        target.parent.mkdir(parents=True, exist_ok=True)
        handle, temporary = tempfile.mkstemp(dir=target.parent, prefix=f".{target.name}.")
        try:
            with os.fdopen(handle, "wb") as stream, zipfile.ZipFile(stream, "w") as archive:
                for path in files_of(site):
                    _add(archive, path, f"{name}/{path.relative_to(site).as_posix()}")
            os.chmod(temporary, 0o644)
            os.replace(temporary, target)
        except BaseException:
            os.unlink(temporary)
            raise
        return target.stat().st_size
    except OSError as error:
        raise StorageError(f"{target}: cannot be written ({error.strerror or error})") from None


def _add(archive: zipfile.ZipFile, path: Path, name: str) -> None:
    entry = zipfile.ZipInfo(name, _TIME)
    entry.compress_type = zipfile.ZIP_STORED if path.suffix in _PACKED else zipfile.ZIP_DEFLATED
    entry.create_system = 3  # Unix, wherever it is made: the rights below are Unix's
    entry.external_attr = 0o100644 << 16
    archive.writestr(entry, path.read_bytes())
