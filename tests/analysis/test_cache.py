"""Cached arrays: resumed under the same key, never served under another."""

from __future__ import annotations

import json
import os
from pathlib import Path

import numpy as np
import pytest

from dissect_report.activations.layers import LayerInfo
from dissect_report.analysis.cache import MARKER, Cache
from dissect_report.analysis.forward import plan_groups
from dissect_report.analysis.passes.spans import Spans
from dissect_report.errors import StorageError
from dissect_report.findings.disk import PART
from dissect_report.findings.paths import PAGES


@pytest.fixture
def cache(tmp_path):
    made = Cache(tmp_path / "cache")
    made.prepare()
    return made


def test_the_folder_is_marked_as_ours(cache):
    assert (cache.folder / MARKER).is_file()


def test_a_filled_array_comes_back_as_far_as_it_was_filled(cache):
    array = cache.open("a.f32", "key", (4, 2), np.float32)
    array.values[:3] = 7
    array.extra = {"names": ["x"]}
    array.save(Spans(((0, 3),)))
    again = cache.open("a.f32", "key", (4, 2), np.float32)
    assert (again.filled, again.complete, again.extra) == (Spans(((0, 3),)), False, {"names": ["x"]})
    np.testing.assert_array_equal(again.values[:3], 7)


@pytest.mark.parametrize(("key", "shape"), [("other", (4, 2)), ("key", (5, 2))])
def test_another_key_or_shape_starts_empty(cache, key, shape):
    array = cache.open("a.f32", "key", (4, 2), np.float32)
    array.values[:] = 7
    array.save(Spans(((0, 4),)))
    again = cache.open("a.f32", key, shape, np.float32)
    assert not again.filled
    assert not again.values.any()


@pytest.mark.parametrize(
    "change",
    [
        {"filled": 5}, {"filled": "x"}, {"filled": [[-3, 4]]}, {"filled": [[0, 1, 4]]},
        {"filled": [[0.0, 4]]}, {"extra": 5}, {"extra": None}, {"size": "16"}, {"key": None},
    ],
    ids=str,
)  # fmt: skip
def test_a_note_that_is_none_means_filling_again(cache, change):
    array = cache.open("a.f32", "key", (4, 2), np.float32)
    array.values[:] = 7
    array.save(Spans(((0, 4),)))
    note = cache.folder / "a.f32.json"
    note.write_text(json.dumps(json.loads(note.read_text()) | change))
    assert cache.find("a.f32", "key", (4, 2), np.float32) is None
    assert not cache.open("a.f32", "key", (4, 2), np.float32).filled


@pytest.mark.parametrize("left", [0, 16])
def test_an_array_that_was_cut_short_is_not_taken_for_one_of_fewer_channels(cache, left):
    array = cache.open("a.f32", "key", (4, 2), np.float32)
    array.values[:] = 7
    array.save(Spans(((0, 4),)))
    assert cache.find("a.f32", "key", (4, -1), np.float32).shape == (4, 2)
    os.truncate(cache.folder / "a.f32", left)
    assert cache.find("a.f32", "key", (4, -1), np.float32) is None


def test_a_whole_array_is_found_under_its_own_key_alone(cache):
    array = cache.open("a.f32", "key", (4, 2), np.float32)
    array.values[:] = 7
    assert cache.find("a.f32", "key", (4, 2), np.float32) is None, "not one image is done"
    array.save(Spans(((0, 4),)))
    assert cache.find("a.f32", "other", (4, 2), np.float32) is None
    assert cache.find("a.f32", "key", (5, 2), np.float32) is None
    assert cache.find("a.f32", "key", (4, 3), np.float32) is None
    assert cache.find("a.f32", "key", (4, 3, -1), np.float32) is None, "8 numbers are no multiple of 12"
    for shape in ((4, 2), (4, -1), (4, -1, 2)):
        found = cache.find("a.f32", "key", shape, np.float32)
        assert found.size == 8
        assert (found == 7).all()


def test_a_torn_note_only_means_filling_again(cache):
    cache.open("a.f32", "key", (4, 2), np.float32).save(Spans(((0, 4),)))
    (cache.folder / "a.f32.json").write_text('{"key": "ke', encoding="utf-8")
    assert not cache.open("a.f32", "key", (4, 2), np.float32).filled


def test_a_note_of_an_earlier_version_only_means_filling_again(cache):
    array = cache.open("a.f32", "key", (4, 2), np.float32)
    array.extra = {"names": ["x"] * 4}
    array.save(Spans(((0, 4),)))
    note = cache.folder / "a.f32.json"
    note.write_text(note.read_text().replace('"filled": [[0, 4]]', '"done": 4'))
    again = cache.open("a.f32", "key", (4, 2), np.float32)
    assert (len(again.filled), again.extra) == (0, {})


def test_more_than_the_disk_holds_is_refused_before_anything_is_lost(cache):
    with pytest.raises(StorageError, match=r"GB needed .*; free some space or lower \[compute\] cache_gb"):
        cache.open("huge.f32", "key", (1 << 20, 1 << 20), np.float32)


def layer(name, units):
    return LayerInfo(name, "Conv2d", units, (4, 4), name)


def test_one_group_when_everything_fits():
    (group,) = plan_groups([layer("a", 8), layer("b", 4)], [640, 160], budget=10_000)
    assert [(info.name, first, last) for info, first, last in group] == [("a", 0, 8), ("b", 0, 4)]


@pytest.mark.parametrize("budget", [0, 1, 700, 2000, 6000])
def test_every_unit_is_in_one_group_whatever_the_budget(budget):
    layers, sizes = [layer("a", 8), layer("b", 4), layer("c", 3)], [640, 160, 2560]
    groups = plan_groups(layers, sizes, budget)
    covered = [
        (info.name, unit) for group in groups for info, first, last in group for unit in range(first, last)
    ]
    assert covered == [(info.name, unit) for info in layers for unit in range(info.units)]
    bytes_of = dict(zip((info.name for info in layers), sizes, strict=True))
    for group in groups:
        needed = sum((last - first) * bytes_of[info.name] for info, first, last in group)
        assert len(group) == 1 or needed <= budget


def test_a_folder_of_somebody_else_is_never_taken_for_a_cache(tmp_path: Path) -> None:
    (tmp_path / "thesis.txt").write_text("years of work")
    with pytest.raises(StorageError, match="was not made by dissect-report"):
        Cache(tmp_path).prepare()
    Cache(tmp_path).clear()
    assert [path.name for path in tmp_path.iterdir()] == ["thesis.txt"]


def test_a_folder_in_which_only_pages_were_noted_is_taken(tmp_path: Path) -> None:
    (tmp_path / PAGES).write_text("{}")
    Cache(tmp_path).prepare()
    assert (tmp_path / MARKER).is_file()


def test_what_a_killed_process_left_half_written_is_swept(tmp_path: Path) -> None:
    Cache(tmp_path).prepare()
    (tmp_path / f".labels.u16.json.0a1b2c3d{PART}").write_text("half")
    Cache(tmp_path).prepare()
    assert [path.name for path in tmp_path.iterdir()] == [MARKER]
