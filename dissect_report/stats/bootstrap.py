"""Intervals by drawing images with replacement: how much of a change is the choice of images."""

from __future__ import annotations

from dataclasses import dataclass

import numpy as np
from jaxtyping import Bool, Float64, Integer

from dissect_report.findings.answers import carried, decisions, right, said

DRAWS = 1000

#: Share of draws inside an interval.
COVERAGE = 0.95


@dataclass(frozen=True, eq=False)
class Intervals:
    """95 % intervals of changes against the intact network (column 0).

    Attributes:
        low: [target, column] of balanced accuracy minus the intact one; NaN where undefined.
        high: the same, upper end.
        accuracy_low: [column] of all-class accuracy minus the intact one.
        accuracy_high: the same, upper end.
    """

    low: Float64[np.ndarray, "target column"]
    high: Float64[np.ndarray, "target column"]
    accuracy_low: Float64[np.ndarray, " column"]
    accuracy_high: Float64[np.ndarray, " column"]


def draw_weights(images: int, seed: int) -> np.ndarray:
    """float32 [draw, image]: how often each image is drawn; whole numbers."""
    generator = np.random.default_rng([seed, 95])
    weights = np.empty((DRAWS, images), np.float32)
    for row in weights:
        row[:] = np.bincount(generator.integers(0, images, images), minlength=images)
    return weights


def bootstrap_changes(
    predicted: Integer[np.ndarray, "image column ..."],
    labels: Integer[np.ndarray, "image ..."],
    members: Bool[np.ndarray, "target class"],
    weights: np.ndarray,
) -> Intervals:
    """Intervals of every column's change against column 0, the same images drawn for both.

    Sums of weights stay below 2^24, where float32 counts exactly.
    """
    targets, columns = len(members), predicted.shape[1]
    low, high = np.full((targets, columns), np.nan), np.full((targets, columns), np.nan)
    for target in range(targets):
        inside = carried(labels, members[target])
        low[target], high[target] = change_interval(predicted, inside, members[target], weights)
    classes = members.shape[1]
    correct = right(predicted, labels, classes).astype(np.float32)
    share = (weights @ correct).astype(np.float64) / max(1, len(labels) * decisions(predicted, classes))
    ends = _ends(share - share[:, :1])
    return Intervals(low, high, ends[0], ends[1])


def change_interval(
    predicted: Integer[np.ndarray, "image column ..."],
    inside: Bool[np.ndarray, " image"],
    member: Bool[np.ndarray, " class"],
    weights: np.ndarray,
) -> tuple[Float64[np.ndarray, " column"], Float64[np.ndarray, " column"]]:
    """Ends of the interval of one target's change in balanced accuracy, per column; NaN where undefined.

    Args:
        predicted: column 0 is the intact network.
        inside: the images of the target.
        member: the classes of the target.
        weights: of ``draw_weights``.
    """
    hits = said(predicted, member)
    recall = _share(weights[:, inside], hits[inside])
    specificity = _share(weights[:, ~inside], ~hits[~inside])
    score = (recall + specificity) / 2
    return _ends(score - score[:, :1])


def _share(weights: np.ndarray, right: np.ndarray) -> np.ndarray:
    """float64 [draw, column]: weighted share of ``right`` [image, column]; NaN for a draw of no image."""
    total = weights.sum(1, dtype=np.float64)[:, None]
    sums = (weights @ right.astype(np.float32)).astype(np.float64)
    share: np.ndarray = np.divide(sums, total, out=np.full(sums.shape, np.nan), where=total > 0)
    return share


def _ends(changes: np.ndarray) -> tuple[np.ndarray, np.ndarray]:
    """Lower and upper end of the middle 95 % of the draws in which the change is defined."""
    defined = ~np.isnan(changes).all(1)
    if not defined.any():
        empty = np.full(changes.shape[1], np.nan)
        return empty, empty.copy()
    tails = [(1 - COVERAGE) / 2, (1 + COVERAGE) / 2]
    low, high = np.quantile(changes[defined], tails, axis=0)
    return low, high
