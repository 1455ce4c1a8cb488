"""Folders that this program may empty, and how one replaces another.

A folder is ours if it carries the marker file. Nothing without it is ever deleted, and a folder that
a build did not finish still says so in its marker.
"""

from __future__ import annotations

import filecmp
import os
import shutil
import stat
from collections.abc import Callable
from collections.abc import Set as AbstractSet
from pathlib import Path

from dissect_report.errors import StorageError
from dissect_report.findings.disk import PART, whole_names, write_atomically

#: Name of the marker file.
MARKER = ".dissect-report"
COMPLETE = "complete"
UNFINISHED = "unfinished"
_TEXT = "Made by dissect-report, which may delete everything in this folder.\nstate: {state}\n"


def is_ours(folder: Path) -> bool:
    """Whether ``folder`` carries the marker."""
    return (folder / MARKER).is_file()


def is_complete(folder: Path) -> bool:
    """Whether ``folder`` is ours and whoever wrote it last came to the end."""
    return is_ours(folder) and f"state: {COMPLETE}" in (folder / MARKER).read_text(encoding="utf-8")


def is_unfinished(folder: Path) -> bool:
    """Whether ``folder`` is ours and whoever wrote it last was interrupted."""
    return is_ours(folder) and not is_complete(folder)


def mark(folder: Path, state: str) -> None:
    """Writes the marker with ``state``: ``COMPLETE`` or ``UNFINISHED``."""
    write_atomically(folder / MARKER, _TEXT.format(state=state).encode())


def claim(folder: Path) -> None:
    """Makes ``folder`` ours, unless it holds somebody else's files.

    Raises:
        StorageError: it exists, is not empty and carries no marker.
    """
    check_claimable(folder)
    if not is_ours(folder):
        mark(folder, UNFINISHED)


def check_claimable(folder: Path) -> None:
    """Refuses a folder that is not empty and not ours.

    Raises:
        StorageError: naming the folder.
    """
    if folder.is_symlink() or (folder.exists() and not folder.is_dir()):
        raise StorageError(f"{folder}: is not a plain folder; move it away")
    if folder.is_dir() and not is_ours(folder) and any(whole_names(folder)):
        raise StorageError(f"{folder}: was not made by dissect-report; move it away or delete it yourself")


def clear(folder: Path) -> None:
    """Deletes ``folder`` with everything in it, if it is ours; a missing one is fine.

    Raises:
        StorageError: it is somebody else's.
    """
    check_claimable(folder)
    if folder.is_dir():
        _storage(shutil.rmtree, folder)


def write_if_changed(path: Path, data: bytes) -> bool:
    """Writes ``data`` atomically unless ``path`` already holds it; whether it wrote.

    Raises:
        StorageError: naming the path.
    """
    if holds(path, data):
        return False
    write_atomically(path, data)
    return True


def holds(path: Path, data: bytes) -> bool:
    """Whether ``path`` is a file with exactly these bytes.

    Raises:
        StorageError: it cannot be read.
    """
    try:
        return path.stat().st_size == len(data) and path.read_bytes() == data
    except (FileNotFoundError, NotADirectoryError):
        return False
    except OSError as error:
        raise StorageError(f"{path}: cannot be read ({error.strerror or error})") from None


def remove_others(folder: Path, wanted: AbstractSet[Path]) -> int:
    """Removes every file of ``folder``, one of ours, that is not in ``wanted``, and folders left empty.

    Raises:
        StorageError: the folder is somebody else's.
    """
    check_claimable(folder)
    removed = 0
    for parent, folders, files in os.walk(folder, topdown=False):
        for name in files:
            path = Path(parent, name)
            if path not in wanted and path != folder / MARKER:
                _storage(os.unlink, path)
                removed += 1
        for path in (Path(parent, name) for name in folders):
            if not path.is_symlink() and not any(path.iterdir()):
                _storage(os.rmdir, path)
    return removed


def new_of(folder: Path) -> Path:
    """Where what is to replace ``folder`` is written: beside it, on the same disk."""
    return folder.with_name(f".{folder.name}-new")


