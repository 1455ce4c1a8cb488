"""How much disk and memory a dissection takes, and how often its network runs over the images."""

from __future__ import annotations

from dataclasses import dataclass

import numpy as np

from dissect_report.analysis import mask_store
from dissect_report.analysis.forward import plan_groups
from dissect_report.analysis.map_plans import map_bytes, plan_maps
from dissect_report.analysis.measuring import COUNTER_BYTES
from dissect_report.analysis.rounds import FIRST_BYTES, SECOND_BYTES
from dissect_report.analysis.setup import PIXEL_SHARE, Setup
from dissect_report.analysis.unit_slices import rounds_of, units_at_once
from dissect_report.findings.paths import TILE
from dissect_report.stats.masks import capacity


@dataclass(frozen=True)
class Storage:
    """What a dissection of some images takes.

    Attributes:
        passes: of the network over the images.
        cache: bytes of the cache folder.
        memory: bytes at most, what the network itself needs for a batch excepted.
        kept: whether all maps are in the cache.
    """

    passes: int
    cache: int
    memory: int
    kept: bool


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
    if maps <= budget - pixels:
        return Storage(1, fixed + maps, batch + COUNTER_BYTES + mask_store.MEMORY_BYTES, True)
    room = capacity(run.dissection.quantile, images * setup.grid**2)
    one = mask_store.mask_bytes(1, images, room, setup.grid)
    most = max(budget - pixels, mask_store.MEMORY_BYTES)
    groups = plan_groups(setup.network.chosen, [one] * len(setup.network.chosen), most)
    masks = min(one * units, most)
    on_disk = masks if masks > mask_store.MEMORY_BYTES else 0
    held = units_at_once(setup.network.chosen)
    counts = held * (FIRST_BYTES + SECOND_BYTES) * (1 if images * setup.grid**2 < 1 << 31 else 2)
    memory = batch + max(counts, COUNTER_BYTES + mask_store.MEMORY_BYTES)
    passes = rounds_of(setup.network.chosen) + len(groups)
    return Storage(passes, fixed + on_disk + held * FIRST_BYTES, memory, False)


def _raw_bytes(setup: Setup) -> int:
    """Of the recorded maps of an image."""
    return sum(info.units * 4 * int(np.prod(info.map_size)) for info in setup.network.chosen)
