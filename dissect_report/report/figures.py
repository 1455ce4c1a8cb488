"""Plotly figures as plain dicts: data and what is special in the layout.

Fonts, margins and colours of the frame are added by ``assets/js/figures.js`` in the reader's colour
scheme. A colour is the name of a CSS custom property of ``dissect.css``, such as ``--object``.
"""

from __future__ import annotations

from collections.abc import Mapping, Sequence
from typing import Any

import numpy as np

from dissect_report.findings.records import CATEGORIES
from dissect_report.findings.units import Histogram

Figure = dict[str, Any]


def layers_figure(
    names: Sequence[str], concepts: Sequence[Mapping[str, int]], chance: Sequence[float]
) -> Figure:
    """The paper's matched concepts per layer: a stacked bar a layer, chance as a dash across it."""
    bars = [
        {
            "type": "bar",
            "name": category,
            "x": list(names),
            "y": [layer.get(category, 0) for layer in concepts],
            "marker": {"color": f"--{category}"},
            "hovertemplate": "%{x}<br>%{y} " + category + " concepts<extra></extra>",
        }
        for category in CATEGORIES
        if any(layer.get(category, 0) for layer in concepts)
    ]
    line = {
        "type": "scatter",
        "name": "by chance",
        "mode": "markers",
        "x": list(names),
        "y": [round(value, 2) for value in chance],
        "marker": {"symbol": "line-ew", "size": 34, "line": {"width": 2, "color": "--ink"}},
        "hovertemplate": "%{x}<br>%{y} concepts by chance<extra></extra>",
    }
    return {
        "data": [*bars, line],
        "layout": {
            "barmode": "stack",
            "bargap": 0.45,
            "showlegend": True,
            "xaxis": {"type": "category"},
            "yaxis": _counting("concepts", max([sum(layer.values()) for layer in concepts], default=0)),
        },
    }


def concepts_figure(bars: Sequence[tuple[str, str, int, int]]) -> Figure:
    """The paper's figure of a layer: a bar a concept, height = units, grouped by category.

    Args:
        bars: name, category, units and strong units, in the order of drawing.
    """
    traces = []
    for category in CATEGORIES:
        group = [bar for bar in bars if bar[1] == category]
        if group:
            traces.append(
                {
                    "type": "bar",
                    "name": category,
                    "x": [name for name, _, _, _ in group],
                    "y": [units for _, _, units, _ in group],
                    "customdata": [strong for _, _, _, strong in group],
                    "marker": {"color": f"--{category}"},
                    "hovertemplate": "%{x}: %{y} units, %{customdata} strong<extra></extra>",
                }
            )
    axis = {"type": "category", "tickangle": -55, "automargin": True, "tickmode": "linear", "dtick": 1}
    y = _counting("units", max([units for _, _, units, _ in bars], default=0))
    layout: Figure = {"bargap": 0.25, "xaxis": axis, "yaxis": y}
    return {"data": traces, "layout": {**layout, "showlegend": True, "barmode": "stack"}}


def iou_figure(ious: Sequence[float], chance: np.ndarray, iou_threshold: float) -> Figure:
    """Best IoU of a layer's units, beside what shuffled label maps give.

    Args:
        ious: best IoU of every unit that has one.
        chance: [permutation, unit] best IoU with permuted label maps; NaN = undefined.
        iou_threshold: drawn as a line.
    """
    shuffled = chance[np.isfinite(chance)]
    top = max([*ious, iou_threshold * 1.5, *([float(shuffled.max())] if shuffled.size else [])])
    edges = np.linspace(0, top * 1.0001, 41)
    centres = [round(float(x), 5) for x in (edges[:-1] + edges[1:]) / 2]
    real = np.histogram(np.asarray(ious, dtype=float), edges)[0]
    random = np.histogram(shuffled, edges)[0] / max(1, len(chance))
    step = {"shape": "hvh", "color": "--ink", "width": 1.5}
    return {
        "data": [
            {"type": "bar", "name": "measured", "x": centres, "y": real.tolist(),
             "marker": {"color": "--accent"},
             "hovertemplate": "IoU %{x:.3f}: %{y} units<extra></extra>"},
            {"type": "scatter", "mode": "lines", "name": "by chance", "x": centres, "line": step,
             "y": [round(float(y), 2) for y in random],
             "hovertemplate": "IoU %{x:.3f}: %{y:.1f} units by chance<extra></extra>"},
        ],
        "layout": {
            "bargap": 0.08,
            "showlegend": True,
            "xaxis": {"title": {"text": "best IoU"}, "range": [0, top * 1.02]},
            "yaxis": _counting("units", int(max(real.max(), random.max()))),
            **_line(iou_threshold, f"iou_threshold {iou_threshold:g}"),
        },
    }  # fmt: skip


