"""The layers of a network: what they are called, how many units they have, what is recorded of each.

A unit's activation is what the next module consumes. Where the only consumer of a layer's output, seen in
a real forward pass, is an element-wise activation, the layer is recorded after it, whether or not that
activation works in place, so that recording does not hang on such an accident.
"""

from __future__ import annotations

from collections.abc import Sequence
from contextlib import ExitStack
from dataclasses import dataclass, field, replace
from fnmatch import fnmatchcase
from math import isqrt
from typing import Any

import torch
from torch import Tensor, nn

from dissect_report.activations.followers import Follower, find_followers
from dissect_report.activations.layouts import find_misfits
from dissect_report.activations.lineage import Lineage
from dissect_report.activations.modes import quiet
from dissect_report.activations.observing import Observer
from dissect_report.activations.readings import MAP, Reading, find_obstacle
from dissect_report.activations.untouched import untouched
from dissect_report.errors import LayerError, ModelError, nearest
from dissect_report.findings.paths import layer_files
from dissect_report.sources.shells import TORCHSCRIPT


@dataclass(frozen=True)
class LayerInfo:
    """A module of the network, dissectable or not.

    Attributes:
        name: dotted module name.
        kind: its class, e.g. "Conv2d".
        units: channels; 0 if its output is not a map.
        map_size: height and width of its output; (0, 0) if it is not a map.
        recorded_as: ``name``, or e.g. "features.28 -> features.29 (ReLU)".
        follows: the activation that it is recorded after; None to record the output itself.
        obstacle: what keeps it from being dissected, e.g. "its output is not a map but [1, 365]"; else "".
        same_as: an earlier layer with the very same recorded values; else "".
        file: the name as a file name, distinct among the network's layers.
        reading: how its output holds maps.
    """

    name: str
    kind: str
    units: int
    map_size: tuple[int, int]
    recorded_as: str
    follows: Follower | None = field(default=None, compare=False, repr=False)
    obstacle: str = ""
    same_as: str = ""
    file: str = ""
    reading: Reading = MAP

    def __post_init__(self) -> None:
        """A layer that nobody compared with others has a file name of its own all the same."""
        if not self.file:
            object.__setattr__(self, "file", layer_files([self.name])[0])


@dataclass
class _Seen:
    """What one forward pass shows of a module: its calls and the last output."""

    calls: int = 0
    obstacle: str = ""
    units: int = 0
    map_size: tuple[int, int] = (0, 0)
    values: bytes = b""
    follows: Follower | None = None


def list_layers(model: nn.Module, example: Tensor, makes_images: bool = False) -> tuple[LayerInfo, ...]:
    """Every module below the root in execution order (by when it ends), never-called ones last.

    What is no map over the picture is found out by a few more forward passes, see ``layouts``.

    Args:
        model: left as it was.
        example: one or a few inputs [image, channel, y, x], on the model's device; not all alike, for
            modules that change nothing are recognised by their values.
        makes_images: it is a generator, and the example holds latents.

    Raises:
        ModelError: the model fails on the example.
    """
    lineage = Lineage()
    seen = _watch(model, example, lineage)
    maps = [name for name, state in seen.items() if not state.obstacle]
    with untouched(model):
        misfits = find_misfits(model, example, lineage, maps, makes_images)
    for name, reason in misfits.items():
        seen[name].obstacle = reason
    infos: list[LayerInfo] = []
    owners: dict[bytes, str] = {}
    modules = {name: module for name, module in model.named_modules() if name}
    names = [*seen, *(name for name in modules if name not in seen)]
    for name, file in zip(names, layer_files(names), strict=True):
        info = replace(_describe(name, modules[name], seen.get(name, _Seen())), file=file)
        values = seen[name].values if name in seen and not info.obstacle else b""
        if values:
            info = replace(info, same_as=owners.get(values, ""))
            owners.setdefault(values, name)
        infos.append(info)
    return tuple(infos)


