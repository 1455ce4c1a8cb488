from __future__ import annotations

from dataclasses import replace

import pytest

from dissect_report.report.concept_units import remark
from dissect_report.report.formatting import count, score
from dissect_report.report.pages.concept import ConceptPages
from tests.report.reading import read, words


@pytest.fixture(scope="module")
def pages(site):
    return ConceptPages(site)


def test_a_concept_lists_every_unit_of_every_layer_that_names_it(site, pages):
    run = site.runs[0]
    concept = next(c for c in run.record.concepts if len(pages.units.get((run.record.name, c.id), [])) > 2)
    links = read(pages.page(concept.name).body).links
    for layer in run.layers.values():
        for unit in layer.units:
            address = f"../{run.record.name}/{layer.summary.folder}/{unit.unit}.html"
            assert (address in links) == (unit.concept == concept.id)


def test_a_concept_of_two_runs_has_one_page_with_a_section_each(hostile_site):
    pages = ConceptPages(hostile_site)
    names = {c.name for run in hostile_site.runs for c in run.record.concepts}
    made = list(pages.pages())
    assert len(made) == len(names) + 1
    text = words(pages.page("sky").body)
    assert all(run.record.name in text for run in hostile_site.runs)


def test_the_headline_counts_detectors_and_the_strong_among_them(site, pages):
    run = site.runs[0]
    for concept in run.record.concepts:
        units = [unit for _, unit in pages.units.get((run.record.name, concept.id), [])]
        found = sum(u.detector for u in units)
        strong = sum(u.grade == "strong" for u in units)
        text = words(pages.page(concept.name).body)
        verb = "unit matches" if found == 1 else "units match"
        assert f"{found} {verb} it" + (f", {strong} strong" if found else "") in text


def test_what_no_unit_can_match_is_said(site):
    concept = site.runs[0].record.concepts[0]
    assert remark(replace(concept, attainable_iou=0.04, pixels=9), 0.04) == "undetectable at this quantile"
    assert remark(replace(concept, attainable_iou=0.041, pixels=9), 0.04) == ""
    assert remark(replace(concept, attainable_iou=None, pixels=0), 0.04) == "never seen in the probe images"


def test_a_concept_that_was_never_seen_has_a_page_without_numbers(site, pages):
    never = next(c for c in site.runs[0].record.concepts if c.pixels == 0)
    text = words(pages.page(never.name).body)
    assert "Never seen in the probe images" in text
    assert "None" not in text


def test_the_index_shows_the_numbers_of_every_concept(site, pages):
    index = words(pages.index().body)
    run = site.runs[0]
    for concept in run.record.concepts:
        named = pages.units.get((run.record.name, concept.id), [])
        detectors = sum(unit.detector for _, unit in named)
        strong = sum(unit.grade == "strong" for _, unit in named)
        best = score(named[0][1].iou) if named else "–"
        assert f"{concept.name}" in index
        if named:
            assert (
                f"{detectors} {strong} {best} {named[0][0].layer.summary.name} unit {named[0][1].unit}"
                in index
            )
        assert count(concept.images) in index
