"""What removed units change of a class: recall, specificity, balanced accuracy, with 95 % intervals."""

from __future__ import annotations

from dataclasses import dataclass

import numpy as np
from jaxtyping import Bool, Float64, Integer

from dissect_report.findings.answers import carried, right, said
from dissect_report.stats.paired_intervals import Change, change_of_share, mean_of, share


@dataclass(frozen=True, eq=False)
class ClassChanges:
    """Of one target, per column; NaN where undefined. Changes are against the intact network, column 0.

    Attributes:
        recall: of the share of its images that are given it.
        specificity: of the share of the others that are not.
        balanced: of the mean of both.
    """

    recall: Change
    specificity: Change
    balanced: Change


def class_changes(
    predicted: Integer[np.ndarray, "image column ..."],
    labels: Integer[np.ndarray, "image ..."],
    member: Bool[np.ndarray, " class"],
) -> ClassChanges:
    """The changes of a target made up of the classes of ``member``; column 0 is the intact network."""
    inside, hits = carried(labels, member), said(predicted, member)
    recall = change_of_share(hits[inside, 0], hits[inside])
    specificity = change_of_share(~hits[~inside, 0], ~hits[~inside])
    return ClassChanges(recall, specificity, mean_of(recall, specificity))


def class_shares(
    predicted: Integer[np.ndarray, "image column ..."],
    labels: Integer[np.ndarray, "image ..."],
    member: Bool[np.ndarray, " class"],
) -> ClassChanges:
    """Recall, specificity and balanced accuracy themselves, with their intervals."""
    inside, hits = carried(labels, member), said(predicted, member)
    recall, specificity = share(hits[inside]), share(~hits[~inside])
    return ClassChanges(recall, specificity, mean_of(recall, specificity))


def accuracy_change(
    predicted: Integer[np.ndarray, "image column ..."], labels: Integer[np.ndarray, "image ..."], classes: int
) -> tuple[Float64[np.ndarray, " column"], Float64[np.ndarray, " column"]]:
    """Ends of the interval of the all-class accuracy's change; NaN where an image is several decisions."""
    if predicted.ndim > 2:
        nothing = np.full(predicted.shape[1], np.nan)
        return nothing, nothing
    correct = right(predicted, labels, classes).astype(bool)
    change = change_of_share(correct[:, 0], correct)
    return change.low, change.high
