"""The page to paint on, and what other pages say of it."""

from __future__ import annotations

import base64
import gzip
import io
import json
from dataclasses import replace
from pathlib import Path, PurePosixPath

import numpy as np
import pytest
from PIL import Image

from dissect_report.config import load_config
from dissect_report.report import render
from dissect_report.report.cards import LayerView
from dissect_report.report.generation.view import removed_point
from dissect_report.report.pages.data import data_page
from dissect_report.report.pages.home import home_page
from dissect_report.report.pages.methods import methods_page
from dissect_report.report.pages.unit import UnitPages
from dissect_report.report.painting.experiment import PaintingExperiment
from dissect_report.report.painting.page import brushes, page_data, trust
from dissect_report.report.painting.view import offered
from dissect_report.report.site import SiteFindings, layers_of, load_site
from tests.report.reading import words
from tests.synthetic_generation import write_synthetic_generator
from tests.synthetic_painting import write_synthetic_painting


def made(folder: Path, site: str = "", **options: object) -> SiteFindings:
    config = write_synthetic_generator(folder, concepts=14, units=12, images=16, edited=3)
    if site:
        config.write_text(f"{config.read_text(encoding='utf-8')}\n[site]\n{site}\n", encoding="utf-8")
    write_synthetic_painting(config, **options)  # type: ignore[arg-type]
    return load_site(load_config(config))


@pytest.fixture(scope="module")
def painted(tmp_path_factory: pytest.TempPathFactory) -> SiteFindings:
    return made(tmp_path_factory.mktemp("painted"))


def body(site: SiteFindings) -> str:
    (page,) = PaintingExperiment().pages(site, site.runs[0])
    return page.body


def test_the_page_has_every_concept_with_what_is_known_of_it(painted: SiteFindings):
    run = painted.runs[0]
    (page,) = PaintingExperiment().pages(painted, run)
    assert page.path == PurePosixPath(run.record.name) / "paint" / "index.html"
    assert page.nav == (run.record.name, "Experiments", "Painting with units")
    text, view = words(page.body), offered(painted, run)
    assert view is not None
    for edits in view.edited.record.concepts:
        name = view.edited.name(edits.concept)
        assert f'value="c{edits.concept}"' in page.body
        assert trust(name, edits) in text
    best = max(view.edited.record.concepts, key=lambda e: e.added or 0)
    assert f"What happens if I paint “{view.edited.name(best.concept)}” here?" in text


def test_the_scripts_get_the_units_of_every_set(painted: SiteFindings):
    view = offered(painted, painted.runs[0])
    assert view is not None
    data = page_data(view, view.edited.view.run_addresses.paint, "c1")
    record = view.record
    for own in record.sets:
        assert data["sets"][f"c{own.concept}"] == {
            "adds": own.adds, "strengths": own.strengths, "removes": own.removes,
        }  # fmt: skip
    assert data["levels"] == list(record.levels)
    assert None in data["levels"]
    assert data["scenes"][2] == "../thumbnails/2.webp"
    assert data["units"] == f"../{view.edited.view.layer.summary.folder}/"


def test_brushes_are_odd_and_grow_with_the_map():
    assert brushes((8, 8)) == [1, 3, 5]
    assert brushes((64, 64)) == [5, 13, 21]
    assert brushes((4, 4)) == [1, 3]
    assert all(width % 2 for side in range(2, 200) for width in brushes((side, side)))


def test_trust_follows_the_intervals(painted: SiteFindings):
    view = offered(painted, painted.runs[0])
    assert view is not None
    edits = view.edited.record.concepts[0]
    point = removed_point(edits)
    assert point is not None
    sure = replace(edits, added=0.01, added_low=0.005, added_high=0.02)
    certain = replace(point, portion=0.5, low=0.4, high=0.6)
    curves = tuple(replace(curve, points=(certain,)) for curve in edits.curves)
    assert "both certain" in trust("tree", replace(sure, curves=curves))
    assert "comes is not" in trust("tree", replace(sure, added_low=-0.1, curves=curves))
    vague = tuple(replace(curve, points=(replace(certain, low=-0.1),)) for curve in edits.curves)
    assert "goes is not" in trust("tree", replace(sure, curves=vague))
    assert "Neither is certain" in trust("tree", replace(sure, added_low=-0.1, curves=vague))
    few = tuple(replace(curve, points=(replace(certain, low=None, high=None),)) for curve in edits.curves)
    assert "Too few latents" in trust("tree", replace(sure, added_low=None, added_high=None, curves=few))


