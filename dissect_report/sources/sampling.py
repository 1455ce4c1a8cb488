"""A seeded sample in which every label keeps its share."""

from __future__ import annotations

from collections.abc import Sequence

import numpy as np


def sample(labels: Sequence[str | None], limit: int, seed: int) -> list[int]:
    """Rising places of ``limit`` labels (0 = all), every label with its share, drawn from ``seed``."""
    if limit == 0 or limit >= len(labels):
        return list(range(len(labels)))
    groups: dict[str | None, list[int]] = {}
    for index, label in enumerate(labels):
        groups.setdefault(label, []).append(index)
    shares = _shares([len(group) for group in groups.values()], limit)
    generator = np.random.default_rng(seed)
    chosen: list[int] = []
    for group, share in zip(groups.values(), shares, strict=True):
        chosen += generator.permutation(group)[:share].tolist()
    return sorted(chosen)


def _shares(sizes: Sequence[int], total: int) -> list[int]:
    """``total`` divided in proportion to ``sizes``, the largest remainders rounded up."""
    whole = sum(sizes)
    shares = [size * total // whole for size in sizes]
    by_remainder = sorted(range(len(sizes)), key=lambda k: (-(sizes[k] * total % whole), k))
    for k in by_remainder[: total - sum(shares)]:
        shares[k] += 1
    return shares