def old_of(folder: Path) -> Path:
    """Where ``folder`` goes while it is replaced."""
    return folder.with_name(f".{folder.name}-old")


def replace(folder: Path, new: Path, lasting: bool = False) -> tuple[int, int]:
    """Puts ``new`` in the place of ``folder``; files with equal bytes keep their old modification time.

    The change itself is two renames: an interruption before them leaves the old folder, one between
    them leaves none until ``settle`` puts it back, never a half one.

    Args:
        lasting: all of it is on the disk before the old folder goes, so that not even a power cut loses both.

    Returns:
        Files with new bytes, and all files.
    """
    check_claimable(folder)
    changed, total = _keep_equal_files(folder, new)
    mark(new, COMPLETE)
    if lasting:
        flush(new)
    old = old_of(folder)
    clear(old)
    if folder.is_dir():
        _storage(os.rename, folder, old)
    _storage(os.rename, new, folder)
    if lasting:
        flush(folder.parent, inside=False)
    # An empty folder that was not ours became `old`: it has no marker, and nothing to lose.
    clear(old)
    return changed, total


def open_to_all(folder: Path) -> None:
    """Lets everybody on the machine read a folder; files shared with one that stays private become copies.

    Raises:
        StorageError: the disk refuses.
    """
    for parent, _, files in os.walk(folder):
        _storage(_allow, Path(parent), 0o755)
        for name in files:
            _storage(_allow, Path(parent, name), 0o644)


def _allow(path: Path, rights: int) -> None:
    status = path.stat()
    if status.st_mode & rights == rights:
        return
    if path.is_file() and status.st_nlink > 1:
        part = path.with_name(f".{path.name}{PART}")
        shutil.copy2(path, part)
        os.replace(part, path)
    path.chmod(stat.S_IMODE(status.st_mode) | rights)


def settle(folder: Path) -> None:
    """Ends what a killed ``replace`` left half done: the old folder comes back, or goes.

    Raises:
        StorageError: the disk refuses.
    """
    old = old_of(folder)
    if old.is_dir() and not folder.exists():
        _storage(os.rename, old, folder)
    clear(old)


def flush(folder: Path, inside: bool = True) -> None:
    """Waits until the disk has the folder, and every file in it.

    Args:
        inside: False: its list of names alone.

    Raises:
        StorageError: the disk refuses.
    """
    if inside and hasattr(os, "sync"):
        os.sync()  # once: file by file, 40,000 pictures would take a journal's commit each
    elif inside:
        for path in folder.rglob("*"):
            if path.is_file():
                _storage(_flush_file, path)
    elif os.name == "posix":  # elsewhere a folder cannot be opened
        _storage(_flush_names, folder)


def _flush_file(path: Path) -> None:
    with open(path, "r+b") as stream:
        os.fsync(stream.fileno())


def _flush_names(folder: Path) -> None:
    handle = os.open(folder, os.O_RDONLY)
    try:
        os.fsync(handle)
    finally:
        os.close(handle)


def _keep_equal_files(folder: Path, new: Path) -> tuple[int, int]:
    """Gives each file of ``new`` the modification time of its equal twin in ``folder``."""
    changed = total = 0
    for parent, _, files in os.walk(new):
        for name in files:
            path = Path(parent, name)
            if path == new / MARKER:
                continue
            total += 1
            twin = folder / path.relative_to(new)
            if twin.is_file() and _same(twin, path):
                # A file shared with the findings or with the old site has its time already.
                if path.stat().st_nlink == 1:
                    status = twin.stat()
                    os.utime(path, ns=(status.st_atime_ns, status.st_mtime_ns))
            else:
                changed += 1
    return changed, total


def _same(one: Path, other: Path) -> bool:
    return os.path.samefile(one, other) or filecmp.cmp(one, other, shallow=False)


def _storage(action: Callable[..., object], path: Path, *arguments: object) -> None:
    """Runs a file operation; what the system refuses becomes one clear line.

    Raises:
        StorageError: naming the path.
    """
    try:
        action(path, *arguments)
    except OSError as error:
        raise StorageError(f"{path}: {error.strerror or error}") from None
