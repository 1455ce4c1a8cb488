"""A unit's concept, its held-out IoU and its chance, against plain loops over the same counts."""

from __future__ import annotations

import numpy as np
import pytest
import reference
from hypothesis import given, settings
from hypothesis import strategies as st

from dissect_report.stats.naming import best_concept, name_units
from dissect_report.stats.overlap import ConceptCounts, Overlap


def make_counts(present, mask, intersection, chance=None):
    """Counts from lists; first axis = half."""
    intersection = np.array(intersection, np.int64)
    units, concepts = intersection.shape[1:]
    chance = np.zeros((0, units, concepts), np.int64) if chance is None else np.array(chance, np.int64)
    counts = ConceptCounts(
        np.array([1000, 1000]), np.array(present, np.int64), np.zeros((2, concepts), np.int32)
    )
    return Overlap(np.array(mask, np.int64), intersection, chance), counts


@settings(max_examples=80, deadline=None)
@given(seed=st.integers(0, 10**6), largest=st.sampled_from([1, 3, 40]))
def test_every_unit_is_named_as_the_plain_loops_name_it(seed, largest):
    generator = np.random.default_rng(seed)
    units, concepts, permutations = 6, 4, 3
    intersection = generator.integers(0, largest, (2, units, concepts + 1))
    intersection[:, :, 0] = 0
    chance = generator.integers(0, largest, (permutations, units, concepts + 1))
    chance[:, :, 0] = 0
    mask = intersection.max(axis=2) + generator.integers(0, largest, (2, units))
    present = intersection.max(axis=1) + generator.integers(0, largest, (2, concepts + 1))
    mask[0] = np.maximum(mask[0], chance.max(axis=(0, 2)))
    present[0] = np.maximum(present[0], chance.max(axis=(0, 1)))
    present[:, 0] = 0
    naming = name_units(*make_counts(present, mask, intersection, chance))
    for unit in range(units):
        concept, value = reference.best(mask[:, unit].sum(), present.sum(0), intersection[:, unit].sum(0))
        assert naming.concept[unit] == concept
        np.testing.assert_equal(naming.iou[unit], value if concept else np.nan)
        wanted = reference.heldout(mask[:, unit], present, intersection[:, unit])
        np.testing.assert_equal(naming.heldout_iou[unit], wanted)
        for half in (0, 1):
            chosen, _ = reference.best(mask[half, unit], present[half], intersection[half, unit])
            assert naming.half_concepts[half, unit] == chosen
        for p in range(permutations):
            chosen, value = reference.best(mask[:, unit].sum(), present.sum(axis=0), chance[p, unit])
            assert naming.chance_concepts[p, unit] == chosen
            np.testing.assert_equal(naming.chance_ious[p, unit], value)
        values = naming.chance_ious[:, unit]
        largest_chance = np.nan if np.isnan(values).all() else np.nanmax(values)
        np.testing.assert_equal(naming.chance_iou[unit], largest_chance)


def test_equal_ious_go_to_the_lower_concept():
    concept, value = best_concept(np.array([[np.nan, 0.1, 0.3, 0.3]]))
    assert (concept[0], value[0]) == (2, 0.3)


def test_an_iou_of_zero_names_nothing():
    naming = name_units(*make_counts([[0, 5], [0, 5]], [[9], [9]], [[[0, 0]], [[0, 0]]]))
    assert naming.concept[0] == 0
    assert np.isnan(naming.iou[0])
    assert not naming.detectors(0.04)[0]


def test_a_concept_found_on_one_half_only_is_unstable():
    # Half 0 names concept 1, half 1 names concept 2; over both it is a good detector of concept 1.
    present = [[0, 50, 10], [0, 1, 10]]
    naming = name_units(*make_counts(present, [[50], [10]], [[[0, 50, 0]], [[0, 0, 9]]]))
    assert naming.concept[0] == 1
    assert naming.half_concepts[:, 0].tolist() == [1, 2]
    assert naming.detectors(0.04)[0]
    assert not naming.stable(0.04)[0]


def test_a_held_out_iou_at_the_iou_threshold_is_not_below_it():
    naming = name_units(*make_counts([[0, 10], [0, 10]], [[10], [10]], [[[0, 10]], [[0, 10]]]))
    assert naming.heldout_iou[0] == 1
    assert naming.stable(0.5)[0]
    assert not naming.detectors(1.0)[0]
    assert not naming.stable(1.0)[0]


def test_without_permutations_chance_is_undefined():
    naming = name_units(*make_counts([[0, 5], [0, 5]], [[5], [5]], [[[0, 5]], [[0, 5]]]))
    assert np.isnan(naming.chance_iou[0])
    assert naming.chance_detectors(0.04).shape == (0, 1)


def test_chance_detectors_are_strictly_above_the_iou_threshold():
    chance = [[[0, 4], [0, 5]]]
    counts = make_counts([[0, 10], [0, 0]], [[10, 10], [0, 0]], np.zeros((2, 2, 2), int), chance)
    naming = name_units(*counts)
    assert naming.chance_ious[0].tolist() == [4 / 16, 5 / 15]
    assert naming.chance_detectors(0.25)[0].tolist() == [False, True]


def test_counts_over_different_catalogues_are_refused():
    overlap, _ = make_counts([[0, 5], [0, 5]], [[5], [5]], [[[0, 5]], [[0, 5]]])
    _, counts = make_counts([[0, 5, 1], [0, 5, 1]], [[5], [5]], np.zeros((2, 1, 3)))
    with pytest.raises(ValueError, match="overlap with 1 concepts does not go with counts of 2"):
        name_units(overlap, counts)
