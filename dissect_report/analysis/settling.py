"""Two rounds in place of three: levels are settled by the round that finds the masks, where there is room.

Where the level of a unit lies is known to a hundredth of its value after the first round. Pixels in there are
kept beside the masks until all images are seen, and so are the maps of the top images: see ``near_level``.
"""

from __future__ import annotations

from collections.abc import Mapping, Sequence
from dataclasses import dataclass

import numpy as np

from dissect_report.activations.layers import LayerInfo
from dissect_report.analysis import mask_store
from dissect_report.analysis.cache import Cache, digest
from dissect_report.analysis.counting import kept_peaks
from dissect_report.analysis.map_plans import MapPlan, mask_bytes, mask_room
from dissect_report.analysis.mask_store import MaskStore, open_store
from dissect_report.analysis.passes.reductions import Reduction
from dissect_report.analysis.rounds import SECOND_FILE, FirstRound, repeat
from dissect_report.analysis.setup import Setup
from dissect_report.stats.levels import ActivationStats
from dissect_report.stats.masks import Masks, position_type
from dissect_report.stats.near_level import (
    NearLevel,
    add_near,
    complete,
    count_near,
    near_bytes,
    no_near,
    settle_near,
)
from dissect_report.stats.rounds import Sought, seek
from dissect_report.stats.topk import top_images


class SettledMasks(MaskStore):
    """Masks that are whole with the pixels near the level; what is stored stays as it is."""

    def __init__(self, store: MaskStore, near: NearLevel, sought: Sought, level: np.ndarray) -> None:
        """Args:
        store: of the pixels that are in the masks whatever the levels are.
        near: pixels near the levels.
        sought: where the levels were sought.
        level: of each unit.
        """
        super().__init__(store.positions, store.counts, store.cache, store.name)
        self.near, self.sought, self.level = near, sought, level

    def of(self, units: np.ndarray) -> Masks:
        """The masks of some units, by their indices."""
        return complete(super().of(units), units, self.near, self.sought, self.level)


@dataclass(frozen=True, eq=False)
class TopMaps:
    """The kept maps of each unit's top images, for outlines once its level is known.

    Attributes:
        top: int32 [unit, k] images, best first.
        maps: float32 [unit, k, y, x].
    """

    top: np.ndarray
    maps: np.ndarray

    def add(self, maps: np.ndarray, start: int) -> None:
        """Some consecutive images from ``start`` on: float32 [image, unit, y, x]."""
        units, places = np.nonzero((self.top >= start) & (self.top < start + len(maps)))
        self.maps[units, places] = maps[self.top[units, places] - start, units]


@dataclass(frozen=True, eq=False)
class Second:
    """The second of two rounds, laid out.

    Attributes:
        first: the first one, made.
        sought: by layer, where the levels lie.
        near: by layer, int64 [unit] pixels near the level.
        drawn: layers whose top images are drawn.
        bytes: of all that it keeps.
    """

    first: FirstRound
    sought: tuple[Sought, ...]
    near: tuple[np.ndarray, ...]
    drawn: tuple[LayerInfo, ...]
    bytes: int


def plan_second(
    setup: Setup, plans: Mapping[str, MapPlan], first: FirstRound, drawn: Sequence[LayerInfo]
) -> Second:
    """What the second round would keep, counted by the first."""
    pixels, quantile = len(setup.survey) * setup.grid**2, setup.run.dissection.quantile
    sought = tuple(
        seek(codes, plans[info.name].to_grid, pixels, quantile)
        for info, codes in zip(first.infos, first.codes, strict=True)
    )
    near = tuple(count_near(codes, where) for codes, where in zip(first.codes, sought, strict=True))
    units = sum(info.units for info in first.infos)
    kept = near_bytes(sum(int(counts.sum()) for counts in near), setup.grid) + mask_bytes(setup, units)
    return Second(first, sought, near, tuple(drawn), kept + top_bytes(setup, plans, drawn, len(setup.survey)))


def top_bytes(setup: Setup, plans: Mapping[str, MapPlan], infos: Sequence[LayerInfo], images: int) -> int:
    """Bytes of ``TopMaps`` of some layers."""
    shown = min(setup.run.dissection.top_images, images)
    return sum(info.units * shown * 4 * int(np.prod(plans[info.name].map_size)) for info in infos)


@dataclass(frozen=True, eq=False)
class Found:
    """What the second round leaves behind, by layer name.

    Attributes:
        activation: levels and the like.
        masks: of all units.
        top: maps of the top images.
        sums: how far it is, on disk.
    """

    activation: Mapping[str, ActivationStats]
    masks: Mapping[str, MaskStore]
    top: Mapping[str, TopMaps]
    sums: Reduction


