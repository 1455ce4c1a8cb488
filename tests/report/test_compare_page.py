from __future__ import annotations

import dataclasses
import re
from collections import Counter
from pathlib import Path

import pytest

from dissect_report.config import load_config
from dissect_report.report import render
from dissect_report.report.comparison import Comparison, is_compared
from dissect_report.report.comparison_words import (
    category_sentence,
    change_sentence,
    depth_sentence,
    difference_notes,
    run_sentence,
    shared_sentence,
)
from dissect_report.report.formatting import count, score
from dissect_report.report.pages.compare import SHOWN, ComparePage
from dissect_report.report.site import SiteFindings, layers_of, load_site
from tests.report.reading import read, words
from tests.synthetic import write_synthetic_site

MANY = ("classifier", "classifier", "generator")


def made(folder: Path, **options: object) -> SiteFindings:
    settings = {"layers": 3, "units": 24, "images": 20, "concepts": 34, "ablation": False} | options
    return load_site(load_config(write_synthetic_site(folder, **settings)))  # type: ignore[arg-type]


@pytest.fixture(scope="module")
def beside(tmp_path_factory: pytest.TempPathFactory) -> SiteFindings:
    """A classifier beside a generator."""
    return made(tmp_path_factory.mktemp("beside"), kinds=("classifier", "generator"))


@pytest.fixture(scope="module")
def three(tmp_path_factory: pytest.TempPathFactory) -> SiteFindings:
    """Two classifiers and a generator, of few units: many concepts are found by some of them only."""
    return made(tmp_path_factory.mktemp("three"), kinds=MANY, units=8)


@pytest.fixture(scope="module")
def apart(tmp_path_factory: pytest.TempPathFactory) -> SiteFindings:
    """Two runs that look for no concept of the same name."""
    return made(tmp_path_factory.mktemp("apart"), kinds=("classifier", "generator"), apart=True)


@pytest.fixture(scope="module")
def blind(tmp_path_factory: pytest.TempPathFactory) -> SiteFindings:
    """A run with detectors beside one without."""
    return made(tmp_path_factory.mktemp("blind"), kinds=("classifier", "generator"), blind=(1,))


def detectors(site: SiteFindings, run: int) -> Counter[str]:
    """Detectors of each concept, counted from the units anew."""
    record = site.runs[run].record
    units = [unit for layer in site.runs[run].layers.values() for unit in layer.units]
    return Counter(record.concepts[u.concept - 1].name for u in units if u.detector and u.concept)


def compare_body(site: SiteFindings) -> str:
    return ComparePage(Comparison(site)).page().body


def table_rows(site: SiteFindings) -> dict[str, str]:
    """Words of every line of the last table by concept."""
    body = compare_body(site).split('id="compare-rows"')[1]
    lines = re.findall(r"<tr data-name=.*?</tr>", body, re.DOTALL)
    parsed = [words(line) for line in lines]
    return {line.split(" ")[1]: line for line in parsed}


def test_a_site_of_one_run_has_nothing_to_compare(site):
    assert all(page.path.name != "compare.html" for page in render.pages(site))


def test_a_site_of_several_runs_has_the_page_second_in_its_navigation(beside, three):
    for site in (beside, three):
        pages = [page for page in render.pages(site) if page.nav]
        assert str(pages[1].path) == "compare.html"
        assert pages[1].nav == ("Compare",)


def test_every_layer_of_every_network_is_a_row_in_execution_order(beside):
    body = compare_body(beside)
    for run in beside.runs:
        part = body.split(f'id="layers-of-{run.record.name}"')[1].split("</table>")[0]
        found = re.findall(r'href="([^"]+/index\.html)"', part)
        assert found == [f"{run.record.name}/{layer.folder}/index.html" for layer in run.record.layers]


def test_a_row_says_concepts_chance_detectors_and_strong_units_of_its_layer(beside):
    body = compare_body(beside)
    for run in beside.runs:
        for layer in run.layers.values():
            address = f"{run.record.name}/{layer.summary.folder}/index.html"
            row = body.split(f'href="{address}"')[1].split("</tr>")[0]
            text = " ".join(re.sub("<[^>]+>", " ", row).split())
            concepts = sum(layer.summary.concepts.values())
            chance = sum(layer.record.chance_concepts.values())
            strong = layer.summary.grades["strong"]
            detectors = f"{layer.summary.detectors} of {layer.summary.units}"
            assert f"{concepts} {chance:.3g} {detectors} {strong}" in text


