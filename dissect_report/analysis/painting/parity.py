"""Whether an exported graph gives the images that the network gives.

``onnxruntime`` is what browsers run, and is asked where it is installed. Elsewhere torch runs the part that
was exported with its weights rounded as they are stored: that is all that an export changes, but for faults
of the exporter, which the page itself looks for: it compares its first image with the stored samples.
"""

from __future__ import annotations

from collections.abc import Callable, Iterator, Mapping
from contextlib import contextmanager
from importlib.util import find_spec
from typing import Any

import numpy as np
import torch
from torch import Tensor, nn

from dissect_report.activations.modes import quiet

#: What a graph is run by: values by input name -> the first output.
Runner = Callable[[Mapping[str, Tensor]], np.ndarray]


def runner(graph: bytes, module: nn.Module) -> tuple[str, Runner]:
    """What runs ``graph`` here, by name, and how.

    Args:
        graph: serialised ONNX.
        module: what it was made of.
    """
    if find_spec("onnxruntime") is None:
        return "torch", lambda inputs: _rounded_run(module, inputs)
    import onnxruntime  # noqa: PLC0415  only where it is installed

    session: Any = onnxruntime.InferenceSession(  # type: ignore[attr-defined]
        graph, providers=["CPUExecutionProvider"]
    )

    def run(inputs: Mapping[str, Tensor]) -> np.ndarray:
        return np.asarray(session.run(None, {name: v.cpu().numpy() for name, v in inputs.items()})[0])

    return f"onnxruntime {onnxruntime.__version__}", run


def _rounded_run(module: nn.Module, inputs: Mapping[str, Tensor]) -> np.ndarray:
    with quiet(module), _rounded(module):
        made: Tensor = module(*(value.clone() for value in inputs.values()))
    return made.cpu().numpy()


@contextmanager
def _rounded(module: nn.Module) -> Iterator[None]:
    """Inside, the module's numbers are as half precision holds them."""
    held = [*module.parameters(), *module.buffers()]
    kept = [(tensor, tensor.detach().clone()) for tensor in held if tensor.is_floating_point()]
    try:
        with torch.no_grad():
            for tensor, whole in kept:
                tensor.copy_(whole.half().to(whole.dtype))
        yield
    finally:
        with torch.no_grad():
            for tensor, whole in kept:
                tensor.copy_(whole)
