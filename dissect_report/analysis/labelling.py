"""How many images a segmenter is given at a time."""

from __future__ import annotations

from collections.abc import Iterator, Sequence
from contextlib import contextmanager
from typing import Any

import torch
from torch import Tensor, nn

from dissect_report.activations.modes import watchable

#: What the largest maps of the images labelled at a time may take on a CPU: more leaves its cache.
#: DeepLabV3+ takes 0.45 s an image one by one and 1.15 s in batches of 16; the demo's segmenter, whose maps
#: are a tenth of that, 25 ms and, four at a time, 15.
CPU_BYTES = 8 << 20


def images_at_once(largest: int, batch: int, device: torch.device) -> int:
    """Images labelled at a time.

    Args:
        largest: bytes of the largest map that any segmenter makes of an image.
        batch: images that the model is given at a time.
        device: where they run.
    """
    return batch if device.type != "cpu" else max(1, min(batch, CPU_BYTES // max(1, largest)))


@contextmanager
def largest_map(networks: Sequence[nn.Module]) -> Iterator[list[int]]:
    """Inside, a list of the bytes of every tensor that a module of the networks puts out."""
    sizes: list[int] = []

    def look(_module: nn.Module, _inputs: Any, output: Any) -> None:
        if isinstance(output, Tensor):
            sizes.append(output.numel() * output.element_size())

    handles = [m.register_forward_hook(look) for network in networks for _, m in watchable(network)]
    try:
        yield sizes
    finally:
        for handle in handles:
            handle.remove()
