"""What symbolic tracing follows, what it takes whole, and what it leaves as it found it."""

from __future__ import annotations

import builtins

import torch
from tail_networks import Counting, DataBranching, Residual, made, photos
from torch import nn

from dissect_report.activations.graph import trace
from dissect_report.activations.layers import list_layers


class Deeper(nn.Module):
    """A part that branches on its data, beside one that does not, both in a block."""

    def __init__(self) -> None:
        super().__init__()
        self.block = nn.Sequential(Residual(), nn.Unflatten(1, (1, 2, 2)), nn.Conv2d(1, 3, 1))
        self.odd = DataBranching()

    def forward(self, x: torch.Tensor) -> torch.Tensor:
        return self.odd(self.block(x).repeat(1, 1, 4, 4))


def test_only_the_module_that_cannot_be_followed_is_taken_whole() -> None:
    flow = trace(Deeper().eval())
    assert flow is not None
    assert {"block.0.block1.conv1", "block.2", "odd"} <= set(flow.outputs)
    assert not any(name.startswith("odd.") for name in flow.outputs)


def test_a_network_that_branches_itself_has_no_graph() -> None:
    assert trace(DataBranching().eval()) is None


def test_len_is_a_node_while_tracing_and_python_s_own_afterwards() -> None:
    before = builtins.len
    flow = trace(Counting().eval())
    assert flow is not None
    assert {"conv1", "weave", "conv2", "relu"} <= set(flow.outputs)
    assert [node.name for node in flow.graph.nodes if node.target is before] == ["len_1"]
    trace(DataBranching())
    assert builtins.len is before


def test_what_follows_a_layer_is_seen_beside_a_part_that_cannot_be_followed() -> None:
    infos = {info.name: info for info in list_layers(made(Counting), photos(2))}
    assert infos["conv2"].recorded_as == "conv2 -> relu (ReLU)"
