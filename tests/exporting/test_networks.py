"""Whole exported classifiers in a CPU runtime against torch, intact and with units removed."""

from __future__ import annotations

import numpy as np
import onnx
import pytest
import torch
from torch import Tensor, nn

from dissect_report.activations.class_output import ClassOutput, find_class_output
from dissect_report.activations.interventions import ablated
from dissect_report.activations.layers import LayerInfo, list_layers
from dissect_report.activations.recording import record
from dissect_report.config import ModelConfig
from dissect_report.errors import ExportError
from dissect_report.exporting.networks import NetworkModule, Normalisation, export_network, network_inputs
from dissect_report.exporting.running import open_graph
from dissect_report.sources.probe import prepare_input
from tests.tail_networks import Branching, DataBranching, Functional, Plain, Pooled, Residual, Unused, made

SIDE = 16
RGB = Normalisation((0.4, 0.5, 0.6), (0.2, 0.3, 0.25))
GREY = Normalisation((0.45,), (0.3,))


class Sigmoids(nn.Sequential):
    def __init__(self, classes: int = 5, channels: int = 3) -> None:
        super().__init__(
            nn.Conv2d(channels, 8, 3, 2, 1), nn.LeakyReLU(0.1, inplace=True), nn.AdaptiveAvgPool2d(1),
            nn.Flatten(), nn.Linear(8, classes), nn.Sigmoid(),
        )  # fmt: skip


class OneLogit(Sigmoids):
    def __init__(self) -> None:
        super().__init__(1)


class Grey(Sigmoids):
    def __init__(self) -> None:
        super().__init__(4, 1)


KINDS = {
    Plain: "2", Pooled: "0", Residual: "block1", Functional: "conv2", Branching: "conv1",
    DataBranching: "conv1", Sigmoids: "0", OneLogit: "0", Grey: "0",
}  # fmt: skip


def opened(kind: type[nn.Module], name: str) -> tuple[NetworkModule, LayerInfo, ClassOutput, Normalisation]:
    network, norm = made(kind).eval(), GREY if kind is Grey else RGB
    example = torch.rand(2, len(norm.mean), SIDE, SIDE)
    layer = next(info for info in list_layers(network, example, False) if info.name == name)
    output, _ = find_class_output(network, example, ModelConfig(source="here"))
    assert output is not None
    return NetworkModule(network, layer, output, norm), layer, output, norm


def crop(seed: int = 1) -> np.ndarray:
    return np.random.default_rng(seed).integers(0, 256, (SIDE, SIDE, 3), dtype=np.uint8)


def images(pixels: np.ndarray, norm: Normalisation) -> Tensor:
    return prepare_input(torch.from_numpy(pixels)[None], norm.mean, norm.std, "cpu")


def far(made: np.ndarray, truth: Tensor) -> float:
    return float(np.abs(made - truth.numpy()).max() / (truth.max() - truth.min()))


@pytest.mark.parametrize("kind", KINDS)
def test_scores_and_maps_are_those_of_the_run(kind: type[nn.Module]):
    module, layer, output, norm = opened(kind, KINDS[kind])
    _, run = open_graph(export_network(module, SIDE, True), module)
    pixels = crop()
    scores, maps = run(network_inputs(pixels, layer.units))
    with record(module.model, [layer]) as recorder:
        truth = output.read(lambda: module.model(images(pixels, norm)))
        recorded = recorder.take()[layer.name]
    assert scores.shape == truth.shape
    assert far(scores, truth) < 0.01
    assert far(maps, recorded) < 0.01


@pytest.mark.parametrize("kind", KINDS)
def test_a_factor_of_zero_removes_what_ablation_removes(kind: type[nn.Module]):
    module, layer, output, norm = opened(kind, KINDS[kind])
    _, run = open_graph(export_network(module, SIDE, True), module)
    pixels, units = crop(2), [0, 2, 5]
    scores, maps = run(network_inputs(pixels, layer.units, units))
    _, intact = run(network_inputs(pixels, layer.units))
    with ablated(module.model, layer, units):
        truth = output.read(lambda: module.model(images(pixels, norm)))
    assert far(scores, truth) < 0.01
    assert np.array_equal(maps, intact)  # what the unit itself shows stays


def test_the_module_alone_gives_the_very_numbers_of_a_grey_and_a_coloured_network():
    for kind in (Grey, Plain):
        module, layer, output, norm = opened(kind, KINDS[kind])
        pixels = crop(3)
        with torch.no_grad():
            scores, _ = module(*network_inputs(pixels, layer.units).values())
            truth = output.read(lambda: module.model(images(pixels, norm)))
        assert torch.allclose(scores, truth, rtol=0, atol=1e-6)


def test_without_a_runtime_torch_runs_the_rounded_weights_and_leaves_them_as_they_were(monkeypatch):
    monkeypatch.setattr("dissect_report.exporting.running.find_spec", lambda name: None)
    module, layer, output, norm = opened(Residual, "block1")
    before = {name: value.clone() for name, value in module.state_dict().items()}
    name, run = open_graph(b"", module)
    scores, maps = run(network_inputs(crop(), layer.units))
    with torch.no_grad():
        truth = output.read(lambda: module.model(images(crop(), norm)))
    assert name == "torch"
    assert 0 < far(scores, truth) < 0.01
    assert maps.shape == (1, layer.units, *layer.map_size)
    assert all(torch.equal(value, before[key]) for key, value in module.state_dict().items())


def test_weights_are_halves_only_where_it_is_said():
    module, *_ = opened(Plain, "2")
    types = []
    for half in (True, False):
        graph = onnx.load_from_string(export_network(module, SIDE, half)).graph
        types.append({t.data_type for t in graph.initializer if np.prod(t.dims) >= 64})
    assert types[0] == {onnx.TensorProto.FLOAT16}
    assert onnx.TensorProto.FLOAT in types[1]
    assert onnx.TensorProto.FLOAT16 not in types[1]


def test_a_layer_that_nothing_depends_on_is_no_layer_to_remove_units_of():
    module, *_ = opened(Unused, "side")
    with pytest.raises(ExportError, match="nothing depends on the input 'keep'"):
        export_network(module, SIDE, True)


def test_a_graph_that_cannot_be_run_is_an_export_error():
    module, *_ = opened(Plain, "2")
    with pytest.raises(ExportError, match="onnxruntime cannot run it"):
        open_graph(b"no graph at all", module)
