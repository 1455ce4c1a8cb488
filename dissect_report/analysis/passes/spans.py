"""Which images are done: intervals, so that any part may be filled first, or by someone else."""

from __future__ import annotations

from collections.abc import Iterable, Iterator
from dataclasses import dataclass


@dataclass(frozen=True)
class Spans:
    """A set of whole numbers as intervals ``[first, last)``: ascending, not empty, not touching.

    Attributes:
        parts: the intervals; those given to the constructor may be in any order and overlap.
    """

    parts: tuple[tuple[int, int], ...] = ()

    def __post_init__(self) -> None:
        """Brings the intervals in order and joins those that touch."""
        joined: list[tuple[int, int]] = []
        for first, last in sorted((int(first), int(last)) for first, last in self.parts):
            if first < last and joined and first <= joined[-1][1]:
                joined[-1] = (joined[-1][0], max(joined[-1][1], last))
            elif first < last:
                joined.append((first, last))
        object.__setattr__(self, "parts", tuple(joined))

    def __iter__(self) -> Iterator[tuple[int, int]]:
        """The intervals, ascending."""
        return iter(self.parts)

    def __len__(self) -> int:
        """How many numbers there are."""
        return sum(last - first for first, last in self.parts)

    def __add__(self, other: Spans) -> Spans:
        """The numbers in either."""
        return Spans((*self.parts, *other.parts))

    def missing(self, count: int) -> Spans:
        """What of ``0 ... count - 1`` is not there."""
        ends = [0, *(end for part in self.parts for end in part), count]
        pairs = zip(ends[::2], ends[1::2], strict=True)
        return Spans(tuple((first, min(last, count)) for first, last in pairs))


def in_all(several: Iterable[Spans], count: int) -> Spans:
    """The numbers below ``count`` that are in every one of ``several``."""
    missing = Spans(tuple(part for spans in several for part in spans.missing(count)))
    return missing.missing(count)
