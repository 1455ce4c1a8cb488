"""Plotly figures of removals, as plain dicts; see ``figures``."""

from __future__ import annotations

from collections.abc import Sequence
from math import log

from dissect_report.findings.ablation import ServingBar, SetRow, Spread
from dissect_report.findings.records import CATEGORIES
from dissect_report.report.figures import Figure

#: Marks of an axis nearer than this part of its length cannot be read.
NEAR = 0.07

_HOVER = "%{x} units: %{y:.1f} %<extra></extra>"


def curves_figure(rows: Sequence[SetRow], intact: float | None, overall: bool = False) -> Figure:
    """The best N removed, only they kept, and N random ones removed, against N.

    Args:
        rows: of one target, without named sets.
        intact: the measure of the intact network, drawn as a line.
        overall: over all classes instead of the target's own.
    """
    lines = {"removed": ("best removed", "solid"), "kept": ("all others removed", "dash")}
    traces = _band([row for row in rows if row.kind == "random"], overall)
    for kind, (name, dash) in lines.items():
        measured = [(row.size, _measure(row, overall)) for row in rows if row.kind == kind]
        own = [(size, value) for size, value in measured if value is not None]
        traces.append(
            {"type": "scatter", "mode": "lines+markers", "name": name, "x": [size for size, _ in own],
             "y": [_percent(value) for _, value in own], "marker": {"color": "--ink", "size": 6},
             "line": {"color": "--ink", "width": 2, "dash": dash}, "hovertemplate": name + ", " + _HOVER}
        )  # fmt: skip
    sizes = sorted({row.size for row in rows})
    marked = apart(sizes)
    axis = {"type": "log", "tickvals": marked, "ticktext": [str(size) for size in marked]}
    layout: Figure = {
        "showlegend": True,
        "xaxis": {**axis, "title": {"text": "units (N)"}},
        "yaxis": {"title": {"text": "%"}, "range": [0, 103]},
    }
    if intact is not None:
        at = _percent(intact)
        line = {"type": "line", "xref": "paper", "x0": 0, "x1": 1, "y0": at, "y1": at}
        layout["shapes"] = [line | {"line": {"color": "--quiet", "width": 1, "dash": "dot"}}]
        note = {"xref": "paper", "x": 1, "xanchor": "right", "y": at, "yanchor": "bottom", "showarrow": False}
        layout["annotations"] = [note | {"text": f"intact {at:.1f} %"}]
    return {"data": traces, "layout": layout}


def apart(sizes: Sequence[int]) -> list[int]:
    """Of increasing sizes those that can be read side by side on a logarithmic axis; the last is one."""
    width = max(log(sizes[-1] / sizes[0]), NEAR) if sizes else NEAR
    kept: list[int] = []
    for size in reversed(sizes):
        if not kept or log(kept[-1] / size) >= NEAR * width:
            kept.append(size)
    return kept[::-1]


def _band(rows: Sequence[SetRow], overall: bool) -> list[Figure]:
    """Mean and range of random sets."""
    drawn = [
        (row.size, [v for v in (row.accuracy_draws if overall else row.draws) if v is not None])
        for row in rows
    ]
    drawn = [(size, values) for size, values in drawn if values]
    sizes = [size for size, _ in drawn]
    edge: Figure = {"type": "scatter", "mode": "lines", "x": sizes, "hoverinfo": "skip", "showlegend": False}
    edge |= {"line": {"color": "--accent", "width": 0}}
    mean = [_percent(sum(values) / len(values)) for _, values in drawn]
    return [
        edge | {"y": [_percent(min(values)) for _, values in drawn]},
        edge | {"y": [_percent(max(values)) for _, values in drawn], "fill": "tonexty"},
        {"type": "scatter", "mode": "lines+markers", "name": "random removed: mean and range", "x": sizes,
         "y": mean, "line": {"color": "--accent", "width": 2}, "marker": {"color": "--accent", "size": 5},
         "hovertemplate": "random removed, " + _HOVER},
    ]  # fmt: skip


