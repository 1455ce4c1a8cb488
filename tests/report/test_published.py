"""The paper's own figures stand beside a run of the paper's own networks, and beside no other."""

from __future__ import annotations

import dataclasses
from types import SimpleNamespace
from typing import Any

import pytest

from dissect_report.findings.records import SegmenterRecord
from dissect_report.findings.store import LoadedRun
from dissect_report.report.ablation.view import AblationView, ablation_views
from dissect_report.report.cards import LayerView
from dissect_report.report.generation.view import GenerationView
from dissect_report.report.published.networks import Beside, network_of, place_of
from dissect_report.report.published.rows import (
    beside_inserted,
    beside_layer,
    beside_removals,
    beside_removed,
    plain,
)
from dissect_report.report.templating import environment

PHOTOS = {"images": ["paper:places-val"], "resize_mode": "short_side"}
RULES = {"quantile": 0.01, "iou_threshold": 0.04, "upsampling": "border"}
UPP, COLOR = SegmenterRecord("paper:upp", "", 1812, {}), SegmenterRecord("paper:color", "", 11, {})


def named(run: LoadedRun, segmenters: tuple[SegmenterRecord, ...] = (UPP, COLOR), **tables: Any) -> LoadedRun:
    """The run as if of another configuration."""
    config = dict(run.record.config)
    for name, values in tables.items():
        config[name] = {**(config.get(name) or {}), **values}
    record = dataclasses.replace(run.record, config=config, segmenters=segmenters)
    return dataclasses.replace(run, record=record)


def layer_called(view: LayerView, name: str, run: LoadedRun) -> LayerView:
    summary = dataclasses.replace(
        view.layer.summary, name=name, concepts={"object": 40, "part": 20, "material": 9, "color": 7}
    )
    return dataclasses.replace(view, run=run, layer=SimpleNamespace(summary=summary, units=view.layer.units))


def vgg(view: LayerView, layer: str = "features.conv5_3", **tables: Any) -> LayerView:
    wanted = {"model": {"source": "paper:vgg16-places"}, "probe": PHOTOS, "dissection": RULES}
    return layer_called(view, layer, named(view.run, **{**wanted, **tables}))


def rows(found: Beside | None) -> list[tuple[str, str, str]]:
    assert found is not None
    return [(row.what, row.theirs, row.ours) for row in found.rows]


@pytest.mark.parametrize(
    ("model", "layer", "place"),
    [
        ({"weights": "w/vgg16_places365-0bafbc55.pth"}, "features.28", ("vgg16", "conv5_3")),
        ({"weights": "vgg16_places365-0bafbc55.safetensors"}, "features.conv5_1", ("vgg16", "conv5_1")),
        ({"source": "paper:vgg16-places"}, "features.24", ("vgg16", "conv5_1")),
        ({"source": "paper:progan-church"}, "layer4", ("church", "layer4")),
        ({"source": "progan:models/proggan_churchoutdoor-7e701dd5.pth"}, "layer4", ("church", "layer4")),
        ({"source": "progan:kitchen-67f1e16c.pth"}, "layer5", ("kitchen", "layer5")),
        ({"source": "progan:proggan_church.pth"}, "layer4", ("", "layer4")),
        ({"weights": "vgg16_imagenet.pth"}, "features.28", ("", "features.28")),
        ({"weights": "not_vgg16_places365-0bafbc55.pth"}, "features.28", ("", "features.28")),
        ({"source": "paper:resnet152-places"}, "7", ("", "7")),
    ],
)
def test_a_network_of_the_paper_is_known_by_its_weights(site, model, layer, place):
    run = named(site.runs[0], model=model)
    assert place_of(run, layer) == place
    assert network_of(run) == place[0]


def test_concepts_of_a_layer_stand_beside_the_published_ones(view):
    found = beside_layer(vgg(view))
    assert rows(found)[:4] == [
        ("objects matched", "51", "40"), ("parts matched", "22", "20"),
        ("materials matched", "12", "9"), ("colors matched", "8", "7"),
    ]  # fmt: skip
    said = "; ".join(found.differences)
    assert f"36,500 photos there, {len(view.run.record.images)} here" in said
    assert "levels are estimated there, exact here" in said
    assert "squashed there" in said
    assert "fade to zero" in said
    alike = vgg(view, probe={**PHOTOS, "resize_mode": "squash"}, dissection={**RULES, "upsampling": "zeros"})
    said = "; ".join(beside_layer(alike).differences)
    assert "squashed" not in said
    assert "fade" not in said


def test_unit_150_is_shown_where_the_layer_has_one(view):
    many = SimpleNamespace(summary=vgg(view).layer.summary, units=view.layer.units * 40)
    found = rows(beside_layer(dataclasses.replace(vgg(view), layer=many)))
    what, theirs, ours = found[-1]
    assert (what, theirs) == ("unit 150", "airplane, IoU 9.0\N{NO-BREAK SPACE}%")
    unit = many.units[150]
    assert view.concept(unit.concept).name in ours if unit.concept else ours == "–"
    assert len(rows(beside_layer(vgg(view)))) == 4


def test_what_cannot_be_compared_is_not_shown(view):
    assert beside_layer(vgg(view, "features.conv4_1")) is None
    assert beside_layer(vgg(view, dissection={**RULES, "quantile": 0.005})) is None
    assert beside_layer(vgg(view, probe={"images": ["mine"]})) is None
    own = layer_called(view, "features.conv5_3", named(vgg(view).run, (SegmenterRecord("mine", "", 3, {}),)))
    assert beside_layer(own) is None
    alone = layer_called(view, "features.conv5_3", named(vgg(view).run, (UPP,)))
    assert [what for what, _, _ in rows(beside_layer(alone))] == [
        "objects matched", "parts matched", "materials matched",
    ]  # fmt: skip


