"""The layers of a network: what they are called, how many units they have, what is recorded of each.

A unit's activation is what the next module consumes. Where a layer's only consumer is an
element-wise activation, the layer is recorded after it, whether or not that activation works in
place, so that recording does not hang on such an accident.
"""

from __future__ import annotations

import hashlib
from collections.abc import Callable, Sequence
from dataclasses import dataclass, field, replace
from fnmatch import fnmatchcase
from typing import Any

from torch import Tensor, nn
from torch.utils.hooks import RemovableHandle

from dissect_report.activations.activation_functions import Follower, find_followers
from dissect_report.activations.modes import quiet
from dissect_report.errors import LayerError, ModelError, nearest
from dissect_report.findings.paths import layer_files


@dataclass(frozen=True)
class LayerInfo:
    """A module of the network, dissectable or not.

    Attributes:
        name: dotted module name.
        kind: its class, e.g. "Conv2d".
        units: channels; 0 if its output is not a map.
        map_size: height and width of its output; (0, 0) if it is not a map.
        recorded_as: ``name``, or e.g. "features.28 -> features.29 (ReLU)".
        follows: the activation applied to a clone of its output; None to record the output itself.
        obstacle: what keeps it from being dissected, e.g. "its output is not a map but [1, 365]"; else "".
        same_as: an earlier layer with the very same recorded values; else "".
        file: the name as a file name, distinct among the network's layers.
    """

    name: str
    kind: str
    units: int
    map_size: tuple[int, int]
    recorded_as: str
    follows: Callable[[Tensor], Tensor] | None = field(default=None, compare=False, repr=False)
    obstacle: str = ""
    same_as: str = ""
    file: str = ""

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


def list_layers(model: nn.Module, example: Tensor) -> tuple[LayerInfo, ...]:
    """Every module below the root in execution order (by when it ends), never-called ones last.

    Args:
        model: left as it was.
        example: one or a few inputs [image, channel, y, x], on the model's device; not all alike, for
            modules that change nothing are recognised by their values.

    Raises:
        ModelError: the model fails on the example.
    """
    followers = find_followers(model)
    seen = _watch(model, example, followers)
    infos: list[LayerInfo] = []
    owners: dict[bytes, str] = {}
    modules = {name: module for name, module in model.named_modules() if name}
    names = [*seen, *(name for name in modules if name not in seen)]
    for name, file in zip(names, layer_files(names), strict=True):
        info = _describe(name, modules[name], seen.get(name, _Seen()), followers.get(name))
        info = replace(info, file=file)
        values = seen[name].values if name in seen and not info.obstacle else b""
        if values:
            info = replace(info, same_as=owners.get(values, ""))
            owners.setdefault(values, name)
        infos.append(info)
    return tuple(infos)


def _watch(model: nn.Module, example: Tensor, followers: dict[str, Follower]) -> dict[str, _Seen]:
    """One forward pass; what came out of every module, in the order in which they ended."""
    seen: dict[str, _Seen] = {}
    names: dict[nn.Module, str] = {}
    for name, module in model.named_modules():
        names[module] = name

    def look(module: nn.Module, _: Any, output: Any) -> None:
        name = names[module]
        state = seen.pop(name, _Seen())
        seen[name] = state  # ends last at its last call
        state.calls += 1
        state.obstacle = find_obstacle(output) if state.calls == 1 else f"it runs {state.calls} times"
        if not state.obstacle and len(output) != len(example):
            state.obstacle = f"its output has {len(output)} rows for {len(example)} images"
        if not state.obstacle:
            state.units, state.map_size = output.shape[1], (output.shape[2], output.shape[3])
            follower = followers.get(name)
            recorded = output.detach().clone()
            state.values = _fingerprint(follower.function(recorded) if follower else recorded)

    handles: list[RemovableHandle] = []
    with quiet(model):
        try:
            handles += [module.register_forward_hook(look) for module in names if module is not model]
            model(example)
        except Exception as error:  # the network's own code: it may raise anything at all
            line = " ".join(str(error).split())
            raise ModelError(
                f"the model fails on an input of shape {list(example.shape)}: {type(error).__name__}: {line}"
            ) from error
        finally:
            for handle in handles:
                handle.remove()
    return seen


def find_obstacle(output: Any) -> str:
    """Why ``output`` cannot be dissected, as the end of a sentence; "" if it can."""
    if not isinstance(output, Tensor):
        return f"its output is not a map but a {type(output).__name__}"
    shape = list(output.shape)
    if output.ndim != 4:
        return f"its output is not a map [image, unit, y, x] but {shape}"
    if shape[2:] == [1, 1]:
        return f"its output is a map of a single cell {shape}"
    if shape[1] == shape[2] != shape[3]:
        return f"its output looks like [image, y, x, unit]: {shape}; a factory can permute it"
    if not output.is_floating_point():
        return f"its output holds {output.dtype}, not activations"
    return ""


def _fingerprint(values: Tensor) -> bytes:
    """Equal for equal maps; b"" for a constant one, which says nothing about being the same."""
    if bool((values == values.flatten()[0]).all()):
        return b""
    numbers = values.float().contiguous().cpu().numpy()
    return hashlib.blake2b(numbers.tobytes() + str(numbers.shape).encode()).digest()


def _describe(name: str, module: nn.Module, state: _Seen, follower: Follower | None) -> LayerInfo:
    obstacle = state.obstacle if state.calls else "the forward pass never calls it"
    kind = type(module).__name__
    if obstacle:
        return LayerInfo(name, kind, 0, (0, 0), name, None, obstacle)
    recorded_as = f"{name} -> {follower.label}" if follower else name
    function = follower.function if follower else None
    return LayerInfo(name, kind, state.units, state.map_size, recorded_as, function)


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
