"""Layers whose maps the disk does not hold: two rounds over the probe, however many images and units.

The first takes what needs no level: extremes, means, answers, correlation, and a coarse count of all pixels.
The second finds the masks, which are small and stay, what lies so near a level that only all images together
tell its side, and the maps of the top images. Where there is no room for these, or not for all masks at once,
there are more: one settles the levels, and one or several find masks and draw. Everything else is counted
from the masks. The numbers are those of maps that are kept, to the bit.
"""

from __future__ import annotations

from collections.abc import Mapping, Sequence
from dataclasses import dataclass

import numpy as np

from dissect_report.activations.layers import LayerInfo
from dissect_report.analysis import mask_store
from dissect_report.analysis.cache import digest
from dissect_report.analysis.certainty import be_certain
from dissect_report.analysis.counting import (
    Counts,
    has_counts,
    has_peaks,
    keep_counts,
    kept_counts,
    kept_peaks,
)
from dissect_report.analysis.drawing import Drawing, draw_layer, has_drawn, keep_drawn
from dissect_report.analysis.forward import plan_groups
from dissect_report.analysis.map_plans import MapPlan, mask_bytes, mask_room
from dissect_report.analysis.mask_store import MaskStore, discard_masks, open_store
from dissect_report.analysis.measuring import LabelMaps, Measurement, join, measure_masks, some_units
from dissect_report.analysis.passes.reductions import Reduction
from dissect_report.analysis.rounds import (
    FIRST_BYTES,
    discard_rounds,
    open_first_round,
    repeat,
    run_first,
    settle_levels,
)
from dissect_report.analysis.settling import Second, plan_second, run_second
from dissect_report.analysis.setup import Setup
from dissect_report.analysis.unit_slices import is_wide, rounds_of, settle_wide
from dissect_report.stats.levels import ActivationStats
from dissect_report.stats.masks import append_masks
from dissect_report.stats.topk import top_images


def stream_layers(
    setup: Setup, probe: LabelMaps, plans: Mapping[str, MapPlan], infos: Sequence[LayerInfo], budget: int
) -> None:
    """Counts and draws some layers; what comes of it is kept in the cache.

    Args:
        budget: bytes of disk that masks may take.
    """
    if narrow := [info for info in infos if not is_wide(info)]:
        _stream_together(setup, probe, plans, narrow, budget)
    for info in infos:
        if is_wide(info):
            _stream_wide(setup, probe, plans, info, budget)


def _stream_wide(
    setup: Setup, probe: LabelMaps, plans: Mapping[str, MapPlan], info: LayerInfo, budget: int
) -> None:
    """A layer of more units than counts are held of together: levels some at a time, then the masks."""
    new = not has_counts(setup, info) or not has_peaks(setup, info)
    undrawn = [] if has_drawn(setup, info) else [info]
    groups = plan_masks([info], mask_bytes(setup, 1), budget) if new else [[]]
    if new:
        known = settle_wide(setup, plans[info.name], info, setup.run.dissection.quantile)
    else:
        known = _known_activation(setup, info)
    passes = len(groups) + rounds_of(info) * new
    setup.batches.notes.append(f"{info.name}: the model ran {passes} times more for its {info.units:,} units")
    nothing = np.empty((0, 0), np.float32)
    _in_groups(setup, probe, plans, groups, undrawn, {info.name: known}, {info.name: nothing})
    discard_masks(setup.cache)


