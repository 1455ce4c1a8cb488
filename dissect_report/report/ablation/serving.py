"""Classes that a layer's units serve, as the layer page and the experiments show them."""

from __future__ import annotations

from typing import Any

import numpy as np

from dissect_report.report.ablation.figures import scatter_figure
from dissect_report.report.ablation.view import AblationView
from dissect_report.report.addresses import link
from dissect_report.report.cards import label
from dissect_report.report.experiment import NOTHING, LayerPart, render_part

#: Units that count as important for a class: the first of its ranking.
LISTED = 20


def layer_part(ablation: AblationView) -> LayerPart:
    """What the layer page says: a figure, filters by classes served, an order by importance."""
    view, record = ablation.view, ablation.record
    page, name = view.addresses.page, view.layer.summary.name
    points = serving_points(ablation)
    served = any(classes for _, classes, _, _, _ in points)
    figure = {
        "layer": view.layer.summary,
        "scatter": scatter_figure(points) if served else None,
        "classes": link(page, view.run_addresses.classes),
    }
    filters = {
        "tips": ablation.tips,
        "class_names": [target.name for target in record.targets if target.kind == "class"],
    }
    nobody = (
        f"No unit of {name} serves a class: none is among a class's four most important units with a loss."
    )
    return LayerPart(
        summary=", and classes served" if served else "",
        figure=render_part(view.site, "ablation/layer_figure", figure) if served else NOTHING,
        remark="" if served else nobody,
        filters=render_part(view.site, "ablation/layer_filters", filters),
        sorts=(("importance", "importance"),),
        data=importance(ablation),
    )


def serving_points(removals: AblationView) -> list[tuple[int, int, float, str, str]]:
    """Unit, classes served, IoU, what it is called and the category of a detector."""
    result = []
    for unit in removals.view.layer.units:
        if unit.iou is not None:
            concept = removals.view.concept(unit.concept)
            category = concept.category if concept and unit.detector else "none"
            result.append((unit.unit, int(removals.arrays["served"][unit.unit]), unit.iou,
                           label(unit, concept), category))  # fmt: skip
    return result


def without_brush(figure: dict[str, Any]) -> dict[str, Any]:
    """The scatter without its brush: nothing on this page would follow it."""
    return figure | {"layout": {name: item for name, item in figure["layout"].items() if name != "dragmode"}}


def importance(removals: AblationView) -> dict[str, Any]:
    """How many classes each unit serves, and by class the units whose loss is confirmed, most lost first."""
    loss = removals.arrays["confirmed_loss"]
    classes = []
    for target in removals.class_targets:
        order = np.argsort(-np.nan_to_num(loss[target]), kind="stable")[:LISTED]
        best = [int(unit) for unit in order if np.isfinite(loss[target, unit])]
        classes.append([removals.record.targets[target].name, best])
    return {"served": removals.arrays["served"].tolist(), "classes": classes}
