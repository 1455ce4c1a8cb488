"""Exported tails in a CPU runtime against torch, on intact and edited maps."""

from __future__ import annotations

from collections.abc import Callable

import numpy as np
import onnx
import onnxruntime
import pytest
import torch
from torch import Tensor, nn
from torch.nn import functional

from dissect_report.activations.layers import list_layers
from dissect_report.activations.tail import Held, Tail, split_tail
from dissect_report.demo.networks import scene_generator, scene_segmenter
from dissect_report.demo.sources import open_demo
from dissect_report.errors import ExportError
from dissect_report.exporting.cost import multiplications
from dissect_report.exporting.graph import export_graph
from dissect_report.exporting.labels import export_labels
from dissect_report.exporting.tails import TailModule, export_tail, named_inputs
from dissect_report.sources.concepts import Concept
from dissect_report.sources.segmenters.color import ColorSegmenter
from dissect_report.sources.segmenters.network import NetworkSegmenter
from tests.exporting.networks import Grown, Moody, Resisting, Styled

MADE: dict[str, tuple[Callable[[], nn.Module], str, int]] = {
    "the demo's": (scene_generator, "layer4", 552),
    "grown": (Grown, "layer2", 6),
    "styled": (Styled, "block1", 6),
}


def split(network: nn.Module, layer: str, numbers: int) -> tuple[Tail, Held]:
    """The tail behind a layer, and what it needs of one latent."""
    latents = torch.randn(3, numbers, generator=torch.Generator().manual_seed(1))
    infos = {info.name: info for info in list_layers(network, latents[:2], True)}
    tail = split_tail(network, infos[layer], latents, read=lambda run: run())
    with torch.no_grad():
        return tail, tail.head(latents[:1])


def run(graph: bytes, inputs: dict[str, Tensor]) -> np.ndarray:
    session = onnxruntime.InferenceSession(graph, providers=["CPUExecutionProvider"])
    return session.run(None, {name: value.numpy() for name, value in inputs.items()})[0]


@pytest.mark.parametrize("kind", MADE)
@pytest.mark.parametrize("edit", ["intact", "removed", "inserted", "partly"])
def test_an_exported_tail_gives_the_picture_that_torch_gives(kind: str, edit: str):
    make, layer, numbers = MADE[kind]
    tail, held = split(make().eval(), layer, numbers)
    exported = export_tail(tail, held)
    maps = held.recorded.clone()
    if edit == "removed":
        maps[:, :5] = 0
    elif edit == "inserted":
        maps[:, 2:6, 1:3, 1:3] = maps.max() * 1.5
    elif edit == "partly":
        maps[:, 1::2] = 0.4 * maps[:, 1::2] + 0.6 * 2.5
    with torch.no_grad():
        truth = tail.run(maps, held.kept).numpy()
    made = run(exported.graph, dict(named_inputs(Held(maps, held.kept))))
    assert np.abs(made - truth).max() <= (truth.max() - truth.min()) / 255


def test_styles_go_in_beside_the_maps_and_assignments_leave_no_large_constants():
    tail, held = split(Styled().eval(), "block1", 6)
    assert held.kept
    graph = export_tail(tail, held).graph
    model = onnx.load_from_string(graph)
    assert [value.name for value in model.graph.input] == list(named_inputs(held))
    assert "ScatterND" not in {node.op_type for node in model.graph.node}
    weights = sum(parameter.numel() for parameter in Styled().parameters())
    assert len(graph) < 4 * weights + 40_000


def test_weights_are_halves_and_arithmetic_is_not():
    tail, held = split(Grown().eval(), "layer2", 6)
    model = onnx.load_from_string(export_tail(tail, held).graph)
    large = [tensor for tensor in model.graph.initializer if np.prod(tensor.dims) >= 64]
    assert large
    assert {tensor.data_type for tensor in large} == {onnx.TensorProto.FLOAT16}
    (image,) = model.graph.output
    assert image.type.tensor_type.elem_type == onnx.TensorProto.FLOAT


class Scaled(nn.Module):
    def __init__(self, factor: float) -> None:
        super().__init__()
        torch.manual_seed(0)
        self.weight = nn.Parameter(torch.randn(12, 12) * factor)

    def forward(self, x: Tensor) -> Tensor:
        return x @ self.weight


