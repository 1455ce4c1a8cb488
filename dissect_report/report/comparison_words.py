"""Plain sentences about several runs, made from their numbers."""

from __future__ import annotations

from dissect_report.findings.records import CATEGORIES, LayerSummary
from dissect_report.findings.store import LoadedRun
from dissect_report.report.cards import setting
from dissect_report.report.comparison import Comparison, Matched, Side
from dissect_report.report.formatting import count, listing, number, ordinal, plural, share


def run_sentence(side: Side, concepts: int) -> str:
    """How much of the network is a detector; ``concepts`` are those that it matches."""
    start = f"{side.name}, {side.words.article}, "
    if not side.detectors:
        return f"{start}has no detector: none of its {plural(side.units, 'unit')} matches a concept."
    known = plural(len(side.run.record.concepts), "concept")
    return (
        f"{start}matches {count(concepts)} of the {known} looked for: "
        f"{count(side.detectors)} of its {plural(side.units, 'unit')} are detectors "
        f"({share(side.detectors / side.units)}), {count(side.strong)} of them strong; "
        f"by chance alone {number(side.chance)} would be."
    )


def basis_sentences(run: LoadedRun) -> list[str]:
    """How many units of each layer's directions are detectors, beside those of its channels."""
    layers = {layer.name: layer for layer in run.record.layers}
    compared = dict.fromkeys(layer.base for layer in run.record.layers if layer.base)
    return [
        f"{base}: "
        + "; ".join(
            _basis(layer) for layer in (layers[base], *(one for one in layers.values() if one.base == base))
        )
        + "."
        for base in compared
    ]


def _basis(layer: LayerSummary) -> str:
    concepts = plural(sum(layer.concepts.values()), "concept")
    part = f" ({share(layer.detectors / layer.units)})" if layer.detectors else ""
    return (
        f"{layer.basis} {plural(layer.detectors, 'detector')} of {plural(layer.units, 'unit')}{part} for "
        f"{concepts}, by chance {number(layer.chance_detectors)}"
    )


def shared_sentence(comparison: Comparison) -> str:
    """How many concepts the runs have in common."""
    sides, names = comparison.sides, [side.name for side in comparison.sides]
    if not comparison.looked_for:
        return (
            f"No concept is looked for in {_every(sides)}, so what the runs find cannot be compared by name."
        )
    if not comparison.matched:
        return f"No concept is matched by {listing(names[:-1])} or by {names[-1]}."
    alone = [(len(comparison.only_by(place)), side.name) for place, side in enumerate(sides)]
    parts = [f"{count(amount) if amount else 'none'} by {name} alone" for amount, name in alone]
    if comparison.by_some:
        parts.insert(0, f"{count(len(comparison.by_some))} by some of them")
    amount = len(comparison.by_all)
    known = len(comparison.site.concepts)
    common = f" Of {count(known)} concepts {count(comparison.looked_for)} are looked for in {_every(sides)}."
    rest = common if comparison.looked_for < known else ""
    if not amount:
        return f"No concept is matched by {_every(sides)}; {listing(parts)}.{rest}"
    verb = "is" if amount == 1 else "are"
    return f"{plural(amount, 'concept')} {verb} matched by {_every(sides)}, {listing(parts)}.{rest}"


def depth_sentence(sides: list[Side]) -> str:
    """Where each network matches most concepts; "" where none matches any."""
    places = []
    for side in sides:
        if side.detectors:
            place, depth = side.best_place, len(side.views)
            layer = side.layers[place].name
            places.append(f"{layer} of {side.name}, {_placed(place, depth)}")
    return f"Most concepts are matched in {'; in '.join(places)}." if places else ""


def category_sentence(comparison: Comparison) -> str:
    """Which category leads in each run; "" where none does, or too many do."""
    parts = []
    for place, side in enumerate(comparison.sides):
        rows = comparison.by(place)
        amounts = {c: sum(row.category == c for row in rows) for c in CATEGORIES}
        top = max(amounts.values())
        if top and list(amounts.values()).count(top) <= 2:
            leading = [f"{category}s" for category, amount in amounts.items() if amount == top]
            each = " each" if len(leading) > 1 else ""
            parts.append(
                f"{listing(leading)} in {side.name} ({count(top)}{each} of {count(len(rows))} concepts)"
            )
    return f"What they match most of: {', '.join(parts)}." if parts else ""


def change_sentence(comparison: Comparison) -> str:
    """Which concept gains and which loses most units from the first run to the second; "" with more runs."""
    if len(comparison.sides) != 2:
        return ""
    rows = [(row.change(1) or 0, row) for row in comparison.matched]
    gained = max(rows, key=lambda pair: pair[0], default=None)
    lost = min(rows, key=lambda pair: pair[0], default=None)
    parts = []
    if gained and gained[0] > 0:
        parts.append(f"{gained[1].name} gains most units ({_units(gained[1])})")
    if lost and lost[0] < 0:
        parts.append(f"{lost[1].name} loses most ({_units(lost[1])})")
    first, second = (side.name for side in comparison.sides)
    return f"From {first} to {second}, {listing(parts)}." if parts else ""


def difference_notes(comparison: Comparison) -> list[str]:
    """What was not measured alike in all runs: counts are then not like for like."""
    sides, notes = comparison.sides, []
    for key in ("quantile", "iou_threshold"):
        values = [float(setting(side.run, "dissection", key)) for side in sides]
        if len(set(values)) > 1:
            notes.append(f"{key}: {_each(sides, [number(value) for value in values])}")
    if len({side.run.record.grid for side in sides}) > 1:
        grids = [f"{side.run.record.grid} × {side.run.record.grid}" for side in sides]
        notes.append(f"segmentation grid: {_each(sides, grids)}")
    if len({tuple((s.source, s.digest) for s in side.run.record.segmenters) for side in sides}) > 1:
        sources = [" and ".join(s.source for s in side.run.record.segmenters) for side in sides]
        notes.append(f"segmenters: {_each(sides, sources)}")
    if len({side.run.record.provenance.probe_digest for side in sides}) > 1:
        images = [f"{count(len(side.run.record.images))} {side.words.images}" for side in sides]
        notes.append(
            f"images: {_each(sides, images)}, so a concept can be frequent in one and rare in another"
        )
    return notes


def _every(sides: list[Side]) -> str:
    return "both" if len(sides) == 2 else f"all {len(sides)} {'bases' if sides[0].basis else 'runs'}"


def _each(sides: list[Side], values: list[str]) -> str:
    return ", ".join(f"{value} in {side.name}" for side, value in zip(sides, values, strict=True))


def _units(row: Matched) -> str:
    return f"{count(row.found[0].units)} to {count(row.found[1].units)}"


def _placed(place: int, depth: int) -> str:
    """A layer's place in words."""
    if depth == 1:
        return "its only layer"
    ends = {0: "the first", depth - 1: "the last"}
    return f"{ends.get(place) or 'the ' + ordinal(place + 1)} of {depth} layers"
