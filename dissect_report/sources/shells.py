"""Shells around a network compute nothing: they are taken off, and layers have their own names."""

from __future__ import annotations

import inspect
import sys
from collections.abc import Callable, Iterator
from contextlib import contextmanager, nullcontext
from typing import Any

import torch
from torch import Tensor, nn

from dissect_report.errors import ModelError

#: What shells call the network inside; a shell has no other part.
INNER = ("module", "_module", "_orig_mod", "_fsdp_wrapped_module", "_checkpoint_wrapped_module")

#: What is said of networks, and parts of them, that hooks cannot look into.
TORCHSCRIPT = "TorchScript, whose parts call no hooks: give the Python module that it was made of"


def refuse_torchscript(network: Any, source: str) -> None:
    """Refuses what hooks cannot look into.

    Raises:
        ModelError: the network is TorchScript, or all its numbers are in parts that are.
    """
    if isinstance(network, torch.jit.ScriptModule | torch.jit.ScriptFunction):
        raise ModelError(f"{source} gives {TORCHSCRIPT}")
    if not isinstance(network, nn.Module):
        return
    scripted = {
        name: part for name, part in network.named_modules() if isinstance(part, torch.jit.ScriptModule)
    }
    inside = {id(value) for part in scripted.values() for value in part.parameters()}
    if inside and all(id(value) in inside for value in network.parameters()):
        raise ModelError(f"{source}: its part {next(iter(scripted))!r} is {TORCHSCRIPT}")


def undo_compilation(network: nn.Module) -> nn.Module:
    """The network without ``torch.compile``, at any depth: what is compiled passes by hooks and graphs."""
    network = _compiled(network)
    for part in network.modules():
        for name, child in part._modules.items():
            if child is not None:
                part._modules[name] = _compiled(child)
        if part._compiled_call_impl is not None:  # of ``network.compile()``
            part._compiled_call_impl = None
        own = vars(part).get("forward")
        if hasattr(own, "_torchdynamo_orig_callable") and _written(own) is type(part).forward:
            del part.forward
    return network


def _written(function: Any) -> Any:
    """The function that was compiled, as it stands in its class."""
    plain = inspect.unwrap(function)
    return getattr(plain, "__func__", plain)


def _compiled(network: nn.Module) -> nn.Module:
    while type(network).__name__ == "OptimizedModule" and not _hooked(network):
        network = network._modules["_orig_mod"]  # type: ignore[assignment]
    return network


@contextmanager
def eager() -> Iterator[None]:
    """Inside, functions that ``torch.compile`` made run as they were written: compiled ones lose hooks."""
    with _stance("force_eager"):
        yield


def _stance(name: str) -> Any:
    if "torch._dynamo" not in sys.modules or not hasattr(torch.compiler, "set_stance"):
        return nullcontext()  # nothing was compiled, or torch is too old to be asked
    return torch.compiler.set_stance(name)


def take_off(network: nn.Module, run: Callable[[nn.Module], object]) -> nn.Module:
    """The network without shells such as those of data-parallel training, at any depth.

    A shell has one part, and hands on what it is given and what it gets back: the very tensors, as one
    forward pass shows, or for torch's own as is known. The network must run without it.

    Args:
        network: in eval mode.
        run: runs a network, as it is or without shells, on the same numbers, without gradients.
    """
    shells = {part for part in network.modules() if _inner(part) is not None}
    if not shells:
        return network
    known = {
        part for part in shells if isinstance(part, nn.DataParallel | nn.parallel.DistributedDataParallel)
    }
    bare = known | _transparent(network, run, shells - known)
    places = [
        (part, name) for part in network.modules() for name, child in part._modules.items() if child in bare
    ]
    before = [part._modules[name] for part, name in places]
    for part, name in places:
        part._modules[name] = _core(part._modules[name], bare)
    core: nn.Module = _core(network, bare)
    try:
        run(core)
    except Exception:  # the network's own code may ask for a shell by name
        for (part, name), child in zip(places, before, strict=True):
            part._modules[name] = child
    return core


def _inner(part: nn.Module) -> nn.Module | None:
    """The one part of a shell; None if ``part`` is none."""
    if len(part._modules) != 1 or _hooked(part) or any(True for _ in part.parameters(recurse=False)):
        return None
    name, child = next(iter(part._modules.items()))
    return child if name in INNER and not isinstance(child, torch.jit.ScriptModule) else None


def _core(part: Any, bare: set[nn.Module]) -> Any:
    while part in bare:
        part = _inner(part)
    return part


def _hooked(part: nn.Module) -> bool:
    """Whether it does something of its own besides."""
    return bool(part._forward_hooks or part._forward_pre_hooks)


class _Call:
    """What a shell was given: its tensors, and how often each had been written into."""

    def __init__(self, args: tuple[Any, ...], kwargs: dict[str, Any]) -> None:
        self.args = [*args, *kwargs.values()]
        self.names = (len(args), tuple(kwargs))
        self.written = [value._version if isinstance(value, Tensor) else 0 for value in self.args]
        self.inside = 0
        self.output: Any = None

    def hands_on(self, args: tuple[Any, ...], kwargs: dict[str, Any]) -> bool:
        """Whether these are the very same, as they came."""
        other = _Call(args, kwargs)
        same = all(mine is its for mine, its in zip(self.args, other.args, strict=False))
        return same and (self.names, self.written) == (other.names, other.written)


def _transparent(
    network: nn.Module, run: Callable[[nn.Module], object], shells: set[nn.Module]
) -> set[nn.Module]:
    """Those of ``shells`` that change nothing on their way in or out, as a forward pass shows."""
    calls: dict[nn.Module, list[_Call]] = {shell: [] for shell in shells}
    failed: set[nn.Module] = set()
    handles = []

    def watch(shell: nn.Module, inner: nn.Module) -> None:
        def enter(_: nn.Module, args: Any, kwargs: Any) -> None:
            calls[shell].append(_Call(args, kwargs))

        def pass_in(_: nn.Module, args: Any, kwargs: Any) -> None:
            last = calls[shell][-1:]
            if not last or not last[0].hands_on(args, kwargs):
                failed.add(shell)

        def pass_out(_: nn.Module, __: Any, output: Any) -> None:
            if calls[shell]:
                calls[shell][-1].inside += 1
                calls[shell][-1].output = (output, getattr(output, "_version", 0))

        def leave(_: nn.Module, __: Any, output: Any) -> None:
            last = calls[shell][-1]
            handed = last.inside == 1 and output is last.output[0]
            if not handed or getattr(output, "_version", 0) != last.output[1]:
                failed.add(shell)

        handles.append(shell.register_forward_pre_hook(enter, with_kwargs=True))
        handles.append(inner.register_forward_pre_hook(pass_in, with_kwargs=True))
        handles.append(inner.register_forward_hook(pass_out))
        handles.append(shell.register_forward_hook(leave))

    pairs = [(shell, inner) for shell in shells if (inner := _inner(shell)) is not None]  # before the hooks
    try:
        for shell, inner in pairs:
            watch(shell, inner)
        run(network)
    finally:
        for handle in handles:
            handle.remove()
    return {shell for shell in shells if calls[shell] and shell not in failed}
