"""Splits of a unit's IoU, against plain loops over blocks."""

from __future__ import annotations

import numpy as np
import pytest
import reference_certainty as reference
from block_counts import make_counts
from hypothesis import given, settings
from hypothesis import strategies as st

from dissect_report.stats import splits
from dissect_report.stats.block_counts import BlockCounts
from dissect_report.stats.splits import even_splits, robust_iou, split_ious


@settings(max_examples=10, deadline=None)
@given(seed=st.integers(0, 10**6), at_once=st.sampled_from([1, 2, 64]))
def test_splits_are_those_of_plain_loops(seed, at_once):
    counts, halves = make_counts(seed), even_splits(9, seed)[:20]
    with pytest.MonkeyPatch.context() as patch:
        patch.setattr(splits, "UNITS_AT_ONCE", at_once)
        values = split_ious(counts, halves)
    for unit in range(5):
        for row, half in enumerate(halves.astype(bool)):
            expected = reference.split_value(
                counts.mask[unit], counts.intersection[unit], counts.area, counts.listed[unit], half
            )
            assert values[row, unit] == expected


def test_equal_ious_on_a_half_go_to_the_lower_concept():
    # The listed order is 2 before 1; on both halves both have the same IoU.
    counts = BlockCounts(
        np.array([[2, 1]], np.int32),
        np.full((1, 4), 10),
        np.full((1, 2, 4), 5),
        np.array([[0] * 4, [10] * 4, [10] * 4]),
    )
    assert (split_ious(counts, even_splits(4, 0)) == 20 / 60).all() or (
        split_ious(counts, even_splits(4, 0)) == 10 / 30
    ).all()


def test_halves_are_even_and_the_same_for_a_seed():
    halves = even_splits(9, 4)
    assert halves.shape == (200, 9)
    assert (halves.sum(1) == 4).all()
    np.testing.assert_array_equal(halves, even_splits(9, 4))
    assert (halves != even_splits(9, 5)).any()


def test_a_unit_holds_in_nine_splits_of_ten_below_its_robust_iou():
    values = np.random.default_rng(0).random((200, 30))
    robust = robust_iou(values)
    assert ((values > np.nextafter(robust, 0)).mean(0) >= 0.9).all()
