"""Parts that run several times in a pass, as a diffusion model's network once a step: one call is looked at.

That call goes to a double of the part, which has its numbers, stands at its place and so runs once. The other
calls go to the part itself, where nothing is recorded and nothing removed.
"""

from __future__ import annotations

import copy
from collections import OrderedDict
from collections.abc import Callable, Iterable, Iterator, Mapping
from dataclasses import dataclass
from typing import Any

from torch import nn

from dissect_report.errors import ModelError

#: What a double shares with its part.
_NUMBERS = ("_parameters", "_buffers")


@dataclass
class Turn:
    """Which call of a part is looked at.

    Attributes:
        chosen: its number, from 1.
        made: calls of this pass up to now.
    """

    chosen: int
    made: int = 0


class _Switch:
    """In front of a part's own class: the chosen call goes to the double, all others to the part.

    Whoever looks through a network's modules finds the double in its place.
    """

    _turn: Turn
    _part: nn.Module
    _double: nn.Module

    def forward(self, *args: Any, **kwargs: Any) -> Any:
        """As the part."""
        self._turn.made += 1
        return (self._double if self._turn.made == self._turn.chosen else self._part)(*args, **kwargs)

    def named_modules(self, *args: Any, **kwargs: Any) -> Iterator[tuple[str, nn.Module]]:
        """Those of the double."""
        yield from self._double.named_modules(*args, **kwargs)


def look_at_call(
    network: nn.Module, times: Mapping[nn.Module, int], chosen: int, source: str
) -> tuple[Turn, ...]:
    """Parts that run several times get a double for one call; their turns are to be reset before a pass.

    Args:
        network: changed in place.
        times: how often each part runs, see ``count_calls``.
        chosen: the call that is looked at, from 1.
        source: of the network, for messages.

    Raises:
        ModelError: no part runs so often.
    """
    repeated = {part: n for part, n in times.items() if n > 1 and any(True for _ in part.parameters())}
    outermost = {part: n for part, n in repeated.items() if not _inside(part, repeated)}
    if not outermost:
        raise ModelError(f"[model] calls = {chosen}: no part of {source} runs more than once; leave it out")
    often = {part: n for part, n in outermost.items() if n >= chosen}
    if not often:
        names = {part: name for name, part in network.named_modules()}
        part, most = max(outermost.items(), key=lambda pair: pair[1])
        raise ModelError(f"[model] calls = {chosen}: {names[part]!r} of {source} runs {most} times")
    switches = {part: _switch(part, Turn(chosen), source) for part in often}
    for parent in list(network.modules()):
        for name, child in parent._modules.items():
            if child in switches:
                parent._modules[name] = switches[child]
    return tuple(vars(switch)["_turn"] for switch in switches.values())


def start_over(turns: Iterable[Turn]) -> None:
    """A pass begins."""
    for turn in turns:
        turn.made = 0


def count_calls(network: nn.Module, run: Callable[[nn.Module], object]) -> dict[nn.Module, int]:
    """How often each part of a network runs in a pass.

    Args:
        network: at rest; nothing may put back what hooks on it note.
        run: runs it once.
    """
    times: dict[nn.Module, int] = {}

    def count(module: nn.Module, _inputs: Any, _output: Any) -> None:
        times[module] = times.get(module, 0) + 1

    handles = [part.register_forward_hook(count) for part in network.modules() if part is not network]
    try:
        run(network)
    finally:
        for handle in handles:
            handle.remove()
    return times


def _inside(part: nn.Module, others: Iterable[nn.Module]) -> bool:
    return any(part is not other and part in set(other.modules()) for other in others)


def _switch(part: nn.Module, turn: Turn, source: str) -> nn.Module:
    if "forward" in vars(part):
        raise ModelError(f"[model] calls: a part of {source} has a forward that was put there by hand")
    double, kind = _copied(part, {}), type(part)
    switch = copy.copy(part)  # so that it has whatever else the network asks of the part
    kept = vars(switch)
    hooks = [name for name, value in kept.items() if "hook" in name and isinstance(value, dict)]
    kept.update({name: OrderedDict() for name in hooks})  # they are the part's and the double's
    kept.update(_modules=double._modules, _part=part, _double=double, _turn=turn)
    switch.__class__ = type(kind.__name__, (_Switch, kind), {"__module__": kind.__module__})
    return switch


def _copied(part: nn.Module, known: dict[nn.Module, nn.Module]) -> nn.Module:
    """The same numbers in modules of their own, so that hooks on one are none on the other."""
    if part not in known:
        known[part] = double = copy.copy(part)
        kept = vars(double)
        for name, value in vars(part).items():
            if name.startswith("_") and isinstance(value, dict) and name not in _NUMBERS:
                kept[name] = copy.copy(value)
        for name, child in part._modules.items():
            if child is not None:
                double._modules[name] = _copied(child, known)
    return known[part]
