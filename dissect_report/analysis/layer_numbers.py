"""From recorded activations to the numbers of whole layers, within the disk budget."""

from __future__ import annotations

from collections.abc import Iterator
from concurrent.futures import ThreadPoolExecutor
from dataclasses import dataclass

import numpy as np

from dissect_report.activations.layers import LayerInfo
from dissect_report.activations.registration import cell_places
from dissect_report.activations.upsampling import CellPlaces, Upsampling, plan_upsampling, upsample
from dissect_report.analysis.certainty import be_certain
from dissect_report.analysis.forward import (
    LayerSlice,
    ModelPass,
    open_pass,
    plan_passes,
    run_model,
)
from dissect_report.analysis.mask_store import MASK_SHARE, MaskStore, open_store
from dissect_report.analysis.measuring import LabelMaps, Measurement, join, measure_units
from dissect_report.analysis.repeated_maps import RepeatedMaps
from dissect_report.analysis.setup import Setup
from dissect_report.analysis.sprites import outline
from dissect_report.analysis.units import LayerNumbers
from dissect_report.stats.correlation import correlate_units
from dissect_report.stats.levels import measure_activations
from dissect_report.stats.masks import capacity
from dissect_report.stats.significance import FIRST
from dissect_report.stats.topk import top_images


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


def measure_layers(setup: Setup, probe: LabelMaps) -> Iterator[tuple[LayerNumbers, np.ndarray]]:
    """Every chosen layer's numbers, and with each the predicted class of every image.

    One forward pass of the model serves all layers. Where the disk budget does not hold all
    activations the pass is repeated for other units; the numbers are the same.
    """
    plans = plan_maps(setup)
    groups = group_slices(setup, plans)
    if len(groups) > 1:
        setup.batches.notes.append(
            f"[compute] cache_gb = {setup.run.compute.cache_gb:g} does not hold all activations: "
            f"the model ran {len(groups)} times over the probe"
        )
    parts: list[SliceNumbers] = []
    store: MaskStore | None = None
    for turn, group in enumerate(groups, 1):
        stage = "running the model" + (f" ({turn} of {len(groups)})" if len(groups) > 1 else "")
        passed = open_group(setup, group, plans)
        with setup.stopwatch.time("model"):
            run_model(
                setup.network.model,
                setup.run.model,
                passed,
                setup.survey,
                setup.batches,
                setup.progress,
                stage,
            )
        for part, kept, peaks, means in zip(group, passed.maps, passed.maxima, passed.means, strict=True):
            info, plan, maps = part.layer, plans[part.layer.name], kept.values
            if part.first == 0:
                store = _open_store(setup, info)
            parts.append(_measure_slice(setup, probe, plan, part, maps, (peaks.values, means.values), store))
            if part.last == info.units:
                joined = _join_slices(setup, probe, info, plan, parts, maps, store)
                if store is not None:
                    store.discard()
                yield joined, passed.predicted.values
                parts = []
        if len(groups) > 1:
            setup.cache.discard_all(part.name for part in group)


def _budget(setup: Setup) -> int:
    """Bytes of disk left for activations."""
    pixels = 0 if setup.survey.pixels is None else setup.survey.pixels.nbytes
    return max(1, int(setup.run.compute.cache_gb * 1e9) - pixels)


def group_slices(setup: Setup, plans: dict[str, MapPlan]) -> list[list[LayerSlice]]:
    """Which units are recorded in which pass of the model."""
    layers = setup.network.chosen
    sizes = [plans[info.name].map_size for info in layers]
    return plan_passes(layers, sizes, len(setup.survey), _budget(setup))


def open_group(setup: Setup, group: list[LayerSlice], plans: dict[str, MapPlan]) -> ModelPass:
    """The arrays of one pass, as far as they were filled before."""
    shrink = {name: plan.shrink for name, plan in plans.items() if plan.shrink is not None}
    return open_pass(group, shrink, len(setup.survey), setup.cache, setup.stages)


def dissected_maps(setup: Setup) -> dict[str, np.ndarray]:
    """By layer name the raw maps, float32 [image, unit, y, x], that a dissection of this run left behind.

    Layers that are kept as sampled to the grid, or did not fit, are absent.
    """
    plans = plan_maps(setup)
    return {name: maps for name, maps in _kept_maps(setup, plans).items() if plans[name].shrink is None}


def _kept_maps(setup: Setup, plans: dict[str, MapPlan]) -> dict[str, np.ndarray]:
    """The same, as they are kept."""
    found: dict[str, np.ndarray] = {}
    for group in group_slices(setup, plans):
        for part in group:
            shape = (len(setup.survey), part.layer.units, *part.map_size)
            if part.last - part.first == part.layer.units:
                maps = setup.cache.find(part.name, setup.stages.maps(part.layer), shape, np.float32)
                if maps is not None:
                    found[part.layer.name] = maps
    return found


