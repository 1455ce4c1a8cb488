"""Why an answer does not depend on its image alone: the likely cause, seen in one forward pass."""

from __future__ import annotations

from collections.abc import Callable, Iterator, Sequence
from contextlib import contextmanager
from dataclasses import dataclass, field
from typing import Any

import torch
from torch import Tensor, nn
from torch.nn.modules.batchnorm import _BatchNorm
from torch.utils._python_dispatch import TorchDispatchMode

from dissect_report.activations.modes import watchable
from dissect_report.activations.steadiness import Fault
from dissect_report.sources.feeding import noise_inputs

WHEN = {
    "again": "gives other values when asked again for the same images",
    "batch": "gives an image other values beside other images",
}


def fault_line(
    source: str, fault: tuple[Fault, str], networks: Sequence[nn.Module], run: Callable[[], Any]
) -> str:
    """One line that refuses: what differs, the likely cause, the remedy.

    Args:
        source: as the configuration names it.
        fault: of ``find_fault``.
        networks: that are asked.
        run: a forward pass as it is measured, of two or more images where the networks take them.
    """
    kind, where = fault
    seen = _Seen(switches=[name for each in networks for name in noise_inputs(each)])
    before = [_state(network) for network in networks]
    with _watching(networks, seen):
        run()
    for network, old in zip(networks, before, strict=True):
        seen.changed += [name for name, value in _state(network).items() if not _same(old.get(name), value)]
    cause = seen.again() if kind == "again" else seen.batch()
    return f"{source} {WHEN[kind]} (seen in {where}): {cause}"


@dataclass(frozen=True)
class _Place:
    """A module while it runs: its name for a reader, and whether it is in training mode then."""

    label: str
    training: bool


@dataclass
class _Seen:
    """What may be the cause.

    Attributes:
        untracked: batch normalisations without running statistics.
        drawn: where random numbers were drawn, and by which operation.
        pooled: where statistics of the batch were taken.
        changed: what a module keeps that a forward pass changes.
        switches: inputs that the network's forward can do without, and that are about noise by their name.
    """

    untracked: list[str] = field(default_factory=list)
    drawn: list[tuple[_Place, str]] = field(default_factory=list)
    pooled: list[_Place] = field(default_factory=list)
    changed: list[str] = field(default_factory=list)
    switches: list[str] = field(default_factory=list)

    def again(self) -> str:
        """Why the same images may give other values."""
        if self.drawn:
            place, operation = self.drawn[0]
            if "dropout" in operation or "bernoulli" in operation:
                return f"dropout is left on in {place.label}; {_remedy(place)}"
            return f"{place.label} draws random numbers ({operation}); {self._still()}"
        return self._kept() or (
            "it draws random numbers or keeps something from one call to the next; make what it gives for an "
            "image depend on that image alone"
        )

    def _still(self) -> str:
        """What makes noise the same every time."""
        if self.switches:
            names = ", ".join(map(repr, self.switches))
            return f"its forward takes {names}: set it by [model] inputs so that nothing is drawn"
        return "draw them once and keep them as a buffer"

    def batch(self) -> str:
        """Why other companions may give other values."""
        if self.untracked:
            return (
                f"{self.untracked[0]} normalises by the batch (track_running_stats=False); give it running "
                "statistics, or use a normalisation of each image such as GroupNorm"
            )
        if self.pooled:
            return f"{self.pooled[0].label} normalises by the batch; {_remedy(self.pooled[0])}"
        if self.drawn:
            place, operation = self.drawn[0]
            return f"{place.label} draws random numbers ({operation}); draw the same ones for every image"
        return self._kept() or (
            "something in it works on the whole batch, as batch statistics do; "
            "a factory can return a network that looks at each image alone"
        )

    def _kept(self) -> str:
        return f"a forward pass changes {self.changed[0]}; it must not keep it" if self.changed else ""


def _remedy(place: _Place) -> str:
    if place.training:
        return "it stays in training mode: let it follow eval()"
    return "called as a function it needs training=self.training"


class _Operations(TorchDispatchMode):  # type: ignore[no-untyped-call]
    """Notes in which module random numbers are drawn and batches normalised."""

    def __init__(self, seen: _Seen, path: list[_Place]) -> None:
        super().__init__()  # type: ignore[no-untyped-call]
        self.seen = seen
        self.path = path

    def __torch_dispatch__(self, func: Any, types: Any, args: Any = (), kwargs: Any = None) -> Any:
        name = func.overloadpacket.__name__
        if torch.Tag.nondeterministic_seeded in func.tags:
            self.seen.drawn.append((self.path[-1], name.rstrip("_")))
        if "batch_norm" in name and _takes_batch(func, args, kwargs or {}):
            self.seen.pooled.append(self.path[-1])
        return func(*args, **(kwargs or {}))


def _takes_batch(operation: Any, args: Sequence[Any], kwargs: dict[str, Any]) -> bool:
    """Whether it normalises by the batch: with one row it is a normalisation of each image, unrolled."""
    names = [argument.name for argument in operation._schema.arguments]
    given = dict(zip(names, args, strict=False)) | kwargs
    rows = given.get("input")
    return bool(given.get("training", given.get("train"))) and isinstance(rows, Tensor) and len(rows) > 1


@contextmanager
def _watching(networks: Sequence[nn.Module], seen: _Seen) -> Iterator[None]:
    """Inside, notes what the modules do."""
    path = [_Place("its own code", training=False)]
    handles = []

    def enter(label: str) -> Any:
        def note(module: nn.Module, _inputs: Any) -> None:
            path.append(_Place(label, module.training))
            if isinstance(module, _BatchNorm) and module.running_mean is None:
                seen.untracked.append(label)

        return note

    def leave(_module: nn.Module, _inputs: Any, _output: Any) -> None:
        path.pop()

    try:
        for network in networks:
            for name, module in watchable(network):
                label = f"{type(module).__name__} {name!r}" if name else "the network's own forward"
                handles.append(module.register_forward_pre_hook(enter(label)))
                handles.append(module.register_forward_hook(leave))
        with _Operations(seen, path):
            yield
    finally:
        for handle in handles:
            handle.remove()


def _state(network: nn.Module) -> dict[str, Any]:
    """What the modules keep: parameters, buffers, and numbers or tensors among their attributes."""
    kept: dict[str, Any] = {}
    for name, module in watchable(network):
        where = f"of {type(module).__name__} {name!r}" if name else "of the network"
        own = {**module._parameters, **module._buffers}
        plain = {key: value for key, value in vars(module).items() if isinstance(value, int | float | Tensor)}
        for key, value in {**own, **plain}.items():
            kept[f"{key!r} {where}"] = value.detach().clone() if isinstance(value, Tensor) else value
    return kept


def _same(before: Any, now: Any) -> bool:
    if isinstance(before, Tensor) and isinstance(now, Tensor):
        return before.shape == now.shape and bool(((before == now) | (before.isnan() & now.isnan())).all())
    return type(before) is type(now) and bool(before == now)
