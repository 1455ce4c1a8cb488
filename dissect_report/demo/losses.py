"""What the demo's two networks are taught."""

import numpy as np
import torch
from jaxtyping import Float
from numpy.typing import NDArray
from torch import Tensor, nn
from torch.nn import functional

from dissect_report.demo.concepts import CHANNELS, CONCEPTS, concept_ids
from dissect_report.demo.fitting import Lesson, Loss
from dissect_report.demo.networks import GROUPS, MEAN, STD, SegmenterNetwork
from dissect_report.demo.quality import as_input


def classifier_loss(network: nn.Module, lesson: Lesson) -> Tensor:
    """Cross entropy on scenes with shifted colours: no one colour decides."""
    inputs, random = (as_input(lesson.images) - MEAN[0]) / STD[0], lesson.random
    number = len(inputs)
    gain = torch.from_numpy(random.uniform(0.82, 1.2, (number, 3, 1, 1)).astype(np.float32))
    shift = torch.from_numpy(random.uniform(-0.25, 0.25, (number, 1, 1, 1)).astype(np.float32))
    inputs = inputs * gain + shift
    with torch.autocast("cpu", dtype=torch.bfloat16):
        logits = network(inputs.contiguous(memory_format=torch.channels_last))
    return functional.cross_entropy(logits.float(), torch.from_numpy(lesson.classes), label_smoothing=0.05)


def pixel_shares(labels: NDArray[np.uint8]) -> NDArray[np.float32]:
    """The chance of a pixel to be learnt from, by its label, float32 [concept + 1]: rare concepts more often.

    Proportional to the inverse square root of how often the concept is drawn: enough that a mast is not
    drowned in sky, not so much that it is seen everywhere.
    """
    counts = np.bincount(labels.ravel(), minlength=len(CONCEPTS) + 1).astype(np.float64)
    share = counts / (labels.size / len(CHANNELS))
    chance = 0.07 / np.sqrt(np.maximum(share, 1e-6))
    chance[0] = 0.0
    clipped: NDArray[np.float32] = np.clip(chance, 0, 1).astype(np.float32)
    return clipped


def blurred(
    images: Float[Tensor, "image 3 y x"], random: np.random.Generator, share: float = 0.25
) -> Float[Tensor, "image 3 y x"]:
    """The images, that share of them halved and enlarged again.

    So look the generator's pictures, half as large as the scenes, when the segmenter gets to see them.
    """
    chosen = torch.from_numpy(random.random(len(images)) < share)
    if not chosen.any():
        return images
    small = functional.avg_pool2d(images[chosen], 2)
    large = functional.interpolate(small, size=images.shape[-2:], mode="bicubic").clamp(0, 1)
    mixed = images.clone()
    mixed[chosen] = large
    return mixed


def segmenter_loss(shares: NDArray[np.float32]) -> Loss:
    """Mean of the three channels' cross entropies over pixels drawn by their rarity."""
    offsets = [concept_ids(category)[0] - 1 for category in CHANNELS]

    def loss(network: nn.Module, lesson: Lesson) -> Tensor:
        assert isinstance(network, SegmenterNetwork)
        images, random = lesson.images, lesson.random
        truth = lesson.labels.transpose(1, 0, 2, 3).reshape(len(CHANNELS), -1)
        chosen = np.flatnonzero(random.random(truth.shape[1], dtype=np.float32) < shares[truth].max(axis=0))
        gain = torch.from_numpy(random.uniform(0.93, 1.07, (len(images), 3, 1, 1)).astype(np.float32))
        seen = blurred(as_input(images), random) * gain
        with torch.autocast("cpu", dtype=torch.bfloat16):
            maps = network.maps(seen.contiguous(memory_format=torch.channels_last))
            rows = maps.permute(0, 2, 3, 1).reshape(-1, maps.shape[1])[torch.from_numpy(chosen)]
            logits = network.head(rows)
        total, taught = torch.zeros(()), truth[:, chosen].astype(np.int64)
        for group, ids, offset in zip(logits.float().split(GROUPS, dim=1), taught, offsets, strict=True):
            places = torch.from_numpy(np.where(ids > 0, ids - offset, 0))
            total = total + functional.cross_entropy(group, places)
        return total / len(CHANNELS)

    return loss
