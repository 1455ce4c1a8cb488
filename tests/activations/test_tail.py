"""The tail reproduces the network, with and without units removed, or refuses."""

from __future__ import annotations

import copy

import pytest
import torch
from tail_networks import (
    Branching,
    Counting,
    DataBranching,
    Functional,
    Normalising,
    Plain,
    Pooled,
    Random,
    Residual,
    Twice,
    Unused,
    made,
    photos,
)
from torch import Tensor, nn

from dissect_report.activations.class_output import class_reader
from dissect_report.activations.interventions import ablated
from dissect_report.activations.layers import LayerInfo, list_layers
from dissect_report.activations.tail import split_tail
from dissect_report.errors import LayerError, ModelError

CASES = [
    (Plain, "0", "fx"), (Plain, "2", "fx"), (Pooled, "0", "fx"), (Residual, "stem", "fx"),
    (Residual, "block1", "fx"), (Residual, "block1.conv1", "fx"), (Residual, "block2.conv2", "fx"),
    (Residual, "block2.bn2", "fx"), (Residual, "block2", "fx"), (Functional, "conv1", "fx"),
    (Functional, "conv2", "fx"), (Branching, "conv1", "export"), (Branching, "conv2", "export"),
    (Counting, "conv1", "fx"), (Counting, "conv2", "fx"),
    (DataBranching, "conv1", "full"), (DataBranching, "conv2", "full"),
    (Normalising, "conv1", "fx"), (Normalising, "conv2", "fx"),
]  # fmt: skip


def info_of(network: nn.Module, name: str) -> LayerInfo:
    return next(info for info in list_layers(network, photos(2)) if info.name == name)


def outputs(network: nn.Module, images: Tensor) -> Tensor:
    network.eval()
    with torch.no_grad():
        return class_reader(network, images)(lambda: network(images.clone()))


def replaced_by_hand(network: nn.Module, layer: LayerInfo, images: Tensor, units: list[int]) -> Tensor:
    """A second opinion: the layer's weights or output set so that the recorded units are 0."""
    network = copy.deepcopy(network).eval()
    module = dict(network.named_modules())[layer.name]

    def cleared(_module: nn.Module, _inputs: object, output: Tensor) -> Tensor:
        output = output.clone()
        output[:, units] = 0.0
        return output

    module.register_forward_hook(cleared)
    return outputs(network, images)


@pytest.mark.parametrize(("kind", "name", "path"), CASES, ids=lambda case: getattr(case, "__name__", case))
def test_the_tail_gives_the_network_s_outputs_with_units_removed(kind: type, name: str, path: str) -> None:
    network = made(kind)
    layer = info_of(network, name)
    tail = split_tail(network, layer, photos())
    assert tail.path == path
    images, units = photos(5, seed=9), [1, 4]
    held = tail.head(images)
    assert torch.allclose(tail.run(held.recorded, held.kept), outputs(network, images), atol=1e-5)
    maps = held.recorded.clone()
    maps[:, units] = 0.0
    before = maps.clone()
    fast = tail.run(maps, held.kept)
    assert torch.equal(maps, before), "the argument was written into"
    read = class_reader(network, images)
    with ablated(network, layer, units):
        slow = read(lambda: network(images.clone()))
    assert torch.allclose(fast, slow, atol=1e-5)
    if layer.follows is None or not layer.recorded_as.endswith("(Hardswish)"):  # each maps 0 to 0
        assert torch.allclose(slow, replaced_by_hand(network, layer, images, units), atol=1e-5)
    assert not torch.allclose(slow, outputs(network, images), atol=1e-4)


@pytest.mark.parametrize("path", ["fx", "export", "full"])
@pytest.mark.parametrize(
    ("kind", "name"),
    [(Plain, "2"), (Residual, "block1.conv2"), (Functional, "conv1"), (Normalising, "conv1")],
)
def test_every_path_gives_the_same_logits(kind: type, name: str, path: str) -> None:
    network = made(kind)
    layer = info_of(network, name)
    tail = split_tail(network, layer, photos(), paths=[path])
    reference = split_tail(network, layer, photos(), paths=["full"])
    images = photos(4, seed=3)
    held, whole = tail.head(images), reference.head(images)
    maps = held.recorded.clone()
    maps[:, 2:] = 0.25
    assert torch.equal(held.recorded, whole.recorded)
    assert torch.allclose(tail.run(maps, held.kept), reference.run(maps, whole.kept), atol=1e-5)


def test_only_what_passes_by_the_layer_is_kept() -> None:
    network = made(Residual)
    assert len(split_tail(network, info_of(network, "block2"), photos()).head(photos()).kept) == 0
    assert len(split_tail(network, info_of(network, "block2.conv1"), photos()).head(photos()).kept) == 1


def test_the_network_s_modes_come_back() -> None:
    network = made(Residual)
    network.block1.eval()
    modes = {name: module.training for name, module in network.named_modules()}
    tail = split_tail(network, info_of(network, "block1"), photos())
    tail.run(tail.head(photos()).recorded)
    assert {name: module.training for name, module in network.named_modules()} == modes
    assert not any(module._forward_hooks for module in network.modules())


def test_a_layer_used_twice_is_refused() -> None:
    network = made(Twice)
    with pytest.raises(LayerError, match="runs 2 times"):
        split_tail(network, info_of(network, "conv2"), photos())
    plain = LayerInfo("conv2", "Conv2d", 6, (8, 8), "conv2")
    with pytest.raises(LayerError, match="more than once"), ablated(network, plain, [0]):
        network(photos())


@pytest.mark.parametrize("paths", [("fx", "export", "full"), ("full",)])
def test_a_layer_that_nothing_depends_on_is_refused(paths: tuple[str, ...]) -> None:
    network = made(Unused)
    with pytest.raises(LayerError, match="nothing in the network's output depends on layer 'side'"):
        split_tail(network, info_of(network, "side"), photos(), paths=paths)


def test_a_network_that_draws_random_numbers_is_refused() -> None:
    network = made(Random)
    with pytest.raises(ModelError, match=r"asked again .*dropout is left on"):
        split_tail(network, info_of(network, "conv1"), photos())


def test_a_network_without_class_scores_is_refused() -> None:
    network = nn.Sequential(nn.Conv2d(3, 4, 3), nn.Conv2d(4, 4, 3))
    with pytest.raises(ModelError, match=r"gives \[3, 4, 12, 12\]: no row of class scores an image"):
        split_tail(network, info_of(network, "0"), photos(3))


def test_units_out_of_range_are_named() -> None:
    network = made(Plain)
    with (
        pytest.raises(LayerError, match="unit 6 is out of range"),
        ablated(network, info_of(network, "2"), [6]),
    ):
        pass


@pytest.mark.parametrize("path", ["fx", "export", "full"])
def test_a_network_that_writes_into_its_input_leaves_the_images_as_they_are(path: str) -> None:
    network, images = made(Normalising), photos()
    before = images.clone()
    tail = split_tail(network, info_of(network, "conv1"), images, paths=[path])
    tail.head(images)
    assert torch.equal(images, before)
