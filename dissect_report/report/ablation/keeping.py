"""The experiment that removes, or keeps only, a class's best units: does the class need them?"""

from __future__ import annotations

from pathlib import PurePosixPath
from typing import Any

from dissect_report.findings.store import LoadedRun
from dissect_report.report.ablation.classes import ClassSection, largest_shown
from dissect_report.report.ablation.figures import spread_figure, state_name
from dissect_report.report.ablation.section import class_index, layer_section
from dissect_report.report.ablation.view import AblationView
from dissect_report.report.addresses import RunAddresses
from dissect_report.report.experiment_page import experiment_page
from dissect_report.report.formatting import count, percent, plural, share
from dissect_report.report.intervals import Interval, mean_interval
from dissect_report.report.page import Page

#: Classes in the before/after grid, one image each.
PICTURED = 6
KINDS = {
    "removed": "{} most important removed",
    "kept": "only the best {} kept",
    "random": "{} random removed",
}


def keeping_page(run: LoadedRun, found: list[AblationView]) -> Page:
    """Removing a class's best units, and keeping only them."""
    path = RunAddresses(run.record.name).keeping
    size = largest_shown(found[-1])
    title = f"Removing {size} v keeping {size}" if size else "Removing and keeping"
    sections = [_keeping(removals, path) for removals in found]
    description = sections[-1]["verdict"] or f"What classes of {run.record.name} lose without their units."
    context = {"sections": sections, "size": size, "classes": class_index(found, path)}
    return experiment_page(found[-1].view, path, "keeping", title, description, context)


def _keeping(removals: AblationView, path: PurePosixPath) -> dict[str, Any]:
    record, classes = removals.record, removals.class_targets
    names = [record.targets[target].name for target in classes]
    return layer_section(removals, path) | {
        "figure": spread_figure(record.spread, names, removals.words.balanced_column) if classes else None,
        "means": ", ".join(f"{state_name(state)} {percent(state.mean)}" for state in record.spread),
        "verdict": keeping_verdict(removals),
        "states": _states(removals),
        "rows": [_class_row(removals, target, path) for target in classes],
        "size": largest_shown(removals),
        "flips": _flips(removals, path),
    }


def keeping_verdict(removals: AblationView) -> str:
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


def _best(removals: AblationView, size: int) -> str:
    """A class's most important units, and how many of them have an effect alone."""
    if size == 1:
        return "the unit that matters most to a class"
    rows = [removals.rows.get((target, "removed", size)) for target in removals.class_targets]
    effective = [row.effective for row in rows if row is not None and row.effective is not None]
    text = f"the {count(size)} units that matter most to a class"
    if not effective or min(effective) == size:
        return text
    low, high = count(min(effective)), count(max(effective))
    amount = ("none" if low == "0" else low) if low == high else f"{low} to {high}"
    return f"{text} ({amount} of them with an effect alone)"


def mean_lost(removals: AblationView) -> float | None:
    """Mean balanced accuracy lost by a class whose best units are removed."""
    means = {state.state: state.mean for state in removals.record.spread}
    before, after = means.get("intact"), means.get("removed")
    return None if before is None or after is None else before - after


def _states(removals: AblationView) -> list[dict[str, Any]]:
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


def _class_row(removals: AblationView, target: int, path: PurePosixPath) -> dict[str, Any]:
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


def _flips(removals: AblationView, path: PurePosixPath) -> list[dict[str, Any]]:
    """One image of each of a few classes, before and after."""
    chosen = [t for t in removals.class_targets if removals.record.targets[t].flips][:PICTURED]
    rows = []
    for target in chosen:
        own = removals.record.targets[target]
        row = ClassSection(removals, target, path).flip(own.flips[0])
        rows.append(row | {"href": removals.href(path, target), "title": own.name})
    return rows
