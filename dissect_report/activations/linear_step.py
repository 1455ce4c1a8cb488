"""Where the first mixing of units behind a layer is a linear map, what one unit adds to it.

Behind a layer often come operations that treat every unit alone (pooling, batch norm, activations,
dropout at rest), then a fully connected layer or a convolution. The value there is a sum over units:
replacing a unit subtracts its part and adds its replacement's, and only what lies behind runs again.
"""

from __future__ import annotations

from collections.abc import Callable, Sequence
from dataclasses import dataclass, replace
from typing import Any, Literal

import torch
import torch.nn.functional as F  # noqa: N812
from torch import Tensor, nn
from torch.fx.node import Node

from dissect_report.activations.activation_functions import MODULES
from dissect_report.activations.cutting import Cut, assemble, cut, lead_to, stand_in
from dissect_report.activations.modes import quiet
from dissect_report.activations.outputs import agrees
from dissect_report.activations.tail import GraphTail, Tail, largest
from dissect_report.activations.unit_axis import (
    MOVERS,
    PLACE_MODULES,
    PLACE_NAMES,
    UNIT_MODULES,
    UNIT_NAMES,
    moved_axis,
)

#: Modules and functions behind the last linear map that keep its value, or its decisions.
LAST_MODULES = (nn.Sigmoid, nn.Flatten, nn.Identity)
LAST_NAMES = {"sigmoid", "squeeze", "flatten", "view", "reshape", "contiguous", "float"}


@dataclass(frozen=True)
class LinearStep:
    """The linear map behind a layer.

    Attributes:
        kind: of the map.
        parts: what the units look like right before it, from the layer's maps: [image, unit, ...].
        apply: the map without its constant, from the parts of some units: (parts, units) -> value.
        whole: the map with its constant, from the parts of all units.
        rest: logits from the map's value and what passes by; writes into its arguments.
        units_weight: [class, unit, cell] where the map's value are the logits themselves, else None; one
            logit stands as two, see ``ClassOutput.read``.
        row_bytes: of the largest value behind the map, per image.
    """

    kind: Literal["fully connected", "convolution", "sum of directions", "none"]
    parts: Callable[[Tensor], Tensor]
    apply: Callable[[Tensor, Tensor], Tensor]
    whole: Callable[[Tensor], Tensor]
    rest: Callable[[Tensor, Sequence[Tensor]], Tensor]
    units_weight: Tensor | None
    row_bytes: int

    @property
    def label(self) -> str:
        """For a reader."""
        if self.kind == "none":
            return "none: everything behind the layer runs again"
        if self.kind == "sum of directions":
            return "subtracted from the sum of directions; everything behind the layer runs again"
        if self.units_weight is not None and self.units_weight.shape[2] == 1:
            return "subtracted from the logits (pooling + linear)"
        return f"subtracted from the {self.kind} layer behind"


def find_linear_step(tail: Tail, images: Tensor) -> LinearStep | None:
    """The linear map behind the tail's layer, proved on ``images``; None where there is none.

    Args:
        tail: cut out of a graph; others have no step.
        images: real inputs.
    """
    if not isinstance(tail, GraphTail):
        return None
    place = _walk(tail)
    if place is None or tail.flow.types[tail.cut.node] != torch.float32:
        return None  # in coarser types a difference of sums is not the sum of differences
    node, last = place
    rest = cut(tail.flow, node)
    if rest is None or not set(rest.kept) <= set(tail.cut.kept):
        return None
    step = _build(tail, node, last, rest)
    if step is None or not _holds(step, tail, images):
        return None
    return replace(step, units_weight=_weight_of_logits(step, tail, images))


