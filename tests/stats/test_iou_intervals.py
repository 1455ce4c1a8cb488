"""Intervals of a unit's IoU, against plain loops over blocks; and what they cover."""

from __future__ import annotations

import numpy as np
import pytest
import reference_certainty as reference
from block_counts import make_counts
from hypothesis import given, settings
from hypothesis import strategies as st

from dissect_report.stats.block_counts import BlockCounts
from dissect_report.stats.iou_intervals import ENOUGH_BLOCKS, iou_intervals


@settings(max_examples=5, deadline=None)
@given(seed=st.integers(0, 10**6))
def test_intervals_are_those_of_plain_loops(seed):
    counts = make_counts(seed, blocks=14)
    low, high = iou_intervals(counts, seed)
    for unit in range(5):
        common = counts.intersection[unit, 0]
        if (common > 0).sum() < ENOUGH_BLOCKS:
            assert np.isnan([low[unit], high[unit]]).all()
            continue
        area = counts.area[counts.listed[unit, 0]]
        expected = reference.interval(counts.mask[unit], common, area, seed)
        np.testing.assert_allclose((low[unit], high[unit]), expected, rtol=1e-9)


def test_no_interval_without_a_concept_without_width_or_from_too_few_blocks():
    few = np.array([5] * (ENOUGH_BLOCKS - 1) + [0] * 3)
    common = np.stack([np.zeros(12, int), np.full(12, 5), few])[:, None]
    area = np.stack([np.zeros(12, int), np.arange(12) + 9, np.full(12, 10), np.arange(12) + 9])
    counts = BlockCounts(np.array([[0], [2], [3]], np.int32), np.full((3, 12), 10), common, area)
    for end in iou_intervals(counts, 0):
        assert np.isnan(end).all()


@pytest.mark.slow
@pytest.mark.parametrize(
    ("blocks", "present", "least"),
    [(20, 1.0, 0.91), (40, 1.0, 0.91), (40, 0.4, 0.92), (200, 1.0, 0.93), (200, 0.3, 0.93), (200, 0.1, 0.93)],
)
def test_intervals_cover_the_iou_of_endless_images(blocks, present, least):
    """Areas and masks are log-normal from image to image; a concept may be in few of them."""
    generator = np.random.default_rng(blocks)
    trials = 1500

    def sample(images: int) -> np.ndarray:
        shown = generator.random(images) < present
        area = np.where(shown, generator.lognormal(5, 0.8, images), 0)
        common = area * generator.beta(2, 4, images)
        return np.stack([area, common, common + generator.lognormal(4, 0.7, images)]).astype(np.int64)

    endless = sample(2_000_000).sum(1)
    truth = endless[1] / (endless[0] + endless[2] - endless[1])
    rows = [sample(blocks) for _ in range(trials)]
    area, common, mask = (np.stack([row[k] for row in rows]) for k in range(3))
    counts = BlockCounts(
        np.arange(1, trials + 1, dtype=np.int32)[:, None], mask, common[:, None],
        np.concatenate([np.zeros((1, blocks), np.int64), area]),
    )  # fmt: skip
    low, high = iou_intervals(counts, 0)
    shown = ~np.isnan(low)
    assert (low[shown] < high[shown]).all()
    covered = ((low <= truth) & (truth <= high))[shown].mean()
    print(f"{blocks} blocks, concept in {present:.0%}: {covered:.1%} of {shown.sum()} covered")
    assert covered >= least
