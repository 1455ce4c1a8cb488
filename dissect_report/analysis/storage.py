"""How much disk and memory a dissection takes, and how often its network runs over the images."""

from __future__ import annotations

from dataclasses import dataclass

import numpy as np

from dissect_report.analysis import mask_store
from dissect_report.analysis.forward import plan_groups
from dissect_report.analysis.map_plans import map_bytes, plan_maps
from dissect_report.analysis.measuring import COUNTER_BYTES
from dissect_report.analysis.rounds import FIRST_BYTES, SECOND_BYTES
from dissect_report.analysis.settling import top_bytes
from dissect_report.analysis.setup import PIXEL_SHARE, Setup
from dissect_report.analysis.unit_slices import SLICE, is_wide, rounds_of
from dissect_report.findings.paths import TILE
from dissect_report.stats.masks import capacity

#: Share of the masks that lies near the levels besides: 0.13 to 0.26 on layers of four networks.
NEAR_SHARE = 0.3


@dataclass(frozen=True)
class Storage:
    """What a dissection of some images takes.

    Attributes:
        passes: of the network over the images.
        cache: bytes of the cache folder.
        memory: bytes at most, what the network itself needs for a batch excepted.
        kept: whether all maps are in the cache.
        for_two: bytes of [compute] cache_gb with which two passes would do; 0 where they do.
    """

    passes: int
    cache: int
    memory: int
    kept: bool
    for_two: int = 0


def storage(setup: Setup, label_bytes: int, images: int) -> Storage:
    """Of a run over ``images`` images.

    Args:
        setup: a trial's.
        label_bytes: of an image's label maps.
        images: of the run.
    """
    run, plans = setup.run, plan_maps(setup)
    budget = int(run.compute.cache_gb * 1e9)
    pixels = 0 if run.is_generator else images * run.probe.crop**2 * 3
    pixels = pixels if pixels <= budget * PIXEL_SHARE else 0
    units = sum(info.units for info in setup.network.chosen)
    # Small pictures, label maps, and of every map its maximum and mean.
    fixed = pixels + images * (TILE**2 * 3 + label_bytes + units * 8)
    maps, batch = map_bytes(setup, plans, images), 2 * _raw_bytes(setup) * setup.batches.size
    chosen, room = setup.network.chosen, capacity(run.dissection.quantile, images * setup.grid**2)
    one = mask_store.mask_bytes(1, images, room, setup.grid)
    if maps <= budget - pixels:
        masks = one * max(info.units for info in chosen)  # of a layer at a time
        on_disk = masks if mask_store.MEMORY_BYTES < masks <= mask_store.MASK_SHARE * budget else 0
        memory = batch + COUNTER_BYTES + mask_store.MEMORY_BYTES
        return Storage(1, fixed + maps + on_disk, memory, kept=True)
    most = max(budget - pixels, mask_store.MEMORY_BYTES)
    narrow, wide = ([info for info in chosen if is_wide(info) == side] for side in (False, True))
    units = sum(info.units for info in narrow)
    whole = int(one * units * (1 + NEAR_SHARE)) + top_bytes(setup, plans, narrow, images)
    two = whole <= most
    found = whole if two else min(one * units, most)
    found = max([found, *(min(one * info.units, most) for info in wide)])
    on_disk = found if found > mask_store.MEMORY_BYTES else 0
    slices = SLICE * (FIRST_BYTES + SECOND_BYTES) if wide else 0
    counts = max(units * SECOND_BYTES, slices) * (1 if images * setup.grid**2 < 1 << 31 else 2)
    passes = 2 if two else 2 + len(plan_groups(narrow, [one] * len(narrow), most))
    return Storage(
        passes=passes + sum(rounds_of(info) + len(plan_groups([info], [one], most)) for info in wide),
        cache=fixed + on_disk + max(units, SLICE * bool(wide)) * FIRST_BYTES,
        memory=batch + counts + COUNTER_BYTES + mask_store.MEMORY_BYTES,
        kept=False,
        for_two=0 if two else whole + pixels,
    )


def _raw_bytes(setup: Setup) -> int:
    """Of the recorded maps of an image."""
    return sum(info.units * 4 * int(np.prod(info.map_size)) for info in setup.network.chosen)
