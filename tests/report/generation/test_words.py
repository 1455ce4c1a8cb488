from __future__ import annotations

from dissect_report.findings.generation import AreaChange, ConceptEdits, SweepCurve, SweepPoint
from dissect_report.findings.inserted_sets import InsertedSet
from dissect_report.report.generation.view import GenerationView
from dissect_report.report.generation.words import (
    insertion_sentence,
    of_image,
    portion,
    portions,
    removal_sentence,
    side_sentence,
)
from tests.report.reading import spaced


def made(low: float | None, value: float | None, high: float | None, **more: object) -> ConceptEdits:
    """A concept whose 20 best units were removed: the portion and its interval."""
    random = more.pop("random", 0.02)
    curves = (
        SweepCurve("iou", tuple(range(20)), (SweepPoint(0, 0, 0, 0), SweepPoint(20, value, low, high))),
        SweepCurve("random", (), (SweepPoint(20, random, random, random),)),  # type: ignore[arg-type]
    )
    fields: dict[str, object] = {
        "concept": 1, "area": 0.2, "images": 5, "detectors": 3, "ceiling": 0.2, "insert_units": (1, 2),
        "curves": curves, "side_count": 20, "side_effects": (), "ace": 0.1, "added": 0.01, "added_low": 0.005,
        "added_high": 0.02, "added_by_place": (), "contexts": (), "cells": (), "lattice_added": (),
        "insert_strengths": (1.0, 1.0), "sets": (), "shown_places": (), "set_cells": (),
        "notes": (),
    }  # fmt: skip
    return ConceptEdits(**(fields | more))  # type: ignore[arg-type]


def test_a_removal_that_works_says_how_much_and_what_random_units_do():
    text = spaced(removal_sentence("tree", made(0.5, 0.53, 0.57)))
    assert text == (
        "Removing the 20 best tree units takes away 53 % of its pixels (99 % interval 50 to 57 %); "
        "20 random units take away 2.0 %."
    )


def test_a_removal_that_changes_nothing_says_that_these_units_do_not_draw_it():
    text = spaced(removal_sentence("hair", made(-0.03, -0.01, 0.02)))
    assert "changes hair by +1.0 % (99 % interval −2.0 to 3.0 %): no certain change" in text


def test_a_removal_that_adds_is_no_removal():
    text = spaced(removal_sentence("sky", made(-0.32, -0.3, -0.28)))
    assert "leaves 30 % more sky than before (99 % interval 28 to 32 %)" in text
    assert "takes away" not in text


def test_a_small_removal_and_one_that_random_units_equal_are_called_so():
    assert "so most of it is drawn by others" in removal_sentence("car", made(0.03, 0.04, 0.05, random=0.0))
    text = spaced(removal_sentence("car", made(0.2, 0.3, 0.4, random=0.25)))
    assert "whether that is more than 20 random units take (25 %, 99 %" in text
    assert "as much" not in removal_sentence("car", made(0.2, 0.3, 0.4, random=0.19))


def test_all_of_it_in_every_image_is_no_lack_of_latents():
    text = removal_sentence("car", made(None, 1.0, None))
    assert "takes away 100 %" in spaced(text)
    assert "every pixel in every image" in text


def by(kind: str, gained: float, **more: object) -> InsertedSet:
    fields: dict[str, object] = {
        "chosen_by": kind, "units": tuple(range(17)), "strengths": (0.5,) * 17, "added": 0.01,
        "added_low": 0.005, "added_high": 0.02, "painted": gained + 0.1, "gained": gained,
        "gained_low": gained - 0.04, "gained_high": gained + 0.04, "ace": 0.1, "ace_low": 0.05,
        "ace_high": 0.15, "removed": 0.03, "removed_low": 0.01, "removed_high": 0.05,
    }  # fmt: skip
    return InsertedSet(**(fields | more))  # type: ignore[arg-type]


SETS = (by("effect", 0.5), by("iou", 0.2), by("random", 0.01))


