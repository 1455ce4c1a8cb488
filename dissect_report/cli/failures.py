"""The last door: whatever a verb raises is one line and an exit code, its traceback in a named file."""

from __future__ import annotations

import sysconfig
import tempfile
import traceback
from collections.abc import Iterator
from dataclasses import dataclass
from functools import cache
from pathlib import Path

import typer

from dissect_report.cli.console import interrupted
from dissect_report.errors import ConfigError, DissectError, StorageError
from dissect_report.findings.disk import write_atomically
from dissect_report.sources.ownership import INSTALLED

REFUSED = 1
"""Exit code: something named in the line cannot be used."""

MISCONFIGURED = 2
"""Exit code: the configuration or the command line cannot be used."""

OWN_CODE = 3
"""Exit code: code of the user's failed; the line names its file and line."""

DEFECT = 70
"""Exit code: a defect of this program (EX_SOFTWARE of sysexits.h)."""

INTERRUPTED = 130
"""Exit code: Ctrl-C, or a signal to end."""

TRACEBACK = "traceback.txt"
"""File of the last failure that is not told by its line alone."""

_PROGRAM = Path(__file__).resolve().parent.parent


@dataclass(frozen=True)
class Failure:
    """What is told of an exception.

    Attributes:
        line: for standard error.
        code: of the exit.
    """

    line: str
    code: int


def failure(error: BaseException, folder: Path) -> Failure:
    """What to tell of what a verb raised.

    Args:
        error: anything, with its traceback.
        folder: of the site; the traceback is kept in its cache, where it has one.
    """
    place = own_place(error)
    if isinstance(error, KeyboardInterrupt) and (interrupted.is_set() or not place):
        return Failure("interrupted; the same command goes on from where it was", INTERRUPTED)
    if isinstance(error, DissectError):
        if not place:
            return Failure(str(error), MISCONFIGURED if isinstance(error, ConfigError) else REFUSED)
        return Failure(f"{error}; {place}, {_kept(error, folder)}", OWN_CODE)
    words = _words(error)
    if place:
        return Failure(f"{place} ends the run: {words}; {_kept(error, folder)}", OWN_CODE)
    if isinstance(error, MemoryError) or "can't allocate memory" in words:
        kept = _kept(error, folder)
        return Failure(f"out of memory: lower [compute] batch_size or [probe] crop; {kept}", REFUSED)
    report = f"{_kept(error, folder)}: please report it with that file"
    return Failure(f"a defect of dissect-report: {words}; {report}", DEFECT)


def is_ending(error: BaseException) -> bool:
    """Whether a way of typer's to end is meant: an exit of this program's own, no code of others above it."""
    if isinstance(error, typer.Exit):
        frames = [frame.f_code.co_filename for frame, _ in traceback.walk_tb(error.__traceback__)]
        return Path(frames[-1]).resolve().is_relative_to(_PROGRAM)
    return not own_place(error)


def own_place(error: BaseException) -> str:
    """``file.py:12`` of the user's code that an exception comes from; "" where none of it took part.

    Of an error of this program's own only what it was raised from counts: a hook that refuses an output runs
    below a user's forward, which is not to blame.
    """
    for raised in reversed(list(_chain(error))):
        if isinstance(raised, DissectError):
            continue
        for frame, line in reversed(list(traceback.walk_tb(raised.__traceback__))):
            if _is_own(frame.f_code.co_filename):
                return f"{Path(frame.f_code.co_filename).name}:{line}"
        if isinstance(raised, SyntaxError) and raised.filename and _is_own(raised.filename):
            return f"{Path(raised.filename).name}:{raised.lineno}"
    return ""


def _chain(error: BaseException) -> Iterator[BaseException]:
    """The exception, then what it was raised from, and so on."""
    seen: set[int] = set()
    following: BaseException | None = error
    while following is not None and id(following) not in seen:
        seen.add(id(following))
        yield following
        hidden = following.__suppress_context__
        following = following.__cause__ or (None if hidden else following.__context__)


def _is_own(name: str) -> bool:
    """Whether a file is the user's: not Python's, an installed package's or this program's."""
    if name.startswith("<"):
        return False
    path = Path(name).resolve()
    if not INSTALLED.isdisjoint(path.parts):  # for one user alone, or by the system
        return False
    return not any(path.is_relative_to(folder) for folder in _others())


@cache
def _others() -> tuple[Path, ...]:
    kinds = ("stdlib", "platstdlib", "purelib", "platlib", "scripts")
    return (_PROGRAM, *(Path(sysconfig.get_path(kind)).resolve() for kind in kinds))


def _words(error: BaseException) -> str:
    return f"{type(error).__name__}: {' '.join(_said(error).split())[:500]}".removesuffix(": ")


def _said(error: BaseException) -> str:
    """What an exception says of itself; nothing where its author's code fails at that, too."""
    try:
        return str(error)
    except BaseException:  # the user's own code: it may raise anything at all
        return ""


def _kept(error: BaseException, folder: Path) -> str:
    """Writes the traceback down and says where; the site's cache is never published."""
    text = "".join(traceback.format_exception(error)).encode("utf-8", "replace")
    cache_folder = folder / "cache"
    try:
        kept = cache_folder if cache_folder.is_dir() else Path(tempfile.mkdtemp(prefix="dissect-report-"))
        write_atomically(kept / TRACEBACK, text)
    except (StorageError, OSError) as refused:
        return f"the traceback cannot be kept ({refused})"
    return f"the traceback is in {kept / TRACEBACK}"
