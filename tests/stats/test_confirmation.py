"""Losses that the other half confirms, and the rank correlation, against plain loops."""

from __future__ import annotations

import numpy as np
import pytest
from hypothesis import given, settings
from hypothesis import strategies as st

from dissect_report.stats.class_changes import accuracy_change, class_changes
from dissect_report.stats.confirmation import Ranked, confirm, rank_correlation


def slow_confirm(directions, targets, units):
    """By target and unit, the losses that confirm it."""
    found = {}
    for ranked, other in directions:
        for target in range(targets):
            if ranked.images[target] < 10:
                continue
            for unit in ranked.order[target][:4]:
                if ranked.lost[target, unit] > 0 and other[target, unit] > 0:
                    found.setdefault((target, int(unit)), []).append(other[target, unit])
    return {key: sum(values) / len(values) for key, values in found.items()}


@settings(max_examples=60, deadline=None)
@given(seed=st.integers(0, 10**6), both=st.booleans())
def test_a_unit_serves_where_the_other_half_loses_too(seed, both):
    generator = np.random.default_rng(seed)
    lost = [generator.choice([-0.1, 0.0, 0.1, 0.2, np.nan], (3, 7)) for _ in range(2)]
    order = [np.argsort(-np.nan_to_num(one), axis=1, kind="stable") for one in lost]
    images = [generator.integers(8, 13, 3) for _ in range(2)]
    directions = [(Ranked(order[k], lost[k], images[k]), lost[1 - k]) for k in range(1 + both)]
    found = confirm(directions)
    expected = slow_confirm(directions, 3, 7)
    for target in range(3):
        for unit in range(7):
            assert found.serves[target, unit] == ((target, unit) in expected)
            value = expected.get((target, unit), np.nan)
            np.testing.assert_allclose(found.loss[target, unit], value)


def test_a_rank_correlation_is_that_of_mean_ranks():
    first = np.array([0.1, 0.4, 0.2, 0.2, 0.9, 0.3])
    second = np.array([0, 2, 0, 1, 2, 1.0])
    ranks = [[0.0, 4.0, 1.5, 1.5, 5.0, 3.0], [0.5, 4.5, 0.5, 2.5, 4.5, 2.5]]
    value, p = rank_correlation(first, second, 0)
    assert value == pytest.approx(np.corrcoef(ranks)[0, 1])
    assert 0 < p < 0.2
    assert rank_correlation(first, second, 0) == (value, p)
    assert np.isnan(rank_correlation(first, np.zeros(6), 0)).all()
    assert np.isnan(rank_correlation(np.empty(0), np.empty(0), 0)).all()


def test_p_of_unrelated_values_is_spread_evenly():
    generator = np.random.default_rng(1)
    ps = [rank_correlation(generator.random(20), generator.integers(0, 3, 20), k)[1] for k in range(60)]
    assert 0.25 < np.mean(ps) < 0.75


def test_recall_and_specificity_are_told_apart():
    labels = np.array([0, 0, 0, 0, 1, 1, 1, 1, 1, 2])
    intact = labels.copy()
    missed = np.array([0, 0, 1, 1, 1, 1, 1, 1, 1, 2])
    alarmed = np.array([0, 0, 0, 0, 0, 0, 1, 1, 1, 2])
    predicted = np.stack([intact, missed, alarmed], axis=1)
    found = class_changes(predicted, labels, np.array([True, False, False]))
    assert found.recall.value.tolist() == [0, -0.5, 0]
    assert found.specificity.value.tolist() == pytest.approx([0, 0, -2 / 6])
    assert found.balanced.value.tolist() == pytest.approx([0, -0.25, -1 / 6])
    low, high = accuracy_change(predicted, labels, 3)
    assert (low[1] < -0.2) & (high[1] > -0.2)
