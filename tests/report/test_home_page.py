from __future__ import annotations

from dissect_report.report.formatting import count
from dissect_report.report.pages.home import best_layer, home_page, run_section, tiers
from tests.report.reading import words


def test_the_four_numbers_are_sums_over_the_layers(site):
    run = site.runs[0]
    section = run_section(site, run)
    units = [unit for layer in run.layers.values() for unit in layer.units]
    assert section["units"] == len(units)
    assert section["detectors"] == sum(u.detector for u in units)
    assert section["strong"] == sum(u.grade == "strong" for u in units)
    assert section["concepts"] == len({u.concept for u in units if u.detector})
    text = words(home_page(site).body)
    for value in (section["units"], section["detectors"], section["concepts"], section["images"]):
        assert count(value) in text


def test_the_tiers_are_honest(view):
    clear, doubtful, unlabelled = (cards for _, _, cards in tiers(view))
    units = view.layer.units
    for card in clear:
        unit = units[card["unit"]]
        assert unit.grade == "strong"
    for card in doubtful:
        unit = units[card["unit"]]
        assert unit.detector
        assert unit.grade in ("weak", "chance")
    for card in unlabelled:
        unit = units[card["unit"]]
        assert not unit.detector
        assert unit.finite
        assert not unit.dead
    assert all(len(cards) <= 2 for cards in (clear, doubtful, unlabelled))
    assert len({card["name"] for card in clear}) == len(clear)


def test_the_best_layer_has_most_concepts_and_is_the_deepest_of_equals(site):
    run = site.runs[0]
    totals = [sum(layer.concepts.values()) for layer in run.record.layers]
    best = best_layer(site, run).layer.summary
    assert sum(best.concepts.values()) == max(totals)
    equals = [
        layer.name for layer, total in zip(run.record.layers, totals, strict=True) if total == max(totals)
    ]
    assert best.name == equals[-1]


def test_every_run_has_a_section_that_can_be_linked_to(hostile_site):
    body = home_page(hostile_site).body
    for run in hostile_site.runs:
        assert f'id="run-{run.record.name}"' in body


def test_the_bars_are_those_of_the_best_layer(site):
    run = site.runs[0]
    section = run_section(site, run)
    best = best_layer(site, run).layer
    assert sum(units for _, _, units, _ in section["bars"]) == sum(u.detector for u in best.units)
    drawn = [name for trace in section["bars_figure"]["data"] for name in trace["x"]]
    assert drawn == [name for name, *_ in section["bars"]]
    assert len(drawn) == sum(best.summary.concepts.values())
