"""How long work tells how far it is; the command line draws it, a library caller may ignore it."""

from __future__ import annotations

from collections.abc import Iterator
from contextlib import contextmanager
from typing import Protocol


class Stage(Protocol):
    """One stage of the work under way."""

    def advance(self, count: int) -> None:
        """``count`` more of the stage's total are done."""


class Progress(Protocol):
    """What the analysis reports to."""

    @contextmanager
    def stage(self, name: str, total: int, unit: str) -> Iterator[Stage]:
        """A stage of ``total`` steps, each one ``unit``, e.g. "images"."""

    def note(self, message: str) -> None:
        """One line that the user should see, such as a halved batch size."""


class Silent:
    """Progress that nobody watches."""

    def advance(self, count: int) -> None:
        """Does nothing."""

    @contextmanager
    def stage(self, name: str, total: int, unit: str) -> Iterator[Stage]:
        """A stage without a drawing."""
        yield self

    def note(self, message: str) -> None:
        """Does nothing."""
