"""The page to try a photo on, and what other pages say of it."""

from __future__ import annotations

import base64
import gzip
import json
import re
import shutil
from dataclasses import replace
from pathlib import Path, PurePosixPath
from typing import Any

import numpy as np
import pytest

from dissect_report.config import load_config
from dissect_report.errors import FindingsError
from dissect_report.publish.inventory import WEIGHTS, besides, take_inventory
from dissect_report.report import render
from dissect_report.report.ablation.classes import ClassPages
from dissect_report.report.experiments import EXPERIMENTS
from dissect_report.report.page import Page
from dissect_report.report.pages.data import data_page
from dissect_report.report.pages.home import home_page
from dissect_report.report.pages.methods import methods_page
from dissect_report.report.photo.experiment import PhotoExperiment
from dissect_report.report.photo.files import units_data
from dissect_report.report.photo.page import other_replacement, page_config, preprocessing
from dissect_report.report.photo.view import PhotoView, photo_view
from dissect_report.report.site import SiteFindings, load_site
from tests.report.reading import read, words
from tests.synthetic import write_synthetic_site
from tests.synthetic_photo import PHOTOS, write_synthetic_photo


def made(folder: Path, site: str = "", obstacle: str = "") -> SiteFindings:
    config = write_synthetic_site(folder, layers=2, units=40, images=24, concepts=12)
    if site:
        config.write_text(f"{config.read_text(encoding='utf-8')}\n[site]\n{site}\n", encoding="utf-8")
    write_synthetic_photo(config, obstacle)
    return load_site(load_config(config))


@pytest.fixture(scope="module")
def tried(tmp_path_factory: pytest.TempPathFactory) -> SiteFindings:
    return made(tmp_path_factory.mktemp("tried"))


@pytest.fixture(scope="module")
def view(tried: SiteFindings) -> PhotoView:
    found = photo_view(tried, tried.runs[0])
    assert found is not None
    return found


def page_of(site: SiteFindings) -> Page:
    (page,) = PhotoExperiment().pages(site, site.runs[0])
    return page


def registered(site: SiteFindings, name: str) -> Any:
    """The data in a script below the page's folder."""
    (text,) = (f.text for f in render.data_files(site) if f.path.as_posix().endswith(f"photo/{name}.js"))
    found = re.fullmatch(r"dissect\.register\(\"[^\"]+\",(.*)\);\n", text)
    assert found is not None
    return json.loads(found[1])


def test_the_page_stands_among_the_runs_experiments(tried: SiteFindings, view: PhotoView):
    page, name = page_of(tried), tried.runs[0].record.name
    assert page.path == PurePosixPath(name) / "photo" / "index.html"
    assert page.nav == (name, "Experiments", "What does it see in your photo?")
    text = words(page.body)
    assert "Your photo never leaves this device." in text
    assert view.view.layer.summary.name in text
    assert "about 7 MB" in text
    assert "within 0.1 % of their range" in text
    assert [link for link in read(page.body).links if "thumbnails" in link] == [
        f"../thumbnails/{image}.webp" for image in PHOTOS
    ]


def test_the_script_is_told_how_the_run_cuts_photos(view: PhotoView):
    config = page_config(view)
    probe = view.view.run.record.config["probe"]
    assert isinstance(probe, dict)
    assert (config["resize"], config["mode"]) == (probe["resize"], probe["resize_mode"])
    assert (config["side"], config["size"], config["outside"]) == (224, [14, 14], "border")
    assert not config["each"]
    assert "resized so that its short side has" in preprocessing(view)


def test_units_carry_their_level_name_and_grade(tried: SiteFindings, view: PhotoView):
    data = registered(tried, "units")
    assert data == json.loads(json.dumps(units_data(view)))
    for unit, (level, maximum, _, category, grade) in zip(view.view.layer.units, data["units"], strict=True):
        assert level == (None if unit.dead or not unit.finite else unit.level)
        assert (maximum, grade) == (unit.maximum, unit.grade)
        assert (category == "none") == (not unit.detector)
    assert len(data["scores"]) == len(data["classes"])
    arrays = view.view.layer.photo_arrays
    assert np.array_equal(np.array(data["taps"]["x_weight"], np.float32), arrays["x_weight"])


def test_a_class_offers_the_units_that_its_page_ranks_first(tried: SiteFindings, view: PhotoView):
    data, ablation = registered(tried, "units"), view.view.layer.ablation
    assert ablation is not None
    for place, target in enumerate(ablation.targets):
        if target.kind == "class":
            order = view.view.layer.ablation_arrays["order"][place, :20].tolist()
            assert data["needs"][str(target.classes[0])] == order
            assert data["pages"][str(target.classes[0])].startswith("../classes/")


def test_network_and_photos_travel_whole(tried: SiteFindings, view: PhotoView):
    graph = registered(tried, "network")["graph"]
    assert gzip.decompress(base64.b64decode(graph)) == b"no graph"
    crop = view.view.run.paths.photo_crop(view.view.layer.summary.folder, 2).read_bytes()
    assert registered(tried, "2")["webp"] == "data:image/webp;base64," + base64.b64encode(crop).decode()