@pytest.mark.parametrize("factor", [1e-9, 1.0, 1e6])
def test_weights_that_half_precision_cannot_hold_stay_as_they_are(factor: float):
    x = torch.randn(2, 12, generator=torch.Generator().manual_seed(2))
    module = Scaled(factor)
    made = run(export_graph(module, {"x": x}, ["y"]), {"x": x})
    truth = module(x).detach().numpy()
    assert np.abs(made - truth).max() <= 1e-3 * np.abs(truth).max()


def test_an_operation_that_stands_in_the_way_is_named():
    tail, held = split(Resisting().eval(), "layer2", 6)
    with pytest.raises(ExportError, match="special_i1e"):
        export_tail(tail, held)


def test_a_network_that_branches_on_its_numbers_is_said_to():
    tail, held = split(Moody().eval(), "layer2", 6)
    with pytest.raises(ExportError, match="branches on its data"):
        export_tail(tail, held)


def test_an_export_leaves_the_network_as_it_was():
    network = Grown().train()
    network.layer1.eval()
    before = {name: value.clone() for name, value in network.state_dict().items()}
    export_graph(network, {"z": torch.randn(1, 6)}, ["image"])
    assert network.training
    assert not network.layer1.training
    assert all(torch.equal(value, before[name]) for name, value in network.state_dict().items())


def test_an_input_that_nothing_depends_on_is_said():
    class Half(nn.Module):
        def forward(self, a: Tensor, b: Tensor) -> Tensor:
            return a + 1

    with pytest.raises(ExportError, match="'b'"):
        export_graph(Half(), {"a": torch.ones(1), "b": torch.ones(1)}, ["c"])


def test_a_picture_that_has_the_size_already_is_not_resized():
    class Resized(nn.Module):
        def forward(self, x: Tensor) -> Tensor:
            return functional.interpolate(x, (8, 8), mode="bilinear", antialias=True) + 1

    x = torch.rand(1, 3, 8, 8)
    assert np.abs(run(export_graph(Resized(), {"x": x}, ["y"]), {"x": x}) - (x + 1).numpy()).max() < 1e-6
    with pytest.raises(ExportError, match="_upsample_bilinear2d_aa"):
        export_graph(Resized(), {"x": torch.rand(1, 3, 16, 16)}, ["y"])


def test_a_segmenters_weights_may_still_be_learned():
    class Labels(nn.Module):
        def __init__(self) -> None:
            super().__init__()
            self.conv = nn.Conv2d(3, 4, 3, padding=1)

        def forward(self, images: Tensor) -> Tensor:
            return self.conv(images)

    catalogue = tuple(Concept(k, f"thing {k}", "object") for k in range(1, 4))
    segmenter = NetworkSegmenter("labels", Labels(), catalogue)
    image = torch.rand(1, 3, 16, 16)
    graph, module = export_labels(segmenter, image, 8, (0.0, 1.0))
    with torch.no_grad():
        assert (run(graph, {"image": image}) == module(image).numpy()).mean() > 0.95


def test_multiplications_are_counted():
    conv = nn.Conv2d(3, 5, 3, padding=1)
    assert multiplications(conv, [torch.ones(1, 3, 4, 6)]) == 5 * 4 * 6 * 3 * 9


def test_the_demos_tail_costs_what_its_layers_do():
    tail, held = split(scene_generator().eval(), "layer4", 552)
    assert 1e8 < multiplications(TailModule(tail), list(named_inputs(held).values())) < 1e9


@pytest.mark.parametrize("source", ["demo", "color"])
def test_a_segmenter_labels_a_picture_as_it_does_in_torch(source: str):
    segmenter = open_demo() if source == "demo" else ColorSegmenter()
    network = scene_generator().eval()
    with torch.no_grad():
        images = network(torch.randn(2, 552, generator=torch.Generator().manual_seed(3)))
        graph, module = export_labels(segmenter, images[:1], 32, (-1.0, 1.0))
        truth = module(images[1:]).numpy()
    made = run(graph, {"image": images[1:]})
    assert made.shape == truth.shape
    assert made.dtype == np.int32
    assert (made != truth).mean() < 0.01  # two logits may be equal but for rounding
    assert len(np.unique(truth)) > 3


def test_the_demos_segmenter_is_left_as_it_was():
    network = scene_segmenter()
    assert not any(module.training for module in network.network.modules())
