"""What a unit is used for: the classes that lose, or gain, when it alone is removed."""

from __future__ import annotations

from functools import cached_property
from pathlib import PurePosixPath
from typing import Any

import numpy as np
from markupsafe import Markup

from dissect_report.findings.ablation import UnitLoss
from dissect_report.report.ablation.view import AblationView
from dissect_report.report.experiment import render_part
from dissect_report.report.formatting import count, lost, ordinal, span
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
        self.place = removals.place[self.classes]
        self.needs = removals.needs[self.classes]
        self.confirmed = removals.arrays["confirmed_loss"][self.classes]

    @cached_property
    def stored(self) -> dict[tuple[int, int], UnitLoss]:
        """By class (its place in ``classes``) and unit, the losses that come with an interval."""
        targets = self.removals.record.targets
        return {(row, loss.unit): loss for row, t in enumerate(self.classes) for loss in targets[t].units}

    def section(self, unit: int) -> Markup:
        """The classes that need it, and those that do better without it."""
        return render_part(self.removals.view.site, "ablation/unit", {"used": self.context(unit)})

    def context(self, unit: int) -> dict[str, Any]:
        """What the section says."""
        losses = np.nan_to_num(self.ranking[:, unit])
        order = np.argsort(-losses, kind="stable")
        return {
            "needs": [self._row(int(row), unit) for row in order if losses[row] > 0][:LISTED],
            "hinders": [self._row(int(row), unit) for row in order[::-1] if losses[row] < 0][:LISTED],
            "tips": self.removals.tips,
            "words": self.removals.words,
            "classes": len(self.classes),
        }

    def _row(self, row: int, unit: int) -> dict[str, str]:
        loss = self.stored.get((row, unit))
        interval = span(loss.low, loss.high) if loss and loss.low is not None else ""
        return {
            "name": self.names[row],
            "href": self.hrefs[row],
            "place": ordinal(int(self.place[row, unit])),
            "ranking": lost(_number(self.ranking[row, unit])),
            "evaluation": lost(_number(self.evaluation[row, unit])),
            "interval": interval,
        }

    def sentence(self, unit: int) -> str:
        """Which classes need it, what removing it costs, and which confusions it prevents."""
        order = np.argsort(-np.nan_to_num(self.confirmed[:, unit]), kind="stable")
        needing = [(self.names[row], float(self.confirmed[row, unit]))
                   for row in order if self.needs[row, unit]]  # fmt: skip
        costs = self.evaluation[:, unit]
        known = costs[np.isfinite(costs)]
        most = float(known.max()) if len(known) else None
        text = used_sentence(needing, most, self.removals.words.balanced)
        return text + "".join(f" {self._prevented(int(row), unit)}" for row in order[:1] if needing)

    def _prevented(self, row: int, unit: int) -> str:
        """What the unit is for in its first class: recognising it, or keeping others apart from it."""
        loss, target = self.stored[row, unit], self.removals.record.targets[self.classes[row]]
        if (loss.recall_lost or 0) >= (loss.specificity_lost or 0) or not loss.alarms:
            return f"Without it {lost(loss.recall_lost)} points of the {self.names[row]} images are missed."
        others = self.removals.record.evaluation_images - target.evaluation_images
        mistaken = sum(alarm.images for alarm in loss.alarms)
        return (
            f"It keeps others apart from it: without the unit, {count(mistaken)} of {count(others)} other "
            f"images are called {self.names[row]}."
        )


def _number(value: float) -> float | None:
    return None if np.isnan(value) else float(value)