def test_bars_of_all_networks_are_drawn_on_one_scale(beside):
    networks = ComparePage(Comparison(beside)).context()["networks"]
    layers = [layer for network in networks for layer in network["layers"]]
    most = max(layer["concepts"] for layer in layers)
    for layer in layers:
        length = sum(width for _, width in layer["parts"])
        assert length == pytest.approx(100 * layer["concepts"] / most, abs=0.1)
        assert layer["chance_at"] == pytest.approx(100 * layer["chance"] / most, abs=0.1)


@pytest.mark.parametrize("name", ["beside", "three", "apart", "blind"])
def test_every_matched_concept_is_in_one_group(name, request):
    site = request.getfixturevalue(name)
    comparison = Comparison(site)
    counted = [detectors(site, run) for run in range(len(site.runs))]
    everywhere = set.intersection(*(set(found) for found in counted))
    assert {row.name for row in comparison.by_all} == everywhere
    for place, found in enumerate(counted):
        others = {n for i, other in enumerate(counted) if i != place for n in other}
        assert {row.name for row in comparison.only_by(place)} == set(found) - others
    groups = [comparison.by_all, comparison.by_some, *(comparison.only_by(i) for i in range(len(counted)))]
    assert sum(map(len, groups)) == len(comparison.matched) == len({n for found in counted for n in found})


def test_three_runs_have_concepts_that_only_some_find(three):
    assert Comparison(three).by_some
    text = words(compare_body(three))
    assert "Found by all" in text
    assert "Found by some" in text
    assert f"{len(Comparison(three).by_some)} by some of them" in text


def test_the_table_counts_units_of_both_runs_and_what_is_gained(beside):
    first, second = detectors(beside, 0), detectors(beside, 1)
    rows = table_rows(beside)
    assert set(rows) == set(first) | set(second)
    for name, line in rows.items():
        cells = line.split(" ")[2:]
        gained = second[name] - first[name]
        assert cells[0] == count(first[name])
        assert cells[2] == count(second[name])
        assert cells[4] == (f"{gained:+d}".replace("-", "\N{MINUS SIGN}") if gained else "0")


def test_three_runs_are_each_held_against_the_first(three):
    counted = [detectors(three, run) for run in range(3)]
    comparison = Comparison(three)
    for row in comparison.matched:
        for place in (1, 2):
            assert row.change(place) == counted[place][row.name] - counted[0][row.name]
    text = words(compare_body(three))
    assert "change to net2" in text
    assert "change to progan" in text


def test_the_cards_show_the_best_unit_of_each_run(beside):
    comparison = Comparison(beside)
    links = read(compare_body(beside)).links
    assert comparison.by_all
    for row in comparison.by_all[:SHOWN]:
        for run, found in zip(beside.runs, row.found, strict=True):
            concept = next(c.id for c in run.record.concepts if c.name == row.name)
            units = [
                (unit.iou, f"{run.record.name}/{layer.summary.folder}/{unit.unit}.html")
                for layer in run.layers.values()
                for unit in layer.units
                if unit.detector and unit.concept == concept
            ]
            best = max(iou for iou, _ in units)
            assert found.best is not None
            assert found.best[1].iou == best
            assert score(best) in compare_body(beside)
            assert any(address in links for iou, address in units if iou == best)


def test_a_concept_that_a_run_does_not_look_for_has_no_change(apart):
    comparison = Comparison(apart)
    assert comparison.looked_for == 0
    assert not comparison.by_all
    assert all(row.change(1) is None for row in comparison.matched)
    text = words(compare_body(apart))
    assert "No concept is looked for in both" in text
    assert "progan: not looked for" in text
    assert change_sentence(comparison) == ""


def test_a_run_without_a_detector_is_told_of_as_such(blind):
    comparison = Comparison(blind)
    text = words(compare_body(blind))
    assert "progan, a generator, has no detector: none of its 72 units matches a concept." in text
    assert f"No concept is matched by both; {len(comparison.only_by(0))} by vgg16 alone" in text
    assert "progan" not in depth_sentence(comparison.sides)
    assert "progan" not in category_sentence(comparison)