def test_class_pages_and_the_home_page_lead_to_it(tried: SiteFindings):
    run = tried.runs[0]
    invited = [
        page
        for page in ClassPages(tried, run, EXPERIMENTS).pages()
        if "try it on your own photo" in page.body
    ]
    names = {run.record.classes.index(page.title.removesuffix(" (class)")) for page in invited}
    assert names
    for page in invited:
        index = run.record.classes.index(page.title.removesuffix(" (class)"))
        assert f"../photo/index.html#class={index}" in read(page.body).links
    assert f"{run.record.name}/photo/index.html" in read(home_page(tried).body).links


def test_methods_and_data_say_what_was_exported(tried: SiteFindings):
    text = words(methods_page(tried, tried.runs[0]).body)
    assert "0.0012 of the range of the logits" in text
    assert "onnxruntime-web" in text
    data = data_page(tried, tried.runs[0]).body
    assert "pattern_scores" in words(data)
    assert any(link.endswith("photo.json") for link in read(data).links)


def test_what_the_run_puts_in_place_of_removed_units_is_said(view: PhotoView):
    assert other_replacement(view) == ""
    record = view.view.run.record
    ablation = record.config["ablation"] or {}
    assert isinstance(ablation, dict)
    config = record.config | {"ablation": ablation | {"replacement": "mean"}}
    run = replace(view.view.run, record=replace(record, config=config))
    assert other_replacement(PhotoView(replace(view.view, run=run), view.record)) == "its mean"


def test_a_site_without_pictures_keeps_the_page_and_leaves_the_photos_out(tmp_path: Path):
    site = made(tmp_path, "images = false")
    files = {file.path.name for file in render.data_files(site) if file.path.parent.name == "photo"}
    assert files == {"network.js", "units.js"}
    assert "thumbnails" not in page_of(site).body
    assert "choose a photo" in words(page_of(site).body)


def test_where_something_stands_in_the_way_there_is_no_page_and_methods_say_why(tmp_path: Path):
    site = made(tmp_path, obstacle="the network takes 270 MB, more than [photo] max_mb = 40")
    assert not list(PhotoExperiment().pages(site, site.runs[0]))
    assert not [f for f in render.data_files(site) if f.path.parent.name in ("photo", "runtime")]
    text = words(methods_page(site, site.runs[0]).body)
    assert "There is no page to try a photo on: the network takes 270 MB" in text
    assert "photo" not in home_page(site).body
    assert "photo.npz" not in words(data_page(site, site.runs[0]).body)


def test_what_runs_networks_is_written_once_for_several_runs(tmp_path: Path):
    config = write_synthetic_site(tmp_path, runs=2, layers=1, units=12, images=12, concepts=8)
    write_synthetic_photo(config)
    paths = [file.path.as_posix() for file in render.data_files(load_site(load_config(config)))]
    assert paths.count("assets/runtime/onnxruntime.js") == 1
    assert paths.count("assets/js/photo.js") == 1
    assert sum(path.endswith("photo/network.js") for path in paths) == 2
    assert len(paths) == len(set(paths))


@pytest.mark.parametrize(
    ("old", "new", "said"),
    [
        ('"photos":[1,', '"photos":[99,', "photos.0: 99"),
        ('"outside":"border"', '"outside":"<b>"', "outside"),
        ('"map_size":[14,14]', '"map_size":[9,14]', "map_size"),
    ],
)
def test_a_record_that_cannot_be_is_refused(tmp_path: Path, old: str, new: str, said: str):
    site = made(tmp_path)
    (path,) = tmp_path.rglob("photo.json")
    text = path.read_text(encoding="utf-8").replace(": ", ":").replace(", ", ",").replace(",\n", ",")
    text = re.sub(r"\s*\n\s*", "", text)
    assert old in text
    path.write_text(text.replace(old, new), encoding="utf-8")
    with pytest.raises(FindingsError, match=re.escape(said)):
        list(render.pages(load_site(site.config)))


@pytest.mark.parametrize(
    ("name", "value"), [("y_index", 16), ("x_index", -1), ("y_weight", np.nan), ("x_weight", 2)]
)
def test_a_way_to_the_grid_that_cannot_be_is_refused(tmp_path: Path, name: str, value: float):
    site = made(tmp_path)
    (path,) = tmp_path.rglob("photo.npz")
    with np.load(path) as archive:
        arrays = dict(archive)
    arrays[name][3] = value
    np.savez(path, **arrays)
    with pytest.raises(FindingsError, match=name):
        list(render.data_files(load_site(site.config)))


def test_photos_to_pick_are_counted_before_a_site_goes_anywhere(tmp_path: Path):
    for file in render.data_files(made(tmp_path / "made")):
        target = tmp_path / "site" / file.path
        target.parent.mkdir(parents=True, exist_ok=True)
        target.write_text(file.text)
    found = take_inventory(tmp_path / "site")
    assert found.whole == len(PHOTOS)
    assert "3 whole photos of the probe" in found.sentence()


def test_that_the_network_itself_becomes_public_is_said(tmp_path: Path):
    site = made(tmp_path / "made")
    (run,) = site.runs
    folder = tmp_path / "site" / run.record.name
    folder.mkdir(parents=True)
    shutil.copy(run.paths.run, folder)
    assert "weights" not in besides(tmp_path / "site")
    (file,) = (file for file in render.data_files(site) if str(file.path).endswith(WEIGHTS))
    (tmp_path / "site" / file.path).parent.mkdir()
    (tmp_path / "site" / file.path).write_text(file.text)
    assert "the network's weights, as a graph that browsers run" in besides(tmp_path / "site")
