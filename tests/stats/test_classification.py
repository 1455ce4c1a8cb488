"""Counts of predictions, rankings and intervals against plain loops."""

from __future__ import annotations

import numpy as np
import pytest
from hypothesis import given
from hypothesis import strategies as st
from reference_ablation import balanced_accuracy_slowly, rank_slowly

from dissect_report.stats.classification import count_predictions, membership
from dissect_report.stats.importance import (
    group_by_serving,
    lost_accuracy,
    lost_score,
    mean_fall,
    mean_margin,
    rank_units,
)

TARGETS = [[0], [1], [2], [3], [0, 2]]
MEMBERS = membership(TARGETS, 4)


def drawn(seed: int, images: int = 60, columns: int = 9) -> tuple[np.ndarray, np.ndarray]:
    generator = np.random.default_rng(seed)
    labels = generator.integers(0, 3, images)  # class 3 has no image
    predicted = np.where(
        generator.random((images, columns)) < 0.6,
        labels[:, None],
        generator.integers(0, 4, (images, columns)),
    )
    return predicted.astype(np.int32), labels


@given(st.integers(0, 500), st.integers(1, 40))
def test_balanced_accuracy_is_that_of_plain_loops(seed: int, images: int) -> None:
    predicted, labels = drawn(seed, images)
    counts = count_predictions(predicted, labels, MEMBERS)
    assert counts.true_positives.dtype == counts.predicted.dtype == np.int64
    for target, members in enumerate(TARGETS):
        for column in range(predicted.shape[1]):
            slow = balanced_accuracy_slowly(predicted[:, column], labels, members)
            fast = counts.balanced_accuracy[target, column]
            assert np.isnan(fast) if slow is None else fast == pytest.approx(slow, abs=1e-12)
            if slow is not None:
                both = (counts.recall + counts.specificity)[target, column] / 2
                assert both == pytest.approx(slow, abs=1e-12)
    assert counts.accuracy.tolist() == pytest.approx((predicted == labels[:, None]).mean(0).tolist())


@given(st.integers(0, 500), st.integers(0, 60))
def test_counts_of_two_parts_add_up_to_those_of_the_whole(seed: int, cut: int) -> None:
    predicted, labels = drawn(seed)
    whole = count_predictions(predicted, labels, MEMBERS)
    both = count_predictions(predicted[:cut], labels[:cut], MEMBERS) + count_predictions(
        predicted[cut:], labels[cut:], MEMBERS
    )
    for name in ("true_positives", "predicted", "positives", "correct", "images"):
        np.testing.assert_array_equal(getattr(whole, name), getattr(both, name))


def test_units_rank_by_loss_then_fall_then_index() -> None:
    predicted, labels = drawn(3, columns=40)
    counts = count_predictions(predicted, labels, MEMBERS)
    falls = np.random.default_rng(3).integers(0, 3, (5, 39)) / 2.0
    order = rank_units(lost_score(counts), falls, np.full(5, 8.0))
    for target in (0, 1, 2, 4):
        losses = np.round(lost_accuracy(counts)[target], 12)
        assert len(set(losses)) < 39  # there are ties
        assert order[target].tolist() == rank_slowly(losses, falls[target])
    nothing, falls = np.zeros((1, 3), np.int64), np.array([[0.0, 2e-6, 1e-6]])
    assert rank_units(nothing, falls, np.array([8.0])).tolist() == [[0, 1, 2]], "noise of logits of that size"
    assert rank_units(nothing, falls, np.array([1e-4])).tolist() == [[1, 2, 0]], "of small logits it is none"


def test_the_mean_fall_is_over_the_target_s_own_images() -> None:
    margin = np.array([[5, 4, 5], [3, 0, 4], [1, 9, 9]], np.float32)
    falls = mean_fall(margin, np.array([0, 0, 1]), membership([[0], [1], [2]], 3))
    assert falls.tolist() == [[2.0, -0.5], [-8.0, -8.0], [0.0, 0.0]]


def test_the_mean_margin_is_over_the_target_s_own_images() -> None:
    margin = np.array([[5, 4], [-3, 0], [1, 9]], np.float32)
    assert mean_margin(margin, np.array([0, 0, 1]), membership([[0], [1], [2]], 3)).tolist() == [
        4.0,
        1.0,
        0.0,
    ]


def test_units_are_grouped_by_the_classes_they_serve() -> None:
    served = np.array([2, 1, 1, 1, 0, 1])
    groups = group_by_serving(served, np.array([0.5, 0.1, 0.2, np.nan, 0.3, 0.3]))
    assert [group.units for group in groups] == [1, 4, 1, 0, 0, 0, 0, 0]
    assert groups[1].measured == 3
    assert groups[1].mean_iou == pytest.approx(0.2)
    assert groups[1].standard_error == pytest.approx(0.1 / np.sqrt(3))
    assert (groups[0].standard_error, groups[5].mean_iou) == (None, None)
    many = group_by_serving(np.array([7, 9, 6]), np.array([0.1, 0.3, 0.2]))
    assert (many[7].units, many[7].mean_iou) == (2, pytest.approx(0.2))
