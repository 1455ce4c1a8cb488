"""Everything that is counted of one layer: no setting that only shows or judges it is in here."""

from __future__ import annotations

from dataclasses import dataclass

import numpy as np

from dissect_report.activations.layers import LayerInfo
from dissect_report.analysis.cache import digest
from dissect_report.analysis.certainty import Chance, grade_units
from dissect_report.analysis.drawing import Drawn
from dissect_report.analysis.forward import maps_name
from dissect_report.analysis.keeping import restore, taken_apart
from dissect_report.analysis.map_plans import masks_fit
from dissect_report.analysis.measuring import Measurement
from dissect_report.analysis.setup import Setup
from dissect_report.analysis.units import LayerNumbers


@dataclass(frozen=True, eq=False)
class Counts:
    """What the masks of a layer's units gave.

    Attributes:
        measurement: of all units.
        chance: what their names are worth.
        correlation: float32 [unit, unit] of the maps as they are kept.
    """

    measurement: Measurement
    chance: Chance
    correlation: np.ndarray


@dataclass(frozen=True, eq=False)
class Peaks:
    """What tells a unit's images apart, of the raw maps.

    Attributes:
        maxima: float32 [image, unit].
        means: float32 [image, unit].
    """

    maxima: np.ndarray
    means: np.ndarray


def keep_counts(setup: Setup, info: LayerInfo, counts: Counts) -> None:
    """Keeps the numbers for a run with other settings of what they do not depend on."""
    setup.cache.keep(counts_name(info), _key(setup, info), taken_apart(counts))


def has_counts(setup: Setup, info: LayerInfo) -> bool:
    """Whether ``kept_counts`` has something to give."""
    return setup.cache.keeps(counts_name(info), _key(setup, info))


def kept_counts(setup: Setup, info: LayerInfo) -> Counts | None:
    """The numbers that an earlier run counted, if they are of the same key."""
    arrays = setup.cache.kept(counts_name(info), _key(setup, info))
    return None if arrays is None else restore(Counts, arrays)


def has_peaks(setup: Setup, info: LayerInfo) -> bool:
    """Whether ``kept_peaks`` has something to give."""
    return all(found is not None for found in _find_peaks(setup, info))


def kept_peaks(setup: Setup, info: LayerInfo) -> Peaks | None:
    """The maxima and means that a pass left, if they are whole."""
    maxima, means = _find_peaks(setup, info)
    return None if maxima is None or means is None else Peaks(np.array(maxima), np.array(means))


def _find_peaks(setup: Setup, info: LayerInfo) -> tuple[np.ndarray | None, np.ndarray | None]:
    shape, key = (len(setup.survey), info.units), setup.stages.maps(info)
    maxima = setup.cache.find(f"{maps_name(info)}.max", key, shape, np.float32)
    return maxima, setup.cache.find(f"{maps_name(info)}.mean", key, shape, np.float32)


def layer_numbers(setup: Setup, info: LayerInfo, counts: Counts, peaks: Peaks, drawn: Drawn) -> LayerNumbers:
    """Everything of a layer, judged by the run's iou_threshold."""
    certainty = grade_units(
        counts.chance, counts.measurement.naming.iou, setup.run.dissection.iou_threshold,
        setup.survey.grouping.groups,
    )  # fmt: skip
    return LayerNumbers(
        info=info,
        folder=info.file,
        measurement=counts.measurement,
        certainty=certainty,
        maxima=peaks.maxima,
        means=peaks.means,
        correlation=counts.correlation,
        top=drawn.top,
        outlines=drawn.outlines,
        areas=drawn.areas,
    )


def _key(setup: Setup, info: LayerInfo) -> str:
    """Where nothing holds a layer's masks, fewer permutations are drawn."""
    return digest(setup.stages.counts(info), masks_fit(setup, info))


def counts_name(info: LayerInfo) -> str:
    """Of the file in the cache."""
    return f"{info.file}.counts.npz"
