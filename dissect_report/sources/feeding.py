"""Networks whose forward wants more than one tensor: a class beside the latents, constants by name.

What is measured is given one tensor, one row an image. A network that wants more gets it out of that row,
inside a module with the network's own parts under their own names: whatever runs, cuts or exports networks
sees one that takes one tensor.
"""

from __future__ import annotations

import inspect
import math
from collections.abc import Mapping, Sequence
from dataclasses import dataclass, field
from typing import Any

import numpy as np
from jaxtyping import Float, Float32, Int64
from torch import Tensor, nn
from torch.nn import functional

from dissect_report.config import RunConfig
from dissect_report.errors import ModelError, nearest
from dissect_report.sources.calls import Turn, start_over

#: What a module keeps that its double must share.
_SHARED = ("_parameters", "_buffers", "_modules", "_non_persistent_buffers_set")


@dataclass(frozen=True)
class Feeding:
    """How one tensor becomes what a forward wants.

    Attributes:
        latent_shape: of a latent, which the tensor holds flat before the number of its class; () where the
            tensor is handed on as it is.
        one_hot: classes that a one-hot row chooses from; 0 to hand on the number.
        inputs: further ones by name, the same for every image.
    """

    latent_shape: tuple[int, ...] = ()
    one_hot: int = 0
    inputs: Mapping[str, Any] = field(default_factory=dict)

    def arguments(self, rows: Tensor) -> tuple[tuple[Tensor, ...], dict[str, Any]]:
        """What the forward is called with."""
        named = {name: _constant(value, rows) for name, value in self.inputs.items()}
        if not self.latent_shape:
            return (rows,), named
        size = math.prod(self.latent_shape)
        latents, number = rows[:, :size].reshape(-1, *self.latent_shape), rows[:, size].long()
        chosen = functional.one_hot(number, self.one_hot).to(rows.dtype) if self.one_hot else number
        return (latents, chosen), named


def _constant(value: Any, rows: Tensor) -> Any:
    """A list of numbers as a tensor with a row an image; anything else as it is."""
    if not isinstance(value, Sequence) or isinstance(value, str):
        return value
    return rows.new_tensor(value).expand(rows.shape[0], *np.shape(value))


class Fed(nn.Module):
    """A network that takes one tensor, made of one that takes more; its parts are the network's own."""

    _network: nn.Module
    _feeding: Feeding
    _turns: tuple[Turn, ...]

    def __init__(self, network: nn.Module, feeding: Feeding, turns: tuple[Turn, ...] = ()) -> None:
        vars(self)["_network"] = network  # not a part of its own: names stay as they are
        mode = network.training
        super().__init__()
        self.training = mode
        for name in _SHARED:
            vars(self)[name] = vars(network)[name]
        vars(self).update(_feeding=feeding, _turns=turns)

    @property
    def training(self) -> bool:
        """The network's own mode."""
        return bool(vars(self)["_network"].training)

    @training.setter
    def training(self, mode: bool) -> None:
        vars(self)["_network"].training = mode

    def forward(self, rows: Float[Tensor, "image ..."]) -> Any:
        """What the network gives."""
        start_over(self._turns)
        arguments, named = self._feeding.arguments(rows)
        hooked = self._network._forward_hooks or self._network._forward_pre_hooks
        # called as a module where its own hooks belong to it: symbolic tracing knows it under no name
        run = self._network if hooked else self._network.forward
        return run(*arguments, **named)


def feeding_of(run: RunConfig, one_hot: int = 0) -> Feeding | None:
    """How the network of a run is fed; None where it takes the one tensor as it is."""
    shape = run.model.latent_shape if run.is_generator and run.probe.classes else ()
    if not shape and not run.model.inputs:
        return None
    return Feeding(shape, one_hot, run.model.inputs)


def with_classes(
    latents: Float[np.ndarray, "image ..."], classes: Sequence[int]
) -> Float32[np.ndarray, "image number"]:
    """Flat latents, each with the number of its class behind it: the classes in turn."""
    numbers = class_numbers(len(latents), classes)
    return np.concatenate([latents.reshape(len(latents), -1), numbers[:, None]], 1).astype(np.float32)


def class_numbers(count: int, classes: Sequence[int]) -> Int64[np.ndarray, " image"]:
    """Of each latent the number of its class."""
    return np.resize(np.asarray(classes, np.int64), count)


def chosen_classes(wanted: Sequence[int | str], names: Sequence[str]) -> tuple[int, ...]:
    """Numbers of the classes that ``[probe] classes`` names.

    Args:
        wanted: numbers from 0, or names.
        names: of all classes; empty where nobody names them.

    Raises:
        ModelError: no such class.
    """
    found = []
    for one in wanted:
        if isinstance(one, int):
            if names and one >= len(names):
                raise ModelError(f"[probe] classes: there is no class {one}, the last is {len(names) - 1}")
            found.append(one)
        elif one in names:
            found.append(list(names).index(one))
        elif names:
            raise ModelError(f"[probe] classes: no class is called {one!r}; {nearest(one, names)}")
        else:
            raise ModelError(
                f"[probe] classes = {one!r}: nobody names the classes: give their numbers, or a list of "
                "names in [model] classes"
            )
    return tuple(found)


def missing_inputs(network: nn.Module, run: RunConfig) -> tuple[str, ...]:
    """Names of what the forward cannot do without and is not given; none where that cannot be said."""
    given = 2 if run.is_generator and run.probe.classes else 1
    needed = [p.name for p in _inputs_of(network)[given:] if p.default is inspect.Parameter.empty]
    return tuple(name for name in needed if name not in run.model.inputs)


def noise_inputs(network: nn.Module) -> tuple[str, ...]:
    """Names of the forward's optional inputs that are about noise, such as ``noise_mode``."""
    own = network._network if isinstance(network, Fed) else network
    optional = [p.name for p in _inputs_of(own) if p.default is not inspect.Parameter.empty]
    return tuple(name for name in optional if "nois" in name.lower() or "random" in name.lower())


def _inputs_of(network: nn.Module) -> list[inspect.Parameter]:
    """Of the forward, by name; none where it does not say: compiled code."""
    try:
        wanted = inspect.signature(network.forward).parameters.values()
    except (TypeError, ValueError):
        return []
    return [p for p in wanted if p.kind not in (p.VAR_POSITIONAL, p.VAR_KEYWORD)]
