"""The layer page: which concepts live here?"""

from __future__ import annotations

from collections import Counter
from typing import Any

from dissect_report.findings.records import CATEGORIES
from dissect_report.findings.units import UnitRecord
from dissect_report.report.addresses import HOME, link
from dissect_report.report.cards import LayerView, label
from dissect_report.report.figures import concepts_figure, iou_figure
from dissect_report.report.formatting import count, number, plural, score
from dissect_report.report.glossary import LETTERS
from dissect_report.report.page import DataFile, Page
from dissect_report.report.pages.experiments import serving_points
from dissect_report.report.removal_figures import scatter_figure
from dissect_report.report.removals import Removals, removals_of
from dissect_report.report.strip import layer_strip
from dissect_report.report.templating import script_json

#: Bits of a card's flags in ``units.js``; ``layer.js`` reads them by the same numbers.
DETECTOR, STABLE, DEAD, NOT_FINITE, DUPLICATE = 1, 2, 4, 8, 16
#: Units that count as important for a class: the first of its ranking.
LISTED = 20


def layer_page(view: LayerView) -> Page:
    """The page of one layer."""
    summary, run = view.layer.summary, view.run.record
    context = layer_context(view)
    found = plural(context["concepts"], "concept")
    return Page(
        path=view.addresses.page,
        title=summary.name,
        description=f"{summary.detectors} of {summary.units} units of {summary.name} match {found}.",
        body=view.site.templates.get_template("pages/layer.html").render(context),
        search=f"layer {summary.name} of {run.name} · {found} · {', '.join(b[0] for b in context['bars'])}",
        nav=(run.name, summary.name),
    )


def layer_context(view: LayerView) -> dict[str, Any]:
    """What the page of one layer says."""
    page, summary = view.addresses.page, view.layer.summary
    bars = concept_bars(view)
    known = {concept.category for concept in view.run.record.concepts}
    chance = view.layer.record.chance_concepts
    removals = removals_of(view)
    cloud = serving_points(removals) if removals else []
    ious = [unit.iou for unit in view.layer.units if unit.iou is not None]
    return {
        "root": link(page, HOME).removesuffix("index.html"),
        "home": link(page, HOME),
        "run": view.run.record.name,
        "layer": summary,
        "strip": layer_strip(view.run, page, summary.name),
        "concepts": sum(summary.concepts.values()),
        "stable_concepts": sum(summary.stable_concepts.values()),
        "chance_concepts": sum(chance.values()),
        "categories": [
            (
                category,
                summary.concepts.get(category, 0),
                summary.stable_concepts.get(category, 0),
                chance.get(category, 0),
            )
            for category in CATEGORIES
            if category in known
        ],
        "bars": bars,
        "bars_figure": concepts_figure(bars) if bars else None,
        "iou_figure": iou_figure(ious, view.layer.arrays["chance_iou"], view.iou_threshold) if ious else None,
        "removals": removals,
        "scatter": scatter_figure(cloud) if cloud else None,
        "classes": link(page, view.run_addresses.classes),
        "class_names": [t.name for t in removals.record.targets if t.kind == "class"] if removals else [],
        "folded": folded(view),
        "scale": view.scale,
        "iou_threshold": view.iou_threshold,
        "tips": view.tips,
        "letters": LETTERS,
        "methods": link(page, view.run_addresses.methods),
        "data": link(page, view.run_addresses.data),
        "number": number,
        "count": count,
        "plural": plural,
    }


def concept_bars(view: LayerView) -> list[tuple[str, str, int, int]]:
    """Name, category, detectors and stable detectors of every concept found: by category, most first."""
    detectors = [unit for unit in view.layer.units if unit.detector]
    all_units = Counter(unit.concept for unit in detectors)
    stable = Counter(unit.concept for unit in detectors if unit.stable)
    rows = []
    for concept_id, units in all_units.items():
        concept = view.concept(concept_id)
        if concept is not None:
            rows.append((concept.name, concept.category, units, stable[concept_id]))
    return sorted(rows, key=lambda row: (CATEGORIES.index(row[1]), -row[2], row[0]))


def folded(view: LayerView) -> list[tuple[str, str, list[tuple[int, str, str]]]]:
    """The lists below the cards: title, explanation, and number, name and remark of each unit."""
    units = view.layer.units
    lists = [
        (
            "Not detectors",
            view.tips.detector,
            [u for u in units if not u.detector and not u.dead and u.finite],
        ),
        ("Duplicates", view.tips.duplicate, [u for u in units if u.duplicate_of is not None]),
        ("Dead", view.tips.dead, [u for u in units if u.dead]),
        ("Not finite", view.tips.finite, [u for u in units if not u.finite]),
    ]
    return [(title, tip, [_entry(view, u) for u in members]) for title, tip, members in lists if members]


def _entry(view: LayerView, unit: UnitRecord) -> tuple[int, str, str]:
    remark = f"repeats {unit.duplicate_of}" if unit.duplicate_of is not None else score(unit.iou)
    return unit.unit, label(unit, view.concept(unit.concept)), remark


def cards_file(view: LayerView) -> DataFile:
    """The cards' data as a script: the concepts named here, and one row a unit.

    Where units were removed, ``served`` and ``classes`` are added, see ``importance``.

    A row holds unit, index into ``concepts`` (-1: none), IoU, held-out IoU, chance IoU, flags, tiles
    and the unit that it repeats; undefined is null.
    """
    named = sorted({unit.concept for unit in view.layer.units if unit.concept is not None})
    index = {concept: place for place, concept in enumerate(named)}
    concepts = [view.run.record.concepts[concept - 1] for concept in named]
    data = {
        "concepts": [[concept.name, concept.category] for concept in concepts],
        "letters": LETTERS,
        "scale": view.scale,
        "units": [_row(unit, index) for unit in view.layer.units],
    }
    if removals := removals_of(view):
        data |= importance(removals)
    name = script_json(str(view.addresses.cards.with_suffix("")))
    return DataFile(view.addresses.cards, f"dissect.register({name},{script_json(data)});\n")


def importance(removals: Removals) -> dict[str, Any]:
    """How many classes each unit serves, and by class the most important units with a loss, in order."""
    lost, order = removals.arrays["ranking_loss"], removals.arrays["order"]
    classes = []
    for target in removals.class_targets:
        best = [int(unit) for unit in order[target, :LISTED] if lost[target, unit] > 0]
        classes.append([removals.record.targets[target].name, best])
    return {"served": removals.arrays["served"].tolist(), "classes": classes}


def _row(unit: UnitRecord, index: dict[int, int]) -> list[Any]:
    flags = DETECTOR * unit.detector | STABLE * unit.stable | DEAD * unit.dead
    flags |= NOT_FINITE * (not unit.finite) | DUPLICATE * (unit.duplicate_of is not None)
    values = [None if v is None else round(v, 5) for v in (unit.iou, unit.heldout_iou, unit.chance_iou)]
    place = -1 if unit.concept is None else index[unit.concept]
    return [unit.unit, place, *values, flags, len(unit.top_images), unit.duplicate_of]
