"""Chance by permuted label maps, against looking at every pixel."""

from __future__ import annotations

import numpy as np
import pytest
import reference_certainty as reference
from activation_maps import CONCEPTS, GRID, KINDS, make_labels, make_maps
from hypothesis import given, settings
from hypothesis import strategies as st

from dissect_report.activations.upsampling import plan_upsampling, upsample
from dissect_report.stats.levels import measure_activations
from dissect_report.stats.masks import find_masks
from dissect_report.stats.overlap import count_concepts, flatten_labels
from dissect_report.stats.permutations import match_permuted, permute_groups

IMAGES = 6
PLAN = plan_upsampling((5, 5), GRID, "border")


@pytest.mark.parametrize("group", [[0, 1, 2, 3, 4, 5], [0, 0, 1, 2, 1, 0]], ids=["single", "groups"])
@pytest.mark.parametrize("depth", [1, 3])
def test_matches_under_permutations_equal_looking_at_every_pixel(group, depth):
    maps, labels = make_maps((5, 5), IMAGES), make_labels(IMAGES, depth)
    level = measure_activations(maps, PLAN, 0.1).level
    masks = find_masks(maps, level, PLAN, IMAGES * GRID**2)
    present = count_concepts(labels, np.zeros(IMAGES, np.uint8), CONCEPTS).concept.sum(0)
    rows = permute_groups(np.array(group, np.int32), range(4), seed=7)
    concepts, values = match_permuted(masks, flatten_labels(labels, CONCEPTS), present, rows)
    above = upsample(maps, PLAN) > level[:, None, None]
    for unit in range(len(KINDS)):
        expected = reference.chance(above[:, unit], labels, present, group, range(4), 7)
        assert [(c, v) for c, v in zip(concepts[:, unit], values[:, unit], strict=True)] == expected


def test_more_permutations_never_change_the_ones_before():
    group = np.arange(9, dtype=np.int32)
    many = permute_groups(group, range(12), 3)
    np.testing.assert_array_equal(permute_groups(group, range(5), 3), many[:5])
    np.testing.assert_array_equal(permute_groups(group, [11, 2], 3), many[[11, 2]])
    assert len({tuple(row) for row in many}) > 1


@given(group=st.lists(st.integers(0, 4), min_size=1, max_size=12), seed=st.integers(0, 99))
@settings(max_examples=60, deadline=None)
def test_every_label_map_is_given_once_and_groups_stay_in_order(group, seed):
    numbers: dict[int, int] = {}
    dense = np.array([numbers.setdefault(g, len(numbers)) for g in group], np.int32)
    (row,) = permute_groups(dense, [0], seed)
    assert sorted(row.tolist()) == list(range(len(group)))
    assert row.tolist() == reference.permuted_sources(dense.tolist(), 0, seed)
    # The maps that are handed out keep every group together.
    owners = dense[row]
    assert (np.diff(owners) != 0).sum() == len(numbers) - 1


@pytest.mark.parametrize("threads", [1, 3])
def test_threads_change_no_match(threads):
    maps = np.tile(make_maps((5, 5), IMAGES), (1, 6, 1, 1))
    labels = flatten_labels(make_labels(IMAGES), CONCEPTS)
    masks = find_masks(maps, measure_activations(maps, PLAN, 0.1).level, PLAN, IMAGES * GRID**2, threads)
    present = np.full(CONCEPTS + 1, 50, np.int64)
    rows = permute_groups(np.arange(IMAGES, dtype=np.int32), range(3), 0)
    concepts, values = match_permuted(masks, labels, present, rows, threads)
    for unit in range(len(KINDS)):
        np.testing.assert_array_equal(values[:, unit], values[:, unit + len(KINDS)])
        np.testing.assert_array_equal(concepts[:, unit], concepts[:, unit + 5 * len(KINDS)])
