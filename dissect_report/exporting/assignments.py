"""Assignments to slices, ``x[:, :, 0::2] = v``, as operations that every runtime does fast.

ONNX has no assignment: an exporter makes a scatter of it whose constant indices are larger than the network
(60 MB for a StyleGAN's wavelets). Here each becomes a choice between the old numbers and the new ones, which
are repeated along the sliced axes: a reshape, a broadcast and a mask.
"""

from __future__ import annotations

from collections.abc import Sequence
from typing import Any

import torch
import torch.nn.functional as F  # noqa: N812
from torch import Tensor
from torch.overrides import TorchFunctionMode

#: Functions that make a tensor whose numbers do not matter, or are all the same.
FRESH = ("new_empty", "new_zeros", "empty", "zeros", "empty_like", "zeros_like")


class WholeAssignments(TorchFunctionMode):
    """Inside, what is assigned to a slice is written as a new value of the whole tensor.

    The tensors that are there to be written into are made by arithmetic: else they would stand in the graph
    as constants of their full size.
    """

    def __torch_function__(
        self, func: Any, types: Any, args: tuple[Any, ...] = (), kwargs: dict[str, Any] | None = None
    ) -> Any:
        name = getattr(func, "__name__", "")
        if name == "__setitem__" and _is_plain(args[1]):
            x, index, value = args
            x.copy_(assigned(x, index, value))
            return None
        made = func(*args, **(kwargs or {}))
        if name in FRESH and isinstance(made, Tensor) and made.is_floating_point():
            return made.new_zeros(()).expand(_whole(made.shape)) + 0
        return made


def _is_plain(index: Any) -> bool:
    """Whether an index is made of whole numbers, slices of positive steps and an ellipsis alone."""
    parts = index if isinstance(index, tuple) else (index,)
    return all(part is Ellipsis or _is_slice(part) or type(part) is int for part in parts)


def _is_slice(part: Any) -> bool:
    if not isinstance(part, slice):
        return False
    numbers = [end for end in (part.start, part.stop, part.step) if end is not None]
    return all(type(end) is int for end in numbers) and (part.step is None or part.step > 0)


def assigned(x: Tensor, index: Any, value: Any) -> Tensor:
    """What ``x`` is after ``x[index] = value``; ``x`` itself is left.

    Args:
        index: as ``_is_plain`` allows.
        value: a tensor that the sliced part can take, or a number.
    """
    shape = _whole(x.shape)
    parts = list(index) if isinstance(index, tuple) else [index]
    if Ellipsis in parts:
        at = parts.index(Ellipsis)
        parts[at : at + 1] = [slice(None)] * (len(shape) - len(parts) + 1)
    parts += [slice(None)] * (len(shape) - len(parts))
    spans = [range(part % n, part % n + 1) if isinstance(part, int) else range(*part.indices(n))
             for part, n in zip(parts, shape, strict=True)]  # fmt: skip
    kept = [len(span) for span, part in zip(spans, parts, strict=True) if not isinstance(part, int)]
    new = torch.as_tensor(value, dtype=x.dtype, device=x.device).expand(kept)
    new = _repeated(new.reshape([len(span) for span in spans]), spans, shape)
    mask = None
    for axis, (span, size) in enumerate(zip(spans, shape, strict=True)):
        if len(span) < size:
            row = torch.tensor([place in span for place in range(size)], device=x.device)
            row = row.view([size if place == axis else 1 for place in range(len(shape))])
            mask = row if mask is None else mask & row
    return new if mask is None else torch.where(mask, new, x)


def _repeated(values: Tensor, spans: Sequence[range], shape: Sequence[int]) -> Tensor:
    """A tensor of ``shape`` that holds ``values`` at ``spans``, and anything between: each value repeated."""
    apart, wide, whole, pads = [], [], [], []
    for span, size in zip(spans, shape, strict=True):
        apart += [len(span), 1]
        wide += [len(span), span.step]
        whole.append(len(span) * span.step)
        before = span.start - span.start % span.step
        pads += [size - before - whole[-1], before]  # a negative number cuts
    steps = [span.step for span in spans]
    if len(steps) == 4 and steps[:2] == [1, 1] and steps[2:] != [1, 1] and values.is_floating_point():
        values = F.interpolate(values, whole[2:], mode="nearest")  # the same, and runtimes do it faster
    elif max(steps, default=1) > 1:
        values = values.reshape(apart).expand(wide).reshape(whole)
    return F.pad(values, pads[::-1]) if any(pads) else values


def _whole(shape: torch.Size) -> list[int]:
    """Sizes as numbers: while a graph is made they are tensors, whose arithmetic would go into it."""
    return [int(size) for size in shape]
