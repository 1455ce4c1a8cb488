from __future__ import annotations

import json
import re
from dataclasses import replace

import numpy as np
import pytest

from dissect_report.findings.generation import GENERATION_ARRAYS, SweepCurve, SweepPoint
from dissect_report.report import render
from dissect_report.report.generation import words as generation_words
from dissect_report.report.generation.experiment import GenerationExperiment
from dissect_report.report.generation.inserting import inserting_verdict
from dissect_report.report.generation.lattice import lattice_data, unit_lattice_data
from dissect_report.report.generation.removing import removing_verdict
from dissect_report.report.generation.side_effects import columns_of
from dissect_report.report.generation.summary import concept_edit_lines, generation_headline
from dissect_report.report.generation.view import GenerationView, removed_point
from dissect_report.report.generation.words import (
    insertion_sentence,
    of_image,
    portion,
    portions,
    removal_sentence,
)
from dissect_report.report.page import Page
from dissect_report.report.pages.concept import ConceptPages
from dissect_report.report.pages.data import data_page
from dissect_report.report.pages.home import home_page
from dissect_report.report.pages.methods import methods_page
from dissect_report.report.pages.unit import UnitPages
from dissect_report.report.site import SiteFindings
from tests.report.reading import read, spaced, words


@pytest.fixture(scope="module")
def pages(edited_site: SiteFindings) -> list[Page]:
    return list(GenerationExperiment().pages(edited_site, edited_site.runs[0]))


@pytest.fixture(scope="module")
def texts(pages: list[Page]) -> list[str]:
    return [words(page.body) for page in pages]


def test_a_generator_has_three_experiments_and_a_classifier_none(edited_site, pages, site):
    names = ["removing", "inserting", "side-effects"]
    run = edited_site.runs[0].record.name
    assert [str(page.path) for page in pages] == [f"{run}/experiments/{name}.html" for name in names]
    assert all(page.nav is not None and page.nav[:2] == (run, "Experiments") for page in pages)
    assert list(GenerationExperiment().pages(site, site.runs[0])) == []


def test_every_experiment_gives_its_question_and_command(texts, edits):
    for text, question in zip(
        texts, ("is it gone when they are?", "only where it belongs?", "What else changes")
    ):
        assert question in text
        assert edits.record.command in text
        assert edits.record.notes[0][1:] in text


def test_the_removing_page_gives_every_portion_with_its_interval(texts, edits):
    for concept in edits.record.concepts:
        assert spaced(removal_sentence(edits.name(concept.concept), concept)) in texts[0]
        for curve in concept.curves:
            for point in curve.points:
                assert (
                    f"{spaced(portion(point.portion))} {spaced(portions(point.low, point.high))}" in texts[0]
                )


def test_an_order_with_fewer_units_has_a_dash_and_not_the_number_of_fewer(pages, edits):
    assert 0 < len(edits.units) < 20
    concept = edits.record.concepts[0]
    last = next(curve for curve in concept.curves if curve.ranking == "ace").points[-1]
    table = pages[0].body.split("<h2>All concepts</h2>")[1]
    assert portion(last.portion) not in table.split("</tr>")[1]
    dashes = table.count('title="Not tried: this order has no such number of units">–')
    assert dashes == 2 * len(edits.record.concepts)


def test_the_verdicts_name_the_most_and_the_least(edits):
    def limited(*portions: float) -> GenerationView:
        concepts = [
            replace(c, curves=(SweepCurve("iou", (), (SweepPoint(20, p, p - 0.01, p + 0.01),)),))
            for c, p in zip(edits.record.concepts, portions, strict=False)
        ]
        return replace(edits, record=replace(edits.record, concepts=tuple(concepts)))

    names = [edits.name(c.concept) for c in edits.record.concepts]
    said = spaced(removing_verdict(limited(0.2, 0.9, -0.3)))
    assert said.startswith(f"Without its 20 best units, {names[1]} loses 90 % of its pixels, the most of 3")
    assert said.endswith(f"{names[2]} grows by 30 %, the least.")
    assert removing_verdict(limited(1, 1)).endswith(", and so does the other concept.")
    assert removing_verdict(limited(1, 1, 1)).endswith(", and so do all others.")
    assert "stays as it is" in removing_verdict(limited(0.001))
    assert removing_verdict(limited()) == ""

    def gains(*all_of: tuple[float, float]) -> str:
        concepts = [
            replace(c, added=(low + high) / 2, added_low=low, added_high=high)
            for c, (low, high) in zip(edits.record.concepts, all_of, strict=False)
        ]
        return spaced(
            inserting_verdict(replace(edits, record=replace(edits.record, concepts=tuple(concepts))))
        )

    assert gains((-0.01, 0.01), (0.001, 0.003)).endswith(
        f"those of {names[0]} add nothing beyond their interval."
    )
    assert f"units of {names[0]} add 0.20 % of it on average, the most of 2" in gains(
        (0.001, 0.003), (0, 0.001)
    )
    surer = gains((-0.002, 0.01), (0.001, 0.003))
    assert f"units of {names[1]} add 0.20 % of it on average, the largest certain gain of 2" in surer
    assert "no concept's units add any of it for certain" in gains((-0.002, 0.01), (-0.003, -0.001))
    assert f"the units of {names[0]} add none of it for certain." in gains((-0.002, 0.01))


