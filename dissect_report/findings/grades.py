"""The one word of trust in a unit's name."""

from __future__ import annotations

from collections.abc import Iterable
from typing import Literal

Grade = Literal["strong", "weak", "chance", "none", "untested"]

GRADES: tuple[Grade, ...] = ("strong", "weak", "chance", "untested", "none")

#: Largest q told from chance: of a layer's strong and weak units at most this share is expected to be false.
LARGEST_Q = 0.05

#: Groups of images below which nothing is tested.
ENOUGH_GROUPS = 20


def grade(
    iou: float | None, q: float | None, robust: float | None, iou_threshold: float, groups: int
) -> Grade:
    """A unit's grade at an iou_threshold.

    Args:
        iou: its best; None without a concept.
        q: its false discovery rate; None without a mask.
        robust: the IoU that it holds in 90 % of splits.
        iou_threshold: a detector's IoU exceeds it.
        groups: of images in the probe.
    """
    if iou is None or iou <= iou_threshold:
        return "none"
    if groups < ENOUGH_GROUPS:
        return "untested"
    if q is None or q > LARGEST_Q:
        return "chance"
    return "strong" if robust is not None and robust > iou_threshold else "weak"


def count_grades(grades: Iterable[Grade]) -> dict[str, int]:
    """Units of each grade, absent ones with 0, in the order of ``GRADES``."""
    found = list(grades)
    return {name: found.count(name) for name in GRADES}
