"""How sure the names of a layer's units are, once all of its units are counted."""

from __future__ import annotations

from dataclasses import dataclass

import numpy as np

from dissect_report.analysis.mask_store import MaskStore
from dissect_report.analysis.measuring import LabelMaps, Measurement
from dissect_report.findings.grades import Grade, grade
from dissect_report.stats.iou_intervals import iou_intervals
from dissect_report.stats.permutations import match_permuted, permute_groups
from dissect_report.stats.significance import Significance, chance_line, settle
from dissect_report.stats.splits import even_splits, robust_iou, split_ious


@dataclass(frozen=True, eq=False)
class Chance:
    """What counts say of a layer's names, whatever is called a detector.

    Attributes:
        significance: hits, draws, p and q.
        line: 95th percentile of the best IoU under the first permutations, per unit.
        splits: float64 [split, unit] of ``split_ious``.
        low: lower end of the interval of each unit's IoU.
        high: upper end.
    """

    significance: Significance
    line: np.ndarray
    splits: np.ndarray
    low: np.ndarray
    high: np.ndarray


@dataclass(frozen=True, eq=False)
class Certainty:
    """Per unit of a layer; undefined is NaN.

    Attributes:
        significance: hits, draws, p and q.
        chance_iou: 95th percentile of the best IoU under the first permutations.
        robust_iou: what the unit keeps in 90 % of splits.
        split_share: share of splits above the iou_threshold.
        low: lower end of the interval of the IoU.
        high: upper end.
        grades: one a unit.
    """

    significance: Significance
    chance_iou: np.ndarray
    robust_iou: np.ndarray
    split_share: np.ndarray
    low: np.ndarray
    high: np.ndarray
    grades: tuple[Grade, ...]


def be_certain(
    numbers: Measurement,
    probe: LabelMaps,
    store: MaskStore | None,
    seed: int,
    threads: int,
) -> Chance:
    """Compares a whole layer with chance, and its units with themselves on other images.

    Args:
        numbers: of all units of the layer.
        probe: what they were compared with.
        store: their masks; None: only the first permutations are drawn.
        seed: of permutations, splits and draws.
        threads: that count at the same time; no number depends on it.
    """
    masked = numbers.mask.sum(0) > 0
    observed = np.nan_to_num(numbers.naming.iou, nan=0.0)

    def draw(permutations: range, units: np.ndarray) -> np.ndarray:
        assert store is not None
        rows = permute_groups(probe.grouping.group, permutations, seed)
        return match_permuted(store.of(units), probe.flat, probe.concept_pixels, rows, threads)[1]

    significance = settle(observed, masked, numbers.chance_ious, draw if store else None)
    values = split_ious(numbers.blocks, even_splits(probe.grouping.blocks, seed))
    low, high = iou_intervals(numbers.blocks, seed)
    line = np.where(masked, chance_line(numbers.chance_ious), np.nan)
    return Chance(significance, line, values, low, high)


def grade_units(chance: Chance, iou: np.ndarray, iou_threshold: float, groups: int) -> Certainty:
    """How sure the units' names are, for one iou_threshold.

    Args:
        chance: what the counts say.
        iou: float64 [unit] with its concept; NaN without one.
        iou_threshold: of a detector.
        groups: of images.
    """
    robust = robust_iou(chance.splits)
    each = zip(iou, chance.significance.q, robust, strict=True)
    return Certainty(
        significance=chance.significance,
        chance_iou=chance.line,
        robust_iou=robust,
        split_share=(chance.splits > iou_threshold).mean(0),
        low=chance.low,
        high=chance.high,
        grades=tuple(
            grade(_known(value), _known(q), float(sure), iou_threshold, groups) for value, q, sure in each
        ),
    )


def _known(value: float) -> float | None:
    return None if np.isnan(value) else float(value)
