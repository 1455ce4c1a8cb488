"""The masks of one layer, kept while its units are compared with chance."""

from __future__ import annotations

import numpy as np

from dissect_report.analysis.cache import Cache
from dissect_report.analysis.measuring import MaskKeeper
from dissect_report.stats.masks import Masks, position_type

#: Masks of so many bytes stay in memory; larger ones go to the cache.
MEMORY_BYTES = 128 << 20

#: Share of the cache that masks may take; maps and images have the rest.
MASK_SHARE = 1 / 8

FILES = ("masks.positions", "masks.counts")


class MaskStore(MaskKeeper):
    """Masks by unit, in memory or in two arrays of the cache."""

    def __init__(self, positions: np.ndarray, counts: np.ndarray, cache: Cache | None) -> None:
        """Args:
        positions: [unit, capacity] of ``Masks``.
        counts: int32 [unit, image] of ``Masks``.
        cache: where the arrays lie; None: in memory.
        """
        self.positions, self.counts, self.cache = positions, counts, cache
        self.offset = 0

    def keep(self, first: int, masks: Masks) -> None:
        """Takes the masks of the units from ``offset + first`` on."""
        units = slice(self.offset + first, self.offset + first + len(masks))
        self.positions[units] = masks.positions
        self.counts[units] = masks.counts

    def of(self, units: np.ndarray) -> Masks:
        """The masks of some units, by their indices."""
        longest = int(self.counts[units].sum(axis=1).max(initial=0))
        return Masks(np.ascontiguousarray(self.positions[units, :longest]), self.counts[units])

    def discard(self) -> None:
        """Removes what lies in the cache."""
        if self.cache is not None:
            self.cache.discard_all(FILES)


def open_store(
    cache: Cache, budget: float, units: int, images: int, room: int, grid: int
) -> MaskStore | None:
    """An empty store for one layer.

    Args:
        cache: of the run.
        budget: bytes of disk that masks may take.
        units: of the layer.
        images: of the probe.
        room: pixels a unit.
        grid: side of the segmentation grid.

    Returns:
        None where neither memory nor the budget holds the masks.
    """
    kind = position_type(grid)
    size = units * (room * np.dtype(kind).itemsize + images * 4)
    if size <= MEMORY_BYTES:
        return MaskStore(np.zeros((units, room), kind), np.zeros((units, images), np.int32), None)
    if size > budget:
        return None
    cache.discard_all(FILES)
    positions = cache.open(FILES[0], "", (units, room), kind).values
    counts = cache.open(FILES[1], "", (units, images), np.int32).values
    return MaskStore(positions, counts, cache)
