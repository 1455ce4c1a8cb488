"""Label maps of published segmenters are made once for all sites."""

from __future__ import annotations

import os
from pathlib import Path

import numpy as np
import pytest

from dissect_report.analysis.cache import Cache
from dissect_report.analysis.dissection import dissect
from dissect_report.analysis.passes.spans import Spans
from dissect_report.analysis.shared_labels import borrow, lend
from dissect_report.sources.segmenters.merge import MergedSegmenter
from tests.small_site import change, write_small_site

SHAPE = (3, 2, 4, 4)


def filled(folder: Path, key: str, value: int = 7) -> Cache:
    cache = Cache(folder)
    cache.prepare()
    array = cache.open("labels.u16", key, SHAPE, np.uint16)
    array.values[:] = value
    array.save(Spans(((0, 3),)))
    return cache


def empty(folder: Path) -> Cache:
    cache = Cache(folder)
    cache.prepare()
    return cache


def test_another_site_takes_what_is_there_and_nothing_of_another_key(tmp_path: Path) -> None:
    lend(filled(tmp_path / "a", "one"), "one", 10**6)
    other = empty(tmp_path / "b")
    borrow(other, "two")
    assert other.find("labels.u16", "one", SHAPE, np.uint16) is None
    borrow(other, "one")
    found = other.find("labels.u16", "one", SHAPE, np.uint16)
    assert found is not None
    assert (found == 7).all()


def test_a_site_that_begins_anew_leaves_the_shared_ones_alone(tmp_path: Path) -> None:
    first = filled(tmp_path / "a", "one")
    lend(first, "one", 10**6)
    filled(tmp_path / "a", "two", 9)
    other = filled(tmp_path / "b", "three", 3)
    borrow(other, "one")
    found = other.find("labels.u16", "one", SHAPE, np.uint16)
    assert found is not None
    assert (found == 7).all()


def test_together_they_keep_to_the_budget_and_the_oldest_go(tmp_path: Path, own_cache: Path) -> None:
    size = int(np.prod(SHAPE)) * 2
    for number, key in enumerate(("one", "two", "three")):
        lend(filled(tmp_path / key, key), key, 2 * size)
        os.utime(own_cache / "labels" / f"{key}.u16", (number, number))
    assert sorted(path.name for path in (own_cache / "labels").iterdir()) == [
        "three.u16", "three.u16.json", "two.u16", "two.u16.json",
    ]  # fmt: skip


def test_a_second_site_segments_nothing(tmp_path: Path, monkeypatch: pytest.MonkeyPatch) -> None:
    seen: list[int] = []
    label = MergedSegmenter.label

    def counted(self: MergedSegmenter, images: object, names: object, grid: int) -> np.ndarray:
        seen.append(len(names))  # type: ignore[arg-type]
        return label(self, images, names, grid)  # type: ignore[arg-type]

    monkeypatch.setattr(MergedSegmenter, "label", counted)
    runs = []
    for name in ("a", "b"):
        seen.clear()
        config = write_small_site(tmp_path / name, images=6)
        change(config, 'source = "net.py:blocks"\nconcepts = "concepts.csv"', 'source = "color"')
        runs.append(dissect(config)[0])
    assert seen == []
    first, second = (run.paths.dissection(run.record.layers[0].folder).read_text() for run in runs)
    assert first == second
