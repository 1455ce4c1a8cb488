"""Everything predicted for one layer, before it is written down."""

from __future__ import annotations

from collections.abc import Sequence
from dataclasses import dataclass

import numpy as np

from dissect_report.activations.layers import LayerInfo
from dissect_report.analysis.ablation.removals import Outcome, Remover
from dissect_report.analysis.ablation.set_plans import SetPlan
from dissect_report.analysis.ablation.split_images import SplitImages
from dissect_report.analysis.ablation.splits import LabelledImages
from dissect_report.analysis.ablation.targets import Targets
from dissect_report.stats.classification import ClassCounts, count_predictions


@dataclass(frozen=True, eq=False)
class LayerAblation:
    """Everything predicted for one layer.

    Attributes:
        info: the layer.
        targets: classes and groups.
        images: that rank and that evaluate.
        alone_ranking: column 1 + u = without unit u.
        alone_evaluation: the same.
        sets: columns as ``plan`` says.
        plan: of the sets.
        order: [target, unit] most important first.
        fall: [target, unit] mean fall in logits.
        other_order: [target, unit] most important first by the evaluation images, which confirm the ranking
            images; None where images of their own rank.
        random: [draw, unit].
        iou: [unit] best IoU, NaN = undefined.
        remover: the tail that ran, the step that was subtracted, the replacement.
        watch: when each stage began.
    """

    info: LayerInfo
    targets: Targets
    images: SplitImages
    alone_ranking: Outcome
    alone_evaluation: Outcome
    sets: Outcome
    plan: SetPlan
    order: np.ndarray
    fall: np.ndarray
    other_order: np.ndarray | None
    random: np.ndarray
    iou: np.ndarray
    remover: Remover
    watch: dict[str, float]

    @property
    def evaluation(self) -> LabelledImages:
        """Images that evaluate."""
        return self.images.evaluation

    @property
    def notes(self) -> tuple[str, ...]:
        """For the reader."""
        return (*self.images.notes, *self.targets.notes)

    def count(self, target: int, columns: Sequence[int]) -> ClassCounts:
        """One target's counts on the evaluation images, of some columns of ``sets``."""
        members = self.targets.members[target : target + 1]
        return count_predictions(self.sets.predicted[:, list(columns)], self.evaluation.labels, members)
