"""Numbers of other types than float32: a network is run in its own where it runs so."""

from __future__ import annotations

from collections.abc import Callable
from typing import TypeVar

import torch
from torch import nn

T = TypeVar("T")


def float_types(network: nn.Module) -> list[torch.dtype]:
    """Types of the numbers that a network holds, the coarsest first."""
    held = {t.dtype for t in (*network.parameters(), *network.buffers()) if t.is_floating_point()}
    return sorted(held, key=lambda kind: -torch.finfo(kind).eps)


def run_as_it_is(network: nn.Module, run: Callable[[], T], source: str) -> tuple[T, str]:
    """What ``run`` gives of the network, in its own types if it takes float32 so, else all in float32.

    Args:
        network: left in the types that it ran in.
        run: calls it on float32 numbers; may raise anything at all.
        source: as the configuration names it.

    Returns:
        What it gave, and what a reader should know of its types; "" for a network of float32.
    """
    kinds = float_types(network)
    odd = ", ".join(str(kind).removeprefix("torch.") for kind in kinds if kind != torch.float32)
    if not odd:
        return run(), ""
    try:
        return (
            run(),
            f"{source} computes in {odd}, in part or throughout, as it does elsewhere: maps are float32",
        )
    except (torch.OutOfMemoryError, MemoryError):
        raise
    except Exception as error:
        undo = _to_float32(network)
        try:
            return run(), f"{source} holds numbers in {odd} and takes no float32: it is measured in float32"
        except Exception:  # float32 is no remedy: the first failure is the one to tell
            undo()
            raise error from None


def _to_float32(network: nn.Module) -> Callable[[], None]:
    """Converts all numbers; what comes back restores them."""
    kept = [(parameter, parameter.data) for parameter in network.parameters()]
    buffers = [(part, name, value) for part in network.modules() for name, value in part._buffers.items()]
    network.float()

    def undo() -> None:
        for parameter, data in kept:
            parameter.data = data
        for part, name, value in buffers:
            part._buffers[name] = value

    return undo
