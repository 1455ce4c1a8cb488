from __future__ import annotations

import io
import re
from dataclasses import replace
from pathlib import Path

import numpy as np
import onnx
import pytest
from PIL import Image

from dissect_report.activations.upsampling import plan_upsampling
from dissect_report.analysis.dissection import dissect
from dissect_report.analysis.photo.experiment import check, choose_photos, is_current, run_photo
from dissect_report.analysis.photo.parity import ask_network, ask_without
from dissect_report.config import PhotoConfig, load_config
from dissect_report.errors import ConfigError, LayerError
from dissect_report.exporting import running
from dissect_report.exporting.networks import network_inputs
from dissect_report.findings.photo import PHOTO_ARRAYS, Photo, pattern_photo
from dissect_report.findings.store import LoadedLayer, LoadedRun, load_run
from tests.ablation_site import set_up_site
from tests.photo_site import dissected, write_photo_site


@pytest.fixture(scope="module")
def path(tmp_path_factory: pytest.TempPathFactory) -> Path:
    return dissected(tmp_path_factory.mktemp("photo"))


@pytest.fixture(scope="module")
def run(path: Path) -> LoadedRun:
    return load_run(path.parent / "run" / "network")


@pytest.fixture(scope="module")
def layer(run: LoadedRun) -> LoadedLayer:
    return run.layers["2"]


def made(layer: LoadedLayer) -> Photo:
    assert layer.photo is not None
    return layer.photo


def test_the_record_says_how_near_and_how_large_the_graph_is(run, layer):
    photo = made(layer)
    graph = run.paths.network_graph(layer.summary.folder)
    assert run.layers["0"].photo is None  # units of the layer that [ablation] removes are shown
    assert photo.obstacle == ""
    assert (photo.map_size, photo.side, photo.outside) == ((8, 8), 32, "border")
    assert photo.bytes == graph.stat().st_size
    assert 0 < photo.scores_difference < 0.01
    assert photo.maps_difference < 0.01
    assert photo.multiplications > 10_000
    assert [value.name for value in onnx.load(str(graph)).graph.output] == ["scores", "maps"]


def test_the_arrays_are_what_they_say_they_are(run, layer):
    arrays, photo = layer.photo_arrays, made(layer)
    assert set(arrays) == set(PHOTO_ARRAYS)
    plan = plan_upsampling((8, 8), run.record.grid, "border")
    assert np.array_equal(arrays["y_index"], plan.y.index)
    assert np.array_equal(arrays["x_weight"], plan.x.weight)
    assert arrays["scores"].shape == (len(photo.photos), 4)
    assert arrays["peaks"].shape == (len(photo.photos), layer.summary.units)


def test_stored_photos_are_whole_and_what_is_stored_of_them_is_what_the_network_says(path, run, layer):
    setup, photo = set_up_site(path), made(layer)
    info = check(setup)
    assert len(photo.photos) == 3
    for place, image in enumerate(photo.photos):
        crop = run.paths.photo_crop(layer.summary.folder, place).read_bytes()
        pixels = np.asarray(Image.open(io.BytesIO(crop)).convert("RGB"))
        assert np.array_equal(pixels, setup.survey.read(image, image + 1)[0])
        answer = ask_network(setup, info, pixels)
        assert layer.photo_arrays["scores"][place] == pytest.approx(answer.scores[0], rel=1e-4, abs=1e-4)
        assert layer.photo_arrays["peaks"][place] == pytest.approx(
            answer.maps.max((0, 2, 3)), rel=1e-4, abs=1e-4
        )


def test_the_written_graph_removes_units_as_the_run_does(path, run, layer):
    setup = set_up_site(path)
    info, pixels, units = check(setup), pattern_photo(32), [1, 4, 7, 20]
    graph = run.paths.network_graph(layer.summary.folder).read_bytes()
    session = running.open_graph(graph, setup.network.model)[1]
    scores, _ = session(network_inputs(pixels, layer.summary.units, units))
    truth = ask_without(setup, info, pixels, units)
    assert np.abs(scores - truth).max() < 0.01 * (truth.max() - truth.min())
    assert not np.allclose(truth, layer.photo_arrays["pattern_scores"], atol=1e-3)


