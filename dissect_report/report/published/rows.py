"""The paper's figures of a layer's units, of their removal and insertion, each beside the run's own."""

from __future__ import annotations

import re
from collections.abc import Iterator

from dissect_report.findings.ablation import Spread, Target
from dissect_report.findings.generation import ConceptEdits
from dissect_report.report.ablation.view import AblationView
from dissect_report.report.cards import LayerView
from dissect_report.report.formatting import DASH, count, lost, percent
from dissect_report.report.generation.view import GenerationView, point_at
from dissect_report.report.generation.words import portion
from dissect_report.report.published.networks import (
    PLACES,
    Beside,
    Row,
    beside,
    differences_of,
    labelled_as_there,
    measured_as_there,
    on_the_photos,
    place_of,
)

#: Distinct concepts that a layer's detectors match.
_CONCEPTS = {
    ("vgg16", "conv5_3"): {"object": 51, "part": 22, "material": 12, "color": 8},
    ("vgg16", "conv5_1"): {"object": 28, "part": 25, "material": 9, "color": 8},
    ("kitchen", "layer5"): {"object": 19, "part": 41, "material": 1, "color": 6},
}
#: The unit that the paper shows, its concept and IoU.
_UNIT, _UNIT_CONCEPT = 150, "airplane, IoU 9.0\N{NO-BREAK SPACE}%"
#: Balanced accuracy of ski resort and accuracy over all classes: nothing, 4, 20 removed, only 20 kept.
_SKI = {
    ("intact", 0): (0.814, 0.533),
    ("removed", 4): (0.640, 0.532),
    ("removed", 20): (0.535, 0.526),
    ("kept", 20): (0.777, 0.021),
}
#: Without the 20 most important units of a class, its balanced accuracy, mean over all classes; and the
#: mean loss with only those.
_REMOVED, _KEPT_LOSS = 0.530, 0.036
#: Of the tree pixels, without 20 tree units.
_TREES = 0.533
#: What adding doors does, in the paper's words, by what stood there.
_DOORS = {"building": "easy", "window": "best", "tree": "near nothing", "sky": "near nothing"}


def beside_layer(view: LayerView) -> Beside | None:
    """Of a layer's concepts; None where nothing can be compared."""
    run, place = view.run, place_of(view.run, view.layer.summary.name)
    if place not in _CONCEPTS or not measured_as_there(run):
        return None
    if place[0] == "vgg16" and not on_the_photos(run):
        return None
    rows = [
        Row(f"{category}s matched", count(theirs), count(view.layer.summary.concepts.get(category, 0)))
        for category, theirs in _CONCEPTS[place].items()
        if labelled_as_there(run, "paper:color" if category == "color" else "paper:upp")
    ]
    if place == ("vgg16", "conv5_3") and labelled_as_there(run) and len(view.layer.units) > _UNIT:
        rows.append(Row(f"unit {_UNIT}", _UNIT_CONCEPT, _unit_words(view)))
    found = differences_of(run, len(run.record.images))
    return beside(rows, [*found, "the last piece of an object in a photo has no quadrants there"])


def _unit_words(view: LayerView) -> str:
    unit = view.layer.units[_UNIT]
    concept = view.concept(unit.concept) if unit.concept else None
    return DASH if concept is None else f"{concept.name}, IoU {percent(unit.iou)}"


def beside_removals(removals: AblationView) -> Beside | None:
    """Of a classifier's units removed; None where nothing can be compared."""
    run, record = removals.view.run, removals.record
    comparable = (
        place_of(run, removals.view.layer.summary.name) == ("vgg16", "conv5_3")
        and record.labels == "labels"
        and (record.replacement, record.decision) == ("zero", "argmax")
        and on_the_photos(run)
    )
    if not comparable:
        return None
    found = [f"{count(record.evaluation_images)} photos judge here"]
    found.append("training images rank units there, photos that do not judge here")
    found.append("units of equal loss stand in any order there, by the margin that they cost here")
    return beside([*_all_classes(removals), *_ski_resort(removals)], found)


