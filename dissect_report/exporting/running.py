"""Running an exported graph here, to see that it gives what the network gives.

``onnxruntime`` is what browsers run, and is asked where it is installed. Elsewhere torch runs the module with
its weights rounded as they are stored, which is all that an export changes but for faults of the exporter.
Those the page looks for itself: it compares its first answer with a stored one.
"""

from __future__ import annotations

from collections.abc import Callable, Iterator, Mapping
from contextlib import contextmanager
from importlib import import_module
from importlib.util import find_spec
from typing import Any

import numpy as np
import torch
from torch import Tensor, nn

from dissect_report.activations.modes import quiet
from dissect_report.errors import ExportError

#: Values by input name -> every output of the graph.
Run = Callable[[Mapping[str, Tensor]], list[np.ndarray]]


def open_graph(graph: bytes, module: nn.Module, half: bool = True) -> tuple[str, Run]:
    """What runs ``graph`` here, by name, and how.

    Args:
        graph: serialised ONNX.
        module: what it was made of.
        half: whether its weights are stored as float16.

    Raises:
        ExportError: it cannot be run; so does what is returned.
    """
    if find_spec("onnxruntime") is None:
        return "torch", lambda inputs: _run_module(module, inputs, half)
    runtime: Any = import_module("onnxruntime")  # untyped, so that types read alike without it

    try:
        session = runtime.InferenceSession(graph, providers=["CPUExecutionProvider"])
    except Exception as error:  # its own errors have no root but this
        raise _refused(error) from error

    def run(inputs: Mapping[str, Tensor]) -> list[np.ndarray]:
        given = {name: value.cpu().numpy() for name, value in inputs.items()}
        try:
            return [np.asarray(made) for made in session.run(None, given)]
        except Exception as error:  # as above
            raise _refused(error) from error

    return f"onnxruntime {runtime.__version__}", run


def _refused(error: Exception) -> ExportError:
    line = next((part.strip() for part in str(error).splitlines() if part.strip()), "")
    return ExportError(f"onnxruntime cannot run it: {line[:200]}")


def _run_module(module: nn.Module, inputs: Mapping[str, Tensor], half: bool) -> list[np.ndarray]:
    device = next((parameter.device for parameter in module.parameters()), torch.device("cpu"))
    with quiet(module), rounded(module, half):
        made = module(*(value.to(device, copy=True) for value in inputs.values()))
    outputs = made if isinstance(made, tuple) else (made,)
    return [output.cpu().numpy() for output in outputs]


@contextmanager
def rounded(module: nn.Module, half: bool = True) -> Iterator[None]:
    """Inside, the module's numbers are as float16 holds them."""
    values = [*module.parameters(), *module.buffers()] if half else []
    whole = [(value, value.detach().clone()) for value in values if value.is_floating_point()]
    try:
        with torch.no_grad():
            for value, _ in whole:
                value.copy_(value.half())
        yield
    finally:
        with torch.no_grad():
            for value, before in whole:
                value.copy_(before)