def _stream_together(
    setup: Setup, probe: LabelMaps, plans: Mapping[str, MapPlan], infos: Sequence[LayerInfo], budget: int
) -> None:
    """Some layers in the same rounds."""
    new = [info for info in infos if not has_counts(setup, info) or not has_peaks(setup, info)]
    undrawn = [info for info in infos if not has_drawn(setup, info)]
    known = {info.name: _known_activation(setup, info) for info in infos if info not in new}
    first = open_first_round(setup, plans, new) if new else None
    second = None
    if first is not None:
        run_first(setup, first)
        second = plan_second(setup, plans, first, undrawn)
    if second is not None and second.bytes <= max(budget, mask_store.MEMORY_BYTES):
        _note_passes(setup, 2)
        _in_one_round(setup, probe, plans, second, known)
    else:
        correlation = {}
        if first is not None:
            known |= settle_levels(setup, first, setup.run.dissection.quantile)
            each = zip(first.infos, first.correlations, strict=True)
            correlation = {info.name: sums.finish() for info, sums in each}
        groups = plan_masks(new, mask_bytes(setup, 1), budget) or [[]]
        _note_passes(setup, len(groups) + 2 * bool(new))
        _in_groups(setup, probe, plans, groups, undrawn, known, correlation)
    discard_rounds(setup, keep_first=sum(info.units for info in new) * FIRST_BYTES <= budget)
    discard_masks(setup.cache)


def _known_activation(setup: Setup, info: LayerInfo) -> ActivationStats:
    counts = kept_counts(setup, info)
    assert counts is not None, "asked before"
    return counts.measurement.activation


def _note_passes(setup: Setup, passes: int) -> None:
    setup.batches.notes.append(
        f"[compute] cache_gb = {setup.run.compute.cache_gb:g} does not hold all activations: "
        f"the model ran {passes} times over the probe"
    )


def _in_one_round(
    setup: Setup,
    probe: LabelMaps,
    plans: Mapping[str, MapPlan],
    second: Second,
    known: Mapping[str, ActivationStats],
) -> None:
    """Levels, masks and top images of all layers in one round."""
    found, first = run_second(setup, plans, second), second.first
    activation = {**known, **found.activation}
    for info in second.drawn:
        top, level = found.top[info.name], activation[info.name].level
        drawn = draw_layer(setup, top.maps.__getitem__, plans[info.name].to_grid, level, top.top)
        keep_drawn(setup, info, drawn)
    for info, sums in zip(first.infos, first.correlations, strict=True):
        whole, store = UnitRange(info, 0, info.units), found.masks[info.name]
        measurement = _measure_part(setup, probe, whole, activation, store)
        _keep(setup, probe, info, measurement, sums.finish(), store)
    found.sums.discard()


def _in_groups(
    setup: Setup,
    probe: LabelMaps,
    plans: Mapping[str, MapPlan],
    groups: Sequence[Sequence[UnitRange]],
    undrawn: Sequence[LayerInfo],
    activation: Mapping[str, ActivationStats],
    correlation: Mapping[str, np.ndarray],
) -> None:
    """The masks of a group of units a round, the levels being known; top images are drawn in the first."""
    drawings = {info.name: _open_drawing(setup, info, plans[info.name], activation[info.name])
                for info in undrawn}  # fmt: skip
    parts: dict[str, list[Measurement]] = {part.layer.name: [] for group in groups for part in group}
    for turn, group in enumerate(groups):
        stage = "finding masks" + (f" ({turn + 1} of {len(groups)})" if len(groups) > 1 else "")
        here = {} if turn else drawings
        stores, reduction = _masks_round(setup, plans, group, activation, here, stage)
        for info in undrawn if here else ():
            keep_drawn(setup, info, here[info.name].finish())
        for part, store in zip(group, stores, strict=True):
            parts[part.layer.name].append(_measure_part(setup, probe, part, activation, store))
            if part.last == part.layer.units:
                whole = store if part.first == 0 else None
                measurement = join(parts.pop(part.layer.name))
                _keep(setup, probe, part.layer, measurement, correlation[part.layer.name], whole)
        reduction.discard()
        for store in stores:
            store.discard()


@dataclass(frozen=True)
class UnitRange:
    """Units ``first`` up to ``last`` of a layer, whose masks one pass takes."""

    layer: LayerInfo
    first: int
    last: int


