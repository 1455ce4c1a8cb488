"""What one run of a module costs."""

from __future__ import annotations

from collections.abc import Sequence

from torch import Tensor, nn
from torch.utils.flop_counter import FlopCounterMode

from dissect_report.activations.modes import quiet


def multiplications(module: nn.Module, inputs: Sequence[Tensor]) -> int:
    """Of all convolutions and matrix products of one run."""
    with quiet(module), FlopCounterMode(display=False) as counter:
        module(*(value.clone() for value in inputs))
    return int(counter.get_total_flops()) // 2  # it counts an addition for each
