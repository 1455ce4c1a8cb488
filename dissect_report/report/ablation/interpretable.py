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
from dissect_report.report.formatting import number, plural, score
from dissect_report.report.intervals import Interval, mean_interval
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
    bars = record.serving
    none = bars[0]
    several = [bar for bar in bars[1:] if bar.mean_iou is not None]
    if none.mean_iou is None or not several:
        return ""
    measured = sum(bar.measured for bar in several)
    mean = sum((bar.mean_iou or 0) * bar.measured for bar in several) / measured
    better = "better" if mean > none.mean_iou else "worse" if mean < none.mean_iou else "no better"
    sure = ""
    if record.serving_correlation is not None:
        sure = (
            f" Over all units, IoU and classes served have a rank correlation of "
            f"{record.serving_correlation:+.2f} (p {number(record.serving_p)})."
        ).replace("-", "\N{MINUS SIGN}")
    serving = plural(measured, "unit that serves", "units that serve")
    verb = "matches" if measured == 1 else "match"
    return (
        f"The {serving} at least one class {verb} concepts {better} (mean IoU {score(mean)}) "
        f"than the {none.measured} that serve none ({score(none.mean_iou)}).{sure}"
    )
