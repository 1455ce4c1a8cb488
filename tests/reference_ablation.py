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


def classes_slowly(
    network: nn.Module, images: Tensor, hooked: nn.Module, removed: Sequence[int], cut: float
) -> list[set[int]]:
    """Of every image alone the classes whose score is above ``cut``, with ``removed`` units at 0."""

    def clear(_module: nn.Module, _inputs: object, output: Tensor) -> Tensor:
        output = output.clone()
        for unit in removed:
            output[:, unit] = 0.0
        return output

    handle = hooked.register_forward_hook(clear)
    try:
        with torch.no_grad():
            rows = [network(images[k : k + 1].clone()).reshape(-1) for k in range(len(images))]
    finally:
        handle.remove()
    return [{place for place, score in enumerate(row.tolist()) if score > cut} for row in rows]


def balanced_accuracy_of_each_slowly(
    said: Sequence[set[int]], truth: Sequence[set[int]], members: set[int]
) -> float | None:
    """Where an image can be of any number of classes: of a target if it is of one of its members."""
    inside = [bool(told & members) for told, own in zip(said, truth, strict=True) if own & members]
    outside = [not told & members for told, own in zip(said, truth, strict=True) if not own & members]
    if not inside or not outside:
        return None
    return (sum(inside) / len(inside) + sum(outside) / len(outside)) / 2


def right_decisions_slowly(said: Sequence[set[int]], truth: Sequence[set[int]], classes: int) -> float:
    """Share of (image, class) pairs on which both agree."""
    pairs = [(c in told) == (c in own) for told, own in zip(said, truth, strict=True) for c in range(classes)]
    return sum(pairs) / len(pairs)
