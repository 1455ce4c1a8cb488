from __future__ import annotations

import json
from collections import Counter

import numpy as np
import pytest

from dissect_report.report.figures import concepts_figure, iou_figure, layers_figure
from dissect_report.report.page import DataFile
from dissect_report.report.pages import layer as pages
from dissect_report.report.strip import layer_strip, shared_prefix
from tests.report.reading import words


@pytest.fixture(scope="module")
def context(view):
    return pages.layer_context(view)


def data(file: DataFile) -> dict:
    _, payload = json.loads("[" + file.text.removeprefix("dissect.register(").removesuffix(");\n") + "]")
    return payload


def test_the_headline_counts_the_detectors_and_their_concepts(view):
    text = words(pages.layer_page(view).body)
    detectors = [unit for unit in view.layer.units if unit.detector]
    concepts = {unit.concept for unit in detectors}
    grades = Counter(unit.grade for unit in detectors)
    assert f"{len(detectors)} of {len(view.layer.units)} units match {len(concepts)} concepts" in text
    shown = f"{grades['strong']} strong , {grades['weak']} weak , {grades['chance']} no better than chance"
    assert shown.replace(" ,", ",") in text.replace(" ,", ",")
    assert "detectors by chance alone: 0.8, in 95 of 100 cases at most 2" in text


def test_a_bar_counts_the_units_that_match_its_concept(view, context):
    names = {c.id: c.name for c in view.run.record.concepts}
    wanted = Counter(names[u.concept] for u in view.layer.units if u.detector)
    assert {name: units for name, _, units, _ in context["bars"]} == wanted
    assert sum(strong for *_, strong in context["bars"]) == sum(u.grade == "strong" for u in view.layer.units)


def test_bars_are_grouped_by_category_with_the_highest_first():
    bars = [("a", "object", 3, 1), ("b", "object", 1, 0), ("c", "part", 2, 2)]
    figure = concepts_figure(bars)
    assert [trace["name"] for trace in figure["data"]] == ["object", "part"]
    assert figure["data"][0]["x"] == ["a", "b"]
    assert figure["data"][0]["y"] == [3, 1]
    assert figure["data"][0]["customdata"] == [1, 0]
    assert figure["data"][1]["marker"]["color"] == "--part"


def test_chance_is_a_mean_over_the_permutations_and_undefined_is_left_out():
    chance = np.array([[0.01, 0.02, np.nan], [0.01, 0.02, np.nan]])
    figure = iou_figure([0.01, 0.2], chance, 0.04)
    measured, shuffled = figure["data"]
    assert sum(measured["y"]) == 2
    assert sum(shuffled["y"]) == 2
    assert figure["layout"]["shapes"][0]["x0"] == 0.04
    json.dumps(figure, allow_nan=False)


def test_the_cards_hold_every_unit_as_the_findings_have_it(view):
    file = pages.cards_file(view)
    cards = data(file)
    assert len(cards["units"]) == len(view.layer.units)
    for row, unit in zip(cards["units"], view.layer.units, strict=True):
        number, place, *scores, flags, images, repeats, sharing = row
        assert number == unit.unit
        assert images == [ranked.image for ranked in unit.top_images[:6]]
        assert repeats == unit.duplicate_of
        assert sharing == (unit.saturation if unit.saturates else None)
        values = (unit.iou, unit.heldout_iou, unit.chance_iou, unit.q, unit.robust_iou)
        for shown, value in zip(scores, values, strict=True):
            assert shown == (None if value is None else pytest.approx(value, abs=1e-5))
        concept = view.concept(unit.concept)
        assert (place < 0) == (concept is None)
        if concept is not None:
            assert cards["concepts"][place] == [concept.name, concept.category]
        assert bool(flags & pages.DETECTOR) == unit.detector
        assert bool(flags & pages.DEAD) == unit.dead
        assert bool(flags & pages.NOT_FINITE) == (not unit.finite)
        assert bool(flags & pages.DUPLICATE) == (unit.duplicate_of is not None)


def test_the_script_reads_the_flags_by_the_same_numbers(templates):
    script = (templates / "assets/js/layer.js").read_text(encoding="utf-8")
    flags = [pages.DETECTOR, pages.DEAD, pages.NOT_FINITE, pages.DUPLICATE]
    assert f"[DETECTOR, DEAD, NOT_FINITE, DUPLICATE] = {flags}" in script


