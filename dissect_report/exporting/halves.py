"""Weights of a graph as half-precision numbers that are widened before they are used."""

from __future__ import annotations

from collections.abc import Iterator

import numpy as np
import onnx
from onnx import helper, numpy_helper

#: Smaller tensors are left: there is nothing to save, and an epsilon would not survive.
FEWEST = 64

#: Rounding to half precision changes a tensor by at most 2^-11 of its norm unless its numbers are too
#: small or too large for the type; a tensor that changes by more stays as it is.
MOST_CHANGE = 1e-3


def halve(model: onnx.ModelProto) -> onnx.ModelProto:
    """The graph with its large float32 constants as float16, each behind a cast; changed in place."""
    casts = []
    for initializer in list(model.graph.initializer):
        if initializer.data_type == onnx.TensorProto.FLOAT and (half := _half(initializer)) is not None:
            casts.append(_widened(model, half, initializer.name))
            model.graph.initializer.remove(initializer)
    for node in list(model.graph.node):
        for attribute in _held(node):
            if (half := _half(attribute.t)) is not None:
                casts.append(_widened(model, half, node.output[0]))
                model.graph.node.remove(node)
    for place, cast in enumerate(casts):
        model.graph.node.insert(place, cast)
    return model


def _held(node: onnx.NodeProto) -> Iterator[onnx.AttributeProto]:
    """The tensor of a Constant node."""
    if node.op_type == "Constant":
        yield from (
            a for a in node.attribute if a.name == "value" and a.t.data_type == onnx.TensorProto.FLOAT
        )


def _half(tensor: onnx.TensorProto) -> np.ndarray | None:
    """The tensor's numbers as float16; None where too few, or where too much would be lost."""
    values = numpy_helper.to_array(tensor)
    if values.size < FEWEST:
        return None
    with np.errstate(over="ignore"):
        half = values.astype(np.float16)
    lost = np.linalg.norm(values - half.astype(np.float32))
    return half if lost <= MOST_CHANGE * np.linalg.norm(values) else None


def _widened(model: onnx.ModelProto, half: np.ndarray, name: str) -> onnx.NodeProto:
    """Stores ``half``; a node that gives it as float32 under ``name``."""
    model.graph.initializer.append(numpy_helper.from_array(half, f"{name}.half"))
    return helper.make_node("Cast", [f"{name}.half"], [name], to=onnx.TensorProto.FLOAT)
