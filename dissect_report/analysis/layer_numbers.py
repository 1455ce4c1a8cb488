"""From recorded activations to the numbers of whole layers, within the disk budget."""

from __future__ import annotations

from collections.abc import Iterator
from dataclasses import dataclass

import numpy as np

from dissect_report.activations.layers import LayerInfo
from dissect_report.activations.registration import cell_places
from dissect_report.activations.upsampling import CellPlaces, Upsampling, plan_upsampling
from dissect_report.analysis.certainty import be_certain
from dissect_report.analysis.counting import (
    Counts,
    Peaks,
    counts_name,
    has_counts,
    keep_counts,
    kept_counts,
    kept_peaks,
    layer_numbers,
)
from dissect_report.analysis.drawing import Drawn, draw_layer, drawn_name, has_drawn, keep_drawn, kept_drawn
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

    What an earlier run counted or drew is taken where nothing that it depends on has changed. For the rest
    one forward pass of the model serves all layers. Where the disk budget does not hold all activations
    the pass is repeated for other units; the numbers are the same.
    """
    plans = plan_maps(setup)
    groups = group_slices(setup, plans)
    if len(groups) > 1:
        yield from _measure_groups(setup, probe, plans, groups)
        return
    predicted = record_layers(setup, plans)
    for info in setup.network.chosen:
        yield _measure_layer(setup, probe, info, plans[info.name]), predicted


def needs_model(setup: Setup) -> bool:
    """Whether the model has to run for ``measure_layers``."""
    plans = plan_maps(setup)
    if len(group_slices(setup, plans)) > 1:
        return True
    return bool(_to_record(setup, plans)) or not open_group(setup, [], plans).predicted.complete


def record_layers(setup: Setup, plans: dict[str, MapPlan]) -> np.ndarray:
    """Runs the model for what is not in the cache; returns its answers, see ``findings.answers``."""
    passed = open_group(setup, _to_record(setup, plans), plans)
    if not all(array.complete for array in passed.arrays):
        _run(setup, passed, "running the model")
    passed.recall(setup.batches)
    return passed.predicted.values


def _run(setup: Setup, passed: ModelPass, stage: str) -> None:
    with setup.stopwatch.time("model"):
        run_model(
            setup.network.model, setup.run.model, passed, setup.survey, setup.batches, setup.progress, stage
        )


def _to_record(setup: Setup, plans: dict[str, MapPlan]) -> list[LayerSlice]:
    """The layers whose maps are asked for and are not in the cache."""

    def is_known(info: LayerInfo) -> bool:
        if kept_peaks(setup, info) is None:
            return False
        made = has_counts(setup, info) and has_drawn(setup, info)
        return made or _kept_maps(setup, info, plans[info.name]) is not None

    return [
        LayerSlice(info, 0, info.units, plans[info.name].map_size)
        for info in setup.network.chosen
        if not is_known(info)
    ]


def _measure_layer(setup: Setup, probe: LabelMaps, info: LayerInfo, plan: MapPlan) -> LayerNumbers:
    """One layer whose numbers or whose maps are in the cache."""
    peaks = kept_peaks(setup, info)
    assert peaks is not None, "the model ran"
    maps = _kept_maps(setup, info, plan)
    counts, drawn = kept_counts(setup, info), kept_drawn(setup, info)
    if counts is None:
        assert maps is not None, "the model ran"
        counts = _count_layer(setup, probe, info, plan, maps)
        keep_counts(setup, info, counts)
    if drawn is None:
        assert maps is not None, "the model ran"
        top = top_images(peaks.maxima, peaks.means, setup.run.dissection.top_images)
        drawn = draw_layer(setup, maps, plan.to_grid, counts.measurement.activation.level, top)
        keep_drawn(setup, info, drawn)
    return layer_numbers(setup, info, counts, peaks, drawn)


def _count_layer(setup: Setup, probe: LabelMaps, info: LayerInfo, plan: MapPlan, maps: np.ndarray) -> Counts:
    """Everything that is counted of recorded maps."""
    store, options, threads = _open_store(setup, info), setup.run.dissection, setup.threads
    title = f"measuring {info.name}"
    with setup.stopwatch.time("measure"), setup.progress.stage(title, info.units, "units") as stage:
        measurement = measure_units(maps, plan.to_grid, probe, options.quantile, threads, stage, store)
    with setup.stopwatch.time("correlate"):
        correlation = correlate_units(maps)
    with setup.stopwatch.time("compare with chance"):
        chance = be_certain(measurement, probe, store, options.seed, threads)
    if store is not None:
        store.discard()
    return Counts(measurement, chance, correlation)


def _measure_groups(
    setup: Setup, probe: LabelMaps, plans: dict[str, MapPlan], groups: list[list[LayerSlice]]
) -> Iterator[tuple[LayerNumbers, np.ndarray]]:
    setup.batches.notes.append(
        f"[compute] cache_gb = {setup.run.compute.cache_gb:g} does not hold all activations: "
        f"the model ran {len(groups)} times over the probe"
    )
    parts: list[SliceNumbers] = []
    store: MaskStore | None = None
    for turn, group in enumerate(groups, 1):
        passed = open_group(setup, group, plans)
        _run(setup, passed, f"running the model ({turn} of {len(groups)})")
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
        setup.cache.discard_all(part.name for part in group)


def forget_layers(setup: Setup) -> None:
    """Removes what the cache holds of the layers."""
    setup.cache.discard("predicted")
    for info, plan in zip(setup.network.chosen, plan_maps(setup).values(), strict=True):
        maps = LayerSlice(info, 0, info.units, plan.map_size).name
        setup.cache.discard_all((maps, f"{maps}.max", f"{maps}.mean", counts_name(info), drawn_name(info)))


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
    found = {
        info.name: _kept_maps(setup, info, plan)
        for info, plan in zip(setup.network.chosen, plan_maps(setup).values(), strict=True)
        if plan.shrink is None
    }
    return {name: maps for name, maps in found.items() if maps is not None}


def _kept_maps(setup: Setup, info: LayerInfo, plan: MapPlan) -> np.ndarray | None:
    """The maps that a pass left in the cache, as they are kept."""
    whole = LayerSlice(info, 0, info.units, plan.map_size)
    shape = (len(setup.survey), info.units, *plan.map_size)
    return setup.cache.find(whole.name, setup.stages.maps(info), shape, np.float32)


def levels_of(setup: Setup, info: LayerInfo, quantile: float) -> np.ndarray:
    """float64 [unit]: the level of another quantile than the dissection's.

    From the maps that the dissection left, else from passes of the model, as many as the disk budget takes.
    """
    plans = plan_maps(setup)
    plan, threads = plans[info.name], setup.threads
    if (maps := _kept_maps(setup, info, plan)) is not None:
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
    drawn = draw_layer(setup, maps, plan.to_grid, measurement.activation.level, top)
    return SliceNumbers(measurement, maxima, means, drawn.top, drawn.outlines, drawn.areas)


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
        chance = be_certain(measurement, probe, store, options.seed, setup.threads)
    peaks = Peaks(
        np.concatenate([part.maxima for part in parts], axis=1),
        np.concatenate([part.means for part in parts], axis=1),
    )
    drawn = Drawn(
        np.concatenate([part.top for part in parts]),
        [paths for part in parts for paths in part.outlines],
        [areas for part in parts for areas in part.areas],
    )
    return layer_numbers(setup, info, Counts(measurement, chance, correlation), peaks, drawn)
