"""Ratios of counts against the plain formulas, and what they say when nothing can be said."""

from __future__ import annotations

import numpy as np
import pytest
import reference
from hypothesis import given
from hypothesis import strategies as st

from dissect_report.stats import scores


@st.composite
def tables(draw):
    both, mask, concept, rest = (draw(st.integers(0, 10**7)) for _ in range(4))
    return both + mask, both + concept, both, both + mask + concept + rest


@given(tables())
def test_information_equals_the_plain_sum_over_the_table(table):
    found = float(scores.mutual_information(*table))
    ratio = float(scores.information_quality_ratio(*table))
    if table[3] == 0:
        assert np.isnan([found, ratio]).all()
        return
    mutual, entropy = reference.information(*table)
    assert found == pytest.approx(mutual, abs=1e-12)
    if entropy == 0:
        assert np.isnan(ratio)
    else:
        assert ratio == pytest.approx(mutual / entropy, abs=1e-9)
        assert 0 <= ratio <= 1 + 1e-9


@given(tables())
def test_iou_never_exceeds_what_is_attainable(table):
    mask, concept, both, _ = table
    found, ceiling = scores.iou(mask, concept, both), scores.attainable_iou(mask, concept)
    np.testing.assert_equal(float(found), reference.iou(mask, concept, both))
    if mask or concept:
        assert found <= ceiling
        assert ceiling == min(mask, concept) / max(mask, concept)


def test_known_values():
    assert scores.iou(10, 20, 5) == 0.2
    assert scores.precision(10, 5) == 0.5
    assert scores.recall(20, 5) == 0.25
    assert scores.attainable_iou(10, 20) == 0.5
    assert scores.mutual_information(50, 50, 50, 100) == 1
    assert scores.information_quality_ratio(50, 50, 50, 100) == 1
    assert scores.mutual_information(50, 50, 25, 100) == 0


def test_what_is_undefined_is_nan_and_never_a_number():
    assert np.isnan(scores.iou(0, 0, 0))
    assert np.isnan(scores.precision(0, 0))
    assert np.isnan(scores.recall(0, 0))
    assert np.isnan(scores.attainable_iou(0, 0))
    assert np.isnan(scores.mutual_information(0, 0, 0, 0))
    assert np.isnan(scores.information_quality_ratio(0, 0, 0, 10))
    assert scores.mutual_information(0, 5, 0, 10) == 0


def test_counts_beyond_2_to_the_24_stay_exact():
    big = 2**24 + 1
    assert scores.iou(big, big, big - 1) == (big - 1) / (big + 1)


def test_arrays_broadcast():
    mask, concept = np.array([[10], [0]]), np.array([[20, 0]])
    both = np.array([[5, 0], [0, 0]])
    np.testing.assert_array_equal(scores.iou(mask, concept, both), [[0.2, 0], [0, np.nan]])
