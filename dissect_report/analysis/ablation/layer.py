"""Everything predicted for one layer, before it is written down."""

from __future__ import annotations

from collections.abc import Sequence
from dataclasses import dataclass

import numpy as np

from dissect_report.activations.layers import LayerInfo
from dissect_report.activations.linear_step import LinearStep
from dissect_report.activations.tail import Tail
from dissect_report.analysis.ablation.held_maps import HeldMaps
from dissect_report.analysis.ablation.removals import Outcome, Remover
from dissect_report.analysis.ablation.set_plans import SetPlan
from dissect_report.analysis.ablation.splits import LabelledImages
from dissect_report.analysis.ablation.targets import Targets
from dissect_report.stats.classification import ClassCounts, count_predictions


@dataclass(frozen=True, eq=False)
class LayerAblation:
    """Everything predicted for one layer.

    Attributes:
        info: the layer.
        targets: classes and groups.
        ranking: images that rank.
        evaluation: images that evaluate.
        alone_ranking: column 1 + u = without unit u.
        alone_evaluation: the same.
        sets: columns as ``plan`` says.
        plan: of the sets.
        order: [target, unit] most important first.
        fall: [target, unit] mean fall in logits.
        random: [draw, unit].
        iou: [unit] best IoU, NaN = undefined.
        tail: that ran.
        step: that was subtracted.
        remover: with its replacement.
        maps: of the evaluation images' survey.
        stand_in: whether predictions stand in for labels.
        notes: for the reader.
        watch: when each stage began.
    """

    info: LayerInfo
    targets: Targets
    ranking: LabelledImages
    evaluation: LabelledImages
    alone_ranking: Outcome
    alone_evaluation: Outcome
    sets: Outcome
    plan: SetPlan
    order: np.ndarray
    fall: np.ndarray
    random: np.ndarray
    iou: np.ndarray
    tail: Tail
    step: LinearStep
    remover: Remover
    maps: HeldMaps
    stand_in: bool
    notes: tuple[str, ...]
    watch: dict[str, float]

    def count(self, target: int, columns: Sequence[int]) -> ClassCounts:
        """One target's counts on the evaluation images, of some columns of ``sets``."""
        members = self.targets.members[target : target + 1]
        return count_predictions(self.sets.predicted[:, list(columns)], self.evaluation.labels, members)