def activation_figure(histogram: Histogram, level: float | None) -> Figure:
    """Activations over every grid pixel, on a logarithmic count, with the level."""
    width = (histogram.high - histogram.low) / max(1, len(histogram.counts))
    first, step = float(f"{histogram.low + width / 2:.6g}"), float(f"{width:.6g}")
    layout: Figure = {
        "bargap": 0.06,
        "xaxis": {"title": {"text": "activation"}},
        "yaxis": {"type": "log", "title": {"text": "grid pixels"}, "dtick": 1},
    }
    if level is not None:
        layout |= _line(level, f"level {level:.3g}")
    bars: Figure = {"type": "bar", "x0": first, "dx": step, "y": list(histogram.counts),
            "marker": {"color": "--accent"},
            "hovertemplate": "%{x}: %{y:,} pixels<extra></extra>"}  # fmt: skip
    return {"data": [bars], "layout": layout}


def depth_figure(
    points: Sequence[tuple[str, int, float, bool]], layers: Sequence[str], category: str, top: float
) -> Figure:
    """IoU of every unit that names a concept, by layer.

    Args:
        points: layer, unit, IoU and whether it is a detector.
        layers: all layers in execution order.
        category: of the concept, for the colour.
        top: the highest IoU of all figures beside this one, which share an axis.
    """
    traces = []
    for detector, name, color in ((True, "detectors", f"--{category}"), (False, "other units", "--faint")):
        group = [point for point in points if point[3] == detector]
        if group:
            marker = {"size": 9, "color": color, "opacity": 0.75}
            traces.append(
                {
                    "type": "scatter", "mode": "markers", "name": name, "marker": marker,
                    "x": [layer for layer, _, _, _ in group],
                    "y": [round(iou, 4) for _, _, iou, _ in group],
                    "customdata": [unit for _, unit, _, _ in group],
                    "hovertemplate": "%{x} unit %{customdata}: IoU %{y:.3f}<extra></extra>",
                }
            )  # fmt: skip
    x: Figure = {"type": "category", "categoryorder": "array", "categoryarray": list(layers)}
    x |= {"range": [-0.5, len(layers) - 0.5]}
    y = {"title": {"text": "IoU"}, "range": [0, 1.08 * top]}
    return {"data": traces, "layout": {"showlegend": True, "xaxis": x, "yaxis": y}}


def _counting(title: str, top: int) -> Figure:
    """An axis of whole numbers."""
    axis: Figure = {"title": {"text": title}, "rangemode": "tozero"}
    return axis | ({"dtick": 1} if top <= 6 else {})


def _line(at: float, text: str) -> Figure:
    """A labelled vertical line across the figure."""
    shape: Figure = {"type": "line", "x0": at, "x1": at, "yref": "paper", "y0": 0, "y1": 1}
    note: Figure = {"x": at, "y": 1, "yref": "paper", "yanchor": "top", "xshift": 4, "text": text}
    note["showarrow"] = False
    return {
        "shapes": [shape | {"line": {"color": "--ink", "width": 1, "dash": "dot"}}],
        "annotations": [note],
    }
