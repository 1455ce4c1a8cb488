"""One plain sentence or two about a unit, made from its numbers."""

from __future__ import annotations

from dissect_report.findings.ablation import ENOUGH_IMAGES
from dissect_report.findings.grades import LARGEST_Q
from dissect_report.findings.records import ConceptRecord
from dissect_report.findings.units import UnitRecord
from dissect_report.report.formatting import (
    at_least,
    at_most,
    count,
    fallen,
    fine,
    listing,
    number,
    plural,
    score,
    score_below,
    share,
)

#: A unit "fires on" a concept only where more of its mask than this shows it.
MOST = 0.5

#: Other concepts that the sentence names where most of a mask shows something else.
RIVALS = 2


def unit_sentence(
    unit: UnitRecord,
    concepts: tuple[ConceptRecord, ...],
    pixels: int,
    iou_threshold: float,
    groups: int,
    sampled: bool = False,
) -> str:
    """What the unit looks for, how well that is founded, and what is odd about it.

    Args:
        pixels: grid pixels of the whole probe dataset.
        groups: of images that are independent.
        sampled: whether the layer's maps were sampled to the grid before they were correlated.
    """
    name = "" if unit.concept is None else concepts[unit.concept - 1].name
    if not unit.finite:
        text = "Its activation is NaN or infinite on some image, so it has no level and no concept."
    elif unit.dead:
        text = "It never fires: over the whole probe dataset it stays at or below 0, or never changes."
    elif not unit.mask_pixels:
        text = "Too many pixels share its highest value for any to exceed the level: it has no mask."
    elif unit.concept is None or not unit.concepts:
        text = "Where it fires most, no concept is marked: nothing in the catalogue names it."
    elif unit.detector:
        text = f"{_matched(unit, name, concepts, pixels)} {_sure(unit, iou_threshold, groups)}"
    else:
        near = score(None) if unit.iou is None else score_below(unit.iou, iou_threshold)
        text = (
            f"It matches no concept well: the nearest, {name}, reaches an IoU of {near}, "
            f"not above the iou_threshold of {number(iou_threshold)}."
        )
    if unit.duplicate_of is not None:
        maps = "maps, sampled to the grid," if sampled else "maps"
        text += f" It repeats unit {unit.duplicate_of}: their {maps} correlate above 0.98."
    if unit.saturates:
        text += f" It saturates: {count(unit.saturation)} images share its maximum, {number(unit.maximum)}."
    return text


def _matched(unit: UnitRecord, name: str, concepts: tuple[ConceptRecord, ...], pixels: int) -> str:
    """What its mask shows, and which part of the concept that is."""
    best = unit.concepts[0]
    where = f"of the {share(unit.mask_pixels / pixels)} of pixels where it is most active"
    covered = f"they cover {share(best.recall)} of all {name} pixels."
    if (best.precision or 0) > MOST:
        return f"It fires on {name}: {where}, {share(best.precision)} show {name}, and {covered}"
    others = sorted(unit.concepts[1:], key=lambda scored: -(scored.precision or 0))[:RIVALS]
    rivals = [f"{share(s.precision)} {concepts[s.concept - 1].name}" for s in others if s.precision]
    also = f" (and {listing(rivals)})" if rivals else ""
    return f"It matches {name} best: {where}, {share(best.precision)} show {name}{also}, and {covered}"


def _sure(unit: UnitRecord, iou_threshold: float, groups: int) -> str:
    """What chance would give, and whether the name stays on other images: one sentence a grade."""
    if unit.grade == "untested":
        few = f"{plural(groups, 'independent image')} {'is' if groups == 1 else 'are'} too few"
        return f"Whether that is more than chance was not tested: {few}."
    hits = round((unit.p or 1) * (unit.permutations + 1)) - 1
    match = "matches" if hits == 1 else "match"
    drawn = f"{count(hits)} of {count(unit.permutations)} permutations of the label maps {match} it as well"
    if unit.grade == "chance":
        if (unit.p or 1) > LARGEST_Q:
            return f"That is no evidence: {drawn} (q {fine(unit.q)})."
        many = "but among so many units some are as rare by chance"
        return f"That is too little evidence: {drawn}, {many} (q {fine(unit.q)})."
    rarely = f"Chance hardly does that: {drawn} (q {fine(unit.q)})"
    if unit.grade == "strong":
        kept = f"it keeps an IoU of {at_least(unit.robust_iou)} or more"
        return f"{rarely}. In 90 of 100 even splits of the images {kept}."
    kept = (
        f"only {share(unit.split_share)} of even splits keep" if unit.split_share else "no even split keeps"
    )
    return f"{rarely}, but the match hangs on the choice of images: {kept} it above {number(iou_threshold)}."


def certainty_rows(unit: UnitRecord) -> list[tuple[str, str, str]]:
    """Term, label and value of each number behind a detector's grade."""
    if unit.p is None:
        return []
    rows = [
        ("p", "p", f"{fine(unit.p)} from {plural(unit.permutations, 'permutation')}"),
        ("q", "q", fine(unit.q)),
        ("robust", "robust IoU", at_least(unit.robust_iou)),
    ]
    if unit.iou_low is not None and unit.iou_high is not None:
        rows.insert(
            0,
            (
                "interval",
                "95\N{NO-BREAK SPACE}% interval",
                f"{score(unit.iou_low)} to {score(unit.iou_high)}",
            ),
        )
    return rows


def used_sentence(
    needing: list[tuple[str, float]], most: float | None, balanced: str, few: bool = False
) -> str:
    """Which classes need the unit, and what removing it alone costs them.

    Args:
        needing: name and confirmed loss of the classes that it serves, most lost first.
        most: the largest loss on the evaluation images of any class with enough of them.
        balanced: what the measure is called.
        few: whether some classes have too few for ``most``.
    """
    if needing:
        shown = [name for name, _ in needing[:3]]
        rest = [plural(len(needing) - 3, "other class", "other classes")] if len(needing) > 3 else []
        first, loss = needing[0]
        return (
            f"On images that rank units, it is among the four that matter most to {listing(shown + rest)}; "
            f"on others, removing it alone costs {first} {fallen(loss)} of {balanced}."
        )
    if most is None:
        return "No class has enough images to say what its removal costs."
    kind = f"class of at least {ENOUGH_IMAGES} images" if few else "class"
    if most <= 0:
        return f"On images that did not rank it, no {kind} loses {balanced} when it alone is removed."
    cost = f"removing it alone costs a {kind} {at_most(most)} points of {balanced} there"
    return f"No class's need of it is confirmed by images that did not rank it; {cost}."
