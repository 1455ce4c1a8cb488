from __future__ import annotations

import html
import json
from dataclasses import replace

import pytest

from dissect_report.findings.units import UnitRecord
from dissect_report.report import render
from dissect_report.report.formatting import at_least, score, share
from dissect_report.report.pages.unit import UnitPages
from dissect_report.report.sentences import unit_sentence
from tests.report.reading import read, words


@pytest.fixture(scope="module")
def pages(view):
    return UnitPages(view)


def body(pages: UnitPages, unit: UnitRecord) -> str:
    return pages.page(unit, pages.view.addresses.unit(unit.unit)).body


def test_the_numbers_on_a_page_are_those_of_the_findings(pages):
    for unit in pages.view.layer.units:
        text = words(body(pages, unit))
        for value in (unit.iou, unit.heldout_iou, unit.chance_iou, unit.attainable_iou):
            assert score(value) in text
        for scored in unit.concepts:
            name = pages.record.concepts[scored.concept - 1].name
            row = f"{name} {score(scored.iou)} {share(scored.precision)} {share(scored.recall)}"
            assert " ".join(row.split()) in text


def test_every_top_image_is_the_tile_of_its_place(pages):
    unit = pages.view.layer.units[0]
    text = body(pages, unit)
    for place, ranked in enumerate(unit.top_images):
        tile = text.split('<figure class="tile" ')[place + 1]
        assert tile.startswith(f'data-image="{ranked.image}"')
        assert f'src="../thumbnails/{ranked.image}.webp"' in tile
        assert f'd="M-25-25H525V525H-25Z{ranked.outline}"' in tile
        assert html.escape(pages.record.images[ranked.image].name) in tile


def test_all_lists_of_images_use_the_shared_thumbnails(pages):
    unit = next(u for u in pages.view.layer.units if u.detector)
    shown = [link for link in read(body(pages, unit)).links if "/thumbnails/" in link]
    wanted = [r.image for r in unit.top_images]
    wanted += [r.image for band in unit.bands for r in band.images]
    wanted += [r.image for r in (*unit.silent, *unit.fires_without)]
    assert shown[: len(wanted)] == [f"../thumbnails/{image}.webp" for image in wanted]
    assert len(shown) > len(wanted), "the cards of other units below"


def test_the_first_unit_has_no_previous_and_the_last_no_next(pages):
    units = pages.view.layer.units
    first, last = read(body(pages, units[0])).links, read(body(pages, units[-1])).links
    assert "1.html" in first
    assert "-1.html" not in first
    assert f"{len(units) - 2}.html" in last
    assert f"{len(units)}.html" not in last


def test_a_unit_that_is_no_detector_is_grey(pages):
    plain = next(u for u in pages.view.layer.units if not u.detector and u.concept is not None)
    text = body(pages, plain)
    assert '<div class="dissect unit-page none"' in text
    assert "not a detector" in words(text)
    found = next(u for u in pages.view.layer.units if u.detector)
    category = pages.record.concepts[found.concept - 1].category
    assert f'<div class="dissect unit-page {category}"' in body(pages, found)


def test_odd_units_say_what_is_odd(pages):
    units = pages.view.layer.units
    said = {
        "dead": next(u for u in units if u.dead),
        "not finite": next(u for u in units if not u.finite),
        "repeats unit 5": next(u for u in units if u.duplicate_of == 5),
        "saturates in 30 images": next(u for u in units if u.saturates),
        "30 images share the highest": next(u for u in units if u.saturates),
        "no concept": next(u for u in units if u.concept is None and u.finite and not u.dead),
    }
    for text, unit in said.items():
        assert text in words(body(pages, unit))


def test_undefined_numbers_are_dashes_and_never_words_of_python(pages):
    for unit in pages.view.layer.units:
        text = words(body(pages, unit))
        for word in ("None", "nan", "NaN %", "inf ", "True", "False"):
            assert word not in text.replace("is NaN or infinite", ""), (unit.unit, word)


def test_the_histogram_is_drawn_from_the_counts_with_the_level(pages):
    unit = pages.view.layer.units[0]
    (script,) = read(body(pages, unit)).scripts
    figure = json.loads(script)
    assert figure["data"][0]["y"] == list(unit.histogram.counts)
    assert figure["layout"]["shapes"][0]["x0"] == unit.level
    assert figure["layout"]["yaxis"]["type"] == "log"


def test_the_download_is_the_units_part_of_the_findings_without_outlines(site, view):
    stored = json.loads(view.run.paths.dissection(view.layer.summary.folder).read_text(encoding="utf-8"))
    files = {file.path: file.text for file in render.data_files(site)}
    for unit in stored["units"]:
        bands = [ranked for band in unit["bands"] for ranked in band["images"]]
        for ranked in unit["top_images"] + unit["silent"] + unit["fires_without"] + bands:
            del ranked["outline"]
        record = json.loads(files[view.addresses.record(unit["unit"])])
        assert {key: record[key] for key in unit} == unit
        assert record["layer"] == view.layer.summary.name


