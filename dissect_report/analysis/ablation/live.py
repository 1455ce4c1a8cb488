"""What a page needs to remove units by itself, where only pooling and one linear layer lie behind."""

from __future__ import annotations

import numpy as np
import torch

from dissect_report.activations.linear_step import LinearStep
from dissect_report.analysis.ablation.removals import Remover
from dissect_report.analysis.ablation.splits import LabelledImages
from dissect_report.analysis.held_maps import HeldMaps
from dissect_report.findings.answers import decisions, pack, right
from dissect_report.stats.classification import ClassCounts

#: Images a reading.
BLOCK = 64


def live_arrays(
    step: LinearStep, remover: Remover, maps: HeldMaps, images: LabelledImages, alone: ClassCounts
) -> tuple[dict[str, np.ndarray], float | None]:
    """The arrays of the live page, and how far its all-class accuracy is off for single units.

    Args:
        step: the linear map behind the layer.
        remover: with the replacement.
        maps: of the survey of ``images``.
        images: the evaluation images.
        alone: counts with single units removed; column 0 is intact.

    Returns:
        Nothing and None where something else lies behind the layer.
    """
    if step.units_weight is None or step.units_weight.shape[2] != 1:
        return {}, None
    parts = []
    with torch.inference_mode():
        for first in range(0, len(images), BLOCK):
            held = maps.block(images.indices[first : first + BLOCK])
            parts.append(step.parts(held.recorded)[:, :, 0].cpu().numpy())
        empty = step.parts(remover.empty(held.recorded))
        bare = step.rest(step.whole(empty), [value[:1] for value in held.kept])[0].cpu().numpy()
    pooled = np.concatenate(parts)
    offset = pooled.min(0)
    scale = ((pooled.max(0) - offset) / 255).astype(np.float32)
    coded = np.rint((pooled - offset) / np.where(scale > 0, scale, 1)).clip(0, 255).astype(np.uint8)
    arrays = {
        "pooled": coded,
        "scale": scale,
        "offset": offset,
        "weight": step.units_weight[:, :, 0].cpu().numpy(),
        "bare": bare,
        "removed_value": empty[0, :, 0].cpu().numpy(),
    }
    return arrays, _difference(arrays, images.labels, alone)


def _difference(arrays: dict[str, np.ndarray], labels: np.ndarray, alone: ClassCounts) -> float:
    """Largest difference of the all-class accuracy, intact and over all single units."""
    value = arrays["offset"] + arrays["scale"] * arrays["pooled"].astype(np.float32)
    parts = value - arrays["removed_value"]
    weight = arrays["weight"]
    whole = arrays["bare"] + parts @ weight.T
    worst = abs(_share_right(whole, labels) - float(alone.accuracy[0]))
    for unit in range(parts.shape[1]):
        off = _share_right(whole - parts[:, unit, None] * weight[:, unit], labels)
        worst = max(worst, abs(off - float(alone.accuracy[1 + unit])))
    return worst


def _share_right(scores: np.ndarray, labels: np.ndarray) -> float:
    """All-class accuracy of scores [image, class]; every class by itself where ``labels`` are lists."""
    answers = scores.argmax(1) if labels.ndim == 1 else pack(scores > 0)
    found = right(answers[:, None], labels, scores.shape[1])
    return float(found.mean()) / decisions(answers[:, None], scores.shape[1])
