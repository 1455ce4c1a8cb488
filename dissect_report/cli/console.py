"""The terminal: messages and progress, drawn with rich."""

from __future__ import annotations

from collections.abc import Iterator
from contextlib import contextmanager
from functools import cache
from threading import Event
from types import FrameType
from typing import NoReturn

from rich.console import Console
from rich.markup import escape
from rich.progress import (
    BarColumn,
    MofNCompleteColumn,
    Progress,
    TaskID,
    TextColumn,
    TimeElapsedColumn,
    TimeRemainingColumn,
)


@cache
def console() -> Console:
    """Standard output."""
    return Console(highlight=False)


@cache
def errors_console() -> Console:
    """Standard error."""
    return Console(stderr=True, highlight=False)


#: Ctrl-C was pressed, or a signal to end came. A compiled kernel that is being loaded can swallow the exception: the next step
#: of any stage raises it again.
interrupted = Event()


def interrupt(_signal: int, _frame: FrameType | None) -> NoReturn:
    """What Ctrl-C and a signal to end do.

    Raises:
        KeyboardInterrupt: always.
    """
    interrupted.set()
    raise KeyboardInterrupt


class Bar:
    """One stage's bar."""

    def __init__(self, progress: Progress, task: TaskID) -> None:
        self.progress = progress
        self.task = task

    def advance(self, count: int) -> None:
        """``count`` more steps are done.

        Raises:
            KeyboardInterrupt: Ctrl-C was pressed before, and nobody heard.
        """
        if interrupted.is_set():
            raise KeyboardInterrupt
        self.progress.advance(self.task, count)


class TerminalProgress:
    """Bars while a stage runs; where the output is no terminal, one line a finished stage."""

    @contextmanager
    def stage(self, name: str, total: int, unit: str) -> Iterator[Bar]:
        """A bar of ``total`` steps with the time left."""
        columns = (
            TextColumn("{task.description:<34}"),
            BarColumn(bar_width=28),
            MofNCompleteColumn(),
            TextColumn("{task.fields[unit]}"),
            TimeElapsedColumn(),
            TextColumn("left"),
            TimeRemainingColumn(),
        )
        with Progress(*columns, console=console()) as progress:
            task = progress.add_task(escape(name), total=total, unit=unit)
            yield Bar(progress, task)

    def note(self, message: str) -> None:
        """One line that the user should see."""
        console().print(f"[yellow]note:[/] {escape(message)}", soft_wrap=True)
