"""A built site as one zip file: the same bytes for the same site."""

from __future__ import annotations

import zipfile
from pathlib import Path

from dissect_report.errors import StorageError
from dissect_report.findings.disk import writing
from dissect_report.publish.inventory import files_of

#: Ends every archive of ours: only such a file is ever replaced.
COMMENT = b"Made by dissect-report pack, which may replace this file."
#: The earliest time that a zip can name; no file's own time gets in.
_TIME = (1980, 1, 1, 0, 0, 0)
#: Packed already; deflating them again costs time and saves nothing.
_PACKED = (".webp", ".png", ".jpg", ".npz", ".gz", ".woff2")


def write_archive(site: Path, target: Path, name: str) -> int:
    """Writes the files of a built site to ``target``, all in one folder called ``name``.

    Returns:
        Bytes of the archive.

    Raises:
        StorageError: the disk refuses, or ``target`` is somebody else's file.
    """
    check_replaceable(target)
    with writing(target) as stream, zipfile.ZipFile(stream, "w") as archive:
        archive.comment = COMMENT
        for path in files_of(site):
            _add(archive, path, f"{name}/{path.relative_to(site).as_posix()}")
    return target.stat().st_size


def check_replaceable(target: Path) -> None:
    """Refuses a file that is there and that this program did not make.

    Raises:
        StorageError: naming it.
    """
    if not target.exists() and not target.is_symlink():
        return
    try:
        ours = target.is_file() and not target.is_symlink()
        if ours:
            with zipfile.ZipFile(target) as archive:
                ours = archive.comment == COMMENT
    except (OSError, zipfile.BadZipFile):
        ours = False
    if not ours:
        raise StorageError(
            f"{target}: was not made by `dissect-report pack`, or by an older one; move it away, or name "
            "another file with -o FILE"
        )


def _add(archive: zipfile.ZipFile, path: Path, name: str) -> None:
    entry = zipfile.ZipInfo(name, _TIME)
    entry.compress_type = zipfile.ZIP_STORED if path.suffix in _PACKED else zipfile.ZIP_DEFLATED
    entry.create_system = 3  # Unix, wherever it is made: the rights below are Unix's
    entry.external_attr = 0o100644 << 16
    archive.writestr(entry, path.read_bytes())
