from __future__ import annotations

import json
import re
from copy import copy
from dataclasses import replace
from pathlib import Path

import numpy as np
import pytest

from dissect_report.config import load_config
from dissect_report.report import formatting, render
from dissect_report.report.ablation.classes import ClassPages, ClassSection
from dissect_report.report.ablation.concepts import RelyingClasses
from dissect_report.report.ablation.figures import apart
from dissect_report.report.ablation.units import UsedFor
from dissect_report.report.ablation.view import AblationView, ablation_views
from dissect_report.report.formatting import lost, points
from dissect_report.report.page import Page
from dissect_report.report.pages.layer import cards_file
from dissect_report.report.pages.unit import UnitPages
from dissect_report.report.site import SiteFindings, load_site
from tests.report.reading import read, words
from tests.synthetic import write_synthetic_site


@pytest.fixture(scope="module")
def removals(site: SiteFindings) -> AblationView:
    """Of the run with labels and a linear tail."""
    (found,) = ablation_views(site, site.runs[0])
    return found


def percent(value: float | None) -> str:
    """As ``words`` gives it: with a plain space."""
    return formatting.percent(value).replace("\N{NO-BREAK SPACE}", " ")


def page_of(site: SiteFindings, run: int, name: str) -> Page:
    pages = {page.title: page for page in ClassPages(site, site.runs[run]).pages()}
    return pages[name]


def test_a_class_page_shows_the_units_whose_loss_is_confirmed(site, removals):
    text = words(page_of(site, 0, "ski resort (class)").body)
    target = removals.record.targets[2]
    assert target.name == "ski resort"
    needed = [loss for loss in target.units if loss.confirmed_loss is not None]
    assert needed
    for loss in needed:
        assert f"unit {loss.unit} " in text
        assert f"loses {lost(loss.confirmed_loss)} points, confirmed" in text
        assert f"recall loses {lost(loss.recall_lost)}, specificity {lost(loss.specificity_lost)}" in text
    shown = re.findall(r"loses [\d.]+ points, confirmed", text)
    assert len(shown) == len(needed)


def test_confusions_that_a_unit_prevents_are_named_with_their_number(site, removals):
    target = removals.record.targets[2]
    text = words(page_of(site, 0, "ski resort (class)").body)
    others = removals.record.evaluation_images - target.evaluation_images
    for loss in target.units:
        if loss.confirmed_loss is not None and loss.alarms:
            named = removals.class_name(loss.alarms[0].predicted)
            assert f"without it, 2 of {others} other images are called ski resort (2 {named})" in text


def test_a_class_without_a_confirmed_unit_says_so(site, removals):
    section = ClassSection(removals, 2, removals.file(removals.record.targets[2]))
    bare = replace(removals.record.targets[2], units=())
    targets = removals.record.targets
    record = replace(removals.record, targets=(*targets[:2], bare, *targets[3:]))
    context = replace(section, removals=replace(removals, record=record)).context()
    assert context["cards"] == []


def test_a_class_page_gives_its_balanced_accuracy_with_an_interval_around_it(site, removals):
    target = removals.record.targets[2]
    text = words(page_of(site, 0, "ski resort (class)").body)
    pattern = rf"balanced accuracy ?{percent(target.balanced_accuracy)} ([\d.]+).% to ([\d.]+).%"
    low, high = (float(end) for end in re.search(pattern, text).groups())
    assert low < 100 * target.balanced_accuracy < high


def test_removed_and_kept_sets_stand_in_the_table_as_the_findings_say(site, removals):
    text = words(page_of(site, 0, "ski resort (class)").body)
    row = removals.rows[2, "removed", 20]
    assert f"20 most important removed (2 of them with an effect) {percent(row.balanced_accuracy)}" in text
    assert f"{points(row.low)} to {points(row.high)} p 0.05" in text
    row = removals.rows[2, "kept", 20]
    assert f"only these 20 kept (2 of them with an effect) {percent(row.balanced_accuracy)}" in text
    assert "set “odd ones” removed" in text