def _walk(tail: GraphTail) -> tuple[Node, Node] | None:
    """The node of the linear map and the node before it; None if units meet any other way."""
    flow, value = tail.flow, tail.cut.node
    units, axes = tail.layer.units, tail.layer.reading.units
    if len(axes) > 1:
        return None  # heads and their dimensions: two axes
    axis = axes[0]
    while True:
        users = [user for user in value.users if user not in flow.plain]
        if len(users) != 1 or flow.shapes.get(users[0]) is None:
            return None
        user = users[0]
        if user.all_input_nodes[:1] != [value] or any(
            n not in tail.cut.members for n in user.all_input_nodes[1:]
        ):
            return None
        if _is_linear(tail, user):
            return user, value
        behind, shape = _axis_behind(tail, value, user, axis), flow.shapes[user] or ()
        if behind is None or shape[:1] != (flow.batch,):
            return None
        axis = behind
        alone = shape[axis : axis + 1] == (units,)
        if not alone and not (axis == 1 and len(shape) == 2 and shape[1] == _cells(tail, value) * units):
            return None
        value = user


def _axis_behind(tail: GraphTail, value: Node, user: Node, axis: int) -> int | None:
    """The axis of units behind an operation; None where it may mix them."""
    if _module(tail, user) is None and (name := _name(user)) in MOVERS:
        return moved_axis(name, user, axis, len(tail.flow.shapes[value] or ()))
    module = _module(tail, user)
    places = _name(user) in PLACE_NAMES if module is None else type(module) in PLACE_MODULES
    return axis if _treats_units_alone(tail, user) and (axis == 1 or not places) else None


def _cells(tail: GraphTail, node: Node) -> int:
    """Numbers a unit in a value of all units."""
    return torch.Size((tail.flow.shapes[node] or ())[1:]).numel() // tail.layer.units


def _module(tail: GraphTail, node: Node) -> nn.Module | None:
    return tail.flow.root.get_submodule(str(node.target)) if node.op == "call_module" else None


def _name(node: Node) -> str:
    """Of a function or method, whatever its dress."""
    if node.op == "call_method":
        return str(node.target)
    return str(getattr(node.target, "__name__", "")).split(".")[0]


def _treats_units_alone(tail: GraphTail, node: Node) -> bool:
    module = _module(tail, node)
    if module is not None:
        return type(module) in UNIT_MODULES or type(module) in MODULES
    return _name(node) in UNIT_NAMES


def _is_linear(tail: GraphTail, node: Node) -> bool:
    module = _module(tail, node)
    if isinstance(module, nn.Conv2d):
        return type(module) is nn.Conv2d and module.groups == 1 and module.padding_mode == "zeros"
    shape = tail.flow.shapes[node.all_input_nodes[0]] or ()
    if module is not None:
        return type(module) is nn.Linear and len(shape) == 2
    return node.op == "call_function" and _name(node) == "linear" and len(shape) == 2


def _build(tail: GraphTail, node: Node, last: Node, rest: Cut) -> LinearStep | None:
    flow, module, units = tail.flow, _module(tail, node), tail.layer.units
    lead = tail.cut.members & lead_to(last)
    before = assemble(flow, [tail.cut.node, *tail.cut.sized], lead, [last])
    given = [node, *rest.kept, *rest.sized]
    behind = assemble(flow, given, rest.members, None)
    places = [tail.cut.kept.index(n) for n in rest.kept]
    weight = _weight(tail, node)
    if weight is None:
        return None

    def parts(maps: Tensor) -> Tensor:
        sized = [stand_in(flow, n, len(maps), maps) for n in tail.cut.sized]
        with quiet(tail.model):
            values: Tensor = before(tail.layer.reading.write(maps.clone()), *sized)[0]
        return values if isinstance(module, nn.Conv2d) else values.reshape(len(maps), units, -1)

    def run_rest(value: Tensor, kept: Sequence[Tensor]) -> Tensor:
        sized = [stand_in(flow, n, len(value), value) for n in rest.sized]
        with quiet(tail.model):
            return tail.read(lambda: flow.finish(behind(value, *(kept[k] for k in places), *sized)))

    bytes_behind = largest(flow, [node, *rest.members])
    if isinstance(module, nn.Conv2d):
        return LinearStep(
            "convolution", parts, _convolve(module),
            lambda x: module._conv_forward(x, module.weight, module.bias), run_rest, None, bytes_behind,
        )  # fmt: skip
    bias = _bias(tail, node)
    by_unit = weight.view(len(weight), units, -1)
    ends = _becomes_output(tail, node)

    def connect(values: Tensor, chosen: Tensor) -> Tensor:
        if by_unit.shape[2] == 1:
            return F.linear(values.flatten(1), by_unit[:, chosen, 0])
        # Unit by unit the columns are views; gathering them would copy a good part of the weights.
        value = values.new_zeros(len(values), len(weight))
        for place, unit in enumerate(chosen.tolist()):
            value.addmm_(values[:, place].flatten(1), by_unit[:, unit].T)
        return value

    return LinearStep(
        "fully connected", parts, connect, lambda x: F.linear(x.flatten(1), weight, bias), run_rest,
        by_unit if ends else None, bytes_behind,
    )  # fmt: skip


