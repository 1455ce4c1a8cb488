"""p by permutations with its stopping rule, q, and the rate of false discoveries that they keep to."""

from __future__ import annotations

import numpy as np
import pytest
import reference_certainty as reference
from hypothesis import given, settings
from hypothesis import strategies as st

from dissect_report.stats import significance
from dissect_report.stats.significance import (
    ENOUGH_HITS,
    FIRST,
    FURTHER,
    benjamini_hochberg,
    chance_count,
    chance_line,
    settle,
)


def streams(units: int, seed: int, worth: np.ndarray):
    """Best IoUs that depend on permutation and unit alone, and how often each unit is beaten."""

    def value(number: int, unit: int) -> float:
        return float(np.random.default_rng([seed, number, unit]).random() ** worth[unit])

    def draw(numbers: range, chosen: np.ndarray) -> np.ndarray:
        return np.array([[value(n, u) for u in chosen.tolist()] for n in numbers])

    return value, draw


@settings(max_examples=15, deadline=None)
@given(seed=st.integers(0, 10**6), round_=st.sampled_from([1, 7, 2048]))
def test_hits_and_draws_are_those_of_one_draw_at_a_time(seed, round_):
    generator = np.random.default_rng(seed)
    units = 5
    observed = np.where(generator.random(units) < 0.5, 0.995, 0.5)
    masked = generator.random(units) < 0.9
    value, draw = streams(units, seed, np.ones(units))
    first = draw(range(FIRST), np.arange(units))
    with pytest.MonkeyPatch.context() as patch:
        patch.setattr(significance, "ROUND", round_)
        found = settle(observed, masked, first, draw)
    known = [float(o) if m else None for o, m in zip(observed, masked, strict=True)]
    hits, drawn = reference.significance(known, units, value, FIRST, FURTHER, ENOUGH_HITS)
    assert found.hits.tolist() == hits
    assert found.drawn.tolist() == drawn
    for unit in range(units):
        expected = (1 + hits[unit]) / (1 + drawn[unit]) if masked[unit] else np.nan
        np.testing.assert_equal(found.p[unit], expected)


def test_a_unit_that_nothing_reaches_spends_the_layers_draws():
    units = 40
    observed = np.full(units, 0.2)
    observed[3] = 2.0
    _, draw = streams(units, 1, np.ones(units))
    found = settle(observed, np.ones(units, bool), draw(range(FIRST), np.arange(units)), draw)
    assert found.hits[3] == 0
    assert found.drawn[3] == FIRST + FURTHER * units
    assert found.p[3] == 1 / (1 + FIRST + FURTHER * units)
    assert (found.drawn[np.arange(units) != 3] == FIRST).all()


def test_without_further_draws_p_ends_at_one_in_a_hundred():
    found = settle(np.array([2.0]), np.array([True]), np.zeros((FIRST, 1)), None)
    assert found.p[0] == 1 / 100


@given(values=st.lists(st.floats(1e-6, 1), min_size=1, max_size=30))
@settings(max_examples=80, deadline=None)
def test_q_is_the_least_rate_at_which_a_unit_is_taken(values):
    np.testing.assert_allclose(benjamini_hochberg(np.array(values)), reference.discovery_rate(values))


def test_units_without_a_mask_are_no_part_of_the_layer():
    q = benjamini_hochberg(np.array([0.01, np.nan, 0.04]))
    np.testing.assert_array_equal(q, [0.02, np.nan, 0.04])
    assert np.isnan(benjamini_hochberg(np.array([np.nan]))).all()


def test_the_layers_own_comparison_with_chance():
    chance = np.zeros((FIRST, 4), bool)
    chance[:9, 0] = chance[0, 1] = True
    found = chance_count(chance, 1)
    assert (found.mean, found.p) == (10 / 99, 10 / 100)
    assert found.high == np.quantile(chance.sum(1), 0.95)
    assert chance_count(chance, 3).p == 1 / 100


def test_the_chance_line_is_the_95th_percentile():
    first = np.arange(FIRST * 2, dtype=float).reshape(FIRST, 2)
    np.testing.assert_array_equal(chance_line(first), [np.quantile(column, 0.95) for column in first.T])


def false_discoveries(real: int, seed: int, units: int = 512) -> tuple[float, float]:
    """Share of false ones among the units with q <= .05, and share of the real ones among them.

    A unit's best IoU and its permuted ones come from one distribution of its own, unless it is real.
    """
    generator = np.random.default_rng(seed)
    worth = generator.uniform(0.2, 3, units)
    observed = generator.random(units) ** worth
    observed[:real] = 2.0

    def draw(numbers: range, chosen: np.ndarray) -> np.ndarray:
        stream = np.random.default_rng([seed, numbers.start, *chosen[:2].tolist()])
        return stream.random((len(numbers), len(chosen))) ** worth[chosen]

    found = settle(observed, np.ones(units, bool), draw(range(FIRST), np.arange(units)), draw)
    taken = found.q <= 0.05
    return taken[real:].sum() / max(1, taken.sum()), float(taken[:real].mean()) if real else 1.0


@pytest.mark.parametrize("real", [0, 1, 10, 256])
@pytest.mark.parametrize("layers", [20, pytest.param(200, marks=pytest.mark.slow)])
def test_false_discoveries_stay_at_their_rate_and_real_units_are_found(real, layers):
    shares = np.array([false_discoveries(real, seed) for seed in range(layers)])
    rate, power = shares.mean(0)
    print(f"{real} of 512 units real: {rate:.1%} of the units taken are false, {power:.1%} of the real taken")
    assert rate <= 0.05 + 3 * np.sqrt(0.05 * 0.95 / layers)
    assert power > 0.9
