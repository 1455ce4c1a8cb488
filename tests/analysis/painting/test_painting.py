"""What is written for painting, and what stands in its way."""

from __future__ import annotations

import importlib.util
from pathlib import Path

import numpy as np
import onnxruntime
import pytest
import torch

from dissect_report.analysis.painting import experiment, parity
from dissect_report.config import load_config
from dissect_report.errors import ConfigError
from dissect_report.exporting import running
from dissect_report.exporting.tails import TailModule, export_tail, named_inputs
from dissect_report.findings.painting import PAINTING_ARRAYS
from tests.painted_site import TABLE, measure, painted_layer, tail_of, truth, write_painted_site
from tests.small_site import change


@pytest.fixture(scope="module")
def config(tmp_path_factory: pytest.TempPathFactory) -> Path:
    return write_painted_site(tmp_path_factory.mktemp("painted"))


@pytest.fixture(scope="module")
def run(config: Path):
    return measure(config)[0]


def test_the_record_says_what_there_is(run):
    layer, record = painted_layer(run)
    assert (record.layer, record.obstacle) == ("layer1", "")
    assert (record.map_size, record.side, record.scenes) == ((8, 8), 32, (0, 1, 2))
    assert [own.concept for own in record.sets] == [e.concept for e in layer.generation.concepts]
    for own, edits in zip(record.sets, layer.generation.concepts, strict=True):
        assert (own.adds, own.strengths) == (edits.insert_units, edits.insert_strengths)
        assert own.removes == edits.curves[0].units[:4]
    assert len(record.levels) == 12
    assert 0 <= record.difference <= 1
    assert record.checked_with == f"onnxruntime {onnxruntime.__version__}"
    assert record.multiplications == 8 * 8 * 4 * 12 * 10 * 9 + 32 * 32 * 30
    assert record.bytes == layer.paths.tail("layer1").stat().st_size
    assert record.labels is not None
    assert (record.labels.source, record.labels.first, record.labels.grid) == ("color", 0, 32)


def test_the_scenes_are_the_layers_maps_as_halves(run, config: Path):
    layer, record = painted_layer(run)
    tail, latents = tail_of(config)
    with torch.no_grad():
        held = tail.head(latents)
    arrays = layer.painting_arrays
    assert set(PAINTING_ARRAYS) <= set(arrays)
    assert record.precision == "float16"
    assert np.array_equal(arrays["maps"], held.recorded.numpy().astype(np.float16))
    for place, value in enumerate(held.kept):
        assert np.allclose(arrays[f"kept{place}"], value.numpy(), atol=1e-5)
    picture = truth(config, record, 1, [])
    low, high = record.output_range
    sampled = (np.clip(arrays["samples"][1], low, high) - low) / (high - low) * 255
    middles = (2 * np.arange(8) + 1) * 32 // 16
    assert np.abs(picture[middles][:, middles].transpose(2, 0, 1) - sampled).max() < 1


@pytest.mark.parametrize("strokes", [[], ["a.c{}.100.3.s.222"], ["r.c{}.60.5.j.44", "a.u3.100.1.0.2"]])
def test_the_exported_files_give_what_the_network_gives(run, config: Path, strokes: list[str]):
    layer, record = painted_layer(run)
    from dissect_report.analysis.painting.strokes import apply_strokes, read_strokes

    texts = [text.format(record.sets[0].concept) for text in strokes]
    session = onnxruntime.InferenceSession(str(layer.paths.tail("layer1")))
    arrays = layer.painting_arrays
    maps = apply_strokes(record, arrays["maps"][2].astype(np.float32), read_strokes(texts, record.map_size))
    feeds = {"maps": maps[None]} | {
        name: value[2:3] for name, value in arrays.items() if name.startswith("kept")
    }
    image = session.run(None, feeds)[0][0]
    low, high = record.output_range
    made = (np.clip(image, low, high) - low) / (high - low) * 255
    assert (
        np.abs(made.transpose(1, 2, 0) - truth(config, record, 2, texts)).max() <= 1.5
    )  # the truth is rounded


def test_nothing_is_made_again_and_toggling_it_leaves_the_edits(run, config: Path):
    layer, _ = painted_layer(run)
    written = layer.paths.generation("layer1").stat().st_mtime_ns
    assert any("up to date" in note for note in measure(config)[1])
    change(config, "paint = true", "paint = false")
    without, _ = measure(config)
    assert not any(path.exists() for path in layer.paths.painting_files("layer1"))
    assert all(found.painting is None for found in without.layers.values())
    change(config, "paint = false", "paint = true")
    again, _ = measure(config)
    assert painted_layer(again)[1].scenes == (0, 1, 2)
    assert layer.paths.generation("layer1").stat().st_mtime_ns == written


@pytest.mark.parametrize(
    ("factory", "table", "reason"),
    [
        ("Moody", TABLE, "the network branches on its data"),
        ("Steps", TABLE + "paint_max_mb = 0.001\n", "more than [generation] paint_max_mb = 0.001"),
    ],
)
def test_what_stands_in_the_way_is_said_and_stops_nothing(
    tmp_path: Path, factory: str, table: str, reason: str
):
    config = write_painted_site(tmp_path, factory, table)
    run, notes = measure(config)
    layer, record = painted_layer(run)
    assert reason in record.obstacle
    assert any("layer1 cannot be painted with" in note and reason in note for note in notes)
    assert layer.generation is not None
    assert not layer.paths.tail("layer1").exists()
    assert any("up to date" in note for note in measure(config)[1])


def test_a_tail_that_takes_too_long_is_said_with_its_number(tmp_path: Path, monkeypatch: pytest.MonkeyPatch):
    monkeypatch.setattr(experiment, "MOST_MULTIPLICATIONS", 1000)
    run, _ = measure(write_painted_site(tmp_path, "Steps"))
    assert "multiplications" in painted_layer(run)[1].obstacle


def test_without_the_runtime_torch_checks_with_rounded_weights(
    config: Path, run, monkeypatch: pytest.MonkeyPatch
):
    tail, latents = tail_of(config)
    with torch.no_grad():
        held = tail.head(latents[:1])
        exported = export_tail(tail, held)
        before = [parameter.clone() for parameter in exported.module.parameters()]
        named = dict(named_inputs(held))
        name, real = parity.runner(exported.graph, exported.module)
        monkeypatch.setattr(running, "find_spec", lambda name: None)
        other, rounded = parity.runner(exported.graph, exported.module)
        assert name.startswith("onnxruntime")
        assert other == "torch"
        assert np.abs(real(named) - rounded(named)).max() < 0.01  # small tensors are stored whole
    assert importlib.util.find_spec("onnxruntime") is not None
    assert isinstance(exported.module, TailModule)
    after = list(exported.module.parameters())
    assert all(torch.equal(one, other) for one, other in zip(before, after, strict=True))


@pytest.mark.parametrize(("key", "value"), [("paint_scenes", "0"), ("paint_max_mb", "0.0")])
def test_impossible_values_are_refused(tmp_path: Path, key: str, value: str):
    config = write_painted_site(tmp_path, table=f"{key} = {value}\n")
    with pytest.raises(ConfigError, match=key):
        load_config(config)