def test_before_and_after_are_shown_for_every_latent_and_count(pages, edits):
    body = pages[0].body
    for concept in edits.record.concepts:
        name = edits.name(concept.concept)
        sheet = f"../{edits.view.layer.summary.folder}/edits/removal-{concept.concept}.webp"
        # every tile, and the large one
        assert body.count(sheet) == len(concept.cells) * len(edits.record.grid_counts) + 1
        for latent in range(len(concept.cells)):
            for size in edits.record.grid_counts[1:]:
                assert f"Latent {latent}, {size} units removed: {name} covers" in body
        for row in concept.cells:
            assert all(f'<path d="{cell.outline}"/>' in body for cell in row)


def test_concepts_that_no_image_shows_or_no_unit_detects_are_named(texts, edits):
    (missing,) = edits.record.never_drawn
    undetected = [c for c in edits.record.concepts if not c.detectors]
    assert undetected
    for text in texts:
        assert f"{edits.name(missing)} was asked for, but none of these images shows it." in text
    assert f"No unit detects {edits.name(undetected[0].concept)}" in texts[0]
    for text in texts[:2]:
        assert "No unit of the layer detects it: its best units by IoU stand in." in text


def test_the_lattice_knows_what_every_place_adds_and_what_stood_there(edits):
    concept = edits.record.concepts[0]
    data = lattice_data(edits, concept)
    assert np.allclose(data["added"], concept.lattice_added, atol=1e-5)
    labels = edits.arrays["place_labels"]
    for latent, place in ((0, 0), (1, 27), (2, 63)):
        expected = {edits.name(int(c)) for c in labels[latent, place] if c}
        assert {data["names"][i] for i in data["on"][latent][place]} == expected
    assert len(data["intact"]) == len(concept.lattice_added)


def test_a_units_lattice_knows_what_every_place_adds_and_what_stood_there(edits):
    of_concept = [u for u in edits.record.units if edits.view.layer.units[u.unit].concept]
    for unit in of_concept:
        data = unit_lattice_data(edits, unit)
        concept = edits.view.layer.units[unit.unit].concept
        pixels = edits.arrays["unit_placed"][edits.arrays["units"].tolist().index(unit.unit)]
        added = (pixels[:, concept] - edits.arrays["intact"][0, concept]) / edits.view.run.record.grid**2
        assert np.allclose(data["added"], [added], atol=1e-5)
        assert data["outlines"] == [list(unit.placed_outlines)]
        assert (data["rows"], data["columns"], data["concept"]) == (4, 4, edits.name(concept))
        for place, labels in enumerate(edits.arrays["unit_place_labels"]):
            assert {data["names"][i] for i in data["on"][0][place]} == {
                edits.name(int(c)) for c in labels if c
            }
    assert len(of_concept) > 1


def test_the_inserting_page_gives_added_areas_contexts_and_the_ace(pages, texts, edits):
    for concept in edits.record.concepts:
        assert spaced(insertion_sentence(edits.name(concept.concept), concept, edits)) in texts[1]
        assert spaced(of_image(concept.ace)) in texts[1]
        for context in concept.contexts:
            assert (
                f"{edits.name(context.concept)} {context.places} {spaced(of_image(context.added))}"
                in texts[1]
            )
        for at, value in enumerate(concept.added_by_place):
            place = f"row {at // 8 + 1}, column {at % 8 + 1}"
            assert f'title="{place}: {of_image(value)} of the image"' in pages[1].body


def test_contexts_at_few_places_are_pale(pages, edits):
    figures = [json.loads(s) for s in read(pages[1].body).scripts if "data" in json.loads(s)]
    bars = [trace for figure in figures for trace in figure["data"] if trace["type"] == "bar"]
    assert {trace["marker"]["color"] for trace in bars} == {"--accent", "--hair"}
    for trace in bars:
        few = trace["marker"]["color"] == "--hair"
        assert all((places < generation_words.ENOUGH_PLACES) == few for places in trace["customdata"])


