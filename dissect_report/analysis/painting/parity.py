"""Whether an exported graph gives the images that the network gives."""

from __future__ import annotations

from collections.abc import Callable, Mapping

import numpy as np
from torch import Tensor, nn

from dissect_report.exporting.running import open_graph

#: What a graph is run by: values by input name -> the first output.
Runner = Callable[[Mapping[str, Tensor]], np.ndarray]


def runner(graph: bytes, module: nn.Module) -> tuple[str, Runner]:
    """What runs ``graph`` here, by name, and how.

    Args:
        graph: serialised ONNX.
        module: what it was made of.
    """
    name, run = open_graph(graph, module)
    return name, lambda inputs: run(inputs)[0]