def test_two_runs_without_a_detector_have_a_page(tmp_path):
    site = made(tmp_path, kinds=("classifier", "generator"), blind=(0, 1), units=3, layers=1)
    text = words(compare_body(site))
    assert "No concept is matched by vgg16 or by progan." in text
    assert depth_sentence(Comparison(site).sides) == ""
    assert category_sentence(Comparison(site)) == ""
    assert "Units of each concept" not in text


def test_why_a_run_has_no_detector_is_said(beside):
    reasons = {found.reason for row in Comparison(beside).matched for found in row.found if not found.units}
    assert reasons
    known = ("never seen in the", "undetectable at", "no unit's best concept", "no detector: the nearest")
    assert all(reason.startswith(known) for reason in reasons)


def test_the_sentences_repeat_the_numbers(beside):
    comparison = Comparison(beside)
    first, second = detectors(beside, 0), detectors(beside, 1)
    for side, found in zip(comparison.sides, (first, second), strict=True):
        text = run_sentence(side, len(found))
        assert f"matches {len(found)} of the 34 concepts" in text
        assert f"{sum(found.values())} of its 72 units are detectors" in text
    shared, alone = len(first.keys() & second.keys()), len(first.keys() - second.keys())
    text = shared_sentence(comparison)
    assert text.startswith(f"{shared} concepts are matched by both, {alone or 'none'} by vgg16 alone")
    changes = {name: second[name] - first[name] for name in first | second}
    text = change_sentence(comparison)
    gained = re.search(r"(\S+) gains most units \((\d+) to (\d+)\)", text)
    assert gained
    assert changes[gained[1]] == max(changes.values()) == int(gained[3]) - int(gained[2])
    lost = re.search(r"(\S+) loses most \((\d+) to (\d+)\)", text)
    assert lost
    assert changes[lost[1]] == min(changes.values()) == int(lost[3]) - int(lost[2])


def test_what_was_not_measured_alike_is_listed(beside):
    (note,) = difference_notes(Comparison(beside))
    assert note.startswith("images: 20 probe images in vgg16, 20 generated images in progan")


def test_runs_measured_alike_have_no_such_list(beside):
    comparison = Comparison(SiteFindings(beside.config, (beside.runs[0], beside.runs[0])))
    assert difference_notes(comparison) == []


def test_a_network_is_drawn_from_what_enters_it_to_what_leaves_it(beside):
    flows = re.findall(r'<p class="flow">(.*?)</p>', compare_body(beside))
    assert [words(flow) for flow in flows] == ["image ↓", "↓ classes", "latent ↓", "↓ image"]


def test_a_single_run_s_directions_stand_beside_the_channels(tmp_path: Path) -> None:
    site = made(tmp_path)
    (run,) = site.runs
    first, second, third = run.record.layers
    layers = (first, dataclasses.replace(second, base=first.name), third)
    record = dataclasses.replace(run.record, layers=layers)
    loaded = {layer.name: dataclasses.replace(run.layers[layer.name], summary=layer) for layer in layers}
    told = dataclasses.replace(run, record=record, layers=loaded)
    assert not is_compared(site)
    bases = SiteFindings(site.config, (told,))
    assert is_compared(bases)
    comparison = Comparison(bases)
    assert [side.name for side in comparison.sides] == ["channels", second.name]
    assert [side.units for side in comparison.sides] == [24, 24]
    context = ComparePage(comparison).context()
    (line,) = context["about"]
    assert line.startswith(f"{first.name}: channels {first.detectors} detectors of 24 units")
    assert f"; {second.name} {second.detectors} detector" in line
    page = ComparePage(comparison).page()
    assert f"<h1>{first.name}: channels and {second.name}</h1>" in page.body
    assert "Detectors in all layers of a basis" in page.body
    found = {row["name"] for row in context["rows"]}
    assert third.name not in {layer["name"] for side in context["networks"] for layer in side["layers"]}
    shown = [layer for layer in layers_of(told) if layer.summary.name != third.name]
    named = {
        run.record.concepts[u.concept - 1].name for la in shown for u in la.units if u.detector and u.concept
    }
    assert found == named
