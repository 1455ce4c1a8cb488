"""The layer page: which concepts live here?"""

from __future__ import annotations

import math
from collections import Counter
from typing import Any

import numpy as np

from dissect_report.findings.grades import ENOUGH_GROUPS, GRADES, LARGEST_Q
from dissect_report.findings.records import CATEGORIES
from dissect_report.findings.units import UnitRecord
from dissect_report.report import parquet
from dissect_report.report.addresses import HOME, link
from dissect_report.report.cards import LayerView, card_outlines, label
from dissect_report.report.experiment import LayerPart
from dissect_report.report.experiments import EXPERIMENTS
from dissect_report.report.figures import concepts_figure, iou_figure
from dissect_report.report.formatting import count, number, plural, score
from dissect_report.report.glossary import LETTERS
from dissect_report.report.page import DataFile, Page
from dissect_report.report.published import published
from dissect_report.report.strip import layer_strip
from dissect_report.report.templating import script_json

#: Bits of a card's flags in ``units.js``; ``layer.js`` reads them by the same numbers.
DETECTOR, DEAD, NOT_FINITE, DUPLICATE = 1, 4, 8, 16
#: Top images of a unit beside others; its card shows fewer.
BESIDE_TILES = 6
#: Between two values of the slider of the iou_threshold.
STEP = 0.005


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
    steps = [step[0] for step in threshold_steps(view)]
    ious = [unit.iou for unit in view.layer.units if unit.iou is not None]
    return {
        "root": link(page, HOME).removesuffix("index.html"),
        "home": link(page, HOME),
        "run": view.run.record.name,
        "layer": summary,
        "strip": layer_strip(view.run, page, summary.name),
        "concepts": sum(summary.concepts.values()),
        "strong_concepts": sum(summary.strong_concepts.values()),
        "grades": graded(summary.grades),
        "chance_concepts": sum(chance.values()),
        "categories": [
            (
                category,
                summary.concepts.get(category, 0),
                summary.strong_concepts.get(category, 0),
                chance.get(category, 0),
            )
            for category in CATEGORIES
            if category in known
        ],
        "bars": bars,
        "most": max(bars, key=lambda bar: bar[2], default=None),
        "bars_figure": concepts_figure(bars) if bars else None,
        "iou_figure": iou_figure(ious, view.layer.chance_ious, view.iou_threshold) if ious else None,
        "experiments": layer_parts(view),
        "folded": folded(view),
        "published": published(view.run, summary.name, "layer"),
        "scale": view.scale,
        "iou_threshold": view.iou_threshold,
        "steps": {"last": len(steps) - 1, "measured": steps.index(view.iou_threshold)},
        "tips": view.tips,
        "letters": LETTERS,
        "methods": link(page, view.run_addresses.methods),
        "data": link(page, view.run_addresses.data),
        "parquet": parquet.FILE if view.site.config.site.parquet else "",
        "number": number,
        "count": count,
        "plural": plural,
    }


def graded(counts: dict[str, int]) -> list[tuple[str, int]]:
    """Grades of detectors with their units; one that needs too few images only where it is met."""
    return [(name, counts.get(name, 0)) for name in GRADES
            if name != "none" and (name != "untested" or counts.get(name))]  # fmt: skip


def concept_bars(view: LayerView) -> list[tuple[str, str, int, int]]:
    """Name, category, detectors and strong units of every concept found: by category, most first."""
    detectors = [unit for unit in view.layer.units if unit.detector]
    all_units = Counter(unit.concept for unit in detectors)
    strong = Counter(unit.concept for unit in detectors if unit.grade == "strong")
    rows = []
    for concept_id, units in all_units.items():
        concept = view.concept(concept_id)
        if concept is not None:
            rows.append((concept.name, concept.category, units, strong[concept_id]))
    return sorted(rows, key=lambda row: (CATEGORIES.index(row[1]), -row[2], row[0]))


