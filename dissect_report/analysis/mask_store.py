"""The masks of one layer, kept while its units are compared with chance."""

from __future__ import annotations

import numpy as np

from dissect_report.analysis.cache import Cache
from dissect_report.analysis.measuring import MaskKeeper
from dissect_report.stats.masks import Masks, position_type

#: Masks of so many bytes stay in memory; larger ones go to the cache.
MEMORY_BYTES = 128 << 20

#: Share of the cache that masks may take where the maps are in it, too.
MASK_SHARE = 1 / 8


class MaskStore(MaskKeeper):
    """Masks by unit, in memory or in two arrays of the cache."""

    def __init__(
        self, positions: np.ndarray, counts: np.ndarray, cache: Cache | None, name: str = ""
    ) -> None:
        """Args:
        positions: [unit, capacity] of ``Masks``.
        counts: int32 [unit, image] of ``Masks``.
        cache: where the arrays lie; None: in memory.
        name: of their files.
        """
        self.positions, self.counts, self.cache, self.name = positions, counts, cache, name

    def keep(self, first: int, masks: Masks) -> None:
        """Takes the masks of the units from ``first`` on."""
        units = slice(first, first + len(masks))
        self.positions[units] = masks.positions
        self.counts[units] = masks.counts

    def of(self, units: np.ndarray) -> Masks:
        """The masks of some units, by their indices."""
        longest = int(self.counts[units].sum(axis=1).max(initial=0))
        return Masks(np.ascontiguousarray(self.positions[units, :longest]), np.array(self.counts[units]))

    @property
    def whole(self) -> Masks:
        """The arrays themselves, to be filled."""
        return Masks(self.positions, self.counts)

    def flush(self) -> None:
        """Writes what lies in the cache."""
        for array in (self.positions, self.counts):
            if isinstance(array, np.memmap):
                array.flush()

    def discard(self) -> None:
        """Removes what lies in the cache."""
        if self.cache is not None:
            self.cache.discard_all(_files(self.name))


def mask_bytes(units: int, images: int, room: int, grid: int) -> int:
    """Bytes of the masks of some units.

    Args:
        units: how many.
        images: of the probe.
        room: pixels a unit.
        grid: side of the segmentation grid.
    """
    return units * (room * np.dtype(position_type(grid)).itemsize + images * 4)


def open_store(
    cache: Cache | None, name: str, key: str, units: int, images: int, room: int, grid: int
) -> MaskStore:
    """A store for the masks of some units: an empty one, or in the cache as it was left under the same key.

    Args:
        cache: of the run; None: in memory.
        name: of its files.
        key: digest of what the masks depend on.
        units: how many.
        images: of the probe.
        room: pixels a unit.
        grid: side of the segmentation grid.
    """
    kind = position_type(grid)
    if cache is None:
        return MaskStore(np.zeros((units, room), kind), np.zeros((units, images), np.int32), None)
    files = _files(name)
    positions = cache.open(files[0], key, (units, room), kind).values
    counts = cache.open(files[1], key, (units, images), np.int32).values
    return MaskStore(positions, counts, cache, name)


def discard_masks(cache: Cache) -> None:
    """Removes all masks and what lies beside them, also what a killed run left."""
    cache.discard_all(path.name for path in cache.folder.glob("*.masks.*") if path.suffix != ".json")


def _files(name: str) -> tuple[str, str]:
    return f"{name}.positions", f"{name}.counts"
