"""A network's data flow by ``torch.export``, for networks that symbolic tracing cannot follow."""

from __future__ import annotations

import io
import logging
import warnings
from collections.abc import Iterator
from contextlib import contextmanager, redirect_stderr, redirect_stdout
from typing import Any

import torch
from torch import Tensor, nn
from torch.fx.node import Node
from torch.utils._pytree import tree_unflatten

from dissect_report.activations.cutting import Flow, read_flow
from dissect_report.activations.untouched import untouched


def export_flow(model: nn.Module, example: Tensor) -> Flow | None:
    """The data flow of ``model`` for any number of images; None where it cannot be exported.

    The network is left as it was: its code runs on tensors without numbers here.
    """
    sizes = ({0: torch.export.Dim.DYNAMIC},)
    with warnings.catch_warnings(), _hushed(), untouched(model):
        warnings.simplefilter("ignore")
        try:
            program = torch.export.export(model, (example.clone(),), dynamic_shapes=sizes, strict=False)
            root = program.module()
        except Exception:  # the network's own code runs on symbols: it may raise anything at all
            return None
        for node in list(root.graph.nodes):
            # Checks that the example was one of many: ours to know, and they refuse a single image.
            if node.op == "call_module" and "guards" in str(node.target) and not node.users:
                root.graph.erase_node(node)
        structure = program.call_spec.out_spec

        def finish(output: Any) -> Any:
            return tree_unflatten(output, structure)

        return read_flow(root.graph, root, example, finish)


@contextmanager
def _hushed() -> Iterator[None]:
    """A failed export is an answer; its report of many lines is nobody's."""
    loggers = [
        logging.getLogger(name) for name in logging.root.manager.loggerDict if name.startswith("torch")
    ]
    states = [logger.disabled for logger in loggers]
    for logger in loggers:
        logger.disabled = True
    try:
        with redirect_stdout(io.StringIO()), redirect_stderr(io.StringIO()):
            yield
    finally:
        for logger, state in zip(loggers, states, strict=True):
            logger.disabled = state


def exported_output(flow: Flow, layer: str) -> Node | None:
    """The node of a layer's output: the one value made inside the layer that is used outside."""
    inside = {node for node in flow.graph.nodes if layer in _modules(node)}
    leaving = [node for node in inside if any(user not in inside for user in node.users)]
    return leaving[0] if len(leaving) == 1 else None


def _modules(node: Node) -> set[str]:
    """Dotted names of the modules that the node was made in."""
    stack = node.meta.get("nn_module_stack") or {}
    return {entry[0] for entry in stack.values()}