def test_the_heat_map_colours_only_what_its_interval_confirms(pages, edits):
    (figure,) = [json.loads(s) for s in read(pages[2].body).scripts]
    (heat,) = figure["data"]
    columns = columns_of(edits)
    assert heat["x"] == [edits.name(c) for c in columns]
    assert heat["y"] == [edits.name(c.concept) for c in edits.record.concepts]
    confirmed = 0
    for row, concept in zip(heat["z"], edits.record.concepts, strict=True):
        changes = {change.concept: change for change in concept.side_effects}
        for value, column in zip(row, columns, strict=True):
            change = changes.get(column)
            if change is None or not change.before:
                assert value is None
            elif change.low is not None and (change.low > 0 or change.high < 0):
                confirmed += 1
                expected = 100 * max(-1, min(1, (change.after - change.before) / change.before))
                assert value == pytest.approx(expected, abs=0.01)
            else:
                assert value == 0
    assert confirmed


def test_a_cell_and_a_row_of_the_side_effects_lead_to_the_grid(pages, edits):
    ids = read(pages[0].body).ids
    (figure,) = [json.loads(s) for s in read(pages[2].body).scripts]
    links = read(pages[2].body).links
    for row in figure["data"][0]["customdata"]:
        for href, _ in row:
            page, _, anchor = href.partition("#")
            assert page == "removing.html"
            assert anchor in ids
            assert href in links


def test_a_measured_unit_shows_what_it_draws_and_another_says_how_to_measure_it(edits):
    by_number = {unit.unit: page.body for unit, page in zip(
        edits.view.layer.units, UnitPages(edits.view).pages(), strict=True)}  # fmt: skip
    for unit in edits.record.units:
        text, body = words(by_number[unit.unit]), by_number[unit.unit]
        assert "What it draws" in text
        assert body.count(f"edits/unit-{unit.unit}.webp") == 3 * len(unit.latents)
        for change in (*unit.removed, *unit.inserted):
            if change.after != change.before:
                assert spaced(of_image(change.after - change.before)) in text
        assert spaced(of_image(unit.ace)) in text
    others = set(by_number) - set(edits.units)
    assert others
    for unit in others:
        assert 'This unit was not changed on its own; [generation] unit_effects = "all"' in words(
            by_number[unit]
        )


def test_units_of_layers_that_nobody_edited_say_nothing_about_it(edited_site):
    other = next(iter(edited_site.runs[0].layers.values()))
    assert other.generation is None
    page = next(render.unit_pages(edited_site, edited_site.runs[0], other))
    assert "What it draws" not in page.body


def test_an_edited_units_page_links_to_the_lattice_of_its_concept(edits):
    units = [u for u in edits.record.units if edits.view.layer.units[u.unit].concept in edits.edited]
    assert units
    page = UnitPages(edits.view).page(
        edits.view.layer.units[units[0].unit], edits.view.addresses.unit(units[0].unit)
    )
    concept = edits.view.layer.units[units[0].unit].concept
    assert f'href="../experiments/inserting.html#{edits.anchor(concept)}"' in page.body


def test_a_concepts_page_gives_portion_and_added_area_with_links(edited_site, edits):
    concept = edits.record.concepts[0]
    page = ConceptPages(edited_site).page(edits.name(concept.concept))
    text = words(page.body)
    removed = spaced(portion(removed_point(concept).portion))
    assert f"portion removed by 20 units{removed}" in text
    (line,) = concept_edit_lines(edited_site, edited_site.runs[0], concept.concept, page.path)
    assert f'href="{line["removing"]}"' in page.body
    assert f'href="{line["inserting"]}"' in page.body
    unedited = next(c for c in edited_site.runs[0].record.concepts if c.id not in edits.edited)
    assert concept_edit_lines(edited_site, edited_site.runs[0], unedited.id, page.path) == []


def test_home_gives_the_strongest_removal_and_insertion(edited_site, edits):
    concepts = edits.record.concepts
    best = max(concepts, key=lambda c: removed_point(c).portion)
    most = max(concepts, key=lambda c: c.added)
    text = words(home_page(edited_site).body)
    assert spaced(removal_sentence(edits.name(best.concept), best)) in text
    assert spaced(insertion_sentence(edits.name(most.concept), most, edits)) in text


def test_a_site_of_classifiers_has_no_headline_about_drawing(site):
    assert generation_headline(site, site.runs[0]) is None
    assert "What the units draw" not in home_page(site).body


def test_the_data_page_names_the_files_and_arrays_of_edits(edited_site, site):
    text = words(data_page(edited_site, edited_site.runs[0]).body)
    for name, meaning in GENERATION_ARRAYS.items():
        assert f"{name}{meaning}" in text
    assert text.count("generation.json") >= 2
    assert "generation.json" not in words(data_page(site, site.runs[0]).body)
    assert "ablation.json" not in text


def test_the_methods_page_defines_the_words_about_edits(edited_site, edits):
    text = words(methods_page(edited_site, edited_site.runs[0]).body)
    for term in (
        "average causal effect (ACE)",
        "portion removed",
        "inserted unit",
        "context",
        "99 % interval",
    ):
        assert term in text
    assert f"never drawn{edits.name(edits.record.never_drawn[0])}" in re.sub(
        r"never drawn ", "never drawn", text
    )
