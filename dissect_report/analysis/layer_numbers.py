"""From recorded activations to the numbers of whole layers, within the disk budget."""

from __future__ import annotations

from collections.abc import Collection, Iterator, Mapping, Sequence
from dataclasses import dataclass

import numpy as np

from dissect_report.activations.layers import LayerInfo
from dissect_report.activations.upsampling import Upsampling
from dissect_report.analysis import mask_store
from dissect_report.analysis.certainty import be_certain
from dissect_report.analysis.counting import (
    Counts,
    Peaks,
    counts_name,
    has_counts,
    has_peaks,
    keep_counts,
    kept_counts,
    kept_peaks,
    layer_numbers,
)
from dissect_report.analysis.drawing import draw_layer, drawn_name, has_drawn, keep_drawn, kept_drawn
from dissect_report.analysis.forward import Recording, maps_name, open_answers, open_pass, recall, run_model
from dissect_report.analysis.map_plans import (
    MapPlan,
    budget_of,
    fits,
    mask_bytes,
    mask_room,
    masks_fit,
    plan_maps,
)
from dissect_report.analysis.mask_store import MaskStore
from dissect_report.analysis.measuring import LabelMaps, measure_units
from dissect_report.analysis.rounds import open_first_round, stream_levels
from dissect_report.analysis.setup import Setup
from dissect_report.analysis.streaming import stream_layers
from dissect_report.analysis.unit_slices import is_wide, settle_wide
from dissect_report.analysis.units import LayerNumbers
from dissect_report.stats.correlation import correlate_units
from dissect_report.stats.levels import measure_activations
from dissect_report.stats.significance import FIRST
from dissect_report.stats.topk import top_images


@dataclass(frozen=True, eq=False)
class CountedLayer:
    """A layer of which everything is counted; what is drawn of it any thread may draw.

    Attributes:
        info: the layer.
        to_grid: from its kept maps to the grid.
        counts: what its masks gave.
        peaks: of its raw maps.
        maps: float32 [image, unit, y, x] as they are kept; None where all is drawn.
    """

    info: LayerInfo
    to_grid: Upsampling
    counts: Counts
    peaks: Peaks
    maps: np.ndarray | None

    def draw(self, setup: Setup) -> LayerNumbers:
        """All of its numbers, the outlines drawn if no earlier run drew them."""
        drawn = kept_drawn(setup, self.info)
        if drawn is None:
            maps = self.maps
            assert maps is not None, "the model ran"
            top = top_images(self.peaks.maxima, self.peaks.means, setup.run.dissection.top_images)
            level = self.counts.measurement.activation.level
            drawn = draw_layer(setup, lambda unit: maps[top[unit], unit], self.to_grid, level, top)
            keep_drawn(setup, self.info, drawn)
        return layer_numbers(setup, self.info, self.counts, self.peaks, drawn)


def measure_layers(
    setup: Setup, probe: LabelMaps, only: Collection[str] | None = None
) -> Iterator[tuple[CountedLayer, np.ndarray]]:
    """Every chosen layer, and with each the predicted class of every image.

    What an earlier run counted or drew is taken where nothing that it depends on has changed. For the rest
    one forward pass of the model serves all layers, where the disk budget holds their maps; else a few rounds
    do, see ``streaming``. The numbers are the same.

    Args:
        only: names of the layers that are wanted; by default all that are chosen.
    """
    plans = plan_maps(setup)
    wanted = [info for info in setup.network.chosen if only is None or info.name in only]
    missing = [info for info in _missing(setup, plans) if info in wanted]
    if missing and not fits(setup, plans):
        stream_layers(setup, probe, plans, missing, budget_of(setup))
        missing = []
    predicted = _record(setup, plans, missing)
    for info in wanted:
        if not masks_fit(setup, info):
            setup.batches.notes.append(
                f"[compute] cache_gb = {setup.run.compute.cache_gb:g} does not hold the masks of "
                f"{info.name}: its units are compared with {FIRST} permutations and no more"
            )
        if is_wide(info):
            setup.batches.notes.append(
                f"{info.name}: of its {info.units:,} units duplicates and relatives are not looked for"
            )
        yield _measure_layer(setup, probe, info, plans[info.name]), predicted


def needs_model(setup: Setup) -> bool:
    """Whether the model has to run for ``measure_layers``."""
    answers = open_answers(setup.cache, setup.stages, len(setup.survey))
    return not answers.complete or bool(_missing(setup, plan_maps(setup)))


