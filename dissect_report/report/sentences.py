"""One plain sentence or two about a unit, made from its numbers."""

from __future__ import annotations

from dissect_report.findings.records import ConceptRecord
from dissect_report.findings.units import ScoredConcept, UnitRecord
from dissect_report.report.formatting import count, listing, lost, number, plural, score, share


def unit_sentence(
    unit: UnitRecord,
    concepts: tuple[ConceptRecord, ...],
    pixels: int,
    iou_threshold: float,
    sampled: bool = False,
) -> str:
    """What the unit looks for, how well that is founded, and what is odd about it.

    Args:
        pixels: grid pixels of the whole probe dataset.
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
        text = _detector(unit, unit.concepts[0], name, concepts, pixels)
    else:
        text = (
            f"It matches no concept well: the nearest, {name}, reaches an IoU of {score(unit.iou)}, "
            f"not above the iou_threshold of {number(iou_threshold)}."
        )
    if unit.duplicate_of is not None:
        maps = "maps, sampled to the grid," if sampled else "maps"
        text += f" It repeats unit {unit.duplicate_of}: their {maps} correlate above 0.98."
    if unit.saturates:
        text += f" It saturates: {count(unit.saturation)} images share its maximum, {number(unit.maximum)}."
    return text


def _detector(
    unit: UnitRecord,
    best: ScoredConcept,
    name: str,
    concepts: tuple[ConceptRecord, ...],
    pixels: int,
) -> str:
    text = (
        f"It fires on {name}: of the {share(unit.mask_pixels / pixels)} of pixels where it is most active, "
        f"{share(best.precision)} show {name}, and they cover {share(best.recall)} of all {name} pixels."
    )
    if unit.chance_iou == 0:
        text += " By chance it overlaps nothing; the match"
    elif unit.chance_iou is not None and unit.iou is not None:
        ratio = unit.iou / unit.chance_iou
        text += f" The match is {number(ratio)} times the best that chance gives"
        text += ", which is no evidence," if ratio < 1 else ""
    else:
        text += " What chance would give is undefined here"
    return f"{text} and {_held(unit, concepts)}."


def _held(unit: UnitRecord, concepts: tuple[ConceptRecord, ...]) -> str:
    """Whether the concept survives on images that it was not chosen on."""
    if unit.stable:
        return f"holds on images that it was not chosen on (IoU {score(unit.heldout_iou)})"
    halves = ["nothing" if c is None else concepts[c - 1].name for c in unit.half_concepts]
    if halves[0] != halves[1]:
        return f"does not hold: the two halves of the images name {listing(halves)}"
    if unit.heldout_iou is None:
        return "could not be checked on images that it was not chosen on"
    return f"does not hold on images that it was not chosen on (IoU {score(unit.heldout_iou)})"


def used_sentence(needing: list[tuple[str, float | None]], most: float | None, balanced: str) -> str:
    """Which classes need the unit, and what removing it alone costs them.

    Args:
        needing: name and loss on the evaluation images of the classes it serves, most important first.
        most: the largest loss of any class on the evaluation images.
        balanced: what the measure is called.
    """
    if needing:
        shown = [name for name, _ in needing[:3]]
        rest = [plural(len(needing) - 3, "other class", "other classes")] if len(needing) > 3 else []
        first, loss = needing[0]
        text = f"It is among the four units that matter most to {listing(shown + rest)}"
        if loss is None:
            return f"{text}; what its removal costs could not be measured on other images."
        if loss <= 0:
            return f"{text}, but on images that did not rank it, removing it alone costs {first} nothing."
        return f"{text}; removing it alone costs {first} {lost(loss)} points of {balanced}."
    if most is None:
        return "What its removal costs could not be measured."
    if most <= 0:
        return f"On images that did not rank it, no class loses {balanced} when it alone is removed."
    cost = f"at most {lost(most)} points of {balanced}"
    return f"No class counts it among its four; removing it alone costs a class {cost}."
