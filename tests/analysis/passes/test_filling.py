"""A pass goes on where it was interrupted, whatever part of it is done."""

from __future__ import annotations

from collections.abc import Iterator
from pathlib import Path

import numpy as np
import pytest

from dissect_report.analysis.cache import Cache, CachedArray
from dissect_report.analysis.passes import filling
from dissect_report.analysis.passes.filling import fill, in_blocks
from dissect_report.analysis.passes.spans import Spans, in_all


class Count:
    """A stage that counts."""

    steps = 0

    def advance(self, count: int) -> None:
        self.steps += count


def arrays(folder: Path) -> list[CachedArray]:
    cache = Cache(folder)
    cache.prepare()
    return [cache.open(name, "key", (10, 2), np.float32) for name in ("a", "b")]


def test_intervals_are_sets_of_whole_numbers() -> None:
    generator = np.random.default_rng(0)
    for _ in range(300):
        ends = np.sort(generator.integers(0, 12, (2, 5, 2)), axis=2)
        first, second = (Spans(tuple(map(tuple, some))) for some in ends.tolist())
        one, other = ({n for part in some for n in range(*part)} for some in (first, second))
        for spans, numbers in (
            (first, one), (first + second, one | other), (in_all([first, second], 12), one & other),
            (first.missing(9), set(range(9)) - one),
        ):  # fmt: skip
            assert [n for part in spans for n in range(*part)] == sorted(numbers)
            assert len(spans) == len(numbers)


def test_only_what_any_array_lacks_is_filled_and_all_is_told(tmp_path: Path) -> None:
    first, second = arrays(tmp_path)
    first.save(Spans(((0, 5), (8, 10))))
    second.save(Spans(((3, 9),)))
    worked: list[tuple[int, int]] = []
    stage = Count()
    fill([first, second], 10, in_blocks(2, lambda *part: worked.append(part)), stage, weight=3)
    assert worked == [(0, 2), (2, 3), (5, 7), (7, 8), (9, 10)]
    assert stage.steps == 30
    assert all(array.complete for array in arrays(tmp_path))


def test_a_part_filled_by_somebody_else_is_not_forgotten(tmp_path: Path) -> None:
    first, _ = arrays(tmp_path)
    first.save(Spans(((6, 8),)))
    fill([first], 4, in_blocks(4, lambda *_: None), Count())
    assert first.filled == Spans(((0, 4), (6, 8)))


def test_an_interruption_keeps_the_finished_parts_and_no_other(
    tmp_path: Path, monkeypatch: pytest.MonkeyPatch
) -> None:
    monkeypatch.setattr(filling, "NOTE_SECONDS", 0.0)
    both = arrays(tmp_path)

    def walk(first: int, last: int) -> Iterator[tuple[int, int]]:
        for start in range(first, last, 2):
            if start == 6:
                raise KeyboardInterrupt
            for array in both:
                array.values[start : start + 2] = start
            yield start, start + 2

    with pytest.raises(KeyboardInterrupt):
        fill(both, 10, walk, Count())
    for array in arrays(tmp_path):
        assert array.filled == Spans(((0, 6),))
        assert array.values[:6, 0].tolist() == [0, 0, 2, 2, 4, 4]


def test_notes_that_take_long_are_written_seldom(tmp_path: Path, monkeypatch: pytest.MonkeyPatch) -> None:
    clock = iter(range(0, 10**6))
    monkeypatch.setattr(filling.time, "monotonic", lambda: next(clock))
    first, _ = arrays(tmp_path)
    saved: list[int] = []
    monkeypatch.setattr(CachedArray, "save", lambda self, filled: saved.append(len(filled)) or next(clock))
    fill([first], 100, in_blocks(1, lambda *_: None), Count(), seconds=1)
    assert 2 <= len(saved) <= 4, "a note takes two ticks, an item one"
    assert saved[-1] < 101
