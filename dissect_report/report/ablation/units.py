"""What a unit is used for: the classes that lose, or gain, when it alone is removed."""

from __future__ import annotations

from functools import cached_property
from pathlib import PurePosixPath
from typing import Any

import numpy as np
from markupsafe import Markup

from dissect_report.findings.ablation import ENOUGH_IMAGES, UnitLoss
from dissect_report.report.ablation.view import AblationView
from dissect_report.report.experiment import render_part
from dissect_report.report.formatting import DASH, listing, lost, moved, ordinal, span
from dissect_report.report.sentences import used_sentence

#: Classes listed on either side.
LISTED = 6


class UsedFor:
    """Of the units of one layer; everything that they share is worked out once."""

    def __init__(self, removals: AblationView, page: PurePosixPath) -> None:
        self.removals = removals
        self.classes = np.array(removals.class_targets, dtype=int)
        targets = removals.record.targets
        self.names = [targets[target].name for target in self.classes]
        self.hrefs = [removals.href(page, int(target)) for target in self.classes]
        self.ranking = removals.arrays["ranking_loss"][self.classes]
        self.evaluation = removals.arrays["evaluation_loss"][self.classes]
        self.enough = np.array([targets[t].evaluation_images >= ENOUGH_IMAGES for t in self.classes], bool)
        self.place = removals.place[self.classes]
        self.needs = removals.needs[self.classes]
        self.confirmed = removals.arrays["confirmed_loss"][self.classes]

    @cached_property
    def stored(self) -> dict[tuple[int, int], UnitLoss]:
        """By class (its place in ``classes``) and unit, the losses that come with an interval."""
        targets = self.removals.record.targets
        return {(row, loss.unit): loss for row, t in enumerate(self.classes) for loss in targets[t].units}

    def section(self, unit: int) -> Markup:
        """The classes that lose without it, the confirmed losses first, and those that gain."""
        return render_part(self.removals.view.site, "ablation/unit", {"used": self.context(unit)})

    def context(self, unit: int) -> dict[str, Any]:
        """What the section says."""
        losses = np.nan_to_num(self.ranking[:, unit])
        order = np.argsort(-losses, kind="stable")
        confirmed = [int(row) for row in self._confirmed_first(unit) if self.needs[row, unit]]
        others = [int(row) for row in order if losses[row] > 0 and not self.needs[row, unit]]
        return {
            "losing": [self._row(row, unit) for row in (confirmed + others)[: max(LISTED, len(confirmed))]],
            "gaining": [self._row(int(row), unit) for row in order[::-1] if losses[row] < 0][:LISTED],
            "tips": self.removals.tips,
            "words": self.removals.words,
            "classes": len(self.classes),
        }

    def _confirmed_first(self, unit: int) -> np.ndarray:
        order: np.ndarray = np.argsort(-np.nan_to_num(self.confirmed[:, unit]), kind="stable")
        return order

    def _row(self, row: int, unit: int) -> dict[str, str]:
        loss = self.stored.get((row, unit))
        interval = span(loss.low, loss.high) if loss and loss.low is not None else ""
        return {
            "name": self.names[row],
            "href": self.hrefs[row],
            "place": ordinal(int(self.place[row, unit])),
            "ranking": lost(_number(self.ranking[row, unit])),
            "evaluation": lost(_number(self.evaluation[row, unit])),
            "confirmed": lost(_number(self.confirmed[row, unit])) if self.needs[row, unit] else DASH,
            "interval": interval,
        }

    def sentence(self, unit: int) -> str:
        """Which classes need it, what removing it costs, and which confusions it prevents."""
        order = self._confirmed_first(unit)
        needing = [(self.names[row], float(self.confirmed[row, unit]))
                   for row in order if self.needs[row, unit]]  # fmt: skip
        costs = self.evaluation[self.enough, unit]
        known = costs[np.isfinite(costs)]
        most = float(known.max()) if len(known) else None
        text = used_sentence(needing, most, self.removals.words.balanced, not self.enough.all())
        return text + "".join(self._without(int(row), unit) for row in order[:1] if needing)

    def _without(self, row: int, unit: int) -> str:
        """What the evaluation images show of its first class: recall and specificity told apart."""
        loss, target = self.stored[row, unit], self.removals.record.targets[self.classes[row]]
        recall, specificity = loss.recall_lost or 0, loss.specificity_lost or 0
        parts = [moved(f"the recall of {target.name}", recall)] if recall else []
        if alarms := self.removals.alarms(target, loss):
            parts.append(alarms)
        elif specificity:
            parts.append(moved(f"the specificity of {target.name}", specificity))
        return f" On the evaluation images, without it {listing(parts)}." if parts else ""


def _number(value: float) -> float | None:
    return None if np.isnan(value) else float(value)