@pytest.fixture
def removals(site) -> AblationView:
    """The made-up removals, as if of the paper's layer and of a ski resort."""
    found = ablation_views(site, site.runs[0])[-1]
    targets = list(found.record.targets)
    place = found.class_targets[0]
    targets[place] = dataclasses.replace(targets[place], name="ski_resort", balanced_accuracy=0.8)
    row = next(r for r in found.record.rows if r.target == place and r.kind == "removed" and not r.name)
    made = [
        dataclasses.replace(row, kind=kind, size=size, balanced_accuracy=value, accuracy=0.5)
        for kind, size, value in (("removed", 4, 0.7), ("removed", 20, 0.6), ("kept", 20, 0.75))
    ]
    spread = found.record.spread[0]
    states = (("intact", 0, 0.7), ("removed", 20, 0.55), ("kept", 20, 0.66))
    record = dataclasses.replace(
        found.record, targets=tuple(targets), rows=tuple(made), labels="labels", accuracy=0.512,
        replacement="zero", decision="argmax",
        spread=tuple(dataclasses.replace(spread, state=s, size=n, mean=mean) for s, n, mean in states),
    )  # fmt: skip
    return AblationView(vgg(found.view), record)


def test_removals_stand_beside_the_published_ones(removals):
    gap, both = "\N{NO-BREAK SPACE}%", "balanced, all classes"
    classes = sum(value is not None for value in removals.record.spread[0].values)
    assert rows(beside_removals(removals)) == [
        ("accuracy over all classes, intact", f"53.3{gap}", f"51.2{gap}"),
        (
            "each class without its 20 most important units, mean balanced accuracy",
            f"53.0{gap}", f"55.0{gap} ({classes} classes)",
        ),
        ("each class with only those, mean loss in points", "3.6", f"4.0 ({classes} classes)"),
        (f"ski resort, intact: {both}", f"81.4{gap}, 53.3{gap}", f"80.0{gap}, 51.2{gap}"),
        (f"ski resort, 4 units removed: {both}", f"64.0{gap}, 53.2{gap}", f"70.0{gap}, 50.0{gap}"),
        (f"ski resort, 20 units removed: {both}", f"53.5{gap}, 52.6{gap}", f"60.0{gap}, 50.0{gap}"),
        (f"ski resort, only 20 units kept: {both}", f"77.7{gap}, 2.1{gap}", f"75.0{gap}, 50.0{gap}"),
    ]  # fmt: skip


@pytest.mark.parametrize(
    "change", [{"labels": "intact predictions"}, {"replacement": "mean"}, {"decision": "sigmoid"}]
)
def test_agreement_and_other_replacements_are_not_the_papers(removals, change):
    assert (
        beside_removals(dataclasses.replace(removals, record=dataclasses.replace(removals.record, **change)))
        is None
    )


@pytest.fixture
def church(edits) -> GenerationView:
    """The made-up edits, as if of the church generator: a tree, then a door."""
    run = named(edits.view.run, model={"source": "paper:progan-church", "kind": "generator"})
    names = {edits.record.concepts[0].concept: "tree", edits.record.concepts[1].concept: "door"}
    contexts = edits.record.concepts[1].contexts
    names |= dict(
        zip([c.concept for c in contexts if c.concept not in names], ("building", "sky"), strict=False)
    )
    concepts = tuple(dataclasses.replace(c, name=names.get(c.id, c.name)) for c in run.record.concepts)
    run = dataclasses.replace(run, record=dataclasses.replace(run.record, concepts=concepts))
    door = dataclasses.replace(edits.record.concepts[1], insert_units=tuple(range(20)))
    record = dataclasses.replace(
        edits.record, concepts=(edits.record.concepts[0], door, *edits.record.concepts[2:]), choose_by="iou"
    )
    return GenerationView(layer_called(edits.view, "layer4", run), record, 0)


def test_trees_and_doors_stand_beside_the_published_ones(church):
    doors = rows(beside_inserted(church))
    assert ("20 door units where a building was", "easy") in [row[:2] for row in doors]
    point = next(
        (p for curve in church.record.concepts[0].curves if curve.ranking == "iou"
         for p in curve.points if p.count == 20), None,
    )  # fmt: skip
    if point is None:
        assert beside_removed(church) is None
    else:
        assert rows(beside_removed(church))[0][:2] == (
            "tree pixels gone without 20 tree units, by IoU", "53.3\N{NO-BREAK SPACE}%",
        )  # fmt: skip
    assert f"10,000 latents there, {church.record.insert_latents} here" in beside_inserted(church).differences


def test_edits_of_another_generator_or_segmenter_are_not_the_papers(church, edits):
    assert beside_removed(edits) is None
    assert beside_inserted(edits) is None
    other = named(church.view.run, (SegmenterRecord("demo", "", 3, {}),))
    view = dataclasses.replace(church.view, run=other)
    assert beside_inserted(dataclasses.replace(church, view=view)) is None
    effect = dataclasses.replace(church.record, choose_by="effect")
    assert beside_inserted(dataclasses.replace(church, record=effect)) is None


@pytest.mark.parametrize("name", ["ski_resort", "/s/ski_resort", "Ski Resort", "s/ski-resort"])
def test_class_names_are_compared_as_words(name):
    assert plain(name) == "ski resort"


def test_the_table_says_both_figures_and_what_differs(view, templates):
    partial = environment(templates).get_template("partials/published.html").module
    page = partial.published(beside_layer(vgg(view)))
    assert '<tr><th scope="row">objects matched</th><td>51</td><td>40</td></tr>' in page
    assert "levels are estimated there, exact here" in page
    assert partial.published(None).strip() == ""
