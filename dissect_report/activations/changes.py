"""What changes of a layer with a stripe of the picture, of a generator's map, or of its own input."""

from __future__ import annotations

from collections.abc import Callable, Collection, Iterable, Iterator, Mapping
from contextlib import contextmanager
from dataclasses import dataclass
from typing import Any

import numpy as np
import torch
from jaxtyping import Float
from torch import Tensor, nn
from torch.utils.hooks import RemovableHandle

from dissect_report.activations.outputs import any_image
from dissect_report.activations.stripes import VARIANTS, disturbed, each_batch, striped

#: Values of a unit that differ by less than this share of a layer's largest are one value, rounded.
FLAT = 1e-5

#: The same of a value that is computed again, in another place of a batch.
ROUNDED = 1e-4

#: Share of what a stripe changes from which on a change without one is no rounding.
UNSTEADY = 0.1

#: Name of a generator's image among its layers.
IMAGE = ""


class Changes:
    """How much every variant changes each layer, along each of its axes.

    Attributes:
        profiles: per layer and variant, float64 [place] mean change along axes 1, 2 and 3.
        scale: per layer its largest value in the unchanged variant.
        flat: per layer whether each of its units has one value everywhere in that.
    """

    def __init__(self) -> None:
        self.profiles: dict[str, list[list[np.ndarray]]] = {}
        self.scale: dict[str, float] = {}
        self.flat: dict[str, bool] = {}
        self._base: dict[str, Tensor] = {}

    def see(self, name: str, output: Any) -> None:
        """Takes what the layer gives for the next variants; the first of all is the unchanged one."""
        if not isinstance(output, Tensor) or output.ndim != 4 or not output.is_floating_point():
            return
        base = self._base.get(name)
        if base is None:
            base = self._base[name] = output[:1].detach().clone()
            self.profiles[name] = []
            uneven = (base - base[:, :, :1, :1]).abs()
            self.scale[name] = float(base.abs().max())
            self.flat[name] = bool((uneven <= FLAT * self.scale[name]).all())
        if base.shape[1:] != output.shape[1:]:
            return
        along = _along(output.detach().float() - base.float())
        for row in range(len(output)):
            self.profiles[name].append([axis[row] for axis in along])

    def of(self, others: Mapping[str, str]) -> Changes:
        """The same, and under other names what is the very same tensor.

        Args:
            others: name -> the name that it was seen under.
        """
        for name, seen in others.items():
            if seen in self.profiles:
                self.profiles[name], self.flat[name] = self.profiles[seen], self.flat[seen]
        return self

    def unsteady(self) -> str:
        """A layer that the unchanged variant changes nearly as much as a stripe does; "" if there is none."""
        for name, seen in self.profiles.items():
            moved = max(self.largest(name, variant) for variant in range(1, VARIANTS - 1))
            least = max(UNSTEADY * moved, ROUNDED * self.scale[name])
            if len(seen) >= VARIANTS and self.largest(name, VARIANTS - 1) > least:
                return name
        return ""

    def largest(self, name: str, variant: int) -> float:
        """Largest mean change of a layer's rows by ``variant``; 0 where it did not see it."""
        seen = self.profiles.get(name, [])
        return float(seen[variant][1].max(initial=0.0)) if variant < len(seen) else 0.0


def _along(difference: Float[Tensor, "variant a b c"]) -> list[np.ndarray]:
    """float64 [variant, place] mean size along each axis; what is not a number counts as none."""
    change = difference.abs()
    one_two, three = change.mean(3), change.mean(1).mean(1)
    along = [one_two.mean(2), one_two.mean(1), three]
    if not all(bool(axis.isfinite().all()) for axis in along):
        return _along(torch.nan_to_num(difference, posinf=0.0, neginf=0.0))
    return [axis.double().cpu().numpy() for axis in along]


