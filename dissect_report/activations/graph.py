"""A network's data flow by symbolic tracing: which node is the output of which module."""

from __future__ import annotations

import builtins
from collections.abc import Callable, Iterator
from contextlib import contextmanager
from dataclasses import dataclass
from typing import Any

import torch.fx
from torch import Tensor, nn
from torch.fx.node import Node

from dissect_report.activations.untouched import untouched


@dataclass(frozen=True)
class FlowGraph:
    """A traced network.

    Attributes:
        graph: the nodes.
        root: holds the modules, the parameters and the constants that the graph names.
        outputs: per module name the node of its output, one a call; containers too.
        modules: name -> module.
    """

    graph: torch.fx.Graph
    root: nn.Module
    outputs: dict[str, list[Node]]
    modules: dict[str, nn.Module]


class _Tracer(torch.fx.Tracer):
    """Notes the output node of every module, also of those it looks into.

    Attributes:
        whole: names of modules that are not looked into.
        resisting: the innermost module whose forward could not be followed; None while none has failed.
    """

    def __init__(self, whole: frozenset[str]) -> None:
        super().__init__()
        self.whole = whole
        self.outputs: dict[str, list[Node]] = {}
        self.resisting: str | None = None

    def is_leaf_module(self, m: nn.Module, module_qualified_name: str) -> bool:
        return module_qualified_name in self.whole or bool(super().is_leaf_module(m, module_qualified_name))

    def call_module(
        self, m: nn.Module, forward: Callable[..., Any], args: tuple[Any, ...], kwargs: dict[str, Any]
    ) -> Any:
        name = self.path_of_module(m)
        try:
            output = super().call_module(m, forward, args, kwargs)
        except Exception:  # the network's own code may raise anything; it is raised again
            self.resisting = self.resisting or name
            raise
        if isinstance(output, torch.fx.Proxy):
            self.outputs.setdefault(name, []).append(output.node)
        return output


def trace(model: nn.Module) -> FlowGraph | None:
    """The data flow of ``model``; None where its own forward cannot be traced (it branches on data, say).

    A module inside whose forward cannot be traced is taken whole, and only that one. The network is left
    as it was: its code runs on symbols here, and what it keeps of them (a grid, a count) would spoil it.
    """
    if "forward" in vars(model):  # put there by hand: tracing would follow its class's instead
        return None
    whole: frozenset[str] = frozenset()
    while True:
        tracer = _Tracer(whole)
        with untouched(model):
            flow = _follow(tracer, model)
        if flow is not None or tracer.resisting is None or tracer.resisting in whole:
            return flow
        whole |= {tracer.resisting}


def _follow(tracer: _Tracer, model: nn.Module) -> FlowGraph | None:
    try:
        with _countable():
            graph = tracer.trace(model)
    except Exception:  # the network's own code runs on symbols: it may raise anything at all
        return None
    return FlowGraph(graph, _shell(model), tracer.outputs, dict(model.named_modules()))


def _shell(model: nn.Module) -> nn.Module:
    """The parts of ``model`` under its names, with the constants that tracing just put beside them."""
    shell = nn.Module()
    shell.training = model.training
    for kind in ("_modules", "_parameters", "_buffers"):
        vars(shell)[kind].update(vars(model)[kind])
    vars(shell).update({name: value for name, value in vars(model).items() if isinstance(value, Tensor)})
    return shell


@contextmanager
def _countable() -> Iterator[None]:
    """Lets ``len`` of a symbol be a node: Python takes nothing but an int from ``__len__``."""
    count = builtins.len

    def counted(value: Any) -> Any:
        if isinstance(value, torch.fx.Proxy):
            return value.tracer.create_proxy("call_function", count, (value,), {})
        return count(value)

    builtins.len = counted
    try:
        yield
    finally:
        builtins.len = count
