"""The experiment pages: one question each, answered with a figure, a table and the command to repeat it."""

from __future__ import annotations

from collections.abc import Iterator
from pathlib import PurePosixPath
from typing import Any

import numpy as np

from dissect_report.findings.ablation import Ablation, ServingBar
from dissect_report.findings.store import LoadedRun
from dissect_report.report.addresses import HOME, RunAddresses, link
from dissect_report.report.cards import LayerView, label
from dissect_report.report.formatting import (
    count,
    number,
    percent,
    plural,
    points,
    score,
    share,
    signed,
    span,
)
from dissect_report.report.intervals import Interval, Sample, difference_interval, join_samples, mean_interval
from dissect_report.report.page import Page
from dissect_report.report.pages.classes import ClassSection, largest_shown
from dissect_report.report.published import published
from dissect_report.report.removal_figures import (
    scatter_figure,
    serving_figure,
    serving_label,
    spread_figure,
    state_name,
)
from dissect_report.report.removals import Removals, run_removals
from dissect_report.report.site import SiteFindings

#: Classes in the before/after grid, one image each.
PICTURED = 6
KINDS = {
    "removed": "{} most important removed",
    "kept": "only the best {} kept",
    "random": "{} random removed",
}


def experiment_pages(site: SiteFindings, run: LoadedRun) -> Iterator[Page]:
    """Both pages; none for a run without removals."""
    found = run_removals(site, run)
    if found:
        yield keeping_page(run, found)
        yield interpretable_page(run, found)


def keeping_page(run: LoadedRun, found: list[Removals]) -> Page:
    """Removing a class's best units, and keeping only them."""
    path = RunAddresses(run.record.name).keeping
    size = largest_shown(found[-1])
    title = f"Removing {size} v keeping {size}" if size else "Removing and keeping"
    sections = [_keeping(removals, path) for removals in found]
    description = sections[-1]["verdict"] or f"What classes of {run.record.name} lose without their units."
    return _page(found[-1].view, path, "keeping", title, description, sections, {"size": size})


def interpretable_page(run: LoadedRun, found: list[Removals]) -> Page:
    """IoU of units by the number of classes that need them."""
    path = RunAddresses(run.record.name).interpretable
    sections = [_interpretable(removals, path) for removals in found]
    title = "Are important units interpretable?"
    description = sections[-1]["verdict"] or f"IoU of units of {run.record.name} by the classes they serve."
    return _page(found[-1].view, path, "interpretable", title, description, sections, {})


def _page(
    view: LayerView,
    path: PurePosixPath,
    kind: str,
    title: str,
    description: str,
    sections: list[dict[str, Any]],
    more: dict[str, Any],
) -> Page:
    name, addresses = view.run.record.name, view.run_addresses
    context = {
        "title": title,
        "run": name,
        "home": link(path, HOME),
        "sections": sections,
        "classes": link(path, addresses.classes),
        "methods": link(path, addresses.methods),
        "data": link(path, addresses.data),
        "count": count, "number": number, "percent": percent, "plural": plural, "points": points,
        "score": score, "span": span,
    }  # fmt: skip
    body = view.site.templates.get_template(f"pages/{kind}.html").render(context | more)
    words = f"experiment {title} {name}"
    return Page(path, f"{title} · {name}", description, body, words, (name, "Experiments", title))


def _shared(removals: Removals, path: PurePosixPath) -> dict[str, Any]:
    """What a section of either page says."""
    return {
        "layer": removals.view.layer.summary.name,
        "layer_href": link(path, removals.view.addresses.page),
        "units": removals.view.layer.summary.units,
        "words": removals.words,
        "tips": removals.tips,
        "published": published(removals.view.run, removals.view.layer.summary.name, "keeping"),
        "record": removals.record,
    }


def _keeping(removals: Removals, path: PurePosixPath) -> dict[str, Any]:
    record, classes = removals.record, removals.class_targets
    names = [record.targets[target].name for target in classes]
    return _shared(removals, path) | {
        "figure": spread_figure(record.spread, names, removals.words.balanced) if classes else None,
        "means": ", ".join(f"{state_name(state)} {percent(state.mean)}" for state in record.spread),
        "verdict": keeping_verdict(removals),
        "states": _states(removals),
        "rows": [_class_row(removals, target, path) for target in classes],
        "size": largest_shown(removals),
        "flips": _flips(removals, path),
    }


