"""The experiment that asks whether the units that classes need are those that match concepts."""

from __future__ import annotations

from pathlib import PurePosixPath
from typing import Any

import numpy as np

from dissect_report.findings.ablation import Ablation, ServingBar
from dissect_report.findings.store import LoadedRun
from dissect_report.report.ablation.figures import scatter_figure, serving_figure, serving_label
from dissect_report.report.ablation.section import class_index, layer_section
from dissect_report.report.ablation.serving import serving_points, without_brush
from dissect_report.report.ablation.view import AblationView
from dissect_report.report.addresses import RunAddresses
from dissect_report.report.experiment_page import experiment_page
from dissect_report.report.formatting import count, number, plural, score, signed
from dissect_report.report.intervals import Interval, Sample, difference_interval, join_samples, mean_interval
from dissect_report.report.page import Page


def interpretable_page(run: LoadedRun, found: list[AblationView]) -> Page:
    """IoU of units by the number of classes that need them."""
    path = RunAddresses(run.record.name).interpretable
    sections = [_interpretable(removals, path) for removals in found]
    title = "Are important units interpretable?"
    description = sections[-1]["verdict"] or f"IoU of units of {run.record.name} by the classes they serve."
    context = {"sections": sections, "classes": class_index(found, path)}
    return experiment_page(found[-1].view, path, "interpretable", title, description, context)


def _interpretable(removals: AblationView, path: PurePosixPath) -> dict[str, Any]:
    record = removals.record
    shown = any(bar.mean_iou is not None for bar in record.serving)
    cloud = serving_points(removals)
    return layer_section(removals, path) | {
        "figure": serving_figure(record.serving) if shown else None,
        "scatter": without_brush(scatter_figure(cloud)) if cloud else None,
        "verdict": serving_verdict(record),
        "bars": [
            (serving_label(bar, record.serving), bar, _bar_interval(removals, bar)) for bar in record.serving
        ],
    }


def _bar_interval(removals: AblationView, bar: ServingBar) -> Interval:
    served, iou = removals.arrays["served"], removals.arrays["iou"]
    last = bar == removals.record.serving[-1]
    inside = served >= bar.classes if last else served == bar.classes
    return mean_interval(iou[inside & np.isfinite(iou)].tolist())


def serving_verdict(record: Ablation) -> str:
    """Units that serve nobody beside those that serve several classes, and how sure that is."""
    none, *others = record.serving
    several = [bar for bar in others if bar.mean_iou is not None]
    if none.mean_iou is None or not several:
        return ""
    without, serving = _sample(none), join_samples([_sample(bar) for bar in several])
    units = plural(serving.size, "unit that serves", "units that serve")
    rest = f"the {count(without.size)} that {'serves' if without.size == 1 else 'serve'} none"
    means = f"a mean IoU of {score(serving.mean)} against {score(without.mean)} of {rest}"
    return f"The {units} at least one class {_told_apart(without, serving, means)}.{_correlated(record)}"


def _sample(bar: ServingBar) -> Sample:
    """The best IoUs of a bar's units."""
    error = bar.standard_error
    variance = None if error is None else error**2 * bar.measured
    return Sample(bar.measured, bar.mean_iou or 0.0, variance)


def _told_apart(without: Sample, serving: Sample, means: str) -> str:
    """Which of both matches concepts better, where the interval of the difference says so."""
    one = serving.size == 1
    found = difference_interval(without, serving)
    if found.low is None or found.high is None:
        return f"{'has' if one else 'have'} {means}; so few units have no interval"
    ends = f"difference {signed(serving.mean - without.mean)}, 95\N{NO-BREAK SPACE}% interval "
    ends += f"{signed(found.low)} to {signed(found.high)}"
    if found.low <= 0 <= found.high:
        return f"{'is' if one else 'are'} not told apart by how well they match concepts: {means} ({ends})"
    better = "better" if found.low > 0 else "worse"
    return f"{'matches' if one else 'match'} concepts {better}: {means} ({ends})"


def _correlated(record: Ablation) -> str:
    if record.serving_correlation is None:
        return ""
    return (
        f" Over all units, IoU and classes served have a rank correlation of "
        f"{signed(record.serving_correlation, 2)} (p {number(record.serving_p)})."
    )