def test_the_files_hold_graph_scenes_segmenter_and_runtime(painted: SiteFindings):
    run = painted.runs[0]
    files = {str(file.path): file.text for file in PaintingExperiment().data_files(painted, run)}
    own = f"{run.record.name}/paint/"
    assert {name.removeprefix(own) for name in files if name.startswith(own)} == {
        "graph.js", "labels.js", *(f"scene-{k}.js" for k in range(6)),
    }  # fmt: skip
    assert {"assets/runtime/onnxruntime.js", "assets/js/paint.js"} <= set(files)
    text = files[f"{own}scene-3.js"]
    assert text.startswith(f'dissect.register("{own}scene-3"')
    scene = json.loads(text[text.index("{") : text.rindex(")")])
    (maps, kind, shape), (style, other, dims) = scene["arrays"]
    stored = next(iter([layer for layer in run.layers.values() if layer.painting])).painting_arrays
    assert (kind, shape, other, dims) == ("float16", [1, *stored["maps"].shape[1:]], "float32", [1, 4])
    read = np.frombuffer(gzip.decompress(base64.b64decode(maps)), "<f2")
    assert np.array_equal(read, stored["maps"][3].ravel())
    assert np.array_equal(np.frombuffer(gzip.decompress(base64.b64decode(style)), "<f4"), np.ones(4))
    assert len(scene["samples"]) == 3 * 64


def test_home_units_methods_and_data_speak_of_it(painted: SiteFindings):
    run = painted.runs[0]
    home = home_page(painted).body
    assert f'href="{run.record.name}/paint/index.html"' in home
    assert f'src="{run.record.name}/paint/painted.webp"' in home
    layer = layers_of(run)[-1]
    units = list(UnitPages(LayerView(painted, run, layer)).pages())
    assert 'href="../paint/index.html#set=u5"' in units[5].body
    assert "it can only be removed" in words(units[3].body)  # a dead one
    other = next(UnitPages(LayerView(painted, run, layers_of(run)[0])).pages())
    assert "Paint with this unit" not in other.body
    methods = words(methods_page(painted, run).body)
    assert "at most 0.013 of 255 steps" in methods
    assert "356 million multiplications" in methods
    assert "painting.json" in data_page(painted, run).body
    copied = {str(target) for _, target in render.copies(painted)}
    own = run.record.name
    assert {f"{own}/{layer.summary.folder}/tail.onnx", f"{own}/paint/painted.webp"} <= copied


def test_what_stands_in_the_way_is_on_the_methods_page_and_there_is_no_other(tmp_path: Path):
    site = made(tmp_path, obstacle="the operation aten::odd has no ONNX counterpart")
    run = site.runs[0]
    assert list(PaintingExperiment().pages(site, run)) == []
    assert list(PaintingExperiment().data_files(site, run)) == []
    assert "There is no page to paint on: the operation aten::odd" in words(methods_page(site, run).body)
    assert "paint/index.html" not in home_page(site).body
    assert "paint/index.html" not in next(UnitPages(LayerView(site, run, layers_of(run)[-1])).pages()).body


def test_without_a_segmenter_nothing_is_counted_and_it_says_why(tmp_path: Path):
    text = words(body(made(tmp_path, counted=False)))
    assert "In this picture" not in text
    assert "No pixels are counted, the segmenter masks cannot go along" in text


def test_a_site_without_pictures_has_no_page_to_paint_on(tmp_path: Path):
    site = made(tmp_path, "images = false")
    run = site.runs[0]
    assert list(PaintingExperiment().pages(site, run)) == []
    assert "paint/index.html" not in home_page(site).body
    assert not any(target.suffix == ".webp" for _, target in PaintingExperiment().copies(site, run))


def test_a_shared_link_shows_a_painted_scene(tmp_path: Path):
    site = made(tmp_path, 'url = "https://example.org/"')
    run = site.runs[0]
    (page,) = PaintingExperiment().pages(site, run)
    ((path, data),) = PaintingExperiment().social_cards(site, run)
    assert page.card == str(path) == f"{run.record.name}/paint/card.png"
    with Image.open(io.BytesIO(data)) as picture:
        assert picture.size == (1200, 630)
        assert (0x99, 0xAA, 0xBB) in {color for _, color in picture.convert("RGB").getcolors(1 << 24)}