def test_findings_are_current_until_the_table_changes(path, run):
    setup = set_up_site(path)
    assert is_current(setup, run)
    other = replace(setup.run, photo=PhotoConfig(photos=2))
    assert not is_current(replace(setup, run=other), run)
    assert not is_current(replace(setup, run=replace(setup.run, photo=None)), run)


def test_taking_the_table_out_takes_its_files_away_and_measures_nothing_again(tmp_path):
    path = dissected(tmp_path)
    folder = path.parent / "run" / "network"
    before = {file: file.stat().st_mtime_ns for file in folder.rglob("dissection.json")}
    path.write_text(path.read_text().replace("[photo]\nphotos = 3\n", ""))
    dissect(path, threads=1)
    assert not list(folder.rglob("photo.*"))
    assert not list(folder.rglob("network.onnx"))
    assert not list(folder.rglob("photos"))
    assert {file: file.stat().st_mtime_ns for file in folder.rglob("dissection.json")} == before


def test_what_stands_in_the_way_is_a_note_and_leaves_no_graph(path, run, tmp_path):
    setup = set_up_site(path)
    paths = replace(run.paths, root=tmp_path)
    (tmp_path / "2").mkdir()
    elsewhere = replace(run, paths=paths)
    for config, said in (
        (PhotoConfig(max_mb=0.001), "more than \\[photo\\] max_mb = 0.001"),
        (PhotoConfig(), "thousand million multiplications"),
    ):
        with pytest.MonkeyPatch.context() as patch:
            if not config.max_mb < 1:
                patch.setattr("dissect_report.analysis.photo.experiment.MOST_MULTIPLICATIONS", 1000)
            refused = run_photo(replace(setup, run=replace(setup.run, photo=config)), elsewhere, {})
        assert refused is not None
        assert re.search(said, refused.obstacle)
        assert (tmp_path / "2" / "photo.json").is_file()
        assert not (tmp_path / "2" / "network.onnx").exists()


def test_a_graph_that_says_something_else_is_refused(path, run, tmp_path, monkeypatch):
    setup = set_up_site(path)
    (tmp_path / "2").mkdir()
    honest = running.open_graph

    def lying(*arguments):
        name, answer = honest(*arguments)
        return name, lambda inputs: [answer(inputs)[0][:, ::-1], answer(inputs)[1]]

    monkeypatch.setattr("dissect_report.analysis.photo.experiment.open_graph", lying)
    refused = run_photo(setup, replace(run, paths=replace(run.paths, root=tmp_path)), {})
    assert refused is not None
    assert "answers differ from its own" in refused.obstacle


@pytest.mark.parametrize(
    ("labels", "wanted", "chosen"),
    [
        (["a", "a", "b", "b", "c"], 3, (0, 2, 4)),
        (["a", "a", "b", "b", "c"], 2, (0, 4)),
        ([None] * 10, 2, (2, 7)),
        (["a"] * 4, 6, (0, 1, 2, 3)),
        (["a", "b"], 0, ()),
    ],
)
def test_photos_to_pick_lie_far_apart(labels, wanted, chosen):
    assert choose_photos(labels, wanted) == chosen


def test_a_layer_that_is_not_dissected_is_named_before_anything_is_measured(tmp_path):
    path = write_photo_site(tmp_path, '[photo]\nlayer = "3"\n')
    with pytest.raises(LayerError, match=r"\[photo\] layer: '3' is no dissected layer"):
        check(set_up_site(path))


@pytest.mark.parametrize(
    ("table", "said"),
    [("[photo]\nphotos = -1\n", "photos must be 0"), ("[photo]\nmax_mb = 0\n", "max_mb must be above 0")],
)
def test_impossible_values_are_refused(tmp_path, table, said):
    with pytest.raises(ConfigError, match=said):
        load_config(write_photo_site(tmp_path, table))
