"""The slow, obvious twin of how sure a label is: dictionaries and loops, from the definitions alone.

A unit's mask and a label map are given as pixels one by one; it shares no code with ``dissect_report.stats``.
"""

from __future__ import annotations

import numpy as np
from reference import best, iou


def permuted_sources(groups: list[int], number: int, seed: int) -> list[int]:
    """Whose label map each image gets under permutation ``number``."""
    members: dict[int, list[int]] = {}
    for image, group in enumerate(groups):
        members.setdefault(group, []).append(image)
    order = np.random.default_rng([seed, 1000, number]).permutation(len(members))
    return [image for group in order for image in members[int(group)]]


def intersections(mask: np.ndarray, labels: np.ndarray, sources: list[int], concepts: int) -> np.ndarray:
    """Pixels of a unit's mask [image, y, x] that carry each concept, labels [image, depth, y, x] moved."""
    found = np.zeros(concepts + 1, np.int64)
    for image, y, x in zip(*np.nonzero(mask), strict=True):
        for concept in {int(label) for label in labels[sources[image], :, y, x]} - {0}:
            found[concept] += 1
    return found


def chance(mask, labels, present, groups, numbers, seed) -> list[tuple[int, float]]:
    """Best concept and IoU of one unit under each permutation; 0 and 0.0 where nothing overlaps."""
    results = []
    for number in numbers:
        sources = permuted_sources(groups, number, seed)
        concept, value = best(mask.sum(), present, intersections(mask, labels, sources, len(present) - 1))
        results.append((concept, value if concept else 0.0))
    return results


def significance(observed, units, draw, first, further, enough):
    """Hits and draws of every unit, one unit and one permutation at a time.

    Args:
        observed: best IoU per unit; None = no mask.
        draw: gives a unit's best IoU under a permutation.
    """
    hits, drawn = [0] * units, [0] * units
    alive = [u for u in range(units) if observed[u] is not None]
    for unit in alive:
        for number in range(first):
            hits[unit] += draw(number, unit) >= observed[unit]
            drawn[unit] += 1
    left = further * units
    while going := [u for u in alive if hits[u] < enough]:
        first = min((hits[u] > 0, drawn[u]) for u in going)
        turn = [u for u in going if (hits[u] > 0, drawn[u]) == first]
        if left < len(turn):
            break
        for unit in turn:
            hits[unit] += draw(drawn[unit], unit) >= observed[unit]
            drawn[unit] += 1
            left -= 1
    return hits, drawn


def discovery_rate(values: list[float]) -> list[float]:
    """Benjamini and Hochberg: for each p, the least m * p' / rank(p') over all p' not below it."""
    order = sorted(values)
    return [
        min([1.0] + [len(values) * other / (rank + 1) for rank, other in enumerate(order) if other >= value])
        for value in values
    ]


def split_value(mask, common, area, listed, half) -> float:
    """One unit, one split: mask [block], common [place, block], area [concept, block], half [block]."""
    named = []
    for chosen in (half, ~half):
        scores = {
            int(c): iou(int(mask[chosen].sum()), int(area[c, chosen].sum()), int(common[k, chosen].sum()))
            for k, c in enumerate(listed)
            if c
        }
        scores = {c: value for c, value in scores.items() if value > 0}
        named.append(min((-value, c) for c, value in scores.items())[1] if scores else 0)
    if named[0] != named[1] or not named[0]:
        return 0.0
    place = list(listed).index(named[0])
    return min(
        iou(int(mask[half].sum()), int(area[named[0], half].sum()), int(common[place, half].sum()))
        for half in (half, ~half)
    )


def interval(mask, common, area, seed) -> tuple[float, float]:
    """Bootstrap-t of one unit's IoU with its first concept, blocks drawn with replacement."""
    blocks = len(mask)

    def look(chosen: list[int]) -> tuple[float, float]:
        above = np.array([common[b] for b in chosen], float)
        below = np.array([mask[b] + area[b] - common[b] for b in chosen], float)
        ratio = above.sum() / below.sum()
        return ratio, np.sqrt(((above - ratio * below) ** 2).sum() * blocks / (blocks - 1)) / below.sum()

    value, error = look(list(range(blocks)))
    weights = np.random.default_rng([seed, 3000]).multinomial(blocks, [1 / blocks] * blocks, 1000)
    drawn = [look([b for b in range(blocks) for _ in range(w[b])]) for w in weights]
    distances = [(ratio - value) / spread for ratio, spread in drawn if spread > 0]
    low, high = np.quantile(distances, [0.975, 0.025])
    return max(0.0, min(value, value - low * error)), min(1.0, max(value, value - high * error))
