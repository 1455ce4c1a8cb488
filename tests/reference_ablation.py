"""The slow obvious way: one forward pass an image and a set, one image at a time, counts in plain loops."""

from __future__ import annotations

from collections.abc import Sequence

import numpy as np
import torch
from torch import Tensor, nn


def predict_slowly(
    network: nn.Module,
    hooked: nn.Module,
    images: Tensor,
    removed: Sequence[int],
    value: Sequence[float] | float = 0.0,
) -> list[int]:
    """The class of every image with ``removed`` units of ``hooked``'s output replaced."""
    fill = np.broadcast_to(np.asarray(value, np.float32), (len(removed),))

    def replace(_module: nn.Module, _inputs: object, output: Tensor) -> Tensor:
        output = output.clone()
        for unit, level in zip(removed, fill, strict=True):
            output[:, unit] = float(level)
        return output

    network = network.eval()
    handle = hooked.register_forward_hook(replace)
    try:
        with torch.no_grad():
            return [int(network(images[k : k + 1].clone()).argmax()) for k in range(len(images))]
    finally:
        handle.remove()


def balanced_accuracy_slowly(
    predicted: Sequence[int], labels: Sequence[int], members: Sequence[int]
) -> float | None:
    right_inside = inside = right_outside = outside = 0
    for said, true in zip(predicted, labels, strict=True):
        if true in members:
            inside += 1
            right_inside += said in members
        else:
            outside += 1
            right_outside += said not in members
    if not inside or not outside:
        return None
    return (right_inside / inside + right_outside / outside) / 2


def rank_slowly(losses: Sequence[float], falls: Sequence[float]) -> list[int]:
    return sorted(range(len(losses)), key=lambda unit: (-losses[unit], -falls[unit], unit))
