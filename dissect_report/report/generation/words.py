"""Plain sentences about a generator's edits, made from their numbers; what came to nothing is said so."""

from __future__ import annotations

from collections.abc import Sequence

from dissect_report.findings.generation import AreaChange, ConceptEdits, Context, SweepPoint
from dissect_report.report.formatting import DASH, count, listing, plural, share
from dissect_report.report.generation.view import GenerationView, beyond, point_at, relative, removed_point

SPACE = "\N{NO-BREAK SPACE}"
#: How units were chosen, in words.
CHOSEN = {"effect": "by effect", "iou": "by IoU", "random": "by lot"}
#: A removal that takes less of a concept leaves most of it to other units.
LITTLE = 0.1
#: Contexts at fewer places are drawn in grey and stay out of sentences.
ENOUGH_PLACES = 10


def portion(value: float | None, sign: bool = False) -> str:
    """A part of a concept's pixels: 53 %, 0.4 %, \N{MINUS SIGN}2.0 %."""
    return DASH if value is None else f"{_bare(value, sign)}{SPACE}%"


def portions(low: float | None, high: float | None) -> str:
    """An interval of such parts: \N{MINUS SIGN}2.0 to 3.1 %."""
    return DASH if low is None or high is None else f"{_bare(low)} to {_bare(high)}{SPACE}%"


def _bare(value: float, sign: bool = False) -> str:
    percent = 100 * value
    text = f"{percent:.0f}" if abs(percent) >= 10 or percent == 0 else f"{percent:.1f}"
    text = text if float(text) else text.removeprefix("-")
    return ("+" if sign and float(text) > 0 else "") + text.replace("-", "\N{MINUS SIGN}")


def of_image(value: float | None, sign: bool = True) -> str:
    """A change of area in per cent of the image, with its sign: +0.84 %."""
    return DASH if value is None else f"{_fine(value, sign)}{SPACE}%"


def of_images(low: float | None, high: float | None) -> str:
    """An interval of such changes: +0.61 to +1.07 %."""
    return DASH if low is None or high is None else f"{_fine(low, True)} to {_fine(high, True)}{SPACE}%"


def _fine(value: float, sign: bool) -> str:
    text = f"{100 * value:.2f}"
    text = text if float(text) else text.removeprefix("-")
    return ("+" if sign and float(text) > 0 else "") + text.replace("-", "\N{MINUS SIGN}")


def interval_words(text: str) -> str:
    """An interval in brackets, or why there is none."""
    return f"99{SPACE}% interval {text}" if text != DASH else "too few latents change for an interval"


def removal_sentence(name: str, edits: ConceptEdits) -> str:
    """What removing a concept's best units does to it."""
    point = removed_point(edits)
    if point is None:
        return f"No unit was removed for {name}."
    if point.portion is None:
        return f"None of these images shows {name}, so there is nothing to remove."
    units = (
        f"Removing the {count(point.count)} best {name} units"
        if point.count > 1
        else "Removing its best unit"
    )
    if _by_effect(edits):
        units = f"Removing the {plural(point.count, 'unit')} that draw {name}, as learned on other latents,"
    elif not edits.detectors:
        nearest = "one unit" if point.count == 1 else count(point.count)
        units = f"No unit detects {name}; removing the {nearest} nearest to it"
    if point.low is not None and not beyond(point.low, point.high):
        turned = portions(*(None if end is None else -end for end in (point.high, point.low)))
        change = portion(-point.portion, sign=True)
        return f"{units} changes {name} by {change} ({interval_words(turned)}): no certain change."
    span = interval_words(portions(point.low, point.high))
    if point.portion == 1 and point.low is None:
        span = "every pixel in every image, so there is no interval"
    if point.portion < 0:
        more = portions(*(None if end is None else -end for end in (point.high, point.low)))
        text = f"{units} leaves {portion(-point.portion)} more {name} than before ({interval_words(more)})"
        return f"{text}{_held_back(point)}."
    text = f"{units} takes away {portion(point.portion)} of its pixels ({span})"
    if point.portion < LITTLE:
        text += ", so most of it is drawn by others"
    return f"{text}{_against_random(point, edits)}."


def _held_back(point: SweepPoint) -> str:
    if point.low is None:
        return ""
    one = point.count == 1
    return f": {'it holds it back rather than draws it' if one else 'they hold it back rather than draw it'}"


def _against_random(point: SweepPoint, edits: ConceptEdits) -> str:
    other = point_at(edits, "random", point.count) or _lot(point, edits)
    if other is None or other.portion is None:
        return ""
    drawn, s = plural(other.count, "random unit"), "s" if other.count == 1 else ""
    most = other.portion if other.high is None else other.high
    if point.low is not None and most >= point.low:
        span = interval_words(portions(other.low, other.high))
        random = f"{drawn} take{s} ({portion(other.portion)}, {span})"
        return f"; whether that is more than {random} is not certain"
    if other.portion < 0:
        return f"; {drawn} add{s} {portion(-other.portion)}"
    return f"; {drawn} take{s} away {portion(other.portion)}"