def _missing(setup: Setup, plans: Mapping[str, MapPlan]) -> list[LayerInfo]:
    """The layers of which something is asked for that neither is in the cache nor can be made from it."""

    def is_known(info: LayerInfo) -> bool:
        if not has_peaks(setup, info):
            return False
        made = has_counts(setup, info) and has_drawn(setup, info)
        return made or _kept_maps(setup, info, plans[info.name]) is not None

    return [info for info in setup.network.chosen if not is_known(info)]


def _record(setup: Setup, plans: Mapping[str, MapPlan], layers: Sequence[LayerInfo]) -> np.ndarray:
    """Keeps the maps of some layers; returns the model's answers, see ``findings.answers``."""
    answers = open_answers(setup.cache, setup.stages, len(setup.survey))
    if layers or not answers.complete:
        passed = open_pass(layers, plans, len(setup.survey), setup.cache, setup.stages, setup.threads)
        with setup.stopwatch.time("model"):
            run_model(
                setup.network.model, setup.run.model, passed, setup.survey, setup.batches, setup.progress,
                "running the model",
            )  # fmt: skip
        answers = passed.predicted
    recall(answers, setup.batches)
    return answers.values


def open_recording(setup: Setup) -> Recording:
    """What the first pass over the images records: maps that are kept, or the first of a few rounds."""
    plans, layers = plan_maps(setup), setup.network.chosen
    if fits(setup, plans):
        return open_pass(layers, plans, len(setup.survey), setup.cache, setup.stages, setup.threads)
    return open_first_round(setup, plans, [info for info in layers if not is_wide(info)])


def _measure_layer(setup: Setup, probe: LabelMaps, info: LayerInfo, plan: MapPlan) -> CountedLayer:
    """One layer whose numbers or whose maps are in the cache."""
    peaks = kept_peaks(setup, info)
    assert peaks is not None, "the model ran"
    maps, counts = _kept_maps(setup, info, plan), kept_counts(setup, info)
    if counts is None:
        assert maps is not None, "the model ran"
        counts = _count_layer(setup, probe, info, plan, maps)
        keep_counts(setup, info, counts)
    return CountedLayer(info, plan.to_grid, counts, peaks, maps)


def _count_layer(setup: Setup, probe: LabelMaps, info: LayerInfo, plan: MapPlan, maps: np.ndarray) -> Counts:
    """Everything that is counted of recorded maps."""
    store, options, threads = _open_masks(setup, info), setup.run.dissection, setup.threads
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


def forget_layers(setup: Setup) -> None:
    """Removes what the cache holds of the layers."""
    setup.cache.discard("predicted")
    for info in setup.network.chosen:
        maps = maps_name(info)
        setup.cache.discard_all((maps, f"{maps}.max", f"{maps}.mean", counts_name(info), drawn_name(info)))


def dissected_maps(setup: Setup) -> dict[str, np.ndarray]:
    """By layer name the raw maps, float32 [image, unit, y, x], that a dissection of this run left behind.

    Layers that are kept as sampled to the grid, or did not fit, are absent.
    """
    plans = plan_maps(setup)
    chosen = [info for info in setup.network.chosen if plans[info.name].shrink is None]
    found = {info.name: _kept_maps(setup, info, plans[info.name]) for info in chosen}
    return {name: maps for name, maps in found.items() if maps is not None}


def _kept_maps(setup: Setup, info: LayerInfo, plan: MapPlan) -> np.ndarray | None:
    """The maps that a pass left in the cache, as they are kept."""
    shape = (len(setup.survey), info.units, *plan.map_size)
    return setup.cache.find(maps_name(info), setup.stages.maps(info), shape, np.float32)


def levels_of(setup: Setup, info: LayerInfo, quantile: float) -> np.ndarray:
    """float64 [unit]: the level of another quantile than the dissection's.

    From the maps that the dissection left, else from two passes of the model.
    """
    plan = plan_maps(setup)[info.name]
    maps = _kept_maps(setup, info, plan)
    if maps is None:
        settle = settle_wide if is_wide(info) else stream_levels
        return settle(setup, plan, info, quantile).level
    return measure_activations(maps, plan.to_grid, quantile, setup.threads).level


def _open_masks(setup: Setup, info: LayerInfo) -> MaskStore | None:
    """Where the layer's masks go; None where nothing holds them."""
    if not masks_fit(setup, info):
        return None
    images, room, size = len(setup.survey), mask_room(setup), mask_bytes(setup, info.units)
    cache = setup.cache if size > mask_store.MEMORY_BYTES else None
    key = setup.stages.counts(info)
    return mask_store.open_store(cache, f"{info.file}.masks", key, info.units, images, room, setup.grid)
