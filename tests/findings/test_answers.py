"""Answers and labels as they are written, against plain sets."""

from __future__ import annotations

import numpy as np
from hypothesis import given
from hypothesis import strategies as st

from dissect_report.findings import answers

CLASSES = st.integers(1, 19)


def sets_of(seed: int, rows: int, classes: int) -> np.ndarray:
    return np.random.default_rng(seed).random((rows, classes)) < 0.3


@given(st.integers(0, 999), st.integers(0, 9), st.integers(1, 5), CLASSES)
def test_what_is_packed_is_said(seed: int, images: int, columns: int, classes: int) -> None:
    decided = sets_of(seed, images * columns, classes).reshape(images, columns, classes)
    packed = answers.pack(decided)
    assert packed.dtype == np.uint8
    assert np.array_equal(answers.unpack(packed, classes), decided)
    for members in ({0}, set(range(0, classes, 2))):
        member = np.isin(np.arange(classes), list(members))
        assert np.array_equal(answers.said(packed, member), decided[:, :, member].any(2))
    member = np.arange(classes) % 2 == 0
    first = answers.first_said(packed, member)
    for image, column in np.ndindex(images, columns):
        told = [c for c in range(0, classes, 2) if decided[image, column, c]]
        assert first[image, column] == (told[0] if told else answers.NONE)


@given(st.integers(0, 999), st.integers(1, 9), st.integers(1, 5), CLASSES)
def test_labels_are_the_classes_that_an_image_is_of(
    seed: int, images: int, columns: int, classes: int
) -> None:
    truth = sets_of(seed, images, classes)
    labels = answers.list_classes(truth)
    member = np.arange(classes) % 3 == 0
    assert [set(row[row >= 0].tolist()) for row in labels] == [set(np.flatnonzero(t).tolist()) for t in truth]
    assert np.array_equal(answers.carried(labels, member), truth[:, member].any(1))
    decided = sets_of(seed + 1, images * columns, classes).reshape(images, columns, classes)
    packed = answers.pack(decided)
    assert np.array_equal(answers.right(packed, labels, classes), (decided == truth[:, None]).sum(2))
    assert answers.decisions(packed, classes) == classes


def test_one_class_an_image_is_written_as_its_index() -> None:
    said, labels = np.array([[0, 1], [2, 2]], np.int32), np.array([0, 2])
    member = np.array([True, False, True])
    assert answers.said(said, member).tolist() == [[True, False], [True, True]]
    assert answers.carried(labels, member).tolist() == [True, True]
    assert answers.carried(np.array([-1, 1]), member).tolist() == [False, False]
    assert answers.right(said, labels, 3).tolist() == [[1, 0], [1, 1]]
    assert answers.decisions(said, 3) == 1
    assert answers.first_said(said, member) is not said
    assert answers.first_said(said, member).tolist() == said.tolist()


def test_the_margin_of_a_target_is_that_of_its_class_that_the_image_is_of() -> None:
    margin = np.arange(12, dtype=np.float32).reshape(2, 2, 3)
    labels = np.array([[0, 1, -1], [1, 2, 4]])
    member = np.array([False, False, True, False, True])
    assert answers.own_margin(margin, labels, member)[1].tolist() == [7.0, 10.0]
    assert answers.own_margin(margin[:, :, 0], np.array([2, 4]), member).tolist() == margin[:, :, 0].tolist()
