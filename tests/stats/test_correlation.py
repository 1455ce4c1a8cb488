"""Correlation of raw maps, against the formula in float64."""

from __future__ import annotations

import numpy as np
import pytest
import reference
from activation_maps import KINDS, SIZES, make_maps

from dissect_report.stats.correlation import CorrelationSums, correlate_units, duplicates, relatives

CONSTANT = [list(KINDS).index(kind) for kind in ("zero", "constant")]


@pytest.mark.parametrize("size", SIZES, ids=str)
def test_correlations_equal_the_plain_formula(size):
    kinds = ["normal", "relu", "negative", "saturated", "integers", "two values", "zero", "constant"]
    maps = make_maps(size, images=12)[:, [list(KINDS).index(kind) for kind in kinds]]
    np.testing.assert_allclose(correlate_units(maps), reference.correlation(maps), atol=3e-6)


def test_a_large_offset_does_not_wash_the_correlation_out():
    maps = np.random.default_rng(0).standard_normal((30, 4, 7, 7)).astype(np.float32)
    shifted = maps + np.float32(1000)
    np.testing.assert_allclose(correlate_units(shifted), reference.correlation(shifted), atol=1e-5)


def test_constant_units_have_no_correlation_and_the_others_one_with_themselves():
    correlation = correlate_units(make_maps((5, 5), images=8))
    assert np.isnan(correlation[CONSTANT]).all()
    assert np.isnan(correlation[:, CONSTANT]).all()
    assert correlation[0, 0] == 1


def test_a_unit_that_is_not_finite_spoils_no_other():
    maps = np.random.default_rng(1).standard_normal((9, 4, 5, 5)).astype(np.float32)
    plain = correlate_units(maps)
    maps[2, 1, 0, 0] = np.nan
    maps[0, 2, 0, 0] = np.inf
    found = correlate_units(maps)
    assert np.isnan(found[[1, 2]]).all()
    np.testing.assert_array_equal(found[np.ix_([0, 3], [0, 3])], plain[np.ix_([0, 3], [0, 3])])


def test_no_images_give_no_correlation():
    assert np.isnan(correlate_units(np.zeros((0, 3, 5, 5), np.float32))).all()


def test_a_copy_is_a_duplicate_of_the_lowest_unit_it_equals():
    maps = np.random.default_rng(2).standard_normal((9, 5, 5, 5)).astype(np.float32)
    maps[:, 3] = 2 * maps[:, 1] + 1
    maps[:, 4] = maps[:, 1]
    assert duplicates(correlate_units(maps)).tolist() == [-1, -1, -1, 1, 1]


def test_a_correlation_of_exactly_098_is_no_duplicate():
    limit = np.array([[1, 0.98], [0.98, 1]], np.float32)
    assert duplicates(limit).tolist() == [-1, -1]
    assert duplicates(np.nextafter(limit, np.float32(2))).tolist() == [-1, 0]


def test_relatives_are_the_most_correlated_others_in_order():
    correlation = np.array(
        [
            [1, 0.2, 0.5, np.nan, 0.5],
            [0.2, 1, -0.3, np.nan, 0.9],
            [0.5, -0.3, 1, np.nan, 0.1],
            [np.nan] * 5,
            [0.5, 0.9, 0.1, np.nan, 1],
        ],
        np.float32,
    )
    units, values = relatives(correlation, k=4)
    assert units.tolist() == [
        [2, 4, 1, -1],
        [4, 0, 2, -1],
        [0, 4, 1, -1],
        [-1] * 4,
        [1, 0, 2, -1],
    ]
    np.testing.assert_array_equal(values[1], np.array([0.9, 0.2, -0.3, np.nan], np.float32))
    assert relatives(correlation, k=9)[0].shape == (5, 5)


def test_of_more_units_than_memory_holds_the_pairs_of_nothing_is_said(
    monkeypatch: pytest.MonkeyPatch,
) -> None:
    monkeypatch.setattr("dissect_report.stats.correlation.WIDEST", 3)
    maps = np.random.default_rng(0).random((5, 4, 2, 2), np.float32)
    sums = CorrelationSums.of(4, 2, 2)
    sums.add(maps)
    assert sums.images == 5
    assert sums.products.nbytes == 0
    correlation = correlate_units(maps)
    assert duplicates(correlation, 4).tolist() == [-1] * 4
    units, values = relatives(correlation, units=4)
    assert (units == -1).all()
    assert np.isnan(values).all()
