"""Where the cells of a layer lie on the input image, from strides, kernels and paddings before it.

For ``registration = "convolution"``. The centre of cell i of a layer is the pixel offset + scale * i:
scale = product of the strides, offset = sum of ((kernel - 1) * dilation / 2 - padding) * stride so
far, over the layers up to the recorded one and not beyond it.
"""

from __future__ import annotations

import operator
from collections.abc import Sequence
from dataclasses import dataclass
from typing import Any

import torch
import torch.nn.functional as F  # noqa: N812
from torch import nn
from torch.fx.node import Node

from dissect_report.activations.activation_functions import FUNCTIONS, MODULES, NAMES
from dissect_report.activations.graph import FlowGraph, trace
from dissect_report.activations.layers import LayerInfo
from dissect_report.activations.upsampling import CellPlaces
from dissect_report.errors import LayerError

Pair = tuple[float, float]

REMEDY = 'set registration = "center"'

#: Modules that leave every cell where it is.
UNMOVED = (
    *MODULES, nn.BatchNorm2d, nn.ChannelShuffle, nn.Dropout, nn.Dropout2d, nn.GroupNorm, nn.Identity,
    nn.InstanceNorm2d, nn.LocalResponseNorm,
)  # fmt: skip
WINDOWS = (nn.Conv2d, nn.MaxPool2d, nn.AvgPool2d)
PADS = (nn.ZeroPad2d, nn.ConstantPad2d, nn.ReflectionPad2d, nn.ReplicationPad2d, nn.CircularPad2d)

#: Functions and methods of maps that lie alike.
JOINS = {
    operator.add, operator.iadd, operator.sub, operator.isub, operator.mul, operator.imul, operator.truediv,
    torch.add, torch.sub, torch.mul, torch.div, torch.cat, torch.concat, torch.maximum, torch.minimum,
    F.dropout, F.batch_norm, F.dropout2d, *FUNCTIONS,
}  # fmt: skip
JOIN_METHODS = {*NAMES, "add", "add_", "sub", "sub_", "mul", "mul_", "div", "div_", "contiguous", "clone"}
POOLS = {F.max_pool2d, F.avg_pool2d, torch.max_pool2d}


@dataclass(frozen=True)
class Place:
    """Centre of cell 0 in pixels of the image, and pixels between cells, y before x."""

    offset: Pair = (0.0, 0.0)
    scale: Pair = (1.0, 1.0)

    def behind(self, reach: Sequence[float], padding: Sequence[float], stride: Sequence[float]) -> Place:
        """Where the cells lie behind a window: ``reach`` = (kernel - 1) * dilation, per axis."""
        (oy, ox), (sy, sx) = self.offset, self.scale
        return Place(
            (oy + (reach[0] / 2 - padding[0]) * sy, ox + (reach[1] / 2 - padding[1]) * sx),
            (sy * stride[0], sx * stride[1]),
        )


@dataclass(frozen=True)
class Lost:
    """The cells' place cannot be followed, and why."""

    reason: str


#: None: a value that lies nowhere on the image, such as a constant or a global average.
Whereabouts = Place | Lost | None


def cell_places(
    model: nn.Module, layers: Sequence[LayerInfo], side: tuple[int, int]
) -> dict[str, CellPlaces]:
    """Where the cells of each layer lie on an input of ``side`` (height and width in pixels).

    Raises:
        LayerError: the network cannot be followed that far, or branches of different places meet.
    """
    flow = trace(model)
    if flow is None:
        raise LayerError(f"the network's data flow cannot be followed for convolution registration; {REMEDY}")
    places = _follow(flow)
    found = {}
    for layer in layers:
        nodes = flow.outputs.get(layer.module, [])
        place: Whereabouts = places[nodes[0]] if len(nodes) == 1 else Lost("it is not seen in the data flow")
        if not isinstance(place, Place):
            reason = place.reason if place is not None else "it does not lie on the image"
            raise LayerError(f"layer {layer.name!r} cannot be placed on the image: {reason}; {REMEDY}")
        found[layer.name] = CellPlaces(place.offset, place.scale, side)
    return found