def _lot(point: SweepPoint, edits: ConceptEdits) -> SweepPoint | None:
    """As many units removed by lot as a set holds, where the sweep has no such number."""
    sizes = {one.chosen_by: one for one in edits.sets if len(one.units) == point.count}
    lot = sizes.get("random")
    return SweepPoint(point.count, lot.removed, lot.removed_low, lot.removed_high) if lot else None


def _by_effect(edits: ConceptEdits) -> bool:
    return bool(edits.sets) and edits.sets[0].chosen_by == "effect"


def insertion_sentence(name: str, edits: ConceptEdits, edited: GenerationView) -> str:
    """What inserting a concept's units at one place does, and where it takes."""
    if edits.added is None:
        return f"{name} was not inserted at any place."
    units = plural(len(edits.insert_units), "unit")
    span = interval_words(of_images(edits.added_low, edits.added_high))
    where = f"at one place, {share(edited.place_share)} of the image,"
    text = f"Inserting the {units} that match {name} best {where}"
    if _by_effect(edits):
        text = f"Inserting the {units} that draw {name}, as learned on other latents, {where}"
    if edits.added_low is not None and not beyond(edits.added_low, edits.added_high):
        return f"{text} changes {name} by {of_image(edits.added)} of the image ({span}): no certain gain."
    if edits.added <= 0:
        return f"{text} leaves {of_image(-edits.added, False)} of the image less {name} than before ({span})."
    return (
        f"{text} adds {of_image(edits.added, False)} of the image on average ({span}){_where(edits, edited)}."
        f"{_painted(name, edits)}"
    )


def _painted(name: str, edits: ConceptEdits) -> str:
    """What becomes of the place itself."""
    if not edits.sets:
        return ""
    put, others = edits.sets[0], {one.chosen_by: one for one in edits.sets[1:]}
    rivals = [f"{CHOSEN[by]} {portion(one.gained, sign=True)}" for by, one in others.items()]
    span = interval_words(portions(put.gained_low, put.gained_high))
    text = (
        f" Of the place itself {portion(put.painted)} is {name} then, {portion(put.gained)} more than before"
    )
    return f"{text} ({span}{''.join(f'; {rival}' for rival in rivals)})."


def _where(edits: ConceptEdits, edited: GenerationView) -> str:
    known = known_contexts(edits.contexts)
    if len(known) < 2:
        return ""
    best, worst = known[0], known[-1]
    return (
        f"; most on {edited.name(best.concept)} ({of_image(best.added)}), "
        f"least on {edited.name(worst.concept)} ({of_image(worst.added)})"
    )


def known_contexts(contexts: Sequence[Context]) -> list[Context]:
    """Those that were met at enough places, the largest gain first."""
    return sorted((c for c in contexts if c.places >= ENOUGH_PLACES), key=lambda c: (-c.added, c.concept))


def side_sentence(edits: ConceptEdits, edited: GenerationView) -> str:
    """What else changes when a concept's units are removed."""
    name, units = edited.name(edits.concept), plural(edits.side_count, "unit")
    others = [c for c in edits.side_effects if c.concept != edits.concept]
    known = [c for c in others if beyond(c.low, c.high)]
    if not others:
        return f"Without the {units} of {name} no other concept was there to change."
    if not known:
        unknown = all(change.low is None for change in others)
        why = "too few latents change for an interval" if unknown else "every interval holds 0"
        return f"Without the {units} of {name} no other change is certain: {why}."
    told = [f"{edited.name(c.concept)} by {relative_words(c)}" for c in known[:3]]
    rest = [plural(len(known) - 3, "other concept")] if len(known) > 3 else []
    return f"Without the {units} of {name}, the image also changes in {listing(told + rest)}."


def relative_words(change: AreaChange) -> str:
    """A change as a part of what was there, or of the image where nothing was."""
    part = relative(change)
    return (
        f"{of_image(change.after - change.before)} of the image" if part is None else portion(part, sign=True)
    )


def never_drawn_sentence(edited: GenerationView) -> str:
    """Concepts that were asked for and that no image shows; "" if there are none."""
    names = [edited.name(concept) for concept in edited.record.never_drawn]
    if not names:
        return ""
    verb, them = ("was", "it") if len(names) == 1 else ("were", "them")
    return f"{listing(names)} {verb} asked for, but none of these images shows {them}."


def strongest_removal(
    found: Sequence[GenerationView],
) -> tuple[GenerationView, ConceptEdits, SweepPoint] | None:
    """Of all layers, the concept that loses the largest portion; None if none was tried."""
    tried: list[tuple[float, GenerationView, ConceptEdits, SweepPoint]] = []
    for edited in found:
        for edits in edited.record.concepts:
            point = removed_point(edits)
            if point and point.portion is not None:
                tried.append((point.portion, edited, edits, point))
    return max(tried, key=lambda item: item[0])[1:] if tried else None


def strongest_insertion(found: Sequence[GenerationView]) -> tuple[GenerationView, ConceptEdits] | None:
    """Of all layers, the concept that gains most area at one place; None if none was inserted."""
    tried = [
        (edited, edits) for edited in found for edits in edited.record.concepts if edits.added is not None
    ]
    return max(tried, key=lambda pair: pair[1].added or 0, default=None)
