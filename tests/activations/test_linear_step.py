"""One unit's part of a linear map behind the layer is found, proved, and left alone where there is none."""

from __future__ import annotations

import pytest
import torch
from tail_networks import Branching, DataBranching, Functional, Plain, Pooled, Residual, made, photos
from torch import nn

from dissect_report.activations.layers import list_layers
from dissect_report.activations.linear_step import LinearStep, find_linear_step
from dissect_report.activations.tail import Tail, split_tail

LOGITS = "subtracted from the logits (pooling + linear)"
CONNECTED = "subtracted from the fully connected layer behind"
CONVOLUTION = "subtracted from the convolution layer behind"


def step_of(network: nn.Module, name: str, path: str) -> tuple[Tail, LinearStep | None]:
    layer = next(info for info in list_layers(network, photos(2)) if info.name == name)
    tail = split_tail(network, layer, photos(), [path])
    return tail, find_linear_step(tail, photos())


@pytest.mark.parametrize(
    ("kind", "name", "path", "label"),
    [
        (Plain, "0", "fx", CONVOLUTION),
        (Plain, "2", "fx", CONNECTED),
        (Plain, "2", "export", CONNECTED),
        (Pooled, "0", "fx", LOGITS),
        (Pooled, "0", "export", LOGITS),
        (Residual, "block1.conv1", "fx", CONVOLUTION),
        (Residual, "block2", "fx", LOGITS),
        (Functional, "conv1", "fx", CONVOLUTION),
    ],
)
def test_removing_units_is_a_subtraction(kind: type, name: str, path: str, label: str) -> None:
    tail, step = step_of(made(kind), name, path)
    assert step is not None
    assert step.label == label
    held = tail.head(photos(4, seed=5))
    units = torch.tensor([0, 3, 5])
    replacement = torch.tensor([0.5, -0.25, 0.0])[:, None, None]
    maps = held.recorded.clone()
    maps[:, units] = replacement
    parts, new = step.parts(held.recorded), step.parts(maps)
    value = step.whole(parts) - step.apply((parts - new)[:, units], units)
    fast = step.rest(value, [kept.clone() for kept in held.kept])
    assert torch.allclose(fast, tail.run(maps, held.kept), atol=1e-5)
    assert not torch.allclose(fast, tail.run(held.recorded, held.kept), atol=1e-3)


@pytest.mark.parametrize(
    ("kind", "name", "path"),
    [
        (Residual, "stem", "fx"),  # two consumers: the block and its skip connection
        (Residual, "block2.conv2", "fx"),  # an addition comes first
        (Functional, "conv2", "fx"),  # the pooled maps are an output of their own
        (Branching, "conv2", "export"),
        (DataBranching, "conv2", "full"),
    ],
)
def test_units_that_meet_in_another_way_have_no_linear_step(kind: type, name: str, path: str) -> None:
    assert step_of(made(kind), name, path)[1] is None


def test_pooling_and_linear_give_the_weights_of_the_live_page() -> None:
    network = made(Pooled)
    _, step = step_of(network, "0", "fx")
    assert step is not None
    assert step.units_weight is not None
    assert torch.equal(step.units_weight[:, :, 0], network[4].weight)
    assert step_of(made(Plain), "2", "fx")[1].units_weight is None
