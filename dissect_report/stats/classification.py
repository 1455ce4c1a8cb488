"""How well a classifier tells its classes apart: counts per set of removed units, ratios at the end.

A *target* is a class, or a group of classes taken as one. Labels and predictions are class indices, or
sets of classes where every class is decided by itself: see ``findings.answers``.
"""

from __future__ import annotations

from collections.abc import Sequence
from dataclasses import dataclass

import numpy as np
from jaxtyping import Bool, Float64, Int64, Integer

from dissect_report.findings.answers import carried, right, said


@dataclass(frozen=True, eq=False)
class ClassCounts:
    """Predictions counted; add two to merge their images.

    Attributes:
        true_positives: int64 [target, column] images of the target predicted as the target.
        predicted: int64 [target, column] images predicted as the target.
        positives: int64 [target] images of the target.
        correct: int64 [column] right decisions: images predicted as their own class, or of every class
            whether an image is of it.
        images: all of them.
        decisions: one an image, or one a class and image.
    """

    true_positives: Int64[np.ndarray, "target column"]
    predicted: Int64[np.ndarray, "target column"]
    positives: Int64[np.ndarray, " target"]
    correct: Int64[np.ndarray, " column"]
    images: int
    decisions: int

    def __add__(self, other: ClassCounts) -> ClassCounts:
        """The counts over the images of both."""
        return ClassCounts(
            self.true_positives + other.true_positives,
            self.predicted + other.predicted,
            self.positives + other.positives,
            self.correct + other.correct,
            self.images + other.images,
            self.decisions + other.decisions,
        )

    @property
    def true_negatives(self) -> Int64[np.ndarray, "target column"]:
        """Images of other targets that are not predicted as the target."""
        negatives: np.ndarray = self.images - self.positives[:, None] - self.predicted + self.true_positives
        return negatives

    @property
    def recall(self) -> Float64[np.ndarray, "target column"]:
        """Share of the target's images that are predicted as it; NaN without an image of it."""
        return _ratio(self.true_positives, self.positives[:, None])

    @property
    def specificity(self) -> Float64[np.ndarray, "target column"]:
        """Share of the other images that are not predicted as it; NaN without any."""
        return _ratio(self.true_negatives, self.images - self.positives[:, None])

    @property
    def balanced_accuracy(self) -> Float64[np.ndarray, "target column"]:
        """(recall + specificity) / 2; NaN where either is undefined."""
        return _ratio(self.balanced_score, 2 * self.positives * (self.images - self.positives))

    @property
    def balanced_score(self) -> Int64[np.ndarray, "target column"]:
        """Balanced accuracy times 2 x positives x negatives: whole, so that equal ones are equal."""
        positives = self.positives[:, None]
        score: np.ndarray = self.true_positives * (self.images - positives) + self.true_negatives * positives
        return score

    @property
    def accuracy(self) -> Float64[np.ndarray, " column"]:
        """Share of right decisions, over all classes; NaN without images."""
        return _ratio(self.correct, np.int64(self.decisions))


def _ratio(above: np.ndarray, below: np.ndarray | np.int64) -> np.ndarray:
    if np.ndim(below) == 1 and np.ndim(above) == 2:
        below = np.asarray(below)[:, None]
    above, below = np.broadcast_arrays(np.asarray(above, np.float64), np.asarray(below, np.float64))
    ratio: np.ndarray = np.divide(above, below, out=np.full(above.shape, np.nan), where=below != 0)
    return ratio


def membership(targets: Sequence[Sequence[int]], classes: int) -> Bool[np.ndarray, "target class"]:
    """Which classes make up each target."""
    members = np.zeros((len(targets), classes), bool)
    for row, chosen in zip(members, targets, strict=True):
        row[list(chosen)] = True
    return members


def count_predictions(
    predicted: Integer[np.ndarray, "image column ..."],
    labels: Integer[np.ndarray, "image ..."],
    members: Bool[np.ndarray, "target class"],
) -> ClassCounts:
    """Counts every column's predictions for every target."""
    if predicted.ndim > 2:
        return _count_each(predicted, labels, members)
    targets, columns = len(members), predicted.shape[1]
    true_positives = np.zeros((targets, columns), np.int64)
    for target in range(targets):
        rows = predicted[members[target][labels]]
        true_positives[target] = members[target][rows].sum(0)
    by_class = np.zeros((members.shape[1], columns), np.int64)
    for column in range(columns):
        by_class[:, column] = np.bincount(predicted[:, column], minlength=members.shape[1])
    return ClassCounts(
        true_positives=true_positives,
        predicted=members.astype(np.int64) @ by_class,
        positives=members[:, labels].sum(1, dtype=np.int64),
        correct=(predicted == labels[:, None]).sum(0, dtype=np.int64),
        images=len(labels),
        decisions=len(labels),
    )


def _count_each(predicted: np.ndarray, labels: np.ndarray, members: np.ndarray) -> ClassCounts:
    """The same where every class is decided by itself."""
    classes, columns = members.shape[1], predicted.shape[1]
    true_positives, named = np.zeros((2, len(members), columns), np.int64)
    positives = np.zeros(len(members), np.int64)
    for target, member in enumerate(members):
        inside, answers = carried(labels, member), said(predicted, member)
        true_positives[target], named[target] = answers[inside].sum(0), answers.sum(0)
        positives[target] = inside.sum()
    correct = right(predicted, labels, classes).sum(0)
    return ClassCounts(true_positives, named, positives, correct, len(labels), classes * len(labels))