def _all_classes(removals: AblationView) -> Iterator[Row]:
    spreads = {(spread.state, spread.size): spread for spread in removals.record.spread}
    intact = spreads.get(("intact", 0))
    classes = sum(value is not None for value in intact.values) if intact else 0
    among = f" ({count(classes)} classes)" if classes != PLACES else ""
    yield Row("accuracy over all classes, intact", percent(0.533), percent(removals.record.accuracy))
    if removed := spreads.get(("removed", 20)):
        what = "each class without its 20 most important units, mean balanced accuracy"
        yield Row(what, percent(_REMOVED), f"{percent(removed.mean)}{among}")
    if kept := spreads.get(("kept", 20)):
        what = "each class with only those, mean loss in points"
        yield Row(what, lost(_KEPT_LOSS), f"{lost(_loss(intact, kept))}{among}")


def _loss(intact: Spread | None, kept: Spread) -> float | None:
    if intact is None or intact.mean is None or kept.mean is None:
        return None
    return intact.mean - kept.mean


def _ski_resort(removals: AblationView) -> Iterator[Row]:
    targets = removals.record.targets
    place = next((k for k in removals.class_targets if plain(targets[k].name) == "ski resort"), None)
    if place is None:
        return
    for (kind, size), (balanced, overall) in _SKI.items():
        words = {"intact": "intact", "removed": f"{size} units removed", "kept": f"only {size} units kept"}[
            kind
        ]
        ours = _state(removals, place, targets[place], kind, size)
        if ours is not None:
            yield Row(f"ski resort, {words}: balanced, all classes", _pair(balanced, overall), _pair(*ours))


def _state(
    removals: AblationView, place: int, target: Target, kind: str, size: int
) -> tuple[float | None, float | None] | None:
    if kind == "intact":
        return target.balanced_accuracy, removals.record.accuracy
    row = removals.rows.get((place, kind, size))
    return None if row is None else (row.balanced_accuracy, row.accuracy)


def _pair(balanced: float | None, overall: float | None) -> str:
    return f"{percent(balanced)}, {percent(overall)}"


def beside_removed(edited: GenerationView) -> Beside | None:
    """Of a generator's units removed; None where nothing can be compared."""
    if not _is_church(edited) or (trees := _edits(edited, "tree")) is None:
        return None
    point = point_at(trees, "iou", 20)
    if point is None:
        return None
    row = Row("tree pixels gone without 20 tree units, by IoU", percent(_TREES), portion(point.portion))
    return beside([row], differences_of(edited.view.run, edited.record.latents))


def beside_inserted(edited: GenerationView) -> Beside | None:
    """Of a generator's units inserted; None where nothing can be compared."""
    doors = _edits(edited, "door") if _is_church(edited) and edited.record.choose_by == "iou" else None
    if doors is None or len(doors.insert_units) != 20:
        return None
    added = {plain(edited.name(context.concept)): context for context in doors.contexts}
    rows = [
        Row(f"20 door units where a {name} was", words, f"{percent(added[name].added)} of the image added")
        for name, words in _DOORS.items()
        if name in added
    ]
    return beside(rows, differences_of(edited.view.run, edited.record.insert_latents))


def _is_church(edited: GenerationView) -> bool:
    place = place_of(edited.view.run, edited.view.layer.summary.name)
    return place == ("church", "layer4") and labelled_as_there(edited.view.run)


def _edits(edited: GenerationView, name: str) -> ConceptEdits | None:
    return next((e for e in edited.record.concepts if edited.name(e.concept) == name), None)


def plain(name: str) -> str:
    """A class or concept as words: "/s/ski_resort" and "ski-resort" are "ski resort"."""
    return re.sub(r"[\W_]+", " ", re.sub(r"^/?\w/", "", name)).strip().lower()
