"""The one loop over data: whatever a pass fills, it goes on where an earlier one was interrupted."""

from __future__ import annotations

import time
from collections.abc import Callable, Iterator, Sequence
from typing import Protocol

from dissect_report.analysis.passes.spans import Spans, in_all
from dissect_report.analysis.progress import Stage

#: Seconds between two notes of how far a pass is: what an interruption can lose.
NOTE_SECONDS = 10.0

#: A note is written at the soonest after so many times what the last one took.
NOTE_SHARE = 20


class Fillable(Protocol):
    """What a pass fills item by item."""

    filled: Spans

    def save(self, filled: Spans) -> None:
        """Keeps what is there, and that ``filled`` is."""


#: Does the work on the items ``first`` up to ``last`` and yields every part of them when it is done.
Walk = Callable[[int, int], Iterator[tuple[int, int]]]


def fill(
    arrays: Sequence[Fillable],
    count: int,
    walk: Walk,
    stage: Stage,
    weight: int = 1,
    seconds: float | None = None,
    tells: bool = False,
) -> None:
    """Fills what any of the arrays lacks of ``count`` items, and notes in each how far it is.

    Args:
        arrays: filled by the walk; where one remembers more than its numbers (``extra``), it is the last.
        count: items: images, latents, rows.
        walk: does the work.
        stage: told of every item, the finished ones of earlier passes too.
        weight: steps of the stage an item.
        seconds: between two notes; ``NOTE_SECONDS`` unless given, 0 for one after every part.
        tells: whether the walk advances the stage itself, by finer steps.
    """
    done = in_all((array.filled for array in arrays), count)
    stage.advance(len(done) * weight)
    notes = Notes(arrays, NOTE_SECONDS if seconds is None else seconds)
    for first, last in done.missing(count):
        for start, stop in walk(first, last):
            notes.add(start, stop)
            if not tells:
                stage.advance((stop - start) * weight)
    notes.save()


def in_blocks(size: int, work: Callable[[int, int], None]) -> Walk:
    """A walk in blocks of ``size`` items."""

    def walk(first: int, last: int) -> Iterator[tuple[int, int]]:
        for start in range(first, last, size):
            stop = min(start + size, last)
            work(start, stop)
            yield start, stop

    return walk


class Notes:
    """Writes down every few seconds what the arrays of a pass hold."""

    def __init__(self, arrays: Sequence[Fillable], seconds: float) -> None:
        self.arrays = arrays
        self.seconds = seconds
        self.new = Spans()
        self.last, self.cost = time.monotonic(), 0.0

    def add(self, start: int, stop: int) -> None:
        """The items ``start`` up to ``stop`` are filled."""
        self.new += Spans(((start, stop),))
        if time.monotonic() - self.last >= max(self.seconds, NOTE_SHARE * self.cost * bool(self.seconds)):
            self.save()

    def save(self) -> None:
        """Everything that is filled."""
        if self.new:
            begun = time.monotonic()
            for array in self.arrays:
                array.save(array.filled + self.new)
            self.new, self.last = Spans(), time.monotonic()
            self.cost = self.last - begun
