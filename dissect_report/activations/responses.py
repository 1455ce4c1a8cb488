"""How strongly each place of an output answers to a changed stripe of the picture."""

from __future__ import annotations

from collections.abc import Iterable, Iterator
from contextlib import contextmanager
from typing import Any

import numpy as np
import torch
from jaxtyping import Float
from torch import Tensor, nn

#: Rows, or columns, of the picture are changed in so many stripes, one after another.
STRIPES = 7

#: The axes of an output, without its image axis, that may hold places: tokens, or y and x.
Places = tuple[int, ...]


def each_stripe(base: Float[Tensor, "unit y x"], other: Float[Tensor, "unit y x"]) -> Tensor:
    """[1 + 2 * STRIPES, unit, y, x]: ``base``, then with each stripe of ``other``: of rows, of columns."""
    variants = base.repeat(1 + 2 * STRIPES, 1, 1, 1)
    for axis in (1, 2):
        edges = stripe_edges(base.shape[axis])
        for number in range(STRIPES):
            place, width = int(edges[number]), int(edges[number + 1] - edges[number])
            row = variants[1 + (axis - 1) * STRIPES + number]
            row.narrow(axis, place, width).copy_(other.narrow(axis, place, width))
    return variants


def stripe_edges(side: int) -> np.ndarray:
    """int64 [STRIPES + 1]: where stripes of a side in pixels begin, and where the last ends."""
    return np.arange(STRIPES + 1) * side // STRIPES


class Responses:
    """What changed in every output, place by place.

    Attributes:
        shapes: per layer the shape of its output without the image axis.
        image_axes: per layer the axis of images.
        found: per layer and axes of places, float64 [stripe of rows, then of columns, place ...]: the mean
            change.
    """

    def __init__(self, size: int) -> None:
        self.size = size
        self.shapes: dict[str, tuple[int, ...]] = {}
        self.image_axes: dict[str, int] = {}
        self.found: dict[str, dict[Places, list[np.ndarray]]] = {}
        self._base: dict[str, Tensor] = {}

    def see(self, name: str, output: Any) -> None:
        """Takes what a layer gives for the next variants; the first of all is the unchanged one."""
        if not isinstance(output, Tensor) or not output.is_floating_point() or output.ndim not in (3, 4):
            return
        axis = image_axis(output, self.size)
        if axis is None:
            return
        rows = output.detach().movedim(axis, 0)
        if name not in self._base:
            self._base[name], self.shapes[name], self.image_axes[name] = (
                rows[:1].clone(),
                rows.shape[1:],
                axis,
            )
            self.found[name] = {places: [] for places in place_axes(rows.ndim)}
        if rows.shape[1:] != self.shapes[name]:
            return
        change = torch.nan_to_num(rows.float() - self._base[name].float(), posinf=0.0, neginf=0.0).abs()
        for places, seen in self.found[name].items():
            others = [k for k in range(1, change.ndim) if k not in places]
            mean = change.mean(others).double().cpu().numpy()
            seen.extend(mean)

    def of(self, name: str) -> dict[Places, np.ndarray]:
        """float64 [2 * STRIPES, place ...] by axes of places; nothing where the layer was not always seen."""
        wanted = 1 + 2 * STRIPES
        seen = self.found.get(name, {})
        return {places: np.stack(rows[1:wanted]) for places, rows in seen.items() if len(rows) >= wanted}


def image_axis(output: Tensor, size: int) -> int | None:
    """Which axis holds ``size`` images: the first; the second where tokens stand before them."""
    if output.shape[0] == size:
        return 0
    return 1 if output.ndim == 3 and output.shape[1] == size else None


def place_axes(dimensions: int) -> tuple[Places, ...]:
    """The axes that may hold places, of an output whose first axis holds images."""
    return ((1,), (2,)) if dimensions == 3 else ((1, 2), (1,), (2,), (3,))


@contextmanager
def responding(model: nn.Module, names: Iterable[str], responses: Responses) -> Iterator[None]:
    """Inside, every forward pass of ``model`` is put down in ``responses``."""
    modules = dict(model.named_modules())
    handles = []

    def looker(name: str) -> Any:
        def look(_module: nn.Module, _inputs: Any, output: Any) -> None:
            responses.see(name, output)

        return look

    try:
        for name in names:
            handles.append(modules[name].register_forward_hook(looker(name)))
        yield
    finally:
        for handle in handles:
            handle.remove()
