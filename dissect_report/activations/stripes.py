"""One picture, or map, with a stripe of it changed at a time, and what changes of it in every layer."""

from __future__ import annotations

from collections.abc import Callable, Iterable, Iterator, Sequence
from contextlib import contextmanager
from dataclasses import dataclass
from typing import Any

import numpy as np
import torch
from jaxtyping import Float
from torch import Tensor, nn
from torch.utils.hooks import RemovableHandle

from dissect_report.sources.models import images

#: Share of the rows, or columns, that a stripe takes.
SHARE = 4

#: How often a picture comes: as it is, first rows, last rows, first columns, last columns changed, as it is.
VARIANTS = 6

#: Name of a generator's image among its layers.
IMAGE = ""


def striped(base: Float[Tensor, "unit y x"], other: Float[Tensor, "unit y x"]) -> Tensor:
    """[VARIANTS, unit, y, x]: ``base`` with stripes of ``other``."""
    variants = base.repeat(VARIANTS, 1, 1, 1)
    for axis, first in ((1, 1), (2, 3)):
        width = max(1, base.shape[axis] // SHARE)
        variants[first].narrow(axis, 0, width).copy_(other.narrow(axis, 0, width))
        far = base.shape[axis] - width
        variants[first + 1].narrow(axis, far, width).copy_(other.narrow(axis, far, width))
    return variants


def draw_picture(like: Float[Tensor, "image unit y x"], seed: int) -> Float[Tensor, "unit y x"]:
    """A picture of blotches and grain, with the mean and spread that ``like`` has in each channel.

    Networks answer to both: grain alone says little to deep layers, blotches little to early ones.
    """
    noise = torch.randn(like.shape[1:], generator=torch.Generator().manual_seed(seed))
    rows, columns = (torch.fft.fftfreq(side) * side for side in like.shape[2:])
    distance = (rows[:, None].square() + columns[None, :].square()).sqrt().clamp_min(1)
    blotches = torch.fft.ifft2(torch.fft.fft2(noise) / distance).real
    mixed = 0.7 * _scaled(blotches) + 0.5 * noise
    values = like.detach().float().cpu()
    spread, mean = torch.std_mean(values, (0, 2, 3), correction=0)
    picture = _scaled(mixed) * spread[:, None, None] + mean[:, None, None]
    return picture.to(like)


def _scaled(values: Tensor) -> Tensor:
    spread, mean = torch.std_mean(values, (1, 2), keepdim=True, correction=0)
    return (values - mean) / spread.clamp_min(1e-12)


class Changes:
    """How much every variant changes each layer, along each of its axes.

    Attributes:
        profiles: per layer and variant, float64 [place] mean change along axes 1, 2 and 3.
        flat: per layer whether each of its units has one value everywhere, in the unchanged variant.
    """

    def __init__(self) -> None:
        self.profiles: dict[str, list[list[np.ndarray]]] = {}
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
            self.flat[name] = bool((base == base[:, :, :1, :1]).all())
        if base.shape[1:] != output.shape[1:]:
            return
        change = torch.nan_to_num((output.detach().float() - base.float()).abs())
        along = [change.mean(others).double().cpu().numpy() for others in ((2, 3), (1, 3), (1, 2))]
        for row in range(len(output)):
            self.profiles[name].append([axis[row] for axis in along])

    def largest(self, name: str, variant: int) -> float:
        """Largest mean change of a layer's rows by ``variant``; 0 where it did not see it."""
        seen = self.profiles.get(name, [])
        return float(seen[variant][1].max(initial=0.0)) if variant < len(seen) else 0.0


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


def each_batch(variants: Tensor, size: int, run: Callable[[Tensor], Any]) -> None:
    """Gives ``variants`` to ``run``, always ``size`` at a time: some networks take no other number."""
    for start in range(0, len(variants), size):
        part = variants[start : start + size]
        missing = variants[:1].expand(size - len(part), -1, -1, -1)
        run(torch.cat([part, missing]))  # a copy: the network may write into it


def change_map(
    model: nn.Module, latents: Float[Tensor, "image ..."], source: str, names: Sequence[str]
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
            changes.see(IMAGE, images(model(latent.clone())))

    each_batch(striped(kept[0], _disturbed(kept[0], 0)), len(latents), run)
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
        each_batch(striped(given[0], _disturbed(given[0], seed)), size, run)
    except Exception:  # the network's own code, called alone: it may raise anything at all
        return None
    return changes


def _disturbed(maps: Float[Tensor, "unit y x"], seed: int) -> Float[Tensor, "unit y x"]:
    noise = torch.randn(maps.shape, generator=torch.Generator().manual_seed(seed)).to(maps)
    return maps + noise * maps.std(correction=0)


@contextmanager
def _hooked(module: nn.Module, change: Callable[[Tensor], Tensor | None]) -> Iterator[None]:
    """Inside, what the module gives is handed to ``change``, and replaced by what that gives."""
    handle = module.register_forward_hook(lambda _module, _inputs, output: change(output))
    try:
        yield
    finally:
        handle.remove()
