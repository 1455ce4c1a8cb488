"""Plotly figures of a generator's edits, as plain dicts; see ``figures``."""

from __future__ import annotations

from collections.abc import Sequence

from dissect_report.findings.generation import SweepCurve, SweepPoint
from dissect_report.report.figures import Figure
from dissect_report.report.generation.words import ENOUGH_PLACES

#: Name, dash and whether its interval is drawn as a band, by ranking.
LINES = {
    "random": ("random units", "dot", True),
    "ace": ("best by ACE", "dash", False),
    "iou": ("best by IoU", "solid", True),
    "effect": ("best by effect", "solid", True),
}


def sweep_figure(curves: Sequence[SweepCurve], category: str) -> Figure:
    """Portion of a concept removed against units removed, with 99 % bands."""
    traces: list[Figure] = []
    by_ranking = {curve.ranking: curve for curve in curves}
    colors = {"random": "--faint", "ace": "--ink", "iou": f"--{category}", "effect": f"--{category}"}
    if "effect" in by_ranking:  # the colour goes to the units that were asked for
        colors["iou"] = "--quiet"
    for ranking, (name, dash, band) in LINES.items():
        if ranking in by_ranking:
            known = [point for point in by_ranking[ranking].points if point.portion is not None]
            traces += _band(known, colors[ranking]) if band else []
            traces.append(
                {"type": "scatter", "mode": "lines+markers", "name": name, "x": [p.count for p in known],
                 "y": [_percent(p.portion or 0) for p in known], "customdata": [_ends(p) for p in known],
                 "line": {"color": colors[ranking], "width": 2, "dash": dash},
                 "marker": {"color": colors[ranking], "size": 6},
                 "hovertemplate": name + ", %{x} units: %{y:.1f} %%{customdata}<extra></extra>"}
            )  # fmt: skip
    layout: Figure = {
        "showlegend": True,
        "xaxis": {"title": {"text": "units removed"}, "rangemode": "tozero"},
        "yaxis": {"title": {"text": "% of its pixels removed"}},
    }
    return {"data": traces, "layout": layout}


def _ends(point: SweepPoint) -> str:
    if point.low is None or point.high is None:
        return ""
    return f" ({_percent(point.low):.1f} to {_percent(point.high):.1f})"


def _band(points: Sequence[SweepPoint], color: str) -> list[Figure]:
    known = [point for point in points if point.low is not None and point.high is not None]
    edge: Figure = {"type": "scatter", "mode": "lines", "x": [p.count for p in known], "hoverinfo": "skip"}
    edge |= {"showlegend": False, "line": {"color": color, "width": 0}}
    low, high = [_percent(p.low or 0) for p in known], [_percent(p.high or 0) for p in known]
    return [edge | {"y": low}, edge | {"y": high, "fill": "tonexty"}] if known else []


def context_figure(bars: Sequence[tuple[str, int, float, float | None]]) -> Figure:
    """Added area by what stood at the place.

    Args:
        bars: context, places, mean added area, standard deviation; the largest gain first.
    """
    traces: list[Figure] = []
    groups = (("", True, "--accent"), (f"fewer than {ENOUGH_PLACES} places", False, "--hair"))
    for name, enough, color in groups:
        group = [bar for bar in bars if (bar[1] >= ENOUGH_PLACES) == enough]
        errors = {
            "type": "data",
            "array": [_percent(sd or 0) for *_, sd in group],
            "color": "--quiet",
            "width": 3,
        }
        if group:
            traces.append(
                {"type": "bar", "orientation": "h", "name": name or f"{ENOUGH_PLACES} places or more",
                 "y": [context for context, *_ in group], "x": [_percent(added) for _, _, added, _ in group],
                 "customdata": [places for _, places, _, _ in group],
                 "marker": {"color": color}, "error_x": errors | {"thickness": 1},
                 "hovertemplate": "%{y}: %{x:.2f} % of the image, %{customdata} places<extra></extra>"}
            )  # fmt: skip
    y: Figure = {"type": "category", "autorange": "reversed"}
    y |= {"categoryorder": "array", "categoryarray": [context for context, *_ in bars]}
    x = {"title": {"text": "added, % of the image"}, "showgrid": True}
    return {"data": traces, "layout": {"showlegend": len(traces) > 1, "barmode": "overlay", "bargap": 0.35,
                                       "xaxis": x, "yaxis": y}}  # fmt: skip


def side_figure(
    rows: Sequence[str], columns: Sequence[str], cells: Sequence[Sequence[tuple[float | None, bool, str]]],
    hrefs: Sequence[str],
) -> Figure:  # fmt: skip
    """Concept removed against every concept's change; a cell leads to the removed concept's grid.

    Args:
        rows: concepts removed.
        columns: concepts that change.
        cells: by row, the change as a part of what was there, whether its interval leaves out 0, and words.
        hrefs: by row, where a click leads.
    """
    shown = [
        [None if part is None else _percent(max(-1, min(1, part))) for part, _, _ in row] for row in cells
    ]
    heat: Figure = {
        "type": "heatmap", "x": list(columns), "y": list(rows), "xgap": 2, "ygap": 2,
        "z": [[z if z is None or known else 0 for z, (_, known, _) in zip(*pair, strict=True)]
              for pair in zip(shown, cells, strict=True)],
        "text": [[_signed(part) if known else "" for part, known, _ in row] for row in cells],
        "texttemplate": "%{text}", "textfont": {"size": 11, "color": "--ink"},
        "customdata": [[[href, words] for _, _, words in row]
                       for href, row in zip(hrefs, cells, strict=True)],
        "hovertemplate": "%{customdata[1]}<extra></extra>", "zmin": -100, "zmax": 100,
        "colorscale": [[0, "--less"], [0.5, "--wash"], [1, "--more"]],
        "colorbar": {"thickness": 8, "outlinewidth": 0, "tickvals": [-100, -50, 0, 50, 100]},
    }  # fmt: skip
    x = {"type": "category", "tickangle": -55, "showline": False, "side": "bottom"}
    y = {"type": "category", "autorange": "reversed", "showgrid": False}
    return {"data": [heat], "layout": {"xaxis": x, "yaxis": y}}


def _signed(part: float | None) -> str:
    return "" if part is None else f"{100 * part:+.0f}".replace("-", "\N{MINUS SIGN}")


def _percent(value: float) -> float:
    return round(100 * value, 3)
