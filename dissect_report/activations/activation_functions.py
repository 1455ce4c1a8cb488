"""Which element-wise activation consumes a layer's output: by the data flow, else by ``nn.Sequential``."""

from __future__ import annotations

from collections.abc import Callable
from dataclasses import dataclass
from itertools import pairwise
from typing import Any

import torch
import torch.nn.functional as F  # noqa: N812
from torch import Tensor, nn
from torch.fx.node import Node

from dissect_report.activations.graph import FlowGraph, trace

MODULES = (
    nn.CELU, nn.ELU, nn.GELU, nn.Hardshrink, nn.Hardsigmoid, nn.Hardswish, nn.Hardtanh, nn.LeakyReLU,
    nn.LogSigmoid, nn.Mish, nn.PReLU, nn.ReLU, nn.ReLU6, nn.SELU, nn.SiLU, nn.Sigmoid, nn.Softplus,
    nn.Softshrink, nn.Softsign, nn.Tanh, nn.Tanhshrink, nn.Threshold,
)  # fmt: skip

#: As functions of ``torch`` and ``torch.nn.functional`` and as methods of tensors.
NAMES = (
    "celu", "celu_", "elu", "elu_", "gelu", "hardshrink", "hardsigmoid", "hardswish", "hardtanh",
    "hardtanh_", "leaky_relu", "leaky_relu_", "logsigmoid", "mish", "relu", "relu_", "relu6", "selu",
    "selu_", "sigmoid", "sigmoid_", "silu", "softplus", "softshrink", "softsign", "tanh", "tanh_",
    "tanhshrink", "threshold", "threshold_",
)  # fmt: skip

FUNCTIONS = {
    getattr(place, name): name.rstrip("_") for place in (F, torch) for name in NAMES if hasattr(place, name)
}


@dataclass(frozen=True)
class Follower:
    """The activation that alone consumes a layer's output.

    Attributes:
        label: how it is named beside the layer, e.g. "features.29 (ReLU)".
        function: applies it; may work in place, so it wants a clone.
    """

    label: str
    function: Callable[[Tensor], Tensor]


def find_followers(model: nn.Module) -> dict[str, Follower]:
    """Per layer name, the activation that it is recorded after; layers without one are left out."""
    flow = trace(model)
    followers = _by_sequence(model)
    if flow is not None:
        for name, nodes in flow.outputs.items():
            followers.pop(name, None)  # the data flow knows better than the neighbourhood
            follower = _by_flow(nodes[0], flow) if len(nodes) == 1 else None
            if follower is not None:
                followers[name] = follower
    return followers


def _by_sequence(model: nn.Module) -> dict[str, Follower]:
    """Layers with an activation next to them in an ``nn.Sequential``."""
    followers = {}
    for name, module in model.named_modules():
        if isinstance(module, nn.Sequential) and type(module).forward is nn.Sequential.forward:
            children = [(f"{name}.{key}" if name else key, child) for key, child in module.named_children()]
            for (here, layer), (there, activation) in pairwise(children):
                if isinstance(activation, MODULES) and not isinstance(layer, MODULES):
                    followers[here] = _module_follower(there, activation)
    return followers


def _module_follower(name: str, module: nn.Module) -> Follower:
    # ``forward`` itself: the module may be shared, and no hook of it may see this extra call.
    return Follower(f"{name} ({type(module).__name__})", module.forward)


def _by_flow(node: Node, flow: FlowGraph) -> Follower | None:
    """The only consumer of ``node``, if it is an activation and ``node`` is not one itself."""
    if len(node.users) != 1 or _as_activation(node, flow) is not None:
        return None
    return _as_activation(next(iter(node.users)), flow)


def _as_activation(node: Node, flow: FlowGraph) -> Follower | None:
    if node.op == "call_module":
        module = flow.modules[str(node.target)]
        return _module_follower(str(node.target), module) if isinstance(module, MODULES) else None
    rest: tuple[Any, ...] = node.args[1:]
    keywords = {key: value for key, value in node.kwargs.items() if key != "input"}
    if len(node.all_input_nodes) != 1:
        return None
    if node.op == "call_function" and node.target in FUNCTIONS:
        function: Any = node.target
        return Follower(f"{FUNCTIONS[function]}()", lambda x: function(x, *rest, **keywords))
    if node.op == "call_method" and node.target in NAMES:
        method = str(node.target)
        return Follower(f"{method.rstrip('_')}()", lambda x: getattr(x, method)(*rest, **keywords))
    return None