def _watch(model: nn.Module, example: Tensor, lineage: Lineage) -> dict[str, _Seen]:
    """One forward pass; what came out of every module, in the order in which they ended.

    ``lineage`` watches only inside ``untouched``, which would take its notes for the network's and undo them.
    """
    seen: dict[str, _Seen] = {}
    observer = Observer(model)

    def look(module: nn.Module, _: Any, output: Any) -> None:
        with observer.aside():
            name = observer.names[module]
            state = seen.pop(name, _Seen())
            seen[name] = state  # ends last at its last call
            state.calls += 1
            state.obstacle = _obstacle(output) if state.calls == 1 else f"it runs {state.calls} times"
            if not state.obstacle and len(output) != len(example):
                state.obstacle = f"its output has {len(output)} rows for {len(example)} images"
            if not state.obstacle:
                state.units, state.map_size = output.shape[1], (output.shape[2], output.shape[3])
                state.values = observer.print(output)

    with untouched(model), quiet(model), lineage.watching(model):
        try:
            with observer.watching(), ExitStack() as stack:
                for module in observer.names:
                    if module is not model and not isinstance(module, torch.jit.ScriptModule):
                        stack.callback(module.register_forward_hook(look).remove)
                output = model(example.clone())
        except Exception as error:  # the network's own code: it may raise anything at all
            line = " ".join(str(error).split())
            raise ModelError(
                f"the model fails on an input of shape {list(example.shape)}: {type(error).__name__}: {line}"
            ) from error
        for name, (follower, values) in find_followers(observer).items():
            if name in seen:
                seen[name].follows, seen[name].values = follower, values
        del output  # held until here: what the network gives away is no activation's alone
    return seen


def _obstacle(output: Any) -> str:
    """Why an output is no map, and what a factory can make of it."""
    obstacle = find_obstacle(output)
    return (
        f"{obstacle}{_lay_out(list(output.shape))}" if obstacle and isinstance(output, Tensor) else obstacle
    )


def _lay_out(shape: Sequence[int]) -> str:
    """What can be done with tokens [image, token, unit]; "" where it is something else."""
    if len(shape) != 3:
        return ""
    for extra, kept in ((0, ""), (1, " without the class token"), (5, " without class and register tokens")):
        side = isqrt(max(0, shape[1] - extra))
        if side > 1 and side * side == shape[1] - extra:
            return f"; a factory can hand its tokens on as [image, {shape[2]}, {side}, {side}]{kept}"
    return "; a factory can lay the tokens of the picture out as [image, unit, y, x]"


def _unseen(module: nn.Module) -> str:
    """Why nothing was seen of a module."""
    if isinstance(module, torch.jit.ScriptModule):
        return f"it is {TORCHSCRIPT}"
    return "the forward pass never calls it"


def _describe(name: str, module: nn.Module, state: _Seen) -> LayerInfo:
    obstacle = state.obstacle if state.calls else _unseen(module)
    kind = type(module).__name__
    if obstacle:
        return LayerInfo(name, kind, 0, (0, 0), name, None, obstacle)
    recorded_as = f"{name} -> {state.follows.label}" if state.follows else name
    return LayerInfo(name, kind, state.units, state.map_size, recorded_as, state.follows)


def select_layers(infos: Sequence[LayerInfo], patterns: Sequence[str]) -> tuple[LayerInfo, ...]:
    """The layers that names and globs ask for, in execution order, each once.

    A glob passes over what cannot be dissected, and over a layer whose recorded values are those of
    another layer it matches that ran earlier: the activation that a convolution is recorded after,
    a dropout at rest, a container that returns its last part's output. Asked for by its name, such a
    layer is taken.

    Raises:
        LayerError: an unknown name, or one that cannot be dissected; a glob that matches no usable layer.
    """
    if not patterns:
        raise LayerError("no layer is asked for: name at least one layer or glob")
    chosen: set[str] = set()
    for pattern in patterns:
        chosen.update(_match(infos, pattern))
    return tuple(info for info in infos if info.name in chosen)


def _match(infos: Sequence[LayerInfo], pattern: str) -> list[str]:
    by_name = {info.name: info for info in infos}
    usable = [info.name for info in infos if not info.obstacle]
    if pattern in by_name:
        if by_name[pattern].obstacle:
            raise LayerError(f"layer {pattern!r} cannot be dissected: {by_name[pattern].obstacle}")
        return [pattern]
    matched = [info for info in infos if fnmatchcase(info.name, pattern)]
    if not matched:
        hint = nearest(pattern, usable)
        raise LayerError(f"no layer is called {pattern!r}; {hint} (`dissect-report layers` lists all)")
    able = [info for info in matched if not info.obstacle]
    if not able:
        first = matched[0]
        raise LayerError(
            f"of the {len(matched)} layers that {pattern!r} matches none can be dissected; "
            f"{first.name!r}: {first.obstacle}"
        )
    groups: set[str] = set()
    kept = []
    for info in able:
        group = info.same_as or info.name
        if group not in groups:
            kept.append(info.name)
        groups.add(group)
    return kept
