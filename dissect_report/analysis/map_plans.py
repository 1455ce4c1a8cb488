"""How each layer's maps travel to the segmentation grid, and whether the disk budget holds them."""

from __future__ import annotations

from collections.abc import Mapping
from dataclasses import dataclass

import numpy as np

from dissect_report.activations.layers import LayerInfo
from dissect_report.activations.registration import cell_places
from dissect_report.activations.upsampling import CellPlaces, Upsampling, plan_upsampling
from dissect_report.analysis import mask_store
from dissect_report.analysis.mask_store import MASK_SHARE
from dissect_report.analysis.setup import Setup
from dissect_report.stats.masks import capacity


@dataclass(frozen=True, eq=False)
class MapPlan:
    """How a layer's maps travel to the grid.

    Attributes:
        map_size: as they are kept: raw, or the grid's size where they are larger.
        shrink: from raw maps to kept ones; None where they are kept raw.
        to_grid: from kept maps to the grid.
    """

    map_size: tuple[int, int]
    shrink: Upsampling | None
    to_grid: Upsampling


def plan_maps(setup: Setup) -> dict[str, MapPlan]:
    """By layer name. Maps larger than the grid are kept as sampled, by the same bilinear rule; others raw.

    Raises:
        LayerError: ``registration = "convolution"`` and the network's geometry cannot be followed.
    """
    options, grid, side = setup.run.dissection, setup.grid, setup.network.side
    cells: dict[str, CellPlaces] = {}
    if options.registration == "convolution":
        cells = cell_places(setup.network.model, setup.network.chosen, (side, side))
    plans = {}
    for info in setup.network.chosen:
        direct = plan_upsampling(info.map_size, grid, options.upsampling, cells.get(info.name))
        if max(info.map_size) <= grid:
            plans[info.name] = MapPlan(info.map_size, None, direct)
        else:
            same = plan_upsampling((grid, grid), grid, "border")
            plans[info.name] = MapPlan((grid, grid), direct, same)
    return plans


def fits(setup: Setup, plans: Mapping[str, MapPlan]) -> bool:
    """Whether the disk budget holds the maps of all layers together."""
    return map_bytes(setup, plans, len(setup.survey)) <= budget_of(setup)


def map_bytes(setup: Setup, plans: Mapping[str, MapPlan], images: int) -> int:
    """Bytes of the kept maps of all layers."""
    return images * sum(
        info.units * 4 * int(np.prod(plans[info.name].map_size)) for info in setup.network.chosen
    )


def budget_of(setup: Setup) -> int:
    """Bytes of disk left for activations."""
    pixels = 0 if setup.survey.pixels is None else setup.survey.pixels.nbytes
    return max(0, int(setup.run.compute.cache_gb * 1e9) - pixels)


def mask_room(setup: Setup) -> int:
    """Pixels of a unit's mask at most."""
    return capacity(setup.run.dissection.quantile, len(setup.survey) * setup.grid**2)


def mask_bytes(setup: Setup, units: int) -> int:
    """Bytes of the masks of some units."""
    return mask_store.mask_bytes(units, len(setup.survey), mask_room(setup), setup.grid)


def masks_fit(setup: Setup, info: LayerInfo) -> bool:
    """Whether memory, or the disk budget, holds the masks of a layer; kept maps leave them a share of it."""
    share = MASK_SHARE * setup.run.compute.cache_gb * 1e9
    budget = share if fits(setup, plan_maps(setup)) else budget_of(setup)
    return mask_bytes(setup, info.units) <= max(budget, mask_store.MEMORY_BYTES)
