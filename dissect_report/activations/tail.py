"""The part of a network behind a layer, run from the layer's stored activation.

Three ways, the first that reproduces the network's own outputs: the graph of ``torch.fx``, the graph
of ``torch.export``, and the whole network with the layer's maps replaced as they come.
"""

from __future__ import annotations

from collections.abc import Sequence
from dataclasses import dataclass, field
from typing import Any, Literal, Protocol

import torch
import torch.fx
from jaxtyping import Float
from torch import Tensor, nn
from torch.fx.node import Node

from dissect_report.activations.activation_functions import function_name
from dissect_report.activations.causes import fault_line
from dissect_report.activations.class_output import class_reader
from dissect_report.activations.cutting import Cut, Flow, assemble, cut, descend, read_flow, stand_in
from dissect_report.activations.exported import export_flow, exported_output
from dissect_report.activations.followers import Follower
from dissect_report.activations.graph import trace
from dissect_report.activations.interventions import replaced
from dissect_report.activations.layers import LayerInfo
from dissect_report.activations.modes import quiet
from dissect_report.activations.outputs import Reader
from dissect_report.activations.recording import record
from dissect_report.activations.steadiness import REPEAT_NOISE, Fault, alike
from dissect_report.activations.tail_proof import check_dependence, reproduces
from dissect_report.activations.untouched import untouched
from dissect_report.errors import LayerError, ModelError

Path = Literal["fx", "export", "full"]
PATHS: tuple[Path, ...] = ("fx", "export", "full")


@dataclass(frozen=True)
class Held:
    """What a forward pass leaves for the tail.

    Attributes:
        recorded: all that its units hold: the layer's maps, and tokens without a place, see ``Reading``.
        kept: other values per image that pass by the layer.
    """

    recorded: Float[Tensor, "image unit y x"]
    kept: tuple[Tensor, ...]


class Tail(Protocol):
    """Runs what lies behind ``layer``."""

    @property
    def layer(self) -> LayerInfo:
        """Whose maps it starts from."""

    @property
    def path(self) -> Path:
        """How it is run."""

    @property
    def row_bytes(self) -> int:
        """Of the largest value behind the layer, per image."""

    def head(self, images: Tensor) -> Held:
        """What the tail needs of ``images``."""

    def run(self, recorded: Tensor, kept: Sequence[Tensor] = ()) -> Float[Tensor, "image ..."]:
        """The network's output from the layer's maps; no argument is written into."""

    def consume(self, recorded: Tensor, kept: Sequence[Tensor]) -> Float[Tensor, "image ..."]:
        """As ``run``, on values that nobody needs afterwards."""

    def follow(self, recorded: Tensor, kept: Sequence[Tensor]) -> Float[Tensor, "image ..."]:
        """As ``run``; where the network allows it, a gradient leads back to ``recorded``."""


@dataclass(frozen=True)
class GraphTail:
    """A tail cut out of a graph.

    Attributes:
        layer: whose maps it starts from.
        path: where the graph is from.
        model: put to rest while the tail runs.
        flow: the graph.
        cut: where it is cut.
        read: takes the logits, or the images, out of what the network gives.
        row_bytes: of the largest value behind the cut, per image.
    """

    layer: LayerInfo
    path: Path
    model: nn.Module
    flow: Flow
    cut: Cut
    read: Reader
    row_bytes: int = field(init=False)
    before: Any = field(init=False, repr=False)
    behind: Any = field(init=False, repr=False)

    def __post_init__(self) -> None:
        """Assembles the two parts."""
        flow, place = self.flow, self.cut
        last = [node for node in flow.graph.nodes if node.op != "output"]
        head = [node for node in last if node not in descend(place.node)]
        given = [place.node, *place.kept, *place.sized]
        object.__setattr__(self, "row_bytes", largest(flow, [place.node, *place.kept, *place.members]))
        object.__setattr__(self, "before", assemble(flow, [flow.images], head, [place.node, *place.kept]))
        object.__setattr__(self, "behind", assemble(flow, given, place.members, None))

    def head(self, images: Tensor) -> Held:
        """What the tail needs of ``images``."""
        with quiet(self.model):
            output, *kept = self.before(images.clone())  # which may write into them
        return Held(self.layer.reading.spread(output), tuple(kept))

    def run(self, recorded: Tensor, kept: Sequence[Tensor] = ()) -> Tensor:
        """The network's output from the layer's maps; no argument is written into."""
        return self.consume(recorded.clone(), [value.clone() for value in kept])

    def follow(self, recorded: Tensor, kept: Sequence[Tensor]) -> Tensor:
        """As ``run``; where the network allows it, a gradient leads back to ``recorded``."""
        return self._read(recorded.clone(), [value.clone() for value in kept], True)

    def consume(self, recorded: Tensor, kept: Sequence[Tensor]) -> Tensor:
        """As ``run``, on values that nobody needs afterwards."""
        return self._read(recorded, kept, False)

    def _read(self, recorded: Tensor, kept: Sequence[Tensor], gradient: bool) -> Tensor:
        sized = [stand_in(self.flow, node, len(recorded), recorded) for node in self.cut.sized]
        # Held maps are float32; the network may compute in other types here, or ask for whole numbers.
        recorded = self.layer.reading.write(recorded.to(self.flow.types[self.cut.node]))
        kept = [value.to(self.flow.types[node]) for node, value in zip(self.cut.kept, kept, strict=True)]
        with quiet(self.model), torch.set_grad_enabled(gradient):
            return self.read(lambda: self.flow.finish(self.behind(recorded, *kept, *sized)))


def largest(flow: Flow, nodes: Sequence[Node]) -> int:
    """Bytes per image of the largest tensor among ``nodes``, as float32."""
    sizes = [torch.Size(shape).numel() for node in nodes if (shape := flow.shapes.get(node))]
    return max(sizes) * 4 // flow.batch


