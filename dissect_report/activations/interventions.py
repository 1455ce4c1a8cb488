"""Changing what a layer hands on, out of place and without a trace left on the network."""

from __future__ import annotations

from collections.abc import Callable, Iterator, Sequence
from contextlib import ExitStack, contextmanager
from typing import Any

import torch
from jaxtyping import Float
from torch import Tensor, nn

from dissect_report.activations.handover import handing_over
from dissect_report.activations.layers import LayerInfo
from dissect_report.activations.modes import quiet
from dissect_report.errors import LayerError

Change = Callable[[Tensor], Tensor]


@contextmanager
def replaced(model: nn.Module, layer: LayerInfo, change: Change) -> Iterator[None]:
    """Inside, every forward pass hands on ``change(maps)`` in place of the layer's recorded maps.

    The recorded maps are those behind the activation that the layer is recorded after, if there is
    one. ``change`` gets a copy of its own and may write into it; where tokens have no place on the picture,
    it gets them too, see ``Reading``.

    Raises:
        LayerError: no such layer; inside: it runs twice in a pass, or is not followed by its activation.
    """
    modules = dict(model.named_modules())
    if layer.module not in modules:
        raise LayerError(f"the model has no layer {layer.module!r}")
    runs, reading = 0, layer.reading

    def altered(output: Tensor) -> Tensor:
        return reading.changed(output, change)

    def start(_module: nn.Module, _inputs: Any) -> None:
        nonlocal runs
        runs = 0
        handover.expected.clear()

    def swap(_module: nn.Module, _inputs: Any, output: Any) -> Any:
        nonlocal runs
        runs += 1
        if runs > 1:
            raise LayerError(
                f"layer {layer.name!r} runs more than once in a forward pass: it cannot be replaced"
            )
        if obstacle := reading.obstacle(output):
            raise LayerError(f"layer {layer.name!r} cannot be replaced: {obstacle}")
        if layer.follows is None:
            return altered(output)
        handover.expect(layer, output)
        return None

    def end(_module: nn.Module, _inputs: Any, _output: Any) -> None:
        handover.check()

    with ExitStack() as stack:
        stack.enter_context(quiet(model))
        for handle in (
            model.register_forward_pre_hook(start),
            modules[layer.module].register_forward_hook(swap),
            model.register_forward_hook(end),
        ):
            stack.callback(handle.remove)
        handover = stack.enter_context(handing_over(model, [layer], lambda _, output: altered(output)))
        yield


@contextmanager
def ablated(
    model: nn.Module, layer: LayerInfo, units: Sequence[int], value: Float[Tensor, " unit"] | float = 0.0
) -> Iterator[None]:
    """Inside, the whole maps of ``units`` are ``value``.

    Args:
        units: channels of the layer.
        value: one for all, or one for each of ``units``.

    Raises:
        LayerError: a unit that the layer does not have.
    """
    check_units(layer, units)
    chosen = torch.as_tensor(list(units), dtype=torch.long)

    def change(maps: Tensor) -> Tensor:
        fill = torch.as_tensor(value, dtype=maps.dtype, device=maps.device)
        maps[:, chosen.to(maps.device)] = fill.view(-1, 1, 1) if fill.ndim else fill
        return maps

    with replaced(model, layer, change):
        yield


def check_units(layer: LayerInfo, units: Sequence[int], where: str = "") -> None:
    """Refuses units that the layer does not have.

    Args:
        where: what names them, for the message, e.g. "[ablation.sets] snow: ".

    Raises:
        LayerError: naming the first of them.
    """
    for unit in units:
        if not 0 <= unit < layer.units:
            raise LayerError(
                f"{where}unit {unit} is out of range: layer {layer.name!r} has units 0 to {layer.units - 1}"
            )