def test_every_unit_that_is_no_card_of_note_is_in_a_folded_list(view):
    folded = {title: {number for number, _, _ in members} for title, _, members in pages.folded(view)}
    units = view.layer.units
    assert folded["Dead"] == {u.unit for u in units if u.dead}
    assert folded["Duplicates"] == {u.unit for u in units if u.duplicate_of is not None}
    assert folded["Saturating"] == {u.unit for u in units if u.saturates}
    assert folded["Not finite"] == {u.unit for u in units if not u.finite}
    listed = folded["Not detectors"] | folded["Dead"] | folded["Not finite"]
    assert listed == {u.unit for u in units if not u.detector}


def test_the_strip_is_as_high_as_the_concepts_found(view):
    glyphs = layer_strip(view.run, view.addresses.page, view.layer.summary.name)
    totals = [sum(layer.concepts.values()) for layer in view.run.record.layers]
    assert [glyph["concepts"] for glyph in glyphs] == totals
    for glyph, total in zip(glyphs, totals, strict=True):
        assert sum(height for _, height in glyph["parts"]) == pytest.approx(
            100 * total / max(totals), abs=0.1
        )
    assert [glyph["current"] for glyph in glyphs] == [False, True]
    assert glyphs[1]["href"] == "index.html"


def test_layers_are_called_without_what_all_their_names_share():
    assert shared_prefix(["features.conv1_1", "features.conv1_2"]) == "features."
    assert shared_prefix(["layer1.0.conv", "layer2.0.conv"]) == ""
    assert shared_prefix(["features.3"]) == ""
    assert shared_prefix(["a.b", "a"]) == ""


def test_the_layers_figure_stacks_categories_and_marks_chance():
    figure = layers_figure(["a", "b"], [{"object": 2, "color": 1}, {"object": 4}], [0.5, 1.25])
    names = [trace["name"] for trace in figure["data"]]
    assert names == ["object", "color", "by chance"]
    assert figure["data"][1]["y"] == [1, 0]
    assert figure["data"][2]["y"] == [0.5, 1.25]


def test_grades_are_listed_without_those_that_are_not_met():
    assert pages.graded({"strong": 3, "weak": 1, "none": 9}) == [("strong", 3), ("weak", 1), ("chance", 0)]
    assert pages.graded({"untested": 2})[-1] == ("untested", 2)


def test_the_line_of_grades_ends_without_a_comma(view):
    text = words(pages.layer_page(view).body)
    assert "no better than chance · detectors by chance alone" in text


def test_the_slider_has_the_measured_threshold_and_counts_chance_at_every_step(view):
    steps = {at: found for at, *found in pages.threshold_steps(view)}
    chance = view.layer.arrays["chance_iou"]
    assert view.iou_threshold in steps
    assert max(steps) >= max(u.iou for u in view.layer.units if u.iou is not None)
    for at, (mean, high, p) in steps.items():
        slow = [sum(bool(value > at) for value in permuted) for permuted in chance]
        assert mean == pytest.approx(sum(slow) / len(slow), abs=1e-3)
        assert high == pytest.approx(np.quantile(slow, 0.95), abs=0.01)
        detectors = sum(u.iou is not None and u.iou > at for u in view.layer.units)
        reached = sum(count >= detectors for count in slow)
        assert p == pytest.approx((1 + reached) / (1 + len(slow)), abs=0.006)
    assert list(steps) == sorted(steps)


def test_a_generators_cards_say_what_removing_each_unit_changes(edits):
    cards = data(pages.cards_file(edits.view))
    measured = {
        int(unit): areas for unit, areas in zip(edits.arrays["units"], edits.arrays["removed"], strict=True)
    }
    for unit, changed in enumerate(cards["changed"]):
        slow = sum(abs(area) for area in measured[unit]) if unit in measured else None
        assert changed == (None if slow is None else pytest.approx(slow, abs=1e-6))
    ids = {c.name: c.id for c in edits.view.run.record.concepts}
    assert cards["changes"]
    for name, listed in cards["changes"]:
        sizes = [abs(change) for _, change in listed]
        assert sizes == sorted(sizes, reverse=True)
        left = [abs(areas[ids[name]]) for u, areas in measured.items() if u not in dict(listed)]
        assert max(left, default=0) <= sizes[-1] + 1e-6 or len(listed) < pages.LISTED
        assert all(change == pytest.approx(measured[u][ids[name]], abs=1e-6) for u, change in listed)
    text = words(pages.layer_page(edits.view).body)
    assert "what removing changes" in text


def test_the_caption_names_the_concept_with_most_units(view, context):
    most = max(units for _, _, units, _ in context["bars"])
    assert context["most"][2] == most
    assert f"{context['most'][0]} with {most}." in words(pages.layer_page(view).body)
