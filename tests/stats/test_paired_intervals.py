"""Intervals of a change on the same images: published examples, and what they cover."""

from __future__ import annotations

import math

import numpy as np
import pytest
from hypothesis import given, settings
from hypothesis import strategies as st

from dissect_report.stats.paired_intervals import change_of_share, mean_of, wilson

DEVIATE = 1.959963984540054


def slow_wilson(hits: int, images: int) -> tuple[float, float]:
    """The shares that are just one continuity-corrected deviate away from what was seen, by bisection."""

    def far(share: float, sign: int) -> bool:
        distance = abs(hits / images - share) - 1 / (2 * images)
        return distance > DEVIATE * math.sqrt(share * (1 - share) / images)

    ends = []
    for sign, end in ((-1, 0.0), (1, 1.0)):
        inside, outside = hits / images, end
        if not far(outside, sign) or hits == images * end:
            ends.append(end)
            continue
        for _ in range(80):
            middle = (inside + outside) / 2
            inside, outside = (inside, middle) if far(middle, sign) else (middle, outside)
        ends.append(inside)
    return ends[0], ends[1]


@pytest.mark.parametrize("images", [1, 2, 10, 37])
def test_score_limits_are_one_deviate_away(images):
    low, high = wilson(np.arange(images + 1), images)
    for hits in range(images + 1):
        expected = slow_wilson(hits, images)
        assert (low[hits], high[hits]) == pytest.approx(expected, abs=1e-9)


@settings(max_examples=80, deadline=None)
@given(seed=st.integers(0, 10**6), images=st.integers(1, 40))
def test_an_interval_holds_its_estimate_and_has_width(seed, images):
    generator = np.random.default_rng(seed)
    before = generator.random(images) < generator.choice([0.0, 0.5, 1.0])
    after = generator.random((images, 5)) < np.array([0, 0.2, 0.5, 0.9, 1])
    change = change_of_share(before, np.concatenate([after, before[:, None]], axis=1))
    np.testing.assert_allclose(change.value[:5], after.mean(0) - before.mean())
    assert change.value[5] == 0
    for one in (change, mean_of(change, change)):
        assert (one.low <= one.value).all()
        assert (one.value <= one.high).all()
        assert (one.low < one.high).all()


def test_without_an_image_nothing_is_known():
    change = change_of_share(np.zeros(0, bool), np.zeros((0, 2), bool))
    assert np.isnan(change.value).all()
    assert np.isnan(mean_of(change, change).low).all()


@pytest.mark.slow
@pytest.mark.parametrize("images", [10, 40])
@pytest.mark.parametrize("flipped", [0.05, 0.1, 0.3, 0.95, 1.0])
@pytest.mark.parametrize("others", [0.002, 0.005, 0.01])
@pytest.mark.parametrize("hit", [0.7, 0.9, 1.0])
def test_a_class_of_few_images_is_covered(images, flipped, others, hit):
    """Balanced accuracy: of the class's images some hits flip, of 450 others some become false alarms."""
    generator = np.random.default_rng(images)
    truth, trials = -(hit * flipped + others) / 2, 1000
    covered = 0
    for _ in range(trials):
        before = generator.random(images) < hit
        after = before & (generator.random(images) >= flipped)
        alarms = generator.random(450) >= others
        change = mean_of(
            change_of_share(before, after[:, None]), change_of_share(np.ones(450, bool), alarms[:, None])
        )
        covered += change.low[0] <= truth <= change.high[0]
    print(f"{images} images, {flipped:.0%} flip, {others:.1%} of others: {covered / trials:.1%}")
    assert covered / trials >= 0.93