def spread_figure(spread: Sequence[Spread], names: Sequence[str], title: str) -> Figure:
    """The measure of every class in each state of the network: a density and a dot a class."""
    traces = [
        {"type": "violin", "orientation": "h", "name": state_name(state), "y0": state_name(state),
         "x": [_percent(value) for _, value in known], "text": [name for name, _ in known],
         "points": "all", "jitter": 0.6, "pointpos": 0, "spanmode": "hard", "width": 0.8,
         "line": {"color": "--accent", "width": 1}, "marker": {"color": "--ink", "size": 5, "opacity": 0.6},
         "meanline": {"visible": True, "color": "--ink", "width": 2}, "hoveron": "points",
         "hovertemplate": "%{text}: %{x:.1f} %<extra></extra>"}
        for state in spread
        if (known := [(n, v) for n, v in zip(names, state.values, strict=True) if v is not None])
    ]  # fmt: skip
    layout = {
        "showlegend": False,
        "xaxis": {"title": {"text": f"{title} of each class, %"}, "range": [0, 103]},
        "yaxis": {"type": "category", "autorange": "reversed"},
    }
    return {"data": traces, "layout": layout}


def state_name(state: Spread) -> str:
    """What a state of the network is called."""
    if state.state == "intact":
        return "intact"
    return f"{state.size} best removed" if state.state == "removed" else f"only {state.size} best kept"


def serving_figure(bars: Sequence[ServingBar]) -> Figure:
    """Mean best IoU of units by the number of classes that they serve, with its standard error."""
    shown = [bar for bar in bars if bar.mean_iou is not None]
    errors = {"type": "data", "array": [bar.standard_error for bar in shown], "color": "--ink"}
    bar: Figure = {
        "type": "bar", "x": [serving_label(bar, bars) for bar in shown], "y": [bar.mean_iou for bar in shown],
        "customdata": [bar.measured for bar in shown], "text": [f"n = {bar.measured}" for bar in shown],
        "textposition": "inside", "insidetextanchor": "start", "textangle": 0,
        "constraintext": "none", "marker": {"color": "--accent"}, "error_y": errors,
        "hovertemplate": "%{x} classes: mean IoU %{y:.3f}, %{customdata} units<extra></extra>",
    }  # fmt: skip
    x: Figure = {"type": "category", "title": {"text": "classes served"}}
    x["categoryarray"] = [serving_label(bar, bars) for bar in bars]
    x |= {"categoryorder": "array", "range": [-0.5, len(bars) - 0.5]}
    y = {"title": {"text": "mean best IoU"}, "rangemode": "tozero"}
    return {"data": [bar], "layout": {"bargap": 0.2, "xaxis": x, "yaxis": y}}


def serving_label(bar: ServingBar, bars: Sequence[ServingBar]) -> str:
    """The number of classes of a bar; the last holds all that serve as many or more."""
    return f"{bar.classes} or more" if bar == bars[-1] else str(bar.classes)


def scatter_figure(points: Sequence[tuple[int, int, float, str, str]]) -> Figure:
    """Best IoU of every unit against the number of classes that it serves; to be brushed.

    Args:
        points: unit, classes served, IoU, what it is called, category ("none": not a detector).
    """
    traces: list[Figure] = []
    for category in (*CATEGORIES, "none"):
        group = [point for point in points if point[4] == category]
        if group:
            name, color = (category, f"--{category}") if category != "none" else ("no detector", "--faint")
            traces.append(
                {"type": "scatter", "mode": "markers", "name": name,
                 "x": [round(served + _aside(unit), 3) for unit, served, _, _, _ in group],
                 "y": [round(iou, 5) for _, _, iou, _, _ in group],
                 "customdata": [[unit, label, served] for unit, served, _, label, _ in group],
                 "marker": {"color": color, "size": 8, "opacity": 0.75},
                 "hovertemplate": "unit %{customdata[0]}, %{customdata[1]}: "
                 "%{customdata[2]} classes, IoU %{y:.3f}<extra></extra>"}
            )  # fmt: skip
    most = max([served for _, served, _, _, _ in points], default=0)
    x: Figure = {"title": {"text": "classes served"}, "range": [-0.5, most + 0.5]}
    x |= {"dtick": 1} if most <= 12 else {}
    y = {"title": {"text": "best IoU"}, "rangemode": "tozero"}
    return {"data": traces, "layout": {"showlegend": True, "dragmode": "select", "xaxis": x, "yaxis": y}}


def _aside(unit: int) -> float:
    """A unit's place beside its column, the same every time: many units share one."""
    return 0.5 * ((unit * 0.618) % 1 - 0.5)


def _measure(row: SetRow, overall: bool) -> float | None:
    return row.accuracy if overall else row.balanced_accuracy


def _percent(value: float) -> float:
    return round(100 * value, 2)
