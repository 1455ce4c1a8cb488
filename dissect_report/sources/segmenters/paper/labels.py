"""From the logits of the paper's segmenter to its five channels of ids."""

from __future__ import annotations

import numpy as np
import torch
from jaxtyping import Float, Integer
from torch import Tensor, nn

from dissect_report.sources.segmenters.paper.parsing import Logits, PerceptualNet
from dissect_report.sources.segmenters.paper.pooling import enlarged
from dissect_report.sources.segmenters.paper.quadrants import quadrants
from dissect_report.sources.segmenters.paper.vocabulary import Vocabulary


def part_labels(
    objects: Integer[np.ndarray, "y x"],
    channels: Integer[np.ndarray, "owner y x"],
    vocabulary: Vocabulary,
) -> Integer[np.ndarray, "y x"]:
    """Ids of parts, where an object that has some is.

    Args:
        objects: ids.
        channels: the likeliest of every owner's parts, counted from its first.
        vocabulary: its owners, in the same order.
    """
    parts = np.zeros_like(objects)
    for place, (owner, _, ids) in enumerate(vocabulary.owners):
        inside = objects == owner
        parts[inside] = ids[channels[place][inside]]
    return parts


def perceptual_labels(
    logits: Logits, side: int, vocabulary: Vocabulary
) -> Integer[Tensor, "image 5 side side"]:
    """Objects, materials, parts, upper and lower, left and right halves.

    Args:
        logits: of the network.
        side: of the maps that are made; logits go there before the largest is taken.
        vocabulary: of the ids.
    """
    size = (side, side)
    objects = enlarged(logits.objects, size).argmax(1)
    materials = enlarged(logits.materials, size).argmax(1)
    materials = torch.where(materials > 0, materials + vocabulary.first_material, 0)
    parts = enlarged(logits.parts, size)
    best = torch.stack([parts[:, channels].argmax(1) for _, channels, _ in vocabulary.owners], 1)
    made = [
        [found, material, part_labels(found, channel, vocabulary), *quadrants(found, vocabulary)]
        for found, material, channel in zip(
            objects.cpu().numpy(), materials.cpu().numpy(), best.cpu().numpy(), strict=True
        )
    ]
    return torch.from_numpy(np.array(made))


class PerceptualParser(nn.Module):
    """The network and what its channels stand for."""

    def __init__(self, network: PerceptualNet, vocabulary: Vocabulary) -> None:
        super().__init__()
        self.network = network
        self.vocabulary = vocabulary

    def segment(
        self, images: Float[Tensor, "image 3 y x"], side: int = 0
    ) -> Integer[Tensor, "image 5 side side"]:
        """Ids; ``side`` 0 is the images' own."""
        return perceptual_labels(self.network(images), side or images.shape[-1], self.vocabulary)

    def log_probability(
        self, images: Float[Tensor, "image 3 y x"], number: int
    ) -> Float[Tensor, "image y x"]:
        """Of an object or a material; of a part with any of its owners; at the network's own cells.

        Of a quadrant its object's: where boxes end has no gradient.
        """
        words, logits = self.vocabulary, self.network(images)
        objects: Tensor = logits.objects.log_softmax(1)
        if number <= words.first_material:
            return objects[:, (number - 1) % words.count + 1]
        if number < words.first_part:
            material: Tensor = logits.materials.log_softmax(1)[:, number - words.first_material]
            return material
        owned = [
            objects[:, owner] + logits.parts[:, channels].log_softmax(1)[:, ids.tolist().index(number)]
            for owner, channels, ids in words.owners
            if number in ids
        ]
        return torch.stack(owned).logsumexp(0)
