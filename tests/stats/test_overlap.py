"""Counts of masks and concepts: equal to looking at every pixel, however the work is cut."""

from __future__ import annotations

import inspect
import itertools
from dataclasses import fields

import numpy as np
import pytest
import reference
from activation_maps import CONCEPTS, GRID, KINDS, SIZES, count, make_labels, make_maps
from hypothesis import given, settings
from hypothesis import strategies as st

from dissect_report.activations import upsampling
from dissect_report.activations.upsampling import plan_upsampling, upsample
from dissect_report.errors import SegmenterError
from dissect_report.stats.levels import measure_activations
from dissect_report.stats.masks import Masks, capacity, find_masks
from dissect_report.stats.overlap import count_concepts, count_overlap, flatten_labels

IMAGES = 5
HALVES = np.array([0, 1, 1, 0, 1], np.uint8)
PLAN = plan_upsampling((5, 5), GRID, "border")


def same(first, second) -> None:
    for field in fields(first):
        np.testing.assert_array_equal(
            getattr(first, field.name), getattr(second, field.name), err_msg=field.name
        )


@pytest.mark.parametrize("depth", [1, 2, 4])
@pytest.mark.parametrize("outside", ["border", "zeros"])
@pytest.mark.parametrize("size", SIZES, ids=str)
def test_counts_equal_looking_at_every_pixel(size, outside, depth):
    maps, labels = make_maps(size), make_labels(IMAGES, depth)
    plan = plan_upsampling(size, GRID, outside)
    level = measure_activations(maps, plan, 0.3).level
    level[0] = np.nan
    found = count(maps, labels, HALVES, level, CONCEPTS, plan)
    pixels = reference.pixels(maps, GRID, outside)
    mask, intersection = reference.overlap(pixels, labels, HALVES, level, CONCEPTS)
    np.testing.assert_array_equal(found.mask, mask)
    np.testing.assert_array_equal(found.intersection, intersection)
    assert not found.mask[:, 0].any()
    assert found.mask[:, 1].any()


@pytest.mark.parametrize("outside", ["border", "zeros"])
@pytest.mark.parametrize("size", SIZES, ids=str)
def test_skipping_patches_never_loses_or_adds_a_pixel(size, outside):
    maps = make_maps(size, images=20, seed=5)
    plan = plan_upsampling(size, GRID, outside)
    labels, halves = np.zeros((20, 1, GRID, GRID), np.uint16), np.zeros(20, np.uint8)
    unpruned = upsample(maps, plan)
    # Levels that tie with cells and pixels, sit one ulp beside them, or lie between two float32 values.
    for unit in range(len(KINDS)):
        ties = np.unique(np.concatenate([maps[:, unit].ravel()[:40], unpruned[:, unit].ravel()[:40]]))
        beside = np.concatenate(
            [np.nextafter(ties, np.float32(np.inf)), np.nextafter(ties, np.float32(-np.inf))]
        )
        levels = np.concatenate([ties, beside]).astype(np.float64)
        levels = np.concatenate([levels, np.nextafter(levels, np.inf), np.nextafter(levels, -np.inf)])
        block = np.repeat(maps[:, [unit]], len(levels), axis=1)
        found = count(block, labels, halves, levels, 0, plan).mask[0]
        expected = [(unpruned[:, unit].astype(np.float64) > level).sum() for level in levels]
        assert found.tolist() == expected


@settings(max_examples=40, deadline=None)
@given(cuts=st.sets(st.integers(1, 10)), reverse=st.booleans(), threads=st.integers(1, 3))
def test_any_split_into_batches_in_any_order_adds_up_to_the_same_counts(cuts, reverse, threads):
    images = 11
    maps, labels = np.tile(make_maps((5, 5), images), (1, 5, 1, 1)), make_labels(images)
    halves = (np.arange(images) % 2).astype(np.uint8)
    level = np.tile(measure_activations(maps[:, : len(KINDS)], PLAN, 0.1).level, 5)
    whole = count(maps, labels, halves, level, CONCEPTS, PLAN)
    edges = [0, *sorted(cuts), images]
    parts = [
        count(maps[a:b], labels[a:b], halves[a:b], level, CONCEPTS, PLAN, threads)
        for a, b in itertools.pairwise(edges)
    ]
    if reverse:
        parts = parts[::-1]
    total = parts[0]
    for part in parts[1:]:
        total = total + part
    same(total, whole)


def test_the_order_of_images_changes_no_count():
    maps, labels = make_maps((5, 5)), make_labels(IMAGES)
    level = measure_activations(maps, PLAN, 0.1).level
    order = np.array([3, 0, 4, 1, 2])
    plain = count(maps, labels, HALVES, level, CONCEPTS, PLAN)
    same(count(maps[order], labels[order], HALVES[order], level, CONCEPTS, PLAN), plain)


def test_chunks_and_memory_maps_change_no_count(tmp_path, monkeypatch):
    maps, labels = make_maps((5, 5)), make_labels(IMAGES)
    level = measure_activations(maps, PLAN, 0.1).level
    plain = count(maps, labels, HALVES, level, CONCEPTS, PLAN)
    np.save(tmp_path / "maps.npy", maps)
    np.save(tmp_path / "labels.npy", labels)
    mapped = [np.load(tmp_path / f"{name}.npy", mmap_mode="r") for name in ("maps", "labels")]
    monkeypatch.setattr(upsampling, "RING_FLOATS", 1)
    same(count(*mapped, HALVES, level, CONCEPTS, PLAN), plain)