def test_the_curves_hold_every_size_of_every_kind(site, removals):
    body = page_of(site, 0, "ski resort (class)").body
    figures = [json.loads(script) for script in read(body).scripts if '"data"' in script]
    traces = {trace["name"]: trace for trace in figures[0]["data"] if "name" in trace}
    for kind, name in (("removed", "best removed"), ("kept", "all others removed")):
        expected = [100 * removals.rows[2, kind, n].balanced_accuracy for n in removals.record.set_sizes]
        assert traces[name]["y"] == pytest.approx(expected, abs=0.01)
    assert traces["random removed: mean and range"]["x"] == list(removals.record.set_sizes)


def test_an_image_that_is_given_up_is_shown_with_what_the_network_says_then(site, removals):
    target = removals.record.targets[2]
    found = read(page_of(site, 0, "ski resort (class)").body)
    assert target.flips
    for flip in target.flips:
        assert any(link.endswith(f"/thumbnails/{flip.image}.webp") for link in found.links)
    said = removals.class_name(target.flips[0].after[-1])
    assert f"{said} (no longer recognised)" in " ".join(found.words.split())


def test_groups_have_pages_that_name_their_classes(site):
    text = words(page_of(site, 0, "wild & free (group)").body)
    assert "A group of 2 classes taken as one: village, forest." in text


def test_the_class_index_links_every_class_and_group(site, removals):
    index = page_of(site, 0, "Classes of vgg16")
    links = read(index.body).links
    for target in removals.record.targets:
        assert removals.file(target).name in links
    assert index.nav == ("vgg16", "Classes")


def test_without_labels_no_page_says_accuracy(hostile_site):
    run = hostile_site.runs[1]
    pages = [page for page in render.pages(hostile_site) if page.path.parts[0] == run.record.name]
    for layer in run.layers.values():
        pages += list(render.unit_pages(hostile_site, run, layer))[:4]
    assert any("agreement with the intact model" in page.body for page in pages)
    for page in pages:
        if page.path.name != "data.html":  # the schema has the names of the fields
            for text in (page.body, page.title, page.description, page.search):
                assert "accuracy" not in text.lower(), page.path


def test_with_labels_no_page_says_agreement(site):
    for page in render.pages(site):
        if page.path.name != "data.html":
            assert "agreement" not in page.body.lower(), page.path


def test_undefined_measures_are_dashes_and_never_words_of_python(hostile_site):
    for run in (0, 1):
        for page in ClassPages(hostile_site, hostile_site.runs[run]).pages():
            for word in ("None", "nan", "True", "False"):
                assert word not in words(page.body).replace("None: no unit", ""), page.path


def test_a_run_without_removals_has_no_trace_of_them(tmp_path: Path):
    bare = load_site(load_config(write_synthetic_site(tmp_path, ablation=False)))
    paths = [page.path for page in render.pages(bare)]
    assert not [path for path in paths if {"classes", "experiments"} & set(path.parts)]
    for page in render.pages(bare):
        assert "balanced accuracy" not in page.body
        assert "ablation" not in page.body, page.path
    layer = next(iter(bare.runs[0].layers.values()))
    for page in render.unit_pages(bare, bare.runs[0], layer):
        assert "Used for" not in page.body
    assert not [target for _, target in render.pictures(bare) if "flips" in target.parts]


def test_a_unit_names_the_classes_that_need_it_and_what_removing_it_costs(view, removals):
    target = removals.record.targets[2]
    unit = view.layer.units[target.units[0].unit]
    text = words(UnitPages(view).page(unit, view.addresses.unit(unit.unit)).body)
    assert "On images that rank units, it is among the four that matter most to" in text
    assert "Used for" in text
    loss = target.units[0]
    numbers = f"{lost(loss.ranking_loss)} {lost(loss.evaluation_loss)} {lost(loss.confirmed_loss)}"
    assert f"ski resort 1st {numbers}" in text


