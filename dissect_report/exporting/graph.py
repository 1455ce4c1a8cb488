"""A module as an ONNX graph: weights in half precision, arithmetic in single.

The exporter that follows one run of the module (``dynamo=False``) is used: it needs nothing but ``onnx``,
takes seconds, and every release of torch from 2.6 on has it.
"""

from __future__ import annotations

import io
import re
import warnings
from collections.abc import Collection, Mapping, Sequence

import onnx
import torch
from onnx import helper
from torch import Tensor, nn

from dissect_report.activations.modes import quiet
from dissect_report.activations.untouched import untouched
from dissect_report.errors import ExportError
from dissect_report.exporting.assignments import WholeAssignments
from dissect_report.exporting.halves import halve

#: Of the operations' meaning: old enough for every runtime in use, new enough for every operation met.
OPSET = 17

_RESISTING = (
    re.compile(r"[Uu]nsupported:[^\n]*?operator '?([\w.:]+)"),
    re.compile(r"operator '([\w.:]+)'"),
    re.compile(r"ONNX export of operator ([\w.:]+)"),
    re.compile(r"ATen:(\w+)"),
    re.compile(r"\b(aten::\w+)"),
)


def export_graph(
    module: nn.Module,
    inputs: Mapping[str, Tensor],
    outputs: Sequence[str],
    half: bool = True,
    idle: Collection[str] = (),
) -> bytes:
    """``module`` as a serialised ONNX graph of exactly these shapes.

    Args:
        module: takes the inputs by place; left as it was found.
        inputs: an example of every input by its name in the graph.
        outputs: names of its outputs, in order.
        half: weights are stored as float16; everything is computed in float32 all the same.
        idle: inputs on which nothing need depend.

    Raises:
        ExportError: naming the operation that ONNX lacks, or what else stands in the way.
    """
    stream = io.BytesIO()
    given = tuple(value.detach().clone() for value in inputs.values())
    try:
        with warnings.catch_warnings(), untouched(module), quiet(module), WholeAssignments():
            warnings.simplefilter("ignore")  # about values that become constants: the parity check tells
            torch.onnx.export(
                module, given, stream,  # type: ignore[arg-type]  # a stream is taken all the same
                dynamo=False, opset_version=OPSET, do_constant_folding=True,
                input_names=list(inputs), output_names=list(outputs),
            )  # fmt: skip
    except Exception as error:  # the module's own code, and an exporter that raises many kinds
        raise ExportError(_reason(error)) from error
    model = onnx.load_from_string(stream.getvalue())
    for name in sorted(set(inputs) - {value.name for value in model.graph.input}):
        if name not in idle:
            raise ExportError(f"nothing depends on the input {name!r}")
        kind = helper.np_dtype_to_tensor_dtype(inputs[name].cpu().numpy().dtype)
        model.graph.input.append(helper.make_tensor_value_info(name, kind, list(inputs[name].shape)))
    _check_domains(model)
    return bytes((halve(model) if half else model).SerializeToString())


def _reason(error: Exception) -> str:
    """One line that names the operation, if one is to blame."""
    text = str(error)
    for pattern in _RESISTING:
        if found := pattern.search(text):
            return f"the operation {found[1]} has no ONNX counterpart"
    line = next((part.strip() for part in text.splitlines() if part.strip()), "")
    return f"{type(error).__name__}: {line[:200]}"


def _check_domains(model: onnx.ModelProto) -> None:
    """Refuses operations that are no ONNX ones: a runtime would only find out in front of a reader."""
    for node in model.graph.node:
        if node.domain not in ("", "ai.onnx"):
            raise ExportError(f"the operation {node.domain}::{node.op_type} is not of ONNX")
