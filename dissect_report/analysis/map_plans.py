"""How each layer's maps travel to the segmentation grid, and at which size they are kept."""

from __future__ import annotations

from dataclasses import dataclass

from dissect_report.activations.registration import cell_places
from dissect_report.activations.upsampling import CellPlaces, Upsampling, plan_upsampling
from dissect_report.analysis.setup import Setup


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