def test_units_by_effect_are_said_to_be_learned_on_others_and_stand_beside_their_control():
    curves = (SweepCurve("effect", tuple(range(17)), (SweepPoint(17, 0.9, 0.8, 0.95),)),)
    edits = made(0, 0, 0, curves=curves, sets=SETS, insert_units=tuple(range(17)))
    text = spaced(removal_sentence("tree", edits))
    assert text == (
        "Removing the 17 units that draw tree, as learned on other latents, takes away 90 % of its pixels "
        "(99 % interval 80 to 95 %); 17 random units take away 3.0 %."
    )


def test_a_place_says_what_becomes_of_it_and_what_other_sets_gain(edits):
    own = made(0, 0.5, 1, sets=SETS, insert_units=tuple(range(17)))
    text = spaced(insertion_sentence("tree", own, edits))
    assert text.startswith("Inserting the 17 units that draw tree, as learned on other latents, at one place")
    assert text.endswith(
        "Of the place itself 60 % is tree then, 50 % more than before (99 % interval 46 to 54 %; "
        "by IoU +20 %; by lot +1.0 %)."
    )


def test_one_unit_is_not_units():
    def one(low: float | None, value: float, high: float | None, **more: object) -> str:
        curves = (
            SweepCurve("iou", (1,), (SweepPoint(0, 0, 0, 0), SweepPoint(1, value, low, high))),
            SweepCurve("random", (), (SweepPoint(1, 0.25, 0.25, 0.25),)),
        )
        return spaced(removal_sentence("car", made(None, None, None, curves=curves, **more)))

    assert one(0.3, 0.4, 0.5).startswith("Removing its best unit takes away 40 % of its pixels")
    assert one(0.3, 0.4, 0.5).endswith("; 1 random unit takes away 25 %.")
    assert "is more than 1 random unit takes (25 %, 99 %" in one(0.2, 0.4, 0.5)
    assert one(-0.5, -0.4, -0.3).endswith(": it holds it back rather than draws it.")
    assert "removing the one unit nearest to it takes" in one(0.3, 0.4, 0.5, detectors=0)


def test_more_than_before_without_an_interval_is_not_said_to_be_held_back():
    text = removal_sentence("sky", made(None, -0.3, None))
    assert text.endswith("(too few latents change for an interval).")


def test_what_was_never_drawn_or_tried_has_no_portion():
    assert "there is nothing to remove" in removal_sentence("car", made(None, None, None))
    assert removal_sentence("car", made(0, 0, 0, curves=())) == "No unit was removed for car."
    assert "too few latents change for an interval" in removal_sentence("car", made(None, 0.4, None))
    assert "No unit detects car; removing the 20 nearest to it" in removal_sentence(
        "car", made(0.2, 0.3, 0.4, detectors=0)
    )


def test_an_insertion_that_does_not_take_says_so(edits: GenerationView):
    lost = made(0, 0, 0, added=0.0001, added_low=-0.001, added_high=0.001)
    assert "no certain gain" in insertion_sentence("car", lost, edits)
    assert "was not inserted" in insertion_sentence("car", made(0, 0, 0, added=None), edits)
    less = made(0, 0, 0, added=-0.01, added_low=-0.02, added_high=-0.005)
    assert "leaves 1.00 % of the image less car" in spaced(insertion_sentence("car", less, edits))


def test_side_effects_within_their_interval_are_not_told(edits: GenerationView):
    changes = (AreaChange(2, 0.4, 0.2, -0.3, -0.1), AreaChange(3, 0.1, 0.05, -0.2, 0.1))
    text = side_sentence(made(0, 0, 0, side_effects=changes), edits)
    assert f"{edits.name(2)} by {portion(-0.5)}" in text
    assert edits.name(3) not in text
    assert "every interval holds 0" in side_sentence(made(0, 0, 0, side_effects=changes[1:]), edits)


def test_numbers_are_written_with_their_sign_and_undefined_is_a_dash():
    assert [spaced(portion(v)) for v in (0.534, 0.004, -0.02, 0.0, -0.0, None)] == [
        "53 %", "0.4 %", "−2.0 %", "0 %", "0 %", "–",
    ]  # fmt: skip
    assert spaced(of_image(0.00843)) == "+0.84 %"
    assert spaced(of_image(-0.000001)) == "0.00 %"
    assert portions(None, 0.1) == "–"
