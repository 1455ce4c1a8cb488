"""Which units a class needs, and whether the units that many classes need are the interpretable ones."""

from __future__ import annotations

from dataclasses import dataclass

import numpy as np
from jaxtyping import Bool, Float64, Int64

from dissect_report.stats.classification import ClassCounts

#: The last group of units: those that serve this many classes or more.
MOST_SERVED = 7

#: Part of a target's mean margin below which two falls are equal: what is finer is arithmetic noise.
FALL_STEP = 1e-5


def lost_score(counts: ClassCounts) -> Int64[np.ndarray, "target unit"]:
    """Balanced accuracy lost by each unit's removal, in whole units of ``ClassCounts.balanced_score``.

    Args:
        counts: column 0 is the intact network, column 1 + u the network without unit u.
    """
    score: np.ndarray = counts.balanced_score
    lost: np.ndarray = score[:, :1] - score[:, 1:]
    return lost


def lost_accuracy(counts: ClassCounts) -> Float64[np.ndarray, "target unit"]:
    """Balanced accuracy lost by each unit's removal; NaN where undefined."""
    accuracy: np.ndarray = counts.balanced_accuracy
    lost: np.ndarray = accuracy[:, :1] - accuracy[:, 1:]
    return lost


def mean_fall(
    margin: np.ndarray, labels: np.ndarray, members: Bool[np.ndarray, "target class"]
) -> Float64[np.ndarray, "target unit"]:
    """Mean fall of the margin over each target's images; 0 without an image.

    The margin is the true logit minus the best other one, or the true one alone where every class is
    decided by itself.

    Args:
        margin: float32 [image, 1 + unit] or [image, 1 + unit, carried]; column 0 is the intact network.
        labels: [image] or [image, carried].
        members: the classes of each target.
    """
    falls = np.zeros((len(members), margin.shape[1] - 1))
    for target, member in enumerate(members):
        rows = _own_margins(margin, labels, member)
        if len(rows):
            falls[target] = (rows[:, :1] - rows[:, 1:]).mean(0)
    return falls


def mean_margin(
    margin: np.ndarray, labels: np.ndarray, members: Bool[np.ndarray, "target class"]
) -> Float64[np.ndarray, " target"]:
    """Mean size of the intact margin over each target's images, whatever its sign: the scale of its logits.

    Args:
        margin: as of ``mean_fall``.
    """
    own = [np.abs(_own_margins(margin[:, :1], labels, member)) for member in members]
    return np.array([values.mean() if len(values) else 0.0 for values in own])


def _own_margins(margin: np.ndarray, labels: np.ndarray, member: np.ndarray) -> np.ndarray:
    """float64 [pair, column]: of every image and class of a target that it is of."""
    if labels.ndim == 1:
        return np.asarray(margin[member[labels]].astype(np.float64))
    images, places = np.nonzero(np.append(member, False)[labels])
    return np.asarray(margin[images, :, places].astype(np.float64))


def rank_units(
    lost: Int64[np.ndarray, "target unit"],
    fall: Float64[np.ndarray, "target unit"],
    scale: Float64[np.ndarray, " target"],
) -> Int64[np.ndarray, "target unit"]:
    """Units by importance: most lost first, then the larger fall, then the lower index.

    Args:
        scale: of ``mean_margin``.
    """
    units = np.broadcast_to(np.arange(lost.shape[1]), lost.shape)
    step = (FALL_STEP * np.where(scale > 0, scale, 1.0))[:, None]
    steps = np.round(fall / step)
    return np.lexsort((units, -steps, -lost), axis=1).astype(np.int64)


@dataclass(frozen=True)
class ServingGroup:
    """Units that serve the same number of classes.

    Attributes:
        classes: that number; the last group holds all units with ``MOST_SERVED`` or more.
        units: in the group.
        measured: those with a defined best IoU: what the mean is over.
        mean_iou: their mean best IoU; None without any.
        standard_error: of the mean; None with fewer than two.
    """

    classes: int
    units: int
    measured: int
    mean_iou: float | None
    standard_error: float | None


def group_by_serving(
    served: Int64[np.ndarray, " unit"], iou: Float64[np.ndarray, " unit"]
) -> tuple[ServingGroup, ...]:
    """Groups 0 to ``MOST_SERVED``; ``iou`` is NaN where undefined."""
    groups = []
    for number in range(MOST_SERVED + 1):
        inside = served >= number if number == MOST_SERVED else served == number
        values = iou[inside & ~np.isnan(iou)]
        mean = float(values.mean()) if len(values) else None
        error = float(values.std(ddof=1) / np.sqrt(len(values))) if len(values) > 1 else None
        groups.append(ServingGroup(number, int(inside.sum()), len(values), mean, error))
    return tuple(groups)
