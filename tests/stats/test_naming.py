"""A unit's concept, the ones listed beside it and its held-out IoU, against plain loops over the counts."""

from __future__ import annotations

import numpy as np
import pytest
import reference
from hypothesis import given, settings
from hypothesis import strategies as st

from dissect_report.stats.naming import best_concept, list_concepts, name_units
from dissect_report.stats.overlap import ConceptCounts, Overlap


def make_counts(present, mask, intersection):
    """Counts from lists; first axis = half."""
    intersection = np.array(intersection, np.int64)
    concepts = intersection.shape[2]
    counts = ConceptCounts(
        np.array([1000, 1000]), np.array(present, np.int64), np.zeros((2, concepts), np.int32)
    )
    return Overlap(np.array(mask, np.int64), intersection), counts


@settings(max_examples=80, deadline=None)
@given(seed=st.integers(0, 10**6), largest=st.sampled_from([1, 3, 40]))
def test_every_unit_is_named_as_the_plain_loops_name_it(seed, largest):
    generator = np.random.default_rng(seed)
    units, concepts = 6, 4
    intersection = generator.integers(0, largest, (2, units, concepts + 1))
    intersection[:, :, 0] = 0
    mask = intersection.max(axis=2) + generator.integers(0, largest, (2, units))
    present = intersection.max(axis=1) + generator.integers(0, largest, (2, concepts + 1))
    present[:, 0] = 0
    naming = name_units(*make_counts(present, mask, intersection))
    for unit in range(units):
        concept, value = reference.best(mask[:, unit].sum(), present.sum(0), intersection[:, unit].sum(0))
        assert naming.concept[unit] == concept
        np.testing.assert_equal(naming.iou[unit], value if concept else np.nan)
        wanted = reference.heldout(mask[:, unit], present, intersection[:, unit])
        np.testing.assert_equal(naming.heldout_iou[unit], wanted)
        for half in (0, 1):
            chosen, _ = reference.best(mask[half, unit], present[half], intersection[half, unit])
            assert naming.half_concepts[half, unit] == chosen


def test_equal_ious_go_to_the_lower_concept():
    concept, value = best_concept(np.array([[np.nan, 0.1, 0.3, 0.3]]))
    assert (concept[0], value[0]) == (2, 0.3)


def test_an_iou_of_zero_names_nothing():
    naming = name_units(*make_counts([[0, 5], [0, 5]], [[9], [9]], [[[0, 0]], [[0, 0]]]))
    assert naming.concept[0] == 0
    assert np.isnan(naming.iou[0])
    assert not naming.detectors(0.04)[0]


def test_the_listed_concepts_are_the_best_ones_and_zeros_after_them():
    table = np.full((2, 14), np.nan)
    table[0, 1:] = [0.1, 0, 0.3, 0.3, 0.2, *np.arange(1, 9) / 100]
    table[1, 1:] = 0
    assert list_concepts(table)[0].tolist() == [3, 4, 5, 1, 13, 12, 11, 10, 9, 8]
    assert not list_concepts(table)[1].any()


def test_a_short_catalogue_leaves_places_empty():
    assert list_concepts(np.array([[np.nan, 0.5, 0.0]])).tolist() == [[1] + [0] * 9]


def test_counts_over_different_catalogues_are_refused():
    overlap, _ = make_counts([[0, 5], [0, 5]], [[5], [5]], [[[0, 5]], [[0, 5]]])
    _, counts = make_counts([[0, 5, 1], [0, 5, 1]], [[5], [5]], np.zeros((2, 1, 3)))
    with pytest.raises(ValueError, match="overlap with 1 concepts does not go with counts of 2"):
        name_units(overlap, counts)
