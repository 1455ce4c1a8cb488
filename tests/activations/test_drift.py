from __future__ import annotations

import numpy as np
import pytest
from hypothesis import given
from hypothesis import strategies as st

from dissect_report.activations.drift import Drift, contrast, drift
from tests import reference_drift

sizes = st.floats(0, 1e6, allow_subnormal=False)


@st.composite
def profiles(draw: st.DrawFn) -> list[tuple[list[float], list[float]]]:
    """One to three draws of changes by a near and a far stripe."""
    count = draw(st.integers(1, 12))
    along = st.lists(sizes, min_size=count, max_size=count)
    return draw(st.lists(st.tuples(along, along), min_size=1, max_size=3))


def drift_of(draws: list[tuple[list[float], list[float]]]) -> Drift:
    return drift([contrast(np.array(near), np.array(far)) for near, far in draws])


@given(profiles())
def test_a_drift_is_the_slow_references(draws: list[tuple[list[float], list[float]]]) -> None:
    found, (slope, fit, spread) = drift_of(draws), reference_drift.drift(draws)
    assert (found.slope, found.spread) == pytest.approx((slope, spread), rel=1e-6, abs=1e-9)
    if spread > 1e-6:
        assert found.fit == pytest.approx(fit, abs=1e-6)
    assert -1 - 1e-9 <= found.fit <= 1 + 1e-9


@given(profiles())
def test_stripes_or_places_in_the_other_order_turn_the_sign(
    draws: list[tuple[list[float], list[float]]],
) -> None:
    found = drift_of(draws)
    swapped = drift_of([(far, near) for near, far in draws])
    turned = drift_of([(near[::-1], far[::-1]) for near, far in draws])
    assert swapped.slope == pytest.approx(-found.slope, rel=1e-6, abs=1e-9)
    assert turned.slope == pytest.approx(-found.slope, rel=1e-6, abs=1e-9)


@given(profiles(), st.floats(1e-3, 1e3))
def test_the_strength_of_the_change_does_not_matter(
    draws: list[tuple[list[float], list[float]]], strength: float
) -> None:
    louder = [([strength * v for v in near], [strength * v for v in far]) for near, far in draws]
    assert drift_of(louder).slope == pytest.approx(drift_of(draws).slope, rel=1e-6, abs=1e-6)


def test_a_change_that_follows_the_stripe_is_clear_and_one_that_reaches_all_places_is_none() -> None:
    near, far = [8.0, 4, 2, 1] * 4, [1.0, 2, 4, 8] * 4
    assert not drift_of([(sorted(near), sorted(near))]).clear
    assert drift_of([(sorted(near)[::-1], sorted(far))]).clear
    assert drift_of([([5.0] * 16, [5.0] * 16)]) == Drift(0.0, 0.0, 0.0, 16)
    assert drift_of([([0.0] * 3, [0.0] * 3)]) == Drift(0.0, 0.0, 0.0, 3)
