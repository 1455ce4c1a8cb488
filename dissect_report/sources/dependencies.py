"""Files that a user's code reads: declared, and digested by their content."""

from __future__ import annotations

import glob
import hashlib
from collections.abc import Iterable, Iterator
from pathlib import Path

from dissect_report.errors import SourceError, nearest

#: What Python writes by itself.
WRITTEN = "__pycache__"


def dependency_digest(patterns: Iterable[str], folder: Path, key: str, error: type[SourceError]) -> str:
    """sha256 over names and contents of declared files; "" where none are declared.

    Args:
        patterns: files, folders (all files below them) and globs.
        folder: relative ones are relative to it.
        key: as the configuration writes it, for messages: "[model] depends".
        error: what to raise.

    Raises:
        SourceError: of the class ``error``: a pattern that names no file, or a file that cannot be read.
    """
    digest = hashlib.sha256()
    declared = list(patterns)
    for path in sorted({path for pattern in declared for path in _files(pattern, folder, key, error)}):
        name = path.relative_to(folder) if path.is_relative_to(folder) else Path(path.name)
        digest.update(f"{name.as_posix()}\0".encode("utf-8", "surrogateescape"))
        try:
            with path.open("rb") as stream:
                digest.update(hashlib.file_digest(stream, "sha256").digest())
        except OSError as failure:
            raise error(f"{key}: {path} cannot be read ({failure.strerror})") from None
    return digest.hexdigest() if declared else ""


def check_dependencies(patterns: Iterable[str], folder: Path, key: str, error: type[SourceError]) -> None:
    """Refuses what ``dependency_digest`` would refuse as missing, without reading a file."""
    for pattern in patterns:
        _files(pattern, folder, key, error)


def _files(pattern: str, folder: Path, key: str, error: type[SourceError]) -> list[Path]:
    literal = folder / pattern
    matched = [literal] if literal.exists() else [folder / name for name in _glob(pattern, folder)]
    found = [file for path in matched for file in _below(path)]
    if odd := next((file for file in found if not file.is_file()), None):
        raise error(f"{key}: {odd} is no file")  # a pipe would be waited for, a device read for ever
    if not found:
        if matched:
            raise error(f"{key}: {pattern!r} is a folder without a file")
        near = nearest(pattern, sorted(path.name for path in folder.iterdir()) if folder.is_dir() else ())
        raise error(f"{key}: nothing is called {pattern!r} in {folder}; {near}")
    return found


def _glob(pattern: str, folder: Path) -> list[str]:
    return glob.glob(pattern, root_dir=folder, recursive=True, include_hidden=True) if pattern else []


def _below(path: Path) -> Iterator[Path]:
    if path.is_dir():
        yield from (file for file in path.rglob("*") if file.is_file() and WRITTEN not in file.parts)
    else:
        yield path
