"""Levels of layers of any width without a map kept: of a wide one the rounds take some units at a time."""

from __future__ import annotations

from dataclasses import fields, replace

import numpy as np

from dissect_report.activations.layers import LayerInfo
from dissect_report.activations.readings import SomeUnits
from dissect_report.analysis.cache import digest
from dissect_report.analysis.forward import maps_name, open_peaks
from dissect_report.analysis.keeping import restore, taken_apart
from dissect_report.analysis.map_plans import MapPlan
from dissect_report.analysis.passes.spans import Spans
from dissect_report.analysis.rounds import discard_rounds, open_first_round, run_first, settle_levels
from dissect_report.analysis.setup import Setup
from dissect_report.stats.correlation import WIDEST
from dissect_report.stats.levels import ActivationStats

#: Units of a wide layer that two rounds take: their counts are 1 GB a round at most.
SLICE = 4096


def is_wide(info: LayerInfo) -> bool:
    """Whether a layer's units are taken some at a time."""
    return info.units > WIDEST


def rounds_of(info: LayerInfo) -> int:
    """Passes of the network that settle the levels of a wide layer."""
    return 2 * -(-info.units // SLICE)


def settle_wide(setup: Setup, plan: MapPlan, info: LayerInfo, quantile: float) -> ActivationStats:
    """Levels and the like, slice by slice; what an earlier run settled is taken.

    The peaks of every map are left in the cache.
    """
    count = len(setup.survey)
    whole = [open_peaks(setup.cache, setup.stages, [info], count, name)[0] for name in ("max", "mean")]
    parts, names = [], []
    for first in range(0, info.units, SLICE):
        part = _slice(info, first, min(first + SLICE, info.units))
        names.append(f"{part.file}.levels.npz")
        key = digest("slice", setup.stages.maps(info), quantile, first, part.units)
        kept = setup.cache.kept(names[-1], key)
        if kept is None:
            kept = _settle_slice(setup, plan, part, quantile)
            setup.cache.keep(names[-1], key, kept)
        parts.append(restore(ActivationStats, kept))
        for array, name in zip(whole, ("max", "mean"), strict=True):
            array.values[:, first : first + part.units] = kept[name]
    for array in whole:
        array.save(Spans(((0, count),)))
    for name in names:
        (setup.cache.folder / name).unlink(missing_ok=True)
    columns = [each.name for each in fields(ActivationStats) if each.name != "pixels"]
    joined = {name: np.concatenate([getattr(part, name) for part in parts]) for name in columns}
    return ActivationStats(pixels=parts[0].pixels, **joined)


def _settle_slice(setup: Setup, plan: MapPlan, part: LayerInfo, quantile: float) -> dict[str, np.ndarray]:
    first = open_first_round(setup, {part.name: plan}, [part])
    run_first(setup, first)
    stats = settle_levels(setup, first, quantile)[part.name]
    peaks = {"max": np.array(first.maxima[0].values), "mean": np.array(first.means[0].values)}
    discard_rounds(setup, keep_first=False)
    setup.cache.discard_all((f"{maps_name(part)}.max", f"{maps_name(part)}.mean"))
    return taken_apart(stats) | peaks


def _slice(info: LayerInfo, first: int, last: int) -> LayerInfo:
    reading = SomeUnits.of(info.reading, first, last)
    return replace(info, units=last - first, file=f"{info.file}.{first}", reading=reading)
