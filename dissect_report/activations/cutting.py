"""Cutting a network's data flow at one value: what leads to it, what lies behind it, what passes by."""

from __future__ import annotations

from collections.abc import Callable, Iterable, Sequence
from dataclasses import dataclass
from typing import Any

import torch
import torch.fx
from torch import Tensor, nn
from torch.fx.node import Node

#: Questions about a tensor that its numbers do not matter for.
SHAPE_QUESTIONS = ("len", "size", "dim", "ndim", "shape", "dtype", "device", "sym_size", "sym_numel", "numel")


@dataclass(frozen=True)
class Flow:
    """A network as a graph, and what every value in it looked like for one batch.

    Attributes:
        graph: nodes in the order in which they run.
        root: holds the modules and parameters that the graph names.
        shapes: per node the shape of its tensor; None where its value is not a tensor.
        types: per node the number type of its tensor.
        plain: nodes whose value holds no tensor at all: sizes, types, numbers.
        images: the node of the network's input.
        finish: what turns the graph's output into the network's own: an export flattens it.
    """

    graph: torch.fx.Graph
    root: nn.Module
    shapes: dict[Node, tuple[int, ...] | None]
    types: dict[Node, torch.dtype]
    plain: frozenset[Node]
    images: Node
    finish: Callable[[Any], Any]

    @property
    def batch(self) -> int:
        """Images in the batch that the shapes are of."""
        shape = self.shapes[self.images]
        return shape[0] if shape else 0


class _Shapes(torch.fx.Interpreter):
    """Runs a graph and notes what every value looks like."""

    def __init__(self, root: nn.Module, graph: torch.fx.Graph) -> None:
        super().__init__(root, graph=graph)
        self.shapes: dict[Node, tuple[int, ...] | None] = {}
        self.types: dict[Node, torch.dtype] = {}
        self.plain: set[Node] = set()

    def run_node(self, n: Node) -> Any:
        value = super().run_node(n)
        self.shapes[n] = tuple(value.shape) if isinstance(value, Tensor) else None
        if isinstance(value, Tensor):
            self.types[n] = value.dtype
        if not _holds_tensor(value):
            self.plain.add(n)
        return value


def _holds_tensor(value: Any) -> bool:
    if isinstance(value, dict):
        return any(map(_holds_tensor, value.values()))
    if isinstance(value, list | tuple):
        return any(map(_holds_tensor, value))
    return isinstance(value, Tensor)


def _as_it_is(output: Any) -> Any:
    return output


def read_flow(
    graph: torch.fx.Graph, root: nn.Module, example: Tensor, finish: Callable[[Any], Any] = _as_it_is
) -> Flow:
    """Runs ``example`` through ``graph`` and notes the shapes and types."""
    shapes = _Shapes(root, graph)
    shapes.run(example.clone())  # the network may write into its input
    images = next(node for node in graph.nodes if node.op == "placeholder")
    return Flow(graph, root, shapes.shapes, shapes.types, frozenset(shapes.plain), images, finish)


def descend(node: Node) -> set[Node]:
    """Everything that depends on ``node``, itself left out."""
    return _reach(node, lambda one: one.users)


def lead_to(node: Node) -> set[Node]:
    """``node`` and everything that it depends on."""
    return {node} | _reach(node, lambda one: one.all_input_nodes)


def _reach(node: Node, neighbours: Callable[[Node], Iterable[Node]]) -> set[Node]:
    found: set[Node] = set()
    waiting = [node]
    while waiting:
        for other in neighbours(waiting.pop()):
            if other not in found:
                found.add(other)
                waiting.append(other)
    return found


@dataclass(frozen=True)
class Cut:
    """A flow cut at ``node``.

    Attributes:
        node: its value is handed to the tail.
        kept: values per image that the tail needs besides: skip connections.
        sized: values of which the tail asks only the shape.
        members: nodes of the tail, constants included, ``kept`` and ``sized`` not.
    """

    node: Node
    kept: tuple[Node, ...]
    sized: tuple[Node, ...]
    members: frozenset[Node]


def cut(flow: Flow, node: Node) -> Cut | None:
    """Cuts ``flow`` at ``node``; None where something that is not per image passes by."""
    after = descend(node)
    from_images = descend(flow.images) | {flow.images}
    kept: dict[Node, None] = {}
    sized: dict[Node, None] = {}
    members = set(after)
    waiting = [source for n in after for source in n.all_input_nodes]
    while waiting:
        source = waiting.pop()
        if source is node or source in members or source in kept:
            continue
        if source in from_images and source not in flow.plain and flow.shapes[source] is not None:
            kept[source] = None
            continue
        members.add(source)
        if source in flow.plain and _asks_shape(source):
            sized.update(dict.fromkeys(source.all_input_nodes))
        else:
            waiting += source.all_input_nodes
    order = {n: place for place, n in enumerate(flow.graph.nodes)}
    passing = sorted(kept, key=order.__getitem__)
    if any((flow.shapes[n] or (0,))[0] != flow.batch for n in passing):
        return None
    only_sized = [
        n
        for n in sorted(sized, key=order.__getitem__)
        if n not in kept and n not in members and n is not node
    ]
    return Cut(node, tuple(passing), tuple(only_sized), frozenset(members))


def _asks_shape(node: Node) -> bool:
    if node.op == "call_method":
        return str(node.target) in SHAPE_QUESTIONS
    if node.op == "call_function":
        name = getattr(node.target, "__name__", "").split(".")[0]
        return name in SHAPE_QUESTIONS or (name == "getattr" and node.args[1] in SHAPE_QUESTIONS)
    return False


def assemble(
    flow: Flow, given: Sequence[Node], members: Iterable[Node], results: Sequence[Node] | None
) -> Any:
    """A module that computes ``results`` from the values of ``given``.

    Args:
        members: the nodes to run, in any order.
        results: nodes to return as a tuple; None for the network's own output.
    """
    graph = torch.fx.Graph()
    copies: dict[Node, Any] = {}
    for number, node in enumerate(given):
        copies[node] = graph.placeholder(f"given_{number}")
    chosen = set(members)
    for node in flow.graph.nodes:
        if node in copies or node not in chosen or node.op == "output":
            continue
        if node.op == "placeholder":  # an optional argument of the network that nobody gives
            copies[node] = node.args[0] if node.args else None
        else:
            copies[node] = graph.node_copy(node, lambda n: copies[n])
    if results is None:
        end = next(node for node in flow.graph.nodes if node.op == "output")
        graph.output(torch.fx.map_arg(end.args[0], lambda n: copies[n]))
    else:
        graph.output(tuple(copies[node] for node in results))
    graph.lint()
    return torch.fx.GraphModule(flow.root, graph)


def stand_in(flow: Flow, node: Node, batch: int, like: Tensor) -> Tensor:
    """A tensor of the shape that ``node``'s value has for ``batch`` images, without numbers of its own."""
    shape = flow.shapes[node] or ()
    whole = (batch, *shape[1:]) if shape[:1] == (flow.batch,) else shape
    return like.new_zeros(()).expand(whole)
