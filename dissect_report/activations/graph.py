"""A network's data flow by symbolic tracing: which node is the output of which module."""

from __future__ import annotations

from collections.abc import Callable
from dataclasses import dataclass
from typing import Any

import torch.fx
from torch import nn
from torch.fx.node import Node


@dataclass(frozen=True)
class FlowGraph:
    """A traced network.

    Attributes:
        graph: the nodes.
        outputs: per module name the node of its output, one a call; containers too.
        modules: name -> module.
    """

    graph: torch.fx.Graph
    outputs: dict[str, list[Node]]
    modules: dict[str, nn.Module]


class _Tracer(torch.fx.Tracer):
    """Notes the output node of every module, also of those it looks into."""

    def __init__(self, into_all: bool) -> None:
        super().__init__()
        self.into_all = into_all
        self.outputs: dict[str, list[Node]] = {}

    def is_leaf_module(self, m: nn.Module, module_qualified_name: str) -> bool:
        if self.into_all:
            return bool(super().is_leaf_module(m, module_qualified_name))
        return not isinstance(m, nn.Sequential)

    def call_module(
        self, m: nn.Module, forward: Callable[..., Any], args: tuple[Any, ...], kwargs: dict[str, Any]
    ) -> Any:
        output = super().call_module(m, forward, args, kwargs)
        if isinstance(output, torch.fx.Proxy):
            self.outputs.setdefault(self.path_of_module(m), []).append(output.node)
        return output


def trace(model: nn.Module) -> FlowGraph | None:
    """The data flow of ``model``; None where it cannot be traced (control flow that depends on data).

    Where looking into every module fails, the modules that are no ``nn.Sequential`` are taken whole.
    """
    for into_all in (True, False):
        tracer = _Tracer(into_all)
        try:
            graph = tracer.trace(model)
        except Exception:  # the network's own code runs on symbols: it may raise anything at all
            continue
        return FlowGraph(graph, tracer.outputs, dict(model.named_modules()))
    return None
