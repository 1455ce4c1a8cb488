"""The terminal, and the signal that ends work on it."""

from __future__ import annotations

from functools import cache
from threading import Event
from types import FrameType
from typing import NoReturn

from rich.console import Console


@cache
def console() -> Console:
    """Standard output."""
    return Console(highlight=False)


def hush(wanted: bool) -> bool:
    """Silences standard output, but for what is printed past the console; returns what it is given."""
    if wanted:
        console().quiet = True
    return wanted


@cache
def errors_console() -> Console:
    """Standard error."""
    return Console(stderr=True, highlight=False)


def on_one_line(text: str) -> str:
    """A text whose line ends, and what else would move a terminal's cursor, are written out."""
    shown = (each if each.isprintable() else each.encode("unicode_escape").decode() for each in text)
    return "".join(shown)


#: Ctrl-C was pressed, or a signal to end came. A compiled kernel that is being loaded can swallow the
#: exception: the next step of any stage raises it again.
interrupted = Event()


def interrupt(_signal: int, _frame: FrameType | None) -> NoReturn:
    """What Ctrl-C and a signal to end do.

    Raises:
        KeyboardInterrupt: always.
    """
    interrupted.set()
    raise KeyboardInterrupt