def test_only_a_confirmed_loss_is_said_to_be_a_need(view, removals):
    used = UsedFor(removals, view.addresses.page)
    losing = (used.ranking > 0) & ~used.needs
    unit = int(np.flatnonzero(losing.any(0))[0])
    rows = used.context(unit)["losing"]
    needing = int(used.needs[:, unit].sum())
    assert [row["confirmed"] == "–" for row in rows] == [False] * needing + [True] * (len(rows) - needing)
    text = words(UnitPages(view).page(view.layer.units[unit], view.addresses.unit(unit)).body)
    assert "Classes that lose without it" in text
    assert "Classes that need it" not in text


def test_a_unit_lists_gains_as_well_as_losses(view, removals):
    lost_by_unit = removals.arrays["ranking_loss"][list(removals.class_targets)]
    unit = int(np.argwhere(lost_by_unit.min(0) < 0)[0, 0])
    text = words(UnitPages(view).page(view.layer.units[unit], view.addresses.unit(unit)).body)
    assert "Classes that gain without it" in text
    place = int(lost_by_unit[:, unit].argmin())
    assert f"{removals.record.targets[place].name} " in text
    assert lost(float(lost_by_unit[place, unit])) in text


def test_cards_know_how_many_classes_a_unit_serves_and_who_needs_it(view, removals):
    text = cards_file(view).text
    data = json.loads("[" + text[len("dissect.register(") : -len(");\n")] + "]")[1]
    assert data["served"] == removals.arrays["served"].tolist()
    for (name, units), target in zip(data["classes"], removals.class_targets, strict=True):
        assert name == removals.record.targets[target].name
        losses = removals.arrays["confirmed_loss"][target, units]
        assert (losses > 0).all()
        assert (np.diff(losses) <= 0).all()


def test_a_concept_names_the_classes_that_its_detectors_serve(site, removals):
    target, unit = next(
        (t, u)
        for t, u in np.argwhere(removals.needs)
        if removals.view.layer.units[u].grade in ("strong", "weak")
    )
    concept = removals.view.concept(removals.view.layer.units[unit].concept)
    page = next(page for page in render.pages(site) if page.title == concept.name)
    text = words(page.body)
    assert "Classes that its detectors serve" in text
    assert removals.record.targets[target].name in text.split("Classes that its detectors serve")[1]


def test_a_unit_no_better_than_chance_says_nothing_of_what_its_classes_need(site, removals):
    layer, page = removals.view.layer, removals.view.addresses.page
    units = [u for u in np.flatnonzero(removals.needs.any(0)) if layer.units[u].detector]
    concept = layer.units[units[0]].concept
    other = copy(layer)
    doubted = tuple(replace(unit, grade="chance" if unit.detector else "none") for unit in layer.units)
    other.__dict__["record"] = replace(layer.record, units=doubted)
    assert RelyingClasses([removals]).relying(concept, page)
    doubtful = replace(removals, view=replace(removals.view, layer=other))
    assert RelyingClasses([doubtful]).relying(concept, page) == []


@pytest.mark.parametrize("units", [1, 2, 5])
def test_layers_of_a_few_units_have_all_pages(tmp_path: Path, units: int):
    few = load_site(load_config(write_synthetic_site(tmp_path, runs=2, units=units)))
    titles = [page.title for page in render.pages(few)]
    assert titles.count("Are important units interpretable? · vgg16") == 1
    assert titles.count("ski resort (class)") == 2
    assert list(render.data_files(few))


@pytest.mark.parametrize(
    ("sizes", "read"),
    [([1, 2, 3, 4, 5, 19, 20], [1, 2, 3, 4, 5, 20]), ([1, 2], [1, 2]), ([7], [7]), ([], []), ([5, 5], [5])],
)
def test_marks_of_sizes_do_not_run_into_one_another(sizes: list[int], read: list[int]):
    assert apart(sizes) == read
