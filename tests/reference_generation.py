"""The slow twin of a generator's interventions: hooks on the whole network, one image at a time."""

from __future__ import annotations

import numpy as np
import torch


def image_of(network, layer: str, latent: np.ndarray, change) -> np.ndarray:
    """RGB in [0, 1], float32 [3, y, x], with ``change(maps)`` applied to the recorded maps of one latent."""
    module = dict(network.named_modules())[layer]
    relu = {"layer1": torch.relu, "layer2": lambda maps: torch.nn.functional.leaky_relu(maps, 0.2)}[layer]

    def hook(_module, _inputs, output):
        maps = relu(output).clone()
        change(maps[0])
        return maps  # both activations leave what they gave as it is, but for negative insertions

    handle = module.register_forward_hook(hook)
    try:
        with torch.no_grad():
            raw = network(torch.from_numpy(latent)[None])
    finally:
        handle.remove()
    return ((raw[0].clamp(-1, 1) + 1) / 2).numpy()


def count_concepts(labels: np.ndarray, concepts: int) -> list[int]:
    """Pixels that carry each concept in any channel, [concept + 1]."""
    counts = [0] * (concepts + 1)
    for y in range(labels.shape[1]):
        for x in range(labels.shape[2]):
            for concept in {int(label) for label in labels[:, y, x]} - {0}:
                counts[concept] += 1
    return counts


def portion_removed(intact: list[int], edited: list[int]) -> float:
    """Ratio of sums."""
    changes = [after - before for before, after in zip(intact, edited, strict=True)]
    return -sum(changes) / sum(intact)


def context_rows(added: list[float], labels: list[list[int]]) -> dict[int, tuple[int, float, float | None]]:
    """By label: how many places, mean, variance with n - 1."""
    rows: dict[int, list[float]] = {}
    for value, here in zip(added, labels, strict=True):
        for label in set(here) - {0}:
            rows.setdefault(label, []).append(value)
    table = {}
    for label, values in rows.items():
        mean = sum(values) / len(values)
        spread = sum((value - mean) ** 2 for value in values) / (len(values) - 1) if len(values) > 1 else None
        table[label] = (len(values), mean, spread)
    return table


def places_of(size: int, most: int) -> list[tuple[int, int]]:
    """First and last cell (not included) of each block along one side."""
    blocks = min(size, most)
    return [(block * size // blocks, (block + 1) * size // blocks) for block in range(blocks)]


def effect_loss(network, maps, block, level, strengths, concept: int, floor: float) -> float:
    """Minus a concept's mean log-probability over one painted block, in plain loops and float64.

    Args:
        network: maps [unit, y, x] to logits [concept, y, x], float64.
        maps: of one image, float64.
        block: first row, last row, first column, last column.
        level: of each unit; NaN: not moved.
        strengths: how far each is moved.
        concept: its channel.
        floor: lower log-probabilities count as this much.
    """
    top, bottom, left, right = block
    edited = maps.copy()
    for unit in range(len(maps)):
        if not np.isnan(level[unit]):
            for y in range(top, bottom):
                for x in range(left, right):
                    edited[unit, y, x] += (level[unit] - edited[unit, y, x]) * strengths[unit]
    logits = network(edited)
    scale = logits.shape[1] // maps.shape[1]
    found = []
    for y in range(top * scale, bottom * scale):
        for x in range(left * scale, right * scale):
            shares = np.exp(logits[:, y, x] - logits[:, y, x].max())
            found.append(max(float(np.log(shares[concept] / shares.sum())), floor))
    return -sum(found) / len(found)
