"""Progress of a stage: bars on a terminal, lines in a log."""

from __future__ import annotations

from collections.abc import Iterator
from contextlib import contextmanager
from dataclasses import dataclass, field
from threading import Event, Thread
from time import monotonic

from rich.console import Console
from rich.markup import escape
from rich.progress import (
    BarColumn,
    MofNCompleteColumn,
    Progress,
    ProgressColumn,
    TaskProgressColumn,
    TextColumn,
    TimeElapsedColumn,
    TimeRemainingColumn,
)

from dissect_report.cli.console import console, interrupted, on_one_line

#: Without a terminal, a stage tells how far it is after so long, and again.
LINE_SECONDS = 30.0
#: Columns: of a bar, of a stage's name at least, as a rule, and at most.
BAR, SHORTEST, NAME, WIDEST = 28, 12, 34, 42


@dataclass
class Bar:
    """One stage, and how far it is.

    Attributes:
        name: of the stage.
        total: steps.
        unit: what a step is, in the plural.
        progress: the bar that is drawn; None in a log.
        done: steps.
    """

    name: str
    total: int
    unit: str
    progress: Progress | None = None
    done: int = 0
    begun: float = field(default_factory=monotonic)

    def advance(self, count: int) -> None:
        """``count`` more steps are done.

        Raises:
            KeyboardInterrupt: Ctrl-C was pressed before, and nobody heard.
        """
        if interrupted.is_set():
            raise KeyboardInterrupt
        self.done += count
        if self.progress is not None:
            self.progress.advance(self.progress.task_ids[0], count)

    def line(self) -> str:
        """How far it is, for a log."""
        spent = monotonic() - self.begun
        left = spent * (self.total - self.done) / self.done if self.done else None
        return f"{self.name}: {self.done:,} of {self.total:,} {self.unit}, {_clock(spent)}" + (
            f", {_clock(left)} left" if left else ""
        )


class TerminalProgress:
    """Bars while a stage runs; where the output is no terminal, a line twice a minute and at the end."""

    @contextmanager
    def stage(self, name: str, total: int, unit: str) -> Iterator[Bar]:
        """A bar of ``total`` steps with the time left."""
        if console().quiet:
            yield Bar(name, total, unit)
            return
        if console().is_terminal:
            with drawn(console(), name, total, unit) as progress:
                yield Bar(name, total, unit, progress)
            return
        bar, over = Bar(name, total, unit), Event()
        telling = Thread(target=_tell, args=(bar, over), daemon=True)
        telling.start()
        try:
            yield bar
        finally:
            over.set()
            telling.join()
            _print(bar)

    def note(self, message: str) -> None:
        """One line that the user should see."""
        console().print(f"[yellow]note:[/] {escape(on_one_line(message))}", soft_wrap=True)


def drawn(terminal: Console, name: str, total: int, unit: str) -> Progress:
    """A bar with what there is room for: of all that it says only the name of the stage is ever cut."""
    counts, left = MofNCompleteColumn(), (TextColumn("left"), TimeRemainingColumn())
    told = 2 * len(str(total)) + 2 + len(unit)
    columns: tuple[ProgressColumn, ...] = (counts, TextColumn("{task.fields[unit]}"), *left)
    room = terminal.width - told - len("  left 0:00:00 ")
    if room >= WIDEST + BAR + len(" 0:00:00 "):
        columns = (BarColumn(bar_width=BAR), *columns[:2], TimeElapsedColumn(), *left)
        room = WIDEST
    elif room < SHORTEST:
        columns, room = (TaskProgressColumn(),), terminal.width - len(" 100%")
    short = name if len(name) <= room else f"{name[: room - 1]}…"
    progress = Progress(TextColumn("{task.description}", markup=False), *columns, console=terminal)
    progress.add_task(short.ljust(min(room, NAME)), total=total, unit=unit)
    return progress


def _tell(bar: Bar, over: Event) -> None:
    while not over.wait(LINE_SECONDS):
        _print(bar)


def _print(bar: Bar) -> None:
    console().print(escape(bar.line()), soft_wrap=True)


def _clock(seconds: float) -> str:
    minutes, seconds = divmod(round(seconds), 60)
    hours, minutes = divmod(minutes, 60)
    return f"{hours}:{minutes:02d}:{seconds:02d}"