def _masks_round(
    setup: Setup,
    plans: Mapping[str, MapPlan],
    group: Sequence[UnitRange],
    activation: Mapping[str, ActivationStats],
    drawings: Mapping[str, Drawing],
    stage: str,
) -> tuple[list[MaskStore], Reduction]:
    """Finds the masks of some units, and draws; what was found goes with the file that tells how far."""
    images, infos = len(setup.survey), setup.network.chosen
    wanted = {part.layer.name for part in group} | set(drawings)
    room = mask_room(setup)
    key = digest(
        "third round", [(setup.stages.counts(part.layer), part.first, part.last) for part in group],
        [setup.stages.pictures(info) for info in infos if info.name in drawings],
    )  # fmt: skip
    on_disk = mask_bytes(setup, sum(part.last - part.first for part in group)) > mask_store.MEMORY_BYTES
    stores = [
        open_store(
            setup.cache if on_disk else None, f"{part.layer.file}.{part.first}.masks", key,
            part.last - part.first, images, room, setup.grid,
        )
        for part in group
    ]  # fmt: skip

    def collect() -> dict[str, np.ndarray]:
        arrays = {f"drawn.{name}": drawing.stored() for name, drawing in drawings.items()}
        for place, store in enumerate(stores):
            store.flush()
            if not on_disk:
                arrays |= {f"positions{place}": store.positions, f"counts{place}": store.counts}
        return arrays

    reduction = Reduction(setup.cache.folder / "round3.npz", key, collect)
    kept = reduction.load((), images)
    if kept is not None:
        for name, drawing in drawings.items():
            drawing.restore(kept[f"drawn.{name}"])
        for place, store in enumerate(stores):
            if not on_disk:
                store.positions[:], store.counts[:] = kept[f"positions{place}"], kept[f"counts{place}"]
    done = len(reduction.filled)
    filled = [store.counts[:, :done].sum(axis=1, dtype=np.int64) for store in stores]

    def take(info: LayerInfo, maps: np.ndarray, start: int) -> None:
        for part, store, pixels in zip(group, stores, filled, strict=True):
            if part.layer == info:
                units = slice(part.first, part.last)
                append_masks(
                    store.whole, pixels, start, maps[:, units], activation[info.name].level[units],
                    plans[info.name].to_grid, setup.threads,
                )  # fmt: skip
        if info.name in drawings:
            drawings[info.name].add(maps, start, setup.threads)

    repeat(setup, plans, [info for info in infos if info.name in wanted], take, reduction, stage)
    return stores, reduction


def _open_drawing(setup: Setup, info: LayerInfo, plan: MapPlan, activation: ActivationStats) -> Drawing:
    peaks = kept_peaks(setup, info)
    assert peaks is not None, "the first round was made"
    top = top_images(peaks.maxima, peaks.means, setup.run.dissection.top_images)
    return Drawing(top, plan.to_grid, activation.level)


def _measure_part(
    setup: Setup,
    probe: LabelMaps,
    part: UnitRange,
    activation: Mapping[str, ActivationStats],
    store: MaskStore,
) -> Measurement:
    name, room = part.layer.name, store.positions.shape[1]
    known = some_units(activation[name], slice(part.first, part.last))
    units = part.last - part.first
    with setup.stopwatch.time("measure"), setup.progress.stage(f"measuring {name}", units, "units") as stage:
        return measure_masks(store.of, known, probe, room, setup.threads, stage)


def _keep(
    setup: Setup,
    probe: LabelMaps,
    info: LayerInfo,
    measurement: Measurement,
    correlation: np.ndarray,
    store: MaskStore | None,
) -> None:
    """What is counted of a layer once all of its units are."""
    with setup.stopwatch.time("compare with chance"):
        chance = be_certain(measurement, probe, store, setup.run.dissection.seed, setup.threads)
    keep_counts(setup, info, Counts(measurement, chance, correlation))


def plan_masks(infos: Sequence[LayerInfo], unit_bytes: int, budget: int) -> list[list[UnitRange]]:
    """Which masks are found in which pass: all in one, where memory or the budget hold them together.

    Args:
        unit_bytes: of the mask of a unit.
        budget: bytes of disk that masks may take.
    """
    groups = plan_groups(infos, [unit_bytes] * len(infos), max(budget, mask_store.MEMORY_BYTES))
    return [[UnitRange(*part) for part in group] for group in groups if group]
