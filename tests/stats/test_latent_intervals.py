"""Intervals over latents: against plain formulas, and what they cover."""

from __future__ import annotations

import numpy as np
import pytest

from dissect_report.stats.latent_intervals import ENOUGH, mean_interval, portion_interval, sample_weights

#: 99.5 % quantile of Student's t with 31 and with 11 degrees of freedom, from tables.
T31, T11 = 2.7440, 3.1058


@pytest.mark.parametrize(("latents", "quantile"), [(32, T31), (12, T11)])
def test_a_mean_has_students_interval(latents, quantile):
    values = np.random.default_rng(0).standard_normal(latents)
    reach = quantile * np.sqrt(values.var(ddof=1) / latents)
    assert mean_interval(values) == pytest.approx((values.mean() - reach, values.mean() + reach), rel=1e-4)


def test_few_changes_give_points_and_no_interval():
    values = np.zeros(32)
    values[: ENOUGH - 1] = 1
    assert np.isnan(mean_interval(values)).all()
    intact = np.full(32, 100)
    assert np.isnan(
        portion_interval(intact, (intact - values.astype(int))[None], sample_weights(32, 0))
    ).all()


def test_a_portion_has_the_interval_of_plain_loops():
    generator = np.random.default_rng(3)
    intact = generator.integers(50, 400, 16)
    edited = (intact * generator.uniform(0.1, 0.6, (2, 16))).astype(int)
    weights = sample_weights(16, 5)

    def look(chosen: list[int]) -> tuple[float, float]:
        above = np.array([2 * intact[k] - edited[:, k].sum() for k in chosen], float)
        below = np.array([2 * intact[k] for k in chosen], float)
        ratio = above.sum() / below.sum()
        return ratio, np.sqrt(((above - ratio * below) ** 2).sum() * 16 / 15) / below.sum()

    value, error = look(list(range(16)))
    drawn = [look([k for k in range(16) for _ in range(int(row[k]))]) for row in weights]
    low, high = np.quantile([(ratio - value) / spread for ratio, spread in drawn], [0.995, 0.005])
    found = portion_interval(intact, edited, weights)
    assert found == pytest.approx((value - low * error, min(1, value - high * error)), rel=1e-9)


def test_a_portion_that_never_varies_has_no_interval():
    intact = np.arange(20) * 10 + 10
    assert np.isnan(portion_interval(intact, (intact // 2)[None], sample_weights(20, 0))).all()


@pytest.mark.slow
def test_means_of_32_latents_are_covered():
    generator = np.random.default_rng(0)
    ends = np.array([mean_interval(row) for row in generator.normal(0.1, 0.2, (4000, 32))])
    covered = ((ends[:, 0] <= 0.1) & (ends[:, 1] >= 0.1)).mean()
    print(f"normal changes, 32 latents: {covered:.1%}")
    assert covered >= 0.985


@pytest.mark.slow
@pytest.mark.parametrize("present", [1.0, 0.8])
@pytest.mark.parametrize("removed", [0.5, 0.8])
def test_portions_of_32_latents_are_covered(present, removed):
    """Log-normal areas; in some latents the concept is absent."""
    generator, weights = np.random.default_rng(1), sample_weights(32, 0)
    covered = shown = 0
    for _ in range(1500):
        area = np.where(generator.random(32) < present, generator.lognormal(5, 1, 32), 0).astype(int)
        kept = (area * generator.beta(6 * (1 - removed), 6 * removed, 32)).astype(int)
        low, high = portion_interval(area, kept[None], weights)
        if not np.isnan(low):
            shown += 1
            covered += low <= removed <= high
    print(f"concept in {present:.0%}, {removed:.0%} removed: {covered / shown:.1%} of {shown}")
    assert covered / shown >= 0.96
