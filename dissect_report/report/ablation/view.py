"""One layer's removals as its pages need them: rows by size, who needs a unit, links to classes."""

from __future__ import annotations

from dataclasses import dataclass
from functools import cached_property
from pathlib import PurePosixPath
from types import SimpleNamespace

import numpy as np
from markupsafe import escape

from dissect_report.findings.ablation import Ablation, SetRow, Target, UnitLoss
from dissect_report.findings.store import LoadedRun
from dissect_report.report.ablation.words import Words, ablation_glossary, words_of
from dissect_report.report.addresses import link
from dissect_report.report.cards import LayerView
from dissect_report.report.formatting import count, plural
from dissect_report.report.site import SiteFindings, layers_of

#: Classes named beside a unit that prevents confusions with them.
ALARMS = 3


@dataclass(frozen=True)
class AblationView:
    """What removing the units of a layer does.

    Attributes:
        view: the layer.
        record: ``ablation.json``.
    """

    view: LayerView
    record: Ablation

    @cached_property
    def arrays(self) -> dict[str, np.ndarray]:
        """``ablation.npz``."""
        return self.view.layer.ablation_arrays

    @cached_property
    def words(self) -> Words:
        """Accuracy, or agreement."""
        return words_of(self.record)

    @cached_property
    def tips(self) -> SimpleNamespace:
        """Definitions as tooltips."""
        terms = ablation_glossary(self.record).items()
        return SimpleNamespace(**{key: escape(term.text) for key, term in terms})

    @cached_property
    def rows(self) -> dict[tuple[int, str, int], SetRow]:
        """Best, kept and random sets by target, kind and size."""
        return {(row.target, row.kind, row.size): row for row in self.record.rows if not row.name}

    @cached_property
    def class_targets(self) -> tuple[int, ...]:
        """Targets that are single classes."""
        return tuple(place for place, target in enumerate(self.record.targets) if target.kind == "class")

    @cached_property
    def place(self) -> np.ndarray:
        """[target, unit] the unit's place in the target's ranking, from 1."""
        order = self.arrays["order"]
        places = np.empty_like(order)
        np.put_along_axis(places, order, np.arange(1, order.shape[1] + 1)[None], axis=1)
        return places

    @cached_property
    def needs(self) -> np.ndarray:
        """[target, unit] whether the unit serves the target, a class: its loss is confirmed."""
        classes = np.array([target.kind == "class" for target in self.record.targets], dtype=bool)
        return np.asarray(np.isfinite(self.arrays["confirmed_loss"]) & classes[:, None])

    def file(self, target: Target) -> PurePosixPath:
        """The page of a target."""
        files = self.view.site.class_files[self.view.run.record.name]
        return self.view.run_addresses.class_page(files[target.kind, target.name])

    def href(self, page: PurePosixPath, target: int) -> str:
        """The page of a target as seen from ``page``."""
        return link(page, self.file(self.record.targets[target]))

    def lost(self, split: str, target: int, unit: int) -> float | None:
        """Balanced accuracy lost by a unit alone; ``split`` is "ranking" or "evaluation"."""
        value = float(self.arrays[f"{split}_loss"][target, unit])
        return None if np.isnan(value) else value

    def alarms(self, target: Target, loss: UnitLoss) -> str:
        """Images of other classes that are given the target only without the unit; "" if there are none."""
        mistaken = sum(alarm.images for alarm in loss.alarms)
        if not mistaken:
            return ""
        shown = loss.alarms[:ALARMS]
        names = [f"{count(alarm.images)} {self.class_name(alarm.predicted)}" for alarm in shown]
        left = mistaken - sum(alarm.images for alarm in shown)
        rest = [f"{count(left)} more"] if left else []
        others = plural(self.record.evaluation_images - target.evaluation_images, "other image")
        verb = "is" if mistaken == 1 else "are"
        return f"{count(mistaken)} of {others} {verb} called {target.name} ({', '.join(names + rest)})"

    def class_name(self, index: int) -> str:
        """The name of a class index."""
        return self.view.run.record.classes[index]


def ablation_view(view: LayerView) -> AblationView | None:
    """The layer's removals; None where none were tried."""
    record = view.layer.ablation
    return None if record is None else AblationView(view, record)


def ablation_views(site: SiteFindings, run: LoadedRun) -> list[AblationView]:
    """Of every layer of the run that has some, in execution order."""
    views = [ablation_view(LayerView(site, run, layer)) for layer in layers_of(run)]
    return [view for view in views if view is not None]