def levels_of(setup: Setup, info: LayerInfo, quantile: float) -> np.ndarray:
    """float64 [unit]: the level of another quantile than the dissection's.

    From the maps that the dissection left, else from passes of the model, as many as the disk budget takes.
    """
    plans = plan_maps(setup)
    plan, threads = plans[info.name], setup.threads
    if (maps := _kept_maps(setup, plans).get(info.name)) is not None:
        return measure_activations(maps, plan.to_grid, quantile, threads).level
    levels = []
    for group in plan_passes([info], [plan.map_size], len(setup.survey), _budget(setup)):
        passed = open_group(setup, group, plans)
        stage = f"running the model for {info.name}"
        run_model(setup.network.model, setup.run.model, passed, setup.survey, setup.batches, setup.progress,
                  stage)  # fmt: skip
        levels += [measure_activations(m.values, plan.to_grid, quantile, threads).level for m in passed.maps]
        setup.cache.discard_all(part.name for part in group)
    return np.concatenate(levels)


@dataclass(frozen=True, eq=False)
class SliceNumbers:
    """What was measured of some consecutive units of a layer, before the whole layer is known."""

    measurement: Measurement
    maxima: np.ndarray
    means: np.ndarray
    top: np.ndarray
    outlines: list[list[str]]
    areas: list[list[int]]


def _measure_slice(
    setup: Setup,
    probe: LabelMaps,
    plan: MapPlan,
    part: LayerSlice,
    maps: np.ndarray,
    raw: tuple[np.ndarray, np.ndarray],
    store: MaskStore | None,
) -> SliceNumbers:
    """``raw`` are maxima and means of the raw maps, float32 [image, unit] each."""
    maxima, means = (np.array(values) for values in raw)
    name, units = part.layer.name, part.last - part.first
    if store is not None:
        store.offset = part.first
    with setup.stopwatch.time("measure"), setup.progress.stage(f"measuring {name}", units, "units") as stage:
        measurement = measure_units(
            maps, plan.to_grid, probe, setup.run.dissection.quantile, setup.threads, stage, store
        )
    top = top_images(maxima, means, setup.run.dissection.top_images)

    def draw(unit: int) -> tuple[list[str], list[int]]:
        raw = np.ascontiguousarray(maps[top[unit], unit])
        return draw_outlines(upsample(raw, plan.to_grid), float(measurement.activation.level[unit]))

    with setup.stopwatch.time("outlines"), ThreadPoolExecutor(setup.threads) as pool:
        drawn = list(pool.map(draw, range(units)))
    return SliceNumbers(measurement, maxima, means, top, [d[0] for d in drawn], [d[1] for d in drawn])


def _open_store(setup: Setup, info: LayerInfo) -> MaskStore | None:
    """Where the layer's masks go; where nothing holds them, the run says so."""
    images, grid = len(setup.survey), setup.grid
    room = capacity(setup.run.dissection.quantile, images * grid**2)
    budget = setup.run.compute.cache_gb * 1e9 * MASK_SHARE
    store = open_store(setup.cache, budget, info.units, images, room, grid)
    if store is None:
        setup.batches.notes.append(
            f"[compute] cache_gb = {setup.run.compute.cache_gb:g} does not hold the masks of {info.name}: "
            f"its units are compared with {FIRST} permutations and no more"
        )
    return store


def draw_outlines(activations: np.ndarray, level: float) -> tuple[list[str], list[int]]:
    """Outline and area in grid pixels of the mask on each of some maps of one unit.

    Args:
        activations: float32 [image, y, x] on the grid.
        level: of the unit; NaN gives no mask.
    """
    areas = [int((activation > level).sum()) for activation in activations]
    return [outline(a, level) if area else "" for a, area in zip(activations, areas, strict=True)], areas


def _join_slices(
    setup: Setup,
    probe: LabelMaps,
    info: LayerInfo,
    plan: MapPlan,
    parts: list[SliceNumbers],
    maps: np.ndarray,
    store: MaskStore | None,
) -> LayerNumbers:
    """The whole layer. If it was cut, the model runs once more for the correlation of all its units."""
    with setup.stopwatch.time("correlate"):
        if len(parts) > 1:
            repeated = RepeatedMaps(setup.network.model, setup.run.model, info, plan.shrink, setup.survey,
                                    setup.batches)  # fmt: skip
            correlation = correlate_units(repeated)
        else:
            correlation = correlate_units(maps)
    measurement, options = join([part.measurement for part in parts]), setup.run.dissection
    with setup.stopwatch.time("compare with chance"):
        certainty = be_certain(measurement, probe, store, options.iou_threshold, options.seed, setup.threads)
    return LayerNumbers(
        info=info,
        folder=info.file,
        measurement=measurement,
        certainty=certainty,
        maxima=np.concatenate([part.maxima for part in parts], axis=1),
        means=np.concatenate([part.means for part in parts], axis=1),
        correlation=correlation,
        top=np.concatenate([part.top for part in parts]),
        outlines=[paths for part in parts for paths in part.outlines],
        areas=[areas for part in parts for areas in part.areas],
    )
