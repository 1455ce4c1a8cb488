"""How far the work is, in a notebook: one line that is written over, and notes below one another."""

from __future__ import annotations

import html
import sys
from collections.abc import Iterator
from contextlib import contextmanager
from dataclasses import dataclass, field
from time import monotonic
from typing import Any

from dissect_report.analysis.progress import Progress

#: A line is written anew after so many seconds at the earliest: a notebook keeps whatever it is told.
SECONDS = 0.5


def notebook_progress() -> Progress | None:
    """For whoever runs in a notebook and said nothing of progress; None anywhere else."""
    ipython = sys.modules.get("IPython")
    shell = ipython.get_ipython() if ipython is not None else None
    return None if getattr(shell, "kernel", None) is None else NotebookProgress()


@dataclass
class _Bar:
    """One stage.

    Attributes:
        name: of the stage.
        total: steps.
        unit: what a step is, in the plural.
        handle: of what the notebook shows.
        done: steps.
        told: when the line was written last.
    """

    name: str
    total: int
    unit: str
    handle: Any
    done: int = 0
    told: float = field(default_factory=monotonic)

    def advance(self, count: int) -> None:
        """``count`` more steps are done."""
        self.done += count
        if monotonic() - self.told >= SECONDS:
            self.told = monotonic()
            self.handle.update(self)

    def _repr_html_(self) -> str:
        words = f"{self.name}: {self.done:,} of {self.total:,} {self.unit}"
        bar = f'<progress value="{self.done}" max="{max(1, self.total)}"></progress>'
        return f"<div>{bar} {html.escape(words)}</div>"

    def __repr__(self) -> str:
        return f"{self.name}: {self.done:,} of {self.total:,} {self.unit}"


class NotebookProgress:
    """One line for all stages; what stays are notes."""

    def __init__(self) -> None:
        self._handle: Any = None

    @contextmanager
    def stage(self, name: str, total: int, unit: str) -> Iterator[_Bar]:
        """The line says ``name``, and how many of ``total`` steps are done."""
        from IPython.display import display  # noqa: PLC0415  there in a notebook alone

        bar = _Bar(name, total, unit, self._handle)
        if self._handle is None:
            self._handle = bar.handle = display(bar, display_id=True)
        else:
            self._handle.update(bar)
        yield bar
        self._handle.update(bar)

    def note(self, message: str) -> None:
        """One line that the user should see."""
        print(f"note: {message}")
