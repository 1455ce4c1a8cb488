"""Seeing the sigmoid at the end of a network, and the logits that went into it.

Values between 0 and 1 prove nothing: logits may lie there by accident. What is looked for is the
call itself: the function that made a tensor, or made what the tensor is but a view or a copy of.
"""

from __future__ import annotations

from typing import Any

from torch import Tensor
from torch.overrides import TorchFunctionMode

#: Functions that give 0.5 at 0 and nothing outside 0 and 1.
SIGMOIDS = ("sigmoid", "sigmoid_", "special_expit", "expit", "hardsigmoid", "hardsigmoid_")

#: Functions that change where numbers stand or their type, never the numbers.
MOVES = (
    "__getitem__", "bfloat16", "clone", "contiguous", "cpu", "cuda", "detach", "double", "expand", "flatten",
    "float", "half", "movedim", "narrow", "permute", "reshape", "select", "slice", "squeeze", "to",
    "_to_copy", "transpose", "type", "unflatten", "unsqueeze", "view",
)  # fmt: skip

#: Functions that leave 0.5 where it is and numbers on their side of it, as they are used behind a sigmoid.
LIMITS = ("clamp", "clamp_", "clip", "clip_", "dropout", "nan_to_num")

#: As ``MOVES``, for several tensors that become one.
JOINS = ("cat", "concat", "concatenate", "stack", "hstack", "column_stack")


class SigmoidInputs(TorchFunctionMode):
    """Inside, remembers of every tensor that comes out of a sigmoid what went into it."""

    def __init__(self) -> None:
        super().__init__()
        self._inputs: dict[int, tuple[Tensor, Tensor]] = {}

    def before(self, tensor: Tensor) -> Tensor | None:
        """The logits of ``tensor``, of its shape; None if no sigmoid has made it."""
        kept = self._inputs.get(id(tensor))
        return None if kept is None else kept[1]

    def __torch_function__(
        self, func: Any, types: Any, args: tuple[Any, ...] = (), kwargs: dict[str, Any] | None = None
    ) -> Any:
        kwargs = kwargs or {}
        name = getattr(func, "__name__", "").split(".")[0]
        first = args[0] if args else kwargs.get("input", kwargs.get("tensors"))
        logits = None
        if name in SIGMOIDS and isinstance(first, Tensor):
            logits = first.clone() if _in_place(name, args, kwargs) else first
        result = func(*args, **kwargs)
        if logits is None and isinstance(result, Tensor):
            logits = self._moved(func, name, first, args, kwargs)
        if logits is not None:
            self._inputs[id(result)] = (result, logits)  # the result is kept: its id stays its own
        elif result is first or name == "__setitem__":  # other numbers were written into it
            self._inputs.pop(id(first), None)
        return result

    def _moved(self, func: Any, name: str, first: Any, args: Any, kwargs: dict[str, Any]) -> Tensor | None:
        """What the logits become where what the sigmoid made of them is moved or joined."""
        if name in LIMITS and isinstance(first, Tensor):
            return self.before(first)
        if name in MOVES and isinstance(first, Tensor):
            given: Any = self.before(first)
        elif name in JOINS and isinstance(first, list | tuple):
            parts = [self.before(part) if isinstance(part, Tensor) else None for part in first]
            given = None if None in parts else parts
        else:
            return None
        if given is None:
            return None
        named = next((key for key in ("input", "tensors") if key in kwargs), None)
        moved = func(given, *args[1:], **kwargs) if args else func(**{**kwargs, named or "input": given})
        return moved if isinstance(moved, Tensor) else None


def _in_place(name: str, args: tuple[Any, ...], kwargs: dict[str, Any]) -> bool:
    return name.endswith("_") or bool(kwargs.get("inplace")) or (len(args) > 1 and args[1] is True)