def _becomes_output(tail: GraphTail, node: Node) -> bool:
    """Whether the map's value is given out as it is, but for its shape and a sigmoid."""
    while len(node.users) == 1 and (user := next(iter(node.users))).op != "output":
        module = _module(tail, user)
        if not (type(module) in LAST_MODULES if module is not None else _name(user) in LAST_NAMES):
            return False
        node = user
    return all(user.op == "output" for user in node.users)


def _convolve(module: nn.Conv2d) -> Callable[[Tensor, Tensor], Tensor]:
    def apply(values: Tensor, chosen: Tensor) -> Tensor:
        value: Tensor = module._conv_forward(values, module.weight[:, chosen], None)
        return value

    return apply


def _weight(tail: GraphTail, node: Node) -> Tensor | None:
    module = _module(tail, node)
    return _parameter(_argument(tail, node, 1, "weight") if module is None else module.weight)


def _bias(tail: GraphTail, node: Node) -> Tensor | None:
    module = _module(tail, node)
    return _parameter(_argument(tail, node, 2, "bias") if module is None else module.bias)


def _parameter(value: Any) -> Tensor | None:
    return value.detach() if isinstance(value, Tensor) else None


def _argument(tail: GraphTail, node: Node, place: int, name: str) -> Any:
    """A parameter handed to a function, by place or by name."""
    value = node.args[place] if len(node.args) > place else node.kwargs.get(name)
    if not isinstance(value, Node) or value.op != "get_attr":
        return None
    found: Any = tail.flow.root
    for part in str(value.target).split("."):
        found = getattr(found, part)
    return found


def _holds(step: LinearStep, tail: Tail, images: Tensor) -> bool:
    """Whether subtracting gives what the plain tail gives, for single units and for sets."""
    held = tail.head(images)
    units = tail.layer.units
    order = torch.randperm(units, generator=torch.Generator().manual_seed(0)).to(images.device)
    intact = tail.run(held.recorded, held.kept)
    values = step.parts(held.recorded)
    empty = step.parts(torch.zeros_like(held.recorded[:1]))
    for count in {1, 2, max(1, units // 2), units}:
        chosen = order[:count]
        maps = held.recorded.clone()
        maps[:, chosen] = 0.0
        value = step.whole(values) - step.apply((values - empty)[:, chosen], chosen)
        fast = step.rest(value, [kept.clone() for kept in held.kept])
        if not agrees(fast, tail.run(maps, held.kept), intact):
            return False
    return True


def _weight_of_logits(step: LinearStep, tail: Tail, images: Tensor) -> Tensor | None:
    """The step's ``units_weight``, proved to give the logits that are read of ``images``; else None."""
    if step.units_weight is None:
        return None
    held = tail.head(images)
    value, scores = step.whole(step.parts(held.recorded)), tail.run(held.recorded, held.kept)
    missing = scores.shape[1] - value.shape[1]
    if missing not in (0, 1) or not agrees(F.pad(value, (missing, 0)), scores):
        return None
    return F.pad(step.units_weight, (0, 0, 0, 0, missing, 0))


def plain_step(tail: Tail) -> LinearStep:
    """The tail itself in the dress of a linear step: the map is the identity, and everything runs again."""

    def spread(values: Tensor, chosen: Tensor) -> Tensor:
        maps = values.new_zeros((len(values), tail.layer.units, *values.shape[2:]))
        maps[:, chosen] = values
        return maps

    return LinearStep("none", _same, spread, _same, tail.consume, None, tail.row_bytes)


def _same(maps: Tensor) -> Tensor:
    return maps