@pytest.mark.parametrize("quantile", [0.001, 0.01, 0.3, 0.999])
def test_no_mask_at_an_exact_level_outgrows_its_room(quantile):
    maps = make_maps((5, 5), images=20, seed=3)
    level = measure_activations(maps, PLAN, quantile).level
    room = capacity(quantile, 20 * GRID**2)
    masks = find_masks(maps, level, PLAN, room)
    assert masks.counts.sum(1).max() <= room
    every = find_masks(maps, level, PLAN, 20 * GRID**2)
    np.testing.assert_array_equal(masks.counts, every.counts)
    for unit in range(len(masks)):
        found = masks.counts[unit].sum()
        np.testing.assert_array_equal(masks.positions[unit, :found], every.positions[unit, :found])


def test_a_mask_without_room_is_refused():
    maps = make_maps((5, 5))
    with pytest.raises(ValueError, match="where 3 are kept"):
        find_masks(maps, np.full(len(KINDS), -np.inf), PLAN, 3)


@pytest.mark.parametrize(("grid", "kind"), [(256, np.uint16), (257, np.uint32)])
def test_positions_name_every_cell_of_a_grid(grid, kind):
    plan = plan_upsampling((2, 2), grid, "border")
    masks = find_masks(np.ones((1, 1, 2, 2), np.float32), np.array([0.5]), plan, grid**2)
    assert masks.positions.dtype == kind
    assert sorted(masks.positions[0].tolist()) == list(range(grid**2))


def test_a_pixel_at_the_level_is_outside_the_mask():
    maps = np.full((1, 1, 5, 5), 0.25, np.float32)
    labels, halves = np.ones((1, 1, GRID, GRID), np.uint16), np.zeros(1, np.uint8)
    at = count(maps, labels, halves, np.array([0.25]), 1, PLAN)
    below = count(maps, labels, halves, np.array([np.nextafter(0.25, 0)]), 1, PLAN)
    assert at.mask.tolist() == [[0], [0]]
    assert below.mask.tolist() == [[GRID**2], [0]]
    assert below.intersection[0, 0].tolist() == [0, GRID**2]


def test_nan_activations_are_never_in_a_mask():
    maps = np.full((1, 1, 5, 5), np.nan, np.float32)
    labels, halves = np.ones((1, 1, GRID, GRID), np.uint16), np.zeros(1, np.uint8)
    assert not count(maps, labels, halves, np.array([0.0]), 1, PLAN).mask.any()


@pytest.mark.parametrize("depth", [1, 2, 4])
def test_concept_counts_equal_looking_at_every_pixel(depth):
    labels = make_labels(IMAGES, depth)
    counts = count_concepts(labels, HALVES, CONCEPTS)
    area = reference.concept_areas(labels, CONCEPTS)
    np.testing.assert_array_equal(counts.area, area)
    np.testing.assert_array_equal(counts.concept, [area[half == HALVES].sum(axis=0) for half in (0, 1)])
    assert counts.pixels.tolist() == [2 * GRID**2, 3 * GRID**2]


def test_concept_counts_of_parts_add_up():
    labels = make_labels(IMAGES)
    parts = [count_concepts(labels[part], HALVES[part], CONCEPTS) for part in (slice(2), slice(2, None))]
    same(parts[0] + parts[1], count_concepts(labels, HALVES, CONCEPTS))


def test_labels_outside_the_catalogue_are_refused_with_id_and_remedy():
    labels = make_labels(IMAGES)
    labels[4, 1, 3, 3] = CONCEPTS + 40
    message = f"concept id {CONCEPTS + 40} but its catalogue ends at {CONCEPTS}"
    with pytest.raises(SegmenterError, match=message):
        count_concepts(labels, HALVES, CONCEPTS)
    with pytest.raises(SegmenterError, match=message):
        flatten_labels(labels, CONCEPTS)


@pytest.mark.parametrize(
    "change",
    [
        {"labels": flatten_labels(make_labels(IMAGES, grid=GRID - 1), CONCEPTS)},
        {"labels": flatten_labels(make_labels(IMAGES - 1), CONCEPTS)},
        {"halves": HALVES[:-1]},
        {"halves": HALVES * 2},
    ],
    ids=["grid", "images", "halves", "a third half"],
)
def test_shapes_that_do_not_fit_are_refused_before_anything_is_counted(change):
    arguments = {
        "masks": Masks(np.full((1, 3), GRID**2 - 1, np.uint16), np.array([[3, 0, 0, 0, 0]], np.int32)),
        "labels": flatten_labels(make_labels(IMAGES), CONCEPTS),
        "halves": HALVES,
        "concepts": CONCEPTS,
    }
    with pytest.raises(ValueError, match=r"do not|halves are"):
        # Unwrapped: where types are checked, some of these do not even reach the function.
        inspect.unwrap(count_overlap)(**(arguments | change))


@pytest.mark.parametrize(
    "change", [{"level": np.zeros(3)}, {"plan": plan_upsampling((6, 6), GRID, "border")}]
)
def test_maps_that_do_not_fit_are_refused(change):
    arguments = {"maps": make_maps((5, 5)), "level": np.zeros(len(KINDS)), "plan": PLAN, "room": 9}
    with pytest.raises(ValueError, match="do not"):
        inspect.unwrap(find_masks)(**(arguments | change))