def keeping_verdict(removals: Removals) -> str:
    """What the experiment found, in one sentence; "" where nothing is defined."""
    states = {state.state: state for state in removals.record.spread}
    means = {name: state.mean for name, state in states.items()}
    if not {"intact", "removed", "kept"} <= means.keys() or None in means.values():
        return ""
    classes = len(removals.class_targets)
    return (
        f"Over {plural(classes, 'class', 'classes')}, removing {_best(removals, states['removed'].size)} "
        f"takes its {removals.words.balanced} from {percent(means['intact'])} to "
        f"{percent(means['removed'])} on average, where 50\N{NO-BREAK SPACE}% is not knowing it; keeping "
        f"only {'that one' if states['kept'].size == 1 else 'those'} of "
        f"{count(removals.view.layer.summary.units)} leaves {percent(means['kept'])}."
    )


def _best(removals: Removals, size: int) -> str:
    """A class's most important units, and how many of them have an effect alone."""
    if size == 1:
        return "the unit that matters most to a class"
    rows = [removals.rows.get((target, "removed", size)) for target in removals.class_targets]
    effective = [row.effective for row in rows if row is not None and row.effective is not None]
    text = f"the {count(size)} units that matter most to a class"
    if not effective or min(effective) == size:
        return text
    low, high = count(min(effective)), count(max(effective))
    amount = low if low == high else f"{low} to {high}"
    return f"{text} ({amount} of them with an effect alone)"


def mean_lost(removals: Removals) -> float | None:
    """Mean balanced accuracy lost by a class whose best units are removed."""
    means = {state.state: state.mean for state in removals.record.spread}
    before, after = means.get("intact"), means.get("removed")
    return None if before is None or after is None else before - after


def _states(removals: Removals) -> list[dict[str, Any]]:
    """A row for every state of the network: means over the classes."""
    record, classes = removals.record, removals.class_targets
    before = {target: record.targets[target].balanced_accuracy for target in classes}
    values = [value for value in before.values() if value is not None]
    intact = {
        "name": "intact", "of": "", "balanced": sum(values) / len(values) if values else None,
        "change": None, "interval": Interval(None, None), "overall": record.accuracy, "classes": len(values),
    }  # fmt: skip
    states = [intact]
    for size in record.set_sizes:
        for kind, text in KINDS.items():
            rows = [removals.rows[t, kind, size] for t in classes if (t, kind, size) in removals.rows]
            pairs = [(r.balanced_accuracy, b) for r in rows
                     if r.balanced_accuracy is not None and (b := before[r.target]) is not None]  # fmt: skip
            overall = [row.accuracy for row in rows if row.accuracy is not None]
            if pairs:
                changes = [after - b for after, b in pairs]
                states.append({
                    "name": text.format(size),
                    "of": share(size / removals.view.layer.summary.units),
                    "balanced": sum(after for after, _ in pairs) / len(pairs),
                    "change": sum(changes) / len(changes),
                    "interval": mean_interval(changes),
                    "overall": sum(overall) / len(overall) if overall else None,
                    "classes": len(pairs),
                })  # fmt: skip
    return states


def _class_row(removals: Removals, target: int, path: PurePosixPath) -> dict[str, Any]:
    own, size = removals.record.targets[target], largest_shown(removals)
    return {
        "name": own.name,
        "href": removals.href(path, target),
        "images": own.evaluation_images,
        "balanced": own.balanced_accuracy,
        "removed": removals.rows.get((target, "removed", size)),
        "kept": removals.rows.get((target, "kept", size)),
        "random": removals.rows.get((target, "random", size)),
    }


def _flips(removals: Removals, path: PurePosixPath) -> list[dict[str, Any]]:
    """One image of each of a few classes, before and after."""
    chosen = [t for t in removals.class_targets if removals.record.targets[t].flips][:PICTURED]
    rows = []
    for target in chosen:
        own = removals.record.targets[target]
        row = ClassSection(removals, target, path).flip(own.flips[0], 0)
        rows.append(row | {"href": removals.href(path, target), "title": own.name})
    return rows


def _interpretable(removals: Removals, path: PurePosixPath) -> dict[str, Any]:
    record = removals.record
    shown = any(bar.mean_iou is not None for bar in record.serving)
    cloud = serving_points(removals)
    return _shared(removals, path) | {
        "figure": serving_figure(record.serving) if shown else None,
        "scatter": without_brush(scatter_figure(cloud)) if cloud else None,
        "verdict": serving_verdict(record),
        "bars": [
            (serving_label(bar, record.serving), bar, _bar_interval(removals, bar)) for bar in record.serving
        ],
    }


def _bar_interval(removals: Removals, bar: ServingBar) -> Interval:
    served, iou = removals.arrays["served"], removals.arrays["iou"]
    last = bar == removals.record.serving[-1]
    inside = served >= bar.classes if last else served == bar.classes
    return mean_interval(iou[inside & np.isfinite(iou)].tolist())


def serving_points(removals: Removals) -> list[tuple[int, int, float, str, str]]:
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
        f"{record.serving_correlation:+.2f} (p {number(record.serving_p)})."
    ).replace("-", "\N{MINUS SIGN}")