def test_a_sentence_says_how_far_to_trust_the_match(view):
    concepts = view.run.record.concepts
    found = next(u for u in view.layer.units if u.grade == "strong" and len(u.concepts) > 2)
    best, second, third = (
        replace(s, precision=p) for s, p in zip(found.concepts, (0.6, 0.3, 0.2), strict=False)
    )
    found = replace(found, p=0.004, permutations=999, q=0.0125, concepts=(best, second, third))
    names = [concepts[s.concept - 1].name for s in found.concepts]
    pixels = 50 * found.mask_pixels

    def sentence(unit: UnitRecord, groups: int = 40) -> str:
        return unit_sentence(unit, concepts, pixels, 0.04, groups).replace("\u00a0", " ")

    assert f"It fires on {names[0]}: of the 2.0 % of pixels" in sentence(found)
    assert f"60 % show {names[0]}" in sentence(found)
    assert "Chance hardly does that: 3 of 999 permutations of the label maps match it as well (q 0.0125)" in (
        sentence(found)
    )
    assert f"it keeps an IoU of {at_least(found.robust_iou)} or more" in sentence(found)
    # Where most of the mask shows something else it does not fire on the concept; rivals are named.
    few = replace(found, concepts=(replace(best, precision=0.31), second, third))
    assert f"It matches {names[0]} best: of the 2.0 % of pixels" in sentence(few)
    assert f"31 % show {names[0]} (and 30 % {names[1]} and 20 % {names[2]})" in sentence(few)
    assert "fires on" not in sentence(few)
    weak = replace(found, grade="weak", split_share=0.4)
    assert "hangs on the choice of images: only 40 % of even splits keep it above 0.04" in sentence(weak)
    chance = sentence(replace(found, grade="chance", p=0.41, q=0.6))
    assert "That is no evidence: 409 of 999 permutations" in chance
    assert "keeps" not in chance
    assert "not tested: 1 independent image" in sentence(replace(found, grade="untested"), 1)
    assert "matches no concept well" in sentence(replace(found, detector=False, grade="none"))
    assert "never fires" in sentence(replace(found, dead=True))
    assert "NaN" in sentence(replace(found, finite=False))
    assert "nothing in the catalogue" in sentence(replace(found, concept=None, concepts=()))
    assert "unit 2: their maps correlate above 0.98." in sentence(replace(found, duplicate_of=2))
    clipped = replace(found, saturation=143, saturates=True, maximum=6.0)
    assert sentence(clipped).endswith(" It saturates: 143 images share its maximum, 6.")
    assert "saturates" not in sentence(replace(found, saturation=2))


def test_a_correlation_of_sampled_maps_is_said_to_be_one(view):
    large = replace(view.layer.summary, map_size=(2 * view.run.record.grid, 8))
    sampled = replace(view, layer=replace(view.layer, summary=large))
    assert sampled.sampled
    assert not view.sampled
    unit = next(u for u in sampled.layer.units if u.duplicate_of is not None)
    pages = UnitPages(sampled)
    text = words(body(pages, unit))
    assert "their maps, sampled to the grid, correlate above 0.98" in text
    assert "The units whose maps, sampled to the grid, correlate most" in text
    assert "sampled to the grid, correlate" not in words(body(UnitPages(view), unit))


def test_bars_of_a_layer_share_one_scale_and_stay_inside_it(view):
    for unit in view.layer.units:
        bar = view.bar(unit)
        assert 0 <= bar["fill"] <= 100
        assert all(at is None or 0 <= at <= 100 for at in bar["ticks"].values())
    best = max(u.iou for u in view.layer.units if u.iou is not None)
    top = next(u for u in view.layer.units if u.iou == best)
    assert view.bar(top)["fill"] == max(view.bar(u)["fill"] for u in view.layer.units)


def test_a_detector_is_shown_beside_the_best_of_its_concept_in_every_other_layer(pages):
    (other,) = [layer for layer in pages.view.run.layers.values() if layer is not pages.view.layer]
    shown = 0
    for unit in pages.view.layer.units:
        same = [u for u in other.units if u.detector and u.concept == unit.concept]
        part = body(pages, unit).partition('class="s-elsewhere"')[2].partition("</section>")[0]
        if not unit.detector or not same:
            assert part == ""
            continue
        shown += 1
        best = max(same, key=lambda u: (u.iou, -u.unit))
        cards = [link for link in read(part).links if link.endswith(f"{best.unit}.html")]
        assert cards == [f"../{other.summary.folder}/{best.unit}.html"]
        assert score(best.iou) in part
    assert shown
