"""Counts, falls and intervals where every class is decided by itself, against plain sets and loops."""

from __future__ import annotations

import numpy as np
import pytest
from hypothesis import given
from hypothesis import strategies as st
from reference_ablation import balanced_accuracy_of_each_slowly, right_decisions_slowly

from dissect_report.findings.answers import list_classes, pack
from dissect_report.stats.class_changes import accuracy_change, class_changes
from dissect_report.stats.classification import count_predictions, membership
from dissect_report.stats.importance import mean_fall, mean_margin

CLASSES = 11
TARGETS = [[0], [3], [10], [0, 9], [4, 10, 2]]
MEMBERS = membership(TARGETS, CLASSES)


def drawn(seed: int, images: int = 30, columns: int = 6) -> tuple[np.ndarray, np.ndarray]:
    """bool [image, column, class] and [image, class]; no image is of class 10."""
    generator = np.random.default_rng(seed)
    truth = generator.random((images, CLASSES)) < 0.25
    truth[:, 10] = False
    flipped = generator.random((images, columns, CLASSES)) < 0.2
    return truth[:, None] ^ flipped, truth


def as_sets(decided: np.ndarray) -> list[set[int]]:
    return [set(np.flatnonzero(row).tolist()) for row in decided]


@given(st.integers(0, 500), st.integers(1, 30))
def test_balanced_accuracy_and_right_decisions_are_those_of_plain_loops(seed: int, images: int) -> None:
    decided, truth = drawn(seed, images)
    counts = count_predictions(pack(decided), list_classes(truth), MEMBERS)
    for column in range(decided.shape[1]):
        told, own = as_sets(decided[:, column]), as_sets(truth)
        for target, members in enumerate(TARGETS):
            slow = balanced_accuracy_of_each_slowly(told, own, set(members))
            fast = counts.balanced_accuracy[target, column]
            assert np.isnan(fast) if slow is None else fast == pytest.approx(slow, abs=1e-12)
        slow = right_decisions_slowly(told, own, CLASSES)
        assert counts.accuracy[column] == pytest.approx(slow, abs=1e-12)


@given(st.integers(0, 500), st.integers(0, 30))
def test_counts_of_two_parts_add_up_to_those_of_the_whole(seed: int, cut: int) -> None:
    decided, truth = drawn(seed)
    answers, labels = pack(decided), list_classes(truth)
    whole = count_predictions(answers, labels, MEMBERS)
    both = count_predictions(answers[:cut], labels[:cut], MEMBERS) + count_predictions(
        answers[cut:], labels[cut:], MEMBERS
    )
    for name in ("true_positives", "predicted", "positives", "correct", "images", "decisions"):
        np.testing.assert_array_equal(getattr(whole, name), getattr(both, name))


@given(st.integers(0, 500))
def test_falls_and_margins_are_of_the_own_logit_on_the_class_s_own_images(seed: int) -> None:
    _, truth = drawn(seed, images=12)
    logits = np.random.default_rng(seed).normal(size=(12, 5, CLASSES))
    labels = list_classes(truth)
    margin = np.take_along_axis(logits, labels[:, None].clip(0), 2).astype(np.float32)
    falls, sizes = mean_fall(margin, labels, MEMBERS), mean_margin(margin, labels, MEMBERS)
    for target, members in enumerate(TARGETS):
        own = [(image, c) for image in range(12) for c in members if truth[image, c]]
        for unit in range(4):
            slow = np.mean([logits[i, 0, c] - logits[i, 1 + unit, c] for i, c in own]) if own else 0.0
            assert falls[target, unit] == pytest.approx(slow, abs=1e-6)
        slow = np.mean([abs(logits[i, 0, c]) for i, c in own]) if own else 0.0
        assert sizes[target] == pytest.approx(slow, abs=1e-6)


def test_changes_are_those_of_the_decisions_of_one_class() -> None:
    decided, truth = drawn(5, images=25, columns=3)
    found = class_changes(pack(decided), list_classes(truth), MEMBERS[3])
    scores = [
        balanced_accuracy_of_each_slowly(as_sets(decided[:, c]), as_sets(truth), set(TARGETS[3]))
        for c in range(3)
    ]
    expected = [score - scores[0] for score in scores]
    assert found.balanced.value.tolist() == pytest.approx(expected, abs=1e-12)
    assert (found.balanced.low < found.balanced.high).all()
    assert np.isnan(accuracy_change(pack(decided), list_classes(truth), len(MEMBERS[3]))).all()
