"""The layers of a network: what they are called, how many units they have, what is recorded of each.

A unit's activation is what the next module consumes. Where the only consumer of a layer's output, seen in
a real forward pass, is an element-wise activation, the layer is recorded after it, whether or not that
activation works in place, so that recording does not hang on such an accident.
"""

from __future__ import annotations

import math
from collections.abc import Sequence
from contextlib import ExitStack
from dataclasses import dataclass, field, replace
from fnmatch import fnmatchcase
from typing import Any

import torch
from torch import Tensor, nn

from dissect_report.activations.followers import Follower, find_followers
from dissect_report.activations.layouts import find_misfits
from dissect_report.activations.lineage import Lineage
from dissect_report.activations.modes import quiet
from dissect_report.activations.observing import Observer
from dissect_report.activations.placing import find_readings, stated_readings
from dissect_report.activations.readings import MAP, Reading, find_obstacle
from dissect_report.activations.responses import image_axis
from dissect_report.activations.untouched import untouched
from dissect_report.config import TokensConfig
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
        base: the layer whose units its units are directions among; None where its units are its own.
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
    base: LayerInfo | None = field(default=None, compare=False, repr=False)

    @property
    def module(self) -> str:
        """Dotted name of the module whose output is read."""
        return self.base.name if self.base else self.name

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
    shape: tuple[int, ...] = ()
    reading: Reading = MAP


def list_layers(
    model: nn.Module, example: Tensor, makes_images: bool = False, tokens: TokensConfig | None = None
) -> tuple[LayerInfo, ...]:
    """Every module below the root in execution order (by when it ends), never-called ones last.

    What is no map over the picture is found out by a few more forward passes, see ``layouts``, and how
    tokens lie over it, see ``placing``.

    Args:
        model: left as it was.
        example: one or a few inputs [image, channel, y, x], on the model's device; not all alike, for
            modules that change nothing are recognised by their values.
        makes_images: it is a generator, and the example holds latents.
        tokens: how they lie, where that is said and not to be found.

    Raises:
        ModelError: the model fails on the example.
        LayerError: it puts out no such tokens.
    """
    lineage = Lineage()
    seen = _watch(model, example, lineage)
    maps = [name for name, state in seen.items() if not state.obstacle]
    with untouched(model):
        for name, reason in find_misfits(model, example, lineage, maps, makes_images).items():
            seen[name].obstacle = reason
        if not makes_images:
            made = {step.name for step in lineage.steps if step.maker}
            _place(model, example, {k: v for k, v in seen.items() if k not in made}, tokens)
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


def _place(model: nn.Module, example: Tensor, seen: dict[str, _Seen], tokens: TokensConfig | None) -> None:
    """Finds how outputs that are no maps lie over the picture; what is said of tokens is taken.

    Of what a convolution made out of anything but the picture's map nothing is asked: it moves places as if
    they were there.
    """
    open_ones = {name: state.shape for name, state in seen.items() if state.obstacle and state.shape}
    readings = stated_readings(open_ones, len(example), tokens) if tokens and tokens.grid else {}
    left = [name for name in open_ones if name not in readings]
    for name, reading in (readings | find_readings(model, example, left)).items():
        state = seen[name]
        state.obstacle, state.reading = "", reading
        state.units = math.prod(state.shape[axis] for axis in reading.units)
        state.map_size = reading.grid


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
            state.obstacle = _obstacle(output) if state.calls == 1 else _repeated(module, state.calls)
            if state.calls == 1 and _other_rows(output, len(example)):
                state.obstacle = (
                    f"its output {list(output.shape)} has {len(output)} rows for {len(example)} images"
                )
            if not state.obstacle:
                state.units, state.map_size = output.shape[1], (output.shape[2], output.shape[3])
            if state.calls == 1 and _may_hold_tokens(output, len(example)):
                state.shape = tuple(output.shape)
            if state.shape or not state.obstacle:
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


def _repeated(module: nn.Module, calls: int) -> str:
    """Of what computes with weights each call is another step; an activation is only shared."""
    learned = any(True for _ in module.parameters())
    return f"it runs {calls} times" + f"; [model] calls = 1 to {calls} chooses one of them" * learned


def _other_rows(output: Any, images: int) -> bool:
    """Whether it has more, or fewer, rows than images: windows of them, boxes."""
    return isinstance(output, Tensor) and output.ndim > 2 and image_axis(output, images) is None


def _may_hold_tokens(output: Any, images: int) -> bool:
    """Whether places of the picture may lie on its axes."""
    if not isinstance(output, Tensor) or not output.is_floating_point() or output.ndim not in (3, 4):
        return False
    return image_axis(output, images) is not None and list(output.shape[2:]) != [1, 1]


def _obstacle(output: Any) -> str:
    """Why an output is no map, and what a factory can make of it."""
    obstacle = find_obstacle(output)
    return (
        f"{obstacle}{_lay_out(list(output.shape))}" if obstacle and isinstance(output, Tensor) else obstacle
    )


def _lay_out(shape: Sequence[int]) -> str:
    """What can be done with what may be tokens [image, token, unit]; "" where it is something else."""
    if len(shape) != 3:
        return ""
    return (
        ", and no order of its tokens answers to the picture; if they lie on a grid, [model] tokens says so, "
        "or a factory can hand them on as [image, unit, y, x]"
    )


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
    reading = state.reading
    recorded_as += f" ({reading.label})" if reading.label else ""
    return LayerInfo(name, kind, state.units, state.map_size, recorded_as, state.follows, reading=reading)


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