@contextmanager
def noting(model: nn.Module, names: Iterable[str], changes: Changes) -> Iterator[None]:
    """Inside, every forward pass of ``model`` is put down in ``changes``."""
    modules = dict(model.named_modules())
    handles: list[RemovableHandle] = []
    try:
        for name in names:
            handles.append(modules[name].register_forward_hook(_noter(changes, name)))
        yield
    finally:
        for handle in handles:
            handle.remove()


def _noter(changes: Changes, name: str) -> Any:
    def note(_module: nn.Module, _inputs: Any, output: Any) -> None:
        changes.see(name, output)

    return note


def change_map(
    model: nn.Module, latents: Float[Tensor, "image ..."], source: str, names: Collection[str]
) -> Changes:
    """What stripes of the map of ``source`` change, for one latent.

    Args:
        model: a generator.
        latents: as many as it takes.
        source: a layer that runs once.
        names: layers to look at; the image is looked at as ``IMAGE``.
    """
    module = dict(model.named_modules())[source]
    latent = latents[:1].expand_as(latents)
    kept: list[Tensor] = []
    with _hooked(module, lambda maps: kept.append(maps[0].detach().clone())):
        model(latent.clone())
    changes = Changes()

    def run(part: Tensor) -> None:
        with _hooked(module, lambda _: part), noting(model, names, changes):
            changes.see(IMAGE, any_image(model(latent.clone())))

    each_batch(striped(kept[0], disturbed(kept[0], 0)), len(latents), run)
    return changes


@dataclass(frozen=True)
class Call:
    """What a module was called with: copies, of the first image alone where there is one a image.

    Attributes:
        module: what was called.
        args: by place; the first is the map that it was given.
        kwargs: by name.
    """

    module: nn.Module
    args: tuple[Any, ...]
    kwargs: dict[str, Any]


def catch_calls(model: nn.Module, example: Tensor, names: Iterable[str]) -> dict[str, Call]:
    """The calls of the modules ``names`` in a forward pass of ``example``."""
    modules = dict(model.named_modules())
    calls: dict[str, Call] = {}

    def first(value: Any) -> Any:
        if not isinstance(value, Tensor):
            return value
        return (value[:1] if value.ndim and len(value) == len(example) else value).detach().clone()

    def catcher(name: str) -> Any:
        def catch(module: nn.Module, args: tuple[Any, ...], kwargs: dict[str, Any]) -> None:
            calls[name] = Call(module, tuple(map(first, args)), {k: first(v) for k, v in kwargs.items()})

        return catch

    handles = [modules[name].register_forward_pre_hook(catcher(name), with_kwargs=True) for name in names]
    try:
        model(example.clone())
    finally:
        for handle in handles:
            handle.remove()
    return calls


def change_input(name: str, call: Call, size: int, seed: int) -> Changes | None:
    """What stripes of the map that a module is given change in what it gives; None where it cannot tell.

    Args:
        name: of the module.
        call: that of the network.
        size: images of the network's own call.
        seed: of the change.
    """
    given = call.args[0] if call.args else None
    if not isinstance(given, Tensor) or given.ndim != 4 or len(given) != 1:
        return None
    changes = Changes()

    def spread(value: Any) -> Any:
        alone = isinstance(value, Tensor) and value.ndim > 0 and len(value) == 1
        return value.expand(size, *value.shape[1:]).clone() if alone else value

    def run(part: Tensor) -> None:
        rest = [spread(value) for value in call.args[1:]]
        changes.see(name, call.module(part, *rest, **{k: spread(v) for k, v in call.kwargs.items()}))

    try:
        each_batch(striped(given[0], disturbed(given[0], seed)), size, run)
    except Exception:  # the network's own code, called alone: it may raise anything at all
        return None
    return changes


@contextmanager
def _hooked(module: nn.Module, change: Callable[[Tensor], Tensor | None]) -> Iterator[None]:
    """Inside, what the module gives is handed to ``change``, and replaced by what that gives."""
    handle = module.register_forward_hook(lambda _module, _inputs, output: change(output))
    try:
        yield
    finally:
        handle.remove()
