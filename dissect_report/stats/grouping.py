"""Images that belong together, and the fixed parts of the probe that keep them together.

A group is never parted: halves, blocks, splits and permutations all take groups whole. Which part a group
falls into depends on its content alone, so that neither names nor the order of files move it.
"""

from __future__ import annotations

from collections.abc import Sequence
from dataclasses import dataclass

import numpy as np
from jaxtyping import Int32, UInt8

#: Parts that splits, draws and stored counts work with at most: their arrays then stay small.
MOST_BLOCKS = 500


@dataclass(frozen=True, eq=False)
class Grouping:
    """Where each image of the probe belongs.

    Attributes:
        group: number of its group; groups are numbered as they first appear.
        block: number of its block, by the rank of the group's content.
        half: 0 or 1, of the held-out measurement: the lower and the upper half of those ranks.
    """

    group: Int32[np.ndarray, " image"]
    block: Int32[np.ndarray, " image"]
    half: UInt8[np.ndarray, " image"]

    @property
    def groups(self) -> int:
        """How many there are."""
        return int(self.group.max(initial=-1)) + 1

    @property
    def blocks(self) -> int:
        """How many there are: the groups, or ``MOST_BLOCKS``."""
        return int(self.block.max(initial=-1)) + 1


def group_images(names: Sequence[str] | None, digests: Sequence[str]) -> Grouping:
    """The grouping of a probe.

    Args:
        names: of each image's group; None: every image is one of its own.
        digests: of each image's content, hexadecimal. A group's rank is that of its least digest.
    """
    keys: Sequence[object] = range(len(digests)) if names is None else names
    numbers: dict[object, int] = {}
    group = np.array([numbers.setdefault(key, len(numbers)) for key in keys], np.int32)
    least: dict[int, str] = {}
    for number, text in zip(group.tolist(), digests, strict=True):
        least[number] = min(least.get(number, text), text)
    order = sorted(least, key=lambda number: (least[number], number))
    rank = np.empty(len(order), np.int64)
    rank[order] = np.arange(len(order))
    blocks = min(len(order), MOST_BLOCKS)
    return Grouping(
        group=group,
        block=(rank * blocks // max(1, len(order)))[group].astype(np.int32),
        half=(rank * 2 // max(1, len(order)))[group].astype(np.uint8),
    )
