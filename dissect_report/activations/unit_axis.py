"""Operations that treat every unit alone, and which axis units are on behind them."""

from __future__ import annotations

from collections.abc import Callable, Sequence
from typing import Any

from torch import nn
from torch.fx.node import Node

from dissect_report.activations.activation_functions import NAMES

_Rule = Callable[[Sequence[Any], Any, int, int], int | None]

#: Modules and functions that treat every unit alone, besides element-wise activations.
UNIT_MODULES = (
    nn.MaxPool2d, nn.AvgPool2d, nn.AdaptiveAvgPool2d, nn.AdaptiveMaxPool2d, nn.BatchNorm2d, nn.Identity,
    nn.Dropout, nn.Dropout2d, nn.AlphaDropout, nn.Flatten,
)  # fmt: skip
UNIT_NAMES = {
    "max_pool2d", "avg_pool2d", "adaptive_avg_pool2d", "adaptive_max_pool2d", "batch_norm", "dropout",
    "amax", "flatten", "view", "reshape", "contiguous", "clone", "detach", *NAMES,
}  # fmt: skip
#: Those of them that hold axis 1 for that of units, or change the axes.
PLACE_MODULES = (*UNIT_MODULES[:5], nn.Dropout2d, nn.Flatten)
PLACE_NAMES = {
    "max_pool2d", "avg_pool2d", "adaptive_avg_pool2d", "adaptive_max_pool2d", "batch_norm", "amax", "flatten",
    "view", "reshape",
}  # fmt: skip
#: Operations that move units to another axis, or leave out places, without mixing units.
MOVERS = {"permute", "transpose", "movedim", "getitem", "select", "slice", "mean"}


def moved_axis(name: str, node: Node, axis: int, dimensions: int) -> int | None:
    """Where the units of axis ``axis`` of a node's input are in its output; None if that is not clear.

    Args:
        name: of the operation, one of ``MOVERS``.
        node: its call.
        axis: of the units, from 0.
        dimensions: of the input.
    """
    given = [*node.args[1:], *node.kwargs.values()]
    if any(isinstance(value, Node) for value in given):
        return None
    rule: _Rule = _RULES[name]
    try:
        return rule(given, node.kwargs, axis, dimensions)
    except (TypeError, ValueError, IndexError):
        return None


def _permuted(given: Sequence[Any], _: Any, axis: int, dimensions: int) -> int | None:
    order: Sequence[int] = given[0] if isinstance(given[0], list | tuple) else given
    return [one % dimensions for one in order].index(axis)


def _transposed(given: Sequence[Any], _: Any, axis: int, dimensions: int) -> int | None:
    one, two = (value % dimensions for value in given)
    swapped: dict[int, int] = {one: two, two: one}
    return swapped.get(axis, axis)


def _moved(given: Sequence[Any], _: Any, axis: int, dimensions: int) -> int | None:
    source, target = (value % dimensions for value in given)
    order = [one for one in range(dimensions) if one != source]
    order.insert(target, source)
    return order.index(axis)


def _indexed(given: Sequence[Any], _: Any, axis: int, __: int) -> int | None:
    index = given[0] if isinstance(given[0], tuple) else (given[0],)
    if not all(isinstance(one, int | slice) for one in index):
        return None
    if axis < len(index) and index[axis] != slice(None):
        return None
    return axis - sum(isinstance(one, int) for one in index[:axis])


def _selected(given: Sequence[Any], _: Any, axis: int, dimensions: int) -> int | None:
    gone = given[0] % dimensions
    return None if gone == axis else axis - (gone < axis)


def _sliced(given: Sequence[Any], _: Any, axis: int, dimensions: int) -> int | None:
    return None if given and given[0] % dimensions == axis else axis


def _averaged(given: Sequence[Any], named: Any, axis: int, dimensions: int) -> int | None:
    over = named.get("dim", given[0] if given else None)
    gone = {one % dimensions for one in (over if isinstance(over, list | tuple) else [over])}
    kept = named.get("keepdim", given[1] if len(given) > 1 and "dim" not in named else False)
    if axis in gone:
        return None
    return axis if kept is True else axis - sum(one < axis for one in gone)


_RULES: dict[str, _Rule] = {
    "permute": _permuted, "transpose": _transposed, "movedim": _moved, "getitem": _indexed,
    "select": _selected, "slice": _sliced, "mean": _averaged,
}  # fmt: skip