def _follow(flow: FlowGraph) -> dict[Node, Whereabouts]:
    places: dict[Node, Whereabouts] = {}
    image = True
    for node in flow.graph.nodes:
        if node.op == "placeholder":
            places[node], image = (Place() if image else None), False
        else:
            places[node] = _step(node, flow, [places[source] for source in node.all_input_nodes])
    return places


def _step(node: Node, flow: FlowGraph, sources: list[Whereabouts]) -> Whereabouts:
    """Where the output of ``node`` lies."""
    before = _meet(sources, node)
    if not isinstance(before, Place) or node.op == "output":
        return before
    if node.op == "call_module":
        return _behind_module(flow.modules[str(node.target)], before, str(node.target))
    if node.target in POOLS:
        return _behind_pool(node, before)
    if node.target is F.pad:
        return _padded(before, node.args[1])
    if node.target in (JOIN_METHODS if node.op == "call_method" else JOINS):
        return before
    return Lost(f"what {node.name!r} does to places is not known")


def _meet(sources: list[Whereabouts], node: Node) -> Whereabouts:
    placed = [source for source in sources if source is not None]
    lost = next((source for source in placed if isinstance(source, Lost)), None)
    if lost is not None:
        return lost
    if len(set(placed)) > 1:
        return Lost(f"branches of different places meet at {node.name!r}")
    return placed[0] if placed else None


def _behind_module(module: nn.Module, before: Place, name: str) -> Whereabouts:
    if isinstance(module, UNMOVED):
        return before
    if isinstance(module, WINDOWS):
        kernel, stride = _pair(module.kernel_size), _pair(module.stride)
        dilation = _pair(getattr(module, "dilation", 1))
        reach = [(k - 1) * d for k, d in zip(kernel, dilation, strict=True)]
        return before.behind(reach, _padding(module.padding, reach), stride)
    if isinstance(module, PADS):
        return _padded(before, module.padding)
    if isinstance(module, nn.AdaptiveAvgPool2d | nn.AdaptiveMaxPool2d) and _single(module.output_size):
        return None  # a global average, as in squeeze and excitation, belongs to the whole image
    return Lost(f"what {name!r} ({type(module).__name__}) does to places is not known")


def _behind_pool(node: Node, before: Place) -> Whereabouts:
    names = ("input", "kernel_size", "stride", "padding", "dilation")
    given: dict[str, Any] = {**dict(zip(names, node.args, strict=False)), **node.kwargs}
    kernel = _pair(given["kernel_size"])
    stride = _pair(given.get("stride") or kernel)
    # The fifth argument of the average pool is ceil_mode: it has no dilation.
    dilation = (1.0, 1.0) if node.target is F.avg_pool2d else _pair(given.get("dilation", 1))
    reach = [(k - 1) * d for k, d in zip(kernel, dilation, strict=True)]
    return before.behind(reach, _pair(given.get("padding", 0)), stride)


def _padded(before: Place, padding: Any) -> Whereabouts:
    """Cells added before the first one: left, right, top, bottom."""
    if (
        not isinstance(padding, tuple | list)
        or len(padding) > 4
        or not all(isinstance(n, int) for n in padding)
    ):
        return Lost("a padding depends on the input")
    left, _, top, _ = (*padding, 0, 0)[:4]
    return before.behind((0, 0), (top, left), (1, 1))


def _padding(padding: Any, reach: Sequence[float]) -> Sequence[float]:
    if padding == "valid":
        return (0.0, 0.0)
    return [length // 2 for length in reach] if padding == "same" else _pair(padding)


def _pair(value: Any) -> Pair:
    if isinstance(value, tuple | list):
        return (float(value[0]), float(value[-1]))
    return (float(value), float(value))


def _single(size: Any) -> bool:
    return size == 1 or tuple(size if isinstance(size, tuple | list) else (size,)) == (1, 1)