@dataclass(frozen=True)
class WholeTail:
    """The whole network run again, the layer's maps replaced: for what no graph can be made of."""

    layer: LayerInfo
    model: nn.Module
    row_bytes: int
    read: Reader
    path: Path = "full"

    def head(self, images: Tensor) -> Held:
        """The maps, and the images themselves: the network starts from them again."""
        with record(self.model, [self.layer], whole=True) as recorder:
            self.model(images.clone())
            return Held(recorder.take()[self.layer.name], (images,))

    def run(self, recorded: Tensor, kept: Sequence[Tensor] = ()) -> Tensor:
        """The network's output from the layer's maps; no argument is written into."""
        with replaced(self.model, self.layer, lambda maps: recorded.clone().to(maps.dtype)):
            return self.read(lambda: self.model(kept[0].clone()))

    def follow(self, recorded: Tensor, kept: Sequence[Tensor]) -> Tensor:
        """As ``run``; where the network allows it, a gradient leads back to ``recorded``."""
        swapped = replaced(self.model, self.layer, lambda maps: recorded.clone().to(maps.dtype))
        with swapped, torch.enable_grad():
            return self.read(lambda: self.model(kept[0].clone()))

    def consume(self, recorded: Tensor, kept: Sequence[Tensor]) -> Tensor:
        """As ``run``."""
        return self.run(recorded, kept)


def split_tail(
    model: nn.Module,
    layer: LayerInfo,
    images: Float[Tensor, "image ..."],
    paths: Sequence[Path] = PATHS,
    read: Reader | None = None,
) -> Tail:
    """The tail behind ``layer``, proved on ``images``.

    Args:
        images: real inputs (of a generator: latents), at least two, on the model's device.
        paths: ways to try, in this order.
        read: takes the logits, or the images, out of what the network gives; by default the class scores
            that are found there.

    Raises:
        LayerError: the layer runs more than once, or nothing depends on it.
        ModelError: the network gives other outputs for the same input, or no logits.
    """
    if layer.obstacle:
        raise LayerError(f"layer {layer.name!r} cannot be ablated: {layer.obstacle}")
    if len(images) < 2:
        raise ModelError("a network is split on at least two images")
    with untouched(model):
        return _prove(model, layer, images, paths, read or class_reader(model, images))


def _prove(model: nn.Module, layer: LayerInfo, images: Tensor, paths: Sequence[Path], read: Reader) -> Tail:
    """The first way of ``paths`` that gives the network's own outputs, from maps as they are recorded."""
    with record(model, [layer], whole=True) as recorder:
        intact = read(lambda: model(images.clone()))
        recorded = recorder.take()[layer.name]

    def run(some: Tensor) -> Tensor:
        with quiet(model):
            return read(lambda: model(some.clone()))

    again = run(images)
    with quiet(model):
        if not alike(intact, again, REPEAT_NOISE):
            fault: tuple[Fault, str] = ("again", "its output")
            raise ModelError(fault_line("the network", fault, [model], lambda: model(images.clone())))
    for path in paths:
        tail = _split(model, layer, images, path, read)
        if tail is not None and reproduces(tail, images, intact, recorded, run):
            check_dependence(tail, images)
            return tail
    raise ModelError(f"layer {layer.name!r}: the network cannot be run from its stored maps")


def _split(model: nn.Module, layer: LayerInfo, images: Tensor, path: Path, read: Reader) -> Tail | None:
    if path == "full":
        return WholeTail(layer, model, _largest_output(model, images), read)
    with quiet(model):
        if path == "fx":
            traced = trace(model)
            if traced is None or len(traced.outputs.get(layer.name, [])) != 1:
                return None
            flow: Flow | None = read_flow(traced.graph, traced.root, images)
            node: Node | None = traced.outputs[layer.name][0]
            calls = traced.outputs.get(layer.follows.module, []) if layer.follows else []
        else:
            flow = export_flow(model, images)
            node = None if flow is None else exported_output(flow, layer.name)
            alone = exported_output(flow, layer.follows.module) if flow and layer.follows else None
            calls = [] if alone is None else [alone]
        if flow is None or node is None:
            return None
        node = node if layer.follows is None else _behind_activation(flow, node, layer.follows, calls)
        end = next(n for n in flow.graph.nodes if n.op == "output")
        if node is None or (path == "fx" and end not in descend(node)):
            return None
        place = cut(flow, node)
        return None if place is None else GraphTail(layer, path, model, flow, place, read)


def _behind_activation(flow: Flow, node: Node, follower: Follower, calls: Sequence[Node]) -> Node | None:
    """What the activation that the layer is recorded after makes of its output.

    Args:
        calls: what each call of the follower's module made, where that is known.
    """
    if follower.module and follower.index < len(calls) and calls[follower.index] in descend(node):
        return calls[follower.index]
    while True:
        users = [user for user in node.users if user not in flow.plain]
        if len(users) != 1:
            return None
        node = users[0]
        if node.op == "call_module" and str(node.target) == follower.module:
            return node
        if node.op in ("call_function", "call_method") and function_name(node.target):
            return node


def _largest_output(model: nn.Module, images: Tensor) -> int:
    """Bytes per image of the largest tensor that any module puts out."""
    sizes = [images.numel()]

    def look(_module: nn.Module, _inputs: Any, output: Any) -> None:
        if isinstance(output, Tensor):
            sizes.append(output.numel())

    handles = [module.register_forward_hook(look) for module in model.modules()]
    try:
        with quiet(model):
            model(images.clone())
    finally:
        for handle in handles:
            handle.remove()
    return max(sizes) * 4 // len(images)