def folded(view: LayerView) -> list[tuple[str, str, list[tuple[int, str, str]]]]:
    """The lists below the cards: title, explanation, and number, name and remark of each unit."""
    units = view.layer.units
    lists = [
        (
            "Not detectors",
            f"Units whose best IoU does not exceed the iou_threshold, {number(view.iou_threshold)}.",
            [u for u in units if not u.detector and not u.dead and u.finite],
        ),
        ("Duplicates", view.tips.duplicate, [u for u in units if u.duplicate_of is not None]),
        ("Saturating", view.tips.saturates, [u for u in units if u.saturates]),
        ("Dead", view.tips.dead, [u for u in units if u.dead]),
        ("Not finite", view.tips.finite, [u for u in units if not u.finite]),
    ]
    return [
        (title, tip, [_entry(view, u, title) for u in members]) for title, tip, members in lists if members
    ]


def _entry(view: LayerView, unit: UnitRecord, title: str) -> tuple[int, str, str]:
    remark = f"repeats {unit.duplicate_of}" if unit.duplicate_of is not None else score(unit.iou)
    if title == "Saturating":
        remark = plural(unit.saturation or 0, "image")
    return unit.unit, label(unit, view.concept(unit.concept)), remark


def cards_file(view: LayerView) -> DataFile:
    """The cards' data as a script: the concepts named here, and one row a unit.

    ``steps`` is what the page's slider of the iou_threshold goes through, see ``threshold_steps``. What the
    run's experiments add is said where they make their ``LayerPart``.

    A row holds unit, index into ``concepts`` (-1: none), IoU, held-out IoU, chance IoU, q, robust IoU, flags,
    its first ``BESIDE_TILES`` images, the unit that it repeats, and how many images share its maximum if it
    saturates; undefined is null.
    ``untested`` says that no unit has a grade.
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
    data["iou_threshold"] = view.iou_threshold
    data["steps"] = threshold_steps(view)
    data["untested"] = view.run.record.groups < ENOUGH_GROUPS
    data["largest_q"] = LARGEST_Q
    for part in layer_parts(view):
        data |= part.data
    name = script_json(str(view.addresses.cards.with_suffix("")))
    return DataFile(view.addresses.cards, f"dissect.register({name},{script_json(data)});\n")


def outlines_file(view: LayerView) -> DataFile:
    """By unit, the outlines of the mask on the images that its card shows, for the layer page's script."""
    name = script_json(str(view.addresses.outlines.with_suffix("")))
    outlines = [card_outlines(unit) for unit in view.layer.units]
    return DataFile(view.addresses.outlines, f"dissect.register({name},{script_json(outlines)});\n")


def layer_parts(view: LayerView) -> list[LayerPart]:
    """What the run's experiments add to the page of the layer."""
    found = [experiment.layer(view) for experiment in EXPERIMENTS]
    return [part for part in found if part is not None]


def threshold_steps(view: LayerView) -> list[tuple[float, float, float, float]]:
    """Every iou_threshold that the slider offers, with detectors by chance: mean, 95th percentile, p."""
    chance = view.layer.chance_ious
    known = np.array([unit.iou for unit in view.layer.units if unit.iou is not None])
    highest = float(known.max(initial=0.0))
    offered = {round(STEP * place, 4) for place in range(1, max(20, math.ceil(highest / STEP)) + 1)}
    steps = []
    for at in sorted(offered | {view.iou_threshold}):
        counts = (chance > at).sum(1)
        p = (1 + int((counts >= (known > at).sum()).sum())) / (1 + len(counts))
        high = float(np.quantile(counts, 0.95))
        steps.append((at, round(float(counts.mean()), 3), round(high, 2), round(p, 2)))
    return steps


def _row(unit: UnitRecord, index: dict[int, int]) -> list[Any]:
    flags = DETECTOR * unit.detector | DEAD * unit.dead
    flags |= NOT_FINITE * (not unit.finite) | DUPLICATE * (unit.duplicate_of is not None)
    found = (unit.iou, unit.heldout_iou, unit.chance_iou, unit.q, unit.robust_iou)
    values = [None if v is None else round(v, 9) for v in found]
    place = -1 if unit.concept is None else index[unit.concept]
    shared = unit.saturation if unit.saturates else None
    shown = [ranked.image for ranked in unit.top_images[:BESIDE_TILES]]
    return [unit.unit, place, *values, flags, shown, unit.duplicate_of, shared]
