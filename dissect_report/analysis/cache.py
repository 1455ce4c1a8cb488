"""Arrays on disk that survive an interruption: activations, labels, decoded pixels.

An array is a plain file opened as a memory map, beside a small JSON file that says what it was
made from (its key) and which of its images are done. Another key means another array: numbers
of another model or probe are never taken for these.
"""

from __future__ import annotations

import hashlib
import json
import os
import shutil
import zipfile
from collections.abc import Iterable, Sequence
from dataclasses import dataclass
from pathlib import Path
from typing import Any

import numpy as np

from dissect_report.analysis.passes.spans import Spans
from dissect_report.errors import StorageError
from dissect_report.findings.disk import sweep, whole_names, write_atomically
from dissect_report.findings.paths import PAGES
from dissect_report.findings.store import write_arrays

#: A folder holding this file was made by us and may be emptied by us.
MARKER = "dissect-report-cache.txt"

#: Among arrays that are kept together, what they were made from.
KEY = "key"


def digest(*parts: object) -> str:
    """sha256, hexadecimal, of values that JSON can hold."""
    return hashlib.sha256(json.dumps(parts, sort_keys=True, default=str).encode()).hexdigest()


@dataclass
class CachedArray:
    """An array filled image by image.

    Attributes:
        path: of the raw numbers; ``<path>.json`` tells what they are.
        key: digest of everything the numbers depend on.
        values: memory map [image, ...].
        filled: images already filled.
        extra: what else the filling pass wants to remember, as JSON.
    """

    path: Path
    key: str
    values: np.memmap
    filled: Spans
    extra: dict[str, Any]

    @property
    def complete(self) -> bool:
        """Whether every image is filled."""
        return len(self.filled) == len(self.values)

    def save(self, filled: Spans) -> None:
        """Flushes the numbers, then says which images are filled: in this order, for a power cut."""
        self.values.flush()
        self.filled = filled
        _write_note(self.path, self.key, filled, self.extra)

    def forget(self) -> None:
        """Nothing of it is filled any more."""
        self.filled, self.extra = Spans(), {}


def _write_note(path: Path, key: str, filled: Spans, extra: dict[str, Any]) -> None:
    note = {"key": key, "size": path.stat().st_size, "filled": filled.parts, "extra": extra}
    write_atomically(path.with_suffix(path.suffix + ".json"), json.dumps(note).encode())