def run_second(setup: Setup, plans: Mapping[str, MapPlan], second: Second) -> Found:
    """Finds masks and what lies near the levels, keeps the maps of top images, then settles the levels."""
    images, first, options = len(setup.survey), second.first, setup.run.dissection
    key = digest(
        "levels and masks", first.sums.key, options.quantile,
        [(setup.stages.maps(info), options.top_images) for info in second.drawn],
    )  # fmt: skip
    cache = setup.cache if second.bytes > mask_store.MEMORY_BYTES else None
    room = mask_room(setup)
    stores = [
        open_store(cache, f"{info.file}.masks", key, info.units, images, room, setup.grid)
        for info in first.infos
    ]
    near = [
        _open_near(cache, info, key, counts, setup.grid)
        for info, counts in zip(first.infos, second.near, strict=True)
    ]
    tops = {info.name: _open_top(setup, cache, info, key, plans[info.name]) for info in second.drawn}

    def collect() -> dict[str, np.ndarray]:
        arrays = {f"{name}{place}": getattr(one, name) for place, one in enumerate(near) for name in SUMS}
        large = _large(stores, near, tops)
        if cache is None:
            return arrays | large
        for array in large.values():
            if isinstance(array, np.memmap):
                array.flush()
        return arrays

    reduction = Reduction(setup.cache.folder / SECOND_FILE, key, collect)
    kept = reduction.load((), images)
    if kept is not None:
        known = {f"{name}{place}": getattr(one, name) for place, one in enumerate(near) for name in SUMS}
        for name, array in (known | (_large(stores, near, tops) if cache is None else {})).items():
            array[...] = kept[name]
    done = len(reduction.filled)
    filled = [store.counts[:, :done].sum(axis=1, dtype=np.int64) for store in stores]
    places = {info.name: place for place, info in enumerate(first.infos)}

    def take(info: LayerInfo, maps: np.ndarray, start: int) -> None:
        if info.name in places:
            place = places[info.name]
            add_near(
                near[place], stores[place].whole, filled[place], start, maps, second.sought[place],
                plans[info.name].to_grid, setup.threads,
            )  # fmt: skip
        if info.name in tops:
            tops[info.name].add(maps, start)

    wanted = [info for info in setup.network.chosen if info.name in places or info.name in tops]
    repeat(setup, plans, wanted, take, reduction, "finding levels and masks")
    activation, masks = {}, {}
    for place, info in enumerate(first.infos):
        where = second.sought[place]
        found = settle_near(first.codes[place], where, near[place], images * setup.grid**2, options.quantile)
        activation[info.name] = found
        masks[info.name] = SettledMasks(stores[place], near[place], where, found.level)
    return Found(activation, masks, tops, reduction)


#: Of ``NearLevel``, what is saved whole whatever it takes.
SUMS = ("filled", "least", "histogram")


def _large(
    stores: Sequence[MaskStore], near: Sequence[NearLevel], tops: Mapping[str, TopMaps]
) -> dict[str, np.ndarray]:
    """The arrays that lie in the cache where they are large."""
    arrays = {f"top.{name}": top.maps for name, top in tops.items()}
    for place, (store, one) in enumerate(zip(stores, near, strict=True)):
        arrays |= {f"positions{place}": store.positions, f"counts{place}": store.counts}
        arrays |= {f"{name}{place}": getattr(one, name) for name in ("images", "cells", "keys")}
    return arrays


def _array(
    cache: Cache | None, name: str, key: str, shape: tuple[int, ...], kind: type[np.generic]
) -> np.ndarray:
    if cache is None or 0 in shape:
        return np.zeros(shape, kind)
    return cache.open(name, key, shape, kind).values


def _open_near(cache: Cache | None, info: LayerInfo, key: str, counts: np.ndarray, grid: int) -> NearLevel:
    size, name = (int(counts.sum()),), f"{info.file}.masks"
    images = _array(cache, f"{name}.images", key, size, np.int32)
    cells = _array(cache, f"{name}.cells", key, size, position_type(grid))
    return no_near(counts, images, cells, _array(cache, f"{name}.keys", key, size, np.uint16))


def _open_top(setup: Setup, cache: Cache | None, info: LayerInfo, key: str, plan: MapPlan) -> TopMaps:
    peaks = kept_peaks(setup, info)
    assert peaks is not None, "the first round was made"
    top = top_images(peaks.maxima, peaks.means, setup.run.dissection.top_images)
    return TopMaps(
        top, _array(cache, f"{info.file}.masks.top", key, (*top.shape, *plan.map_size), np.float32)
    )