@dataclass(frozen=True)
class Cache:
    """The cache folder of one run."""

    folder: Path

    def prepare(self) -> None:
        """Makes the folder, marks it as ours, and sweeps what killed processes left half written in it.

        Raises:
            StorageError: it holds somebody else's files, or no permission.
        """
        there = set(whole_names(self.folder)) if self.folder.is_dir() else set()
        if MARKER not in there and there - {PAGES}:
            raise StorageError(
                f"{self.folder}: was not made by dissect-report; move it away or delete it yourself"
            )
        sweep(self.folder)
        write_atomically(
            self.folder / MARKER, b"Activations and labels kept by dissect-report. Safe to delete.\n"
        )

    def open(self, name: str, key: str, shape: Sequence[int], kind: type[np.generic]) -> CachedArray:
        """The array called ``name``, as far as it was filled under the same key, else empty.

        Raises:
            StorageError: no space for it, or no permission.
        """
        path = self.folder / name
        shape = tuple(int(side) for side in shape)
        size = int(np.prod(shape, dtype=np.int64)) * np.dtype(kind).itemsize
        note = _read_note(path)
        if note.get("key") == key and path.is_file() and path.stat().st_size == size:
            filled = _filled(note)
            return CachedArray(path, key, _map(path, shape, kind, "r+"), filled, note["extra"])
        self.discard(name)
        _claim_space(path, size)
        values = _map(path, shape, kind, "w+")
        _write_note(path, key, Spans(), {})
        return CachedArray(path, key, values, Spans(), {})

    def find(self, name: str, key: str, shape: Sequence[int], kind: type[np.generic]) -> np.memmap | None:
        """The array called ``name`` if it is whole and of the same key, read-only.

        Args:
            shape: one side may be -1: as long as the file says.
        """
        path, note = self.folder / name, _read_note(self.folder / name)
        if note.get("key") != key or len(_filled(note)) != shape[0] or not path.is_file():
            return None
        size = path.stat().st_size
        if not size or size != note["size"]:  # cut short it would be of fewer channels
            return None
        numbers, rest = divmod(size, np.dtype(kind).itemsize)
        known = int(np.prod([side for side in shape if side >= 0], dtype=np.int64))
        whole = tuple(numbers // known if side < 0 else side for side in shape)
        if rest or int(np.prod(whole, dtype=np.int64)) != numbers:
            return None
        return _map(path, whole, kind, "r")

    def keep(self, name: str, key: str, arrays: dict[str, np.ndarray]) -> None:
        """Keeps some small arrays together, whole, under a key.

        Raises:
            StorageError: no space or no permission.
        """
        write_arrays(self.folder / name, {KEY: np.array(key), **arrays})

    def kept(self, name: str, key: str) -> dict[str, np.ndarray] | None:
        """The arrays that were kept under the same key; None if there are none, or their file is torn."""
        try:
            with np.load(self.folder / name, allow_pickle=False) as archive:
                if str(archive[KEY]) != key:
                    return None
                return {part: archive[part] for part in archive.files if part != KEY}
        except (OSError, ValueError, KeyError, EOFError, zipfile.BadZipFile):
            return None

    def keeps(self, name: str, key: str) -> bool:
        """Whether ``kept`` would give something: only the key is read."""
        try:
            with np.load(self.folder / name, allow_pickle=False) as archive:
                return str(archive[KEY]) == key
        except (OSError, ValueError, KeyError, EOFError, zipfile.BadZipFile):
            return False

    def clear(self) -> None:
        """Removes everything in the folder, if it is ours."""
        if (self.folder / MARKER).is_file():
            for path in self.folder.rglob("*"):
                if path.is_file() and path.name != MARKER:
                    path.unlink()

    def discard(self, name: str) -> None:
        """Removes the array called ``name``, if it is there.

        Raises:
            StorageError: the disk refuses, or something else has that name.
        """
        path = self.folder / name
        try:
            path.with_suffix(path.suffix + ".json").unlink(missing_ok=True)
            path.unlink(missing_ok=True)
        except OSError as error:
            raise StorageError(
                f"{error.filename}: cannot be removed ({error.strerror}); remove it yourself"
            ) from None

    def discard_all(self, names: Iterable[str]) -> None:
        """Removes the arrays of these names."""
        for name in names:
            self.discard(name)


def _read_note(path: Path) -> dict[str, Any]:
    """The JSON beside an array; empty if missing, torn or unreadable, which only means: fill it again."""
    try:
        note = json.loads(path.with_suffix(path.suffix + ".json").read_text(encoding="utf-8"))
    except (OSError, ValueError, RecursionError):
        return {}
    # without one of these it is of an earlier version of this program, and so is what it remembers
    known = {"key": str, "size": int, "filled": list, "extra": dict}
    whole = isinstance(note, dict) and all(isinstance(note.get(name), kind) for name, kind in known.items())
    return note if whole and all(map(_is_span, note["filled"])) else {}


def _is_span(part: object) -> bool:
    return isinstance(part, list) and len(part) == 2 and all(type(end) is int and end >= 0 for end in part)


def _filled(note: dict[str, Any]) -> Spans:
    return Spans(tuple((first, last) for first, last in note.get("filled", ())))


def _map(path: Path, shape: tuple[int, ...], kind: type[np.generic], mode: Any) -> np.memmap:
    try:
        return np.memmap(path, kind, mode, shape=shape)
    except OSError as error:
        raise StorageError(f"{path}: cannot be opened ({error.strerror})") from None


def _claim_space(path: Path, size: int) -> None:
    """Refuses early what the disk cannot hold: a full disk under a memory map kills the process."""
    free = shutil.disk_usage(path.parent).free
    if size > free - (64 << 20):
        raise StorageError(
            f"{path.parent}: {size / 1e9:.1f} GB needed for {path.name}, {free / 1e9:.1f} GB free; "
            "free some space or lower [compute] cache_gb"
        )
    if hasattr(os, "posix_fallocate") and size:
        try:
            with open(path, "wb") as stream:
                os.posix_fallocate(stream.fileno(), 0, size)
        except OSError as error:
            raise StorageError(f"{path}: cannot reserve {size / 1e9:.1f} GB ({error.strerror})") from None
