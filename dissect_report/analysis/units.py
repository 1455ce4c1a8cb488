"""From a layer's numbers to one record a unit: what a page shows, NaN turned into None."""

from __future__ import annotations

from dataclasses import dataclass

import numpy as np

from dissect_report.activations.layers import LayerInfo
from dissect_report.analysis.certainty import Certainty
from dissect_report.analysis.measuring import LabelMaps, Measurement
from dissect_report.findings.store import number
from dissect_report.findings.units import Band, Histogram, RankedImage, Relative, ScoredConcept, UnitRecord
from dissect_report.stats import scores
from dissect_report.stats.correlation import duplicates, relatives
from dissect_report.stats.topk import bands, fires_without, saturation, silent_images


@dataclass(frozen=True, eq=False)
class LayerNumbers:
    """Everything measured of one layer.

    Attributes:
        info: the layer.
        folder: its folder below the run.
        measurement: of all units.
        certainty: of their names.
        maxima: float32 [image, unit] of the raw maps.
        means: float32 [image, unit] of the raw maps.
        correlation: float32 [unit, unit] of the maps as they are kept: sampled where larger than the grid.
        top: int32 [unit, k] images, best first.
        outlines: per unit and top image, SVG path data of the mask.
        areas: per unit and top image, grid pixels of the mask.
    """

    info: LayerInfo
    folder: str
    measurement: Measurement
    certainty: Certainty
    maxima: np.ndarray
    means: np.ndarray
    correlation: np.ndarray
    top: np.ndarray
    outlines: list[list[str]]
    areas: list[list[int]]


def unit_records(
    numbers: LayerNumbers, probe: LabelMaps, iou_threshold: float, seed: int
) -> tuple[UnitRecord, ...]:
    """One record for each unit of the layer, in channel order."""
    naming = numbers.measurement.naming
    shared = {
        "detector": naming.detectors(iou_threshold),
        "duplicate": duplicates(numbers.correlation, numbers.info.units),
        "saturation": saturation(numbers.maxima),
    }
    nearest = relatives(numbers.correlation, units=numbers.info.units)
    scored = _score_concepts(numbers.measurement, probe)
    return tuple(
        _unit_record(unit, numbers, probe, shared, nearest, scored[unit], seed)
        for unit in range(numbers.info.units)
    )


def _unit_record(
    unit: int,
    numbers: LayerNumbers,
    probe: LabelMaps,
    shared: dict[str, np.ndarray],
    nearest: tuple[np.ndarray, np.ndarray],
    listed: tuple[ScoredConcept, ...],
    seed: int,
) -> UnitRecord:
    activation, naming = numbers.measurement.activation, numbers.measurement.naming
    sure = numbers.certainty
    concept = int(naming.concept[unit])
    mask = int(numbers.measurement.mask[:, unit].sum())
    maxima, means = numbers.maxima[:, unit], numbers.means[:, unit]
    sharing, dead = int(shared["saturation"][unit]), _is_dead(numbers, unit)
    level, finite = float(activation.level[unit]), bool(activation.finite[unit])
    duplicate = int(shared["duplicate"][unit])
    halves = naming.half_concepts[:, unit].tolist()
    area = probe.counts.area[:, concept] if concept else None
    return UnitRecord(
        unit=unit,
        level=number(level),
        minimum=number(activation.minimum[unit]),
        maximum=number(maxima.max()),
        density=int(activation.positive_pixels[unit]) / activation.pixels if finite else None,
        mask_pixels=mask,
        concept=concept or None,
        iou=number(naming.iou[unit]),
        attainable_iou=listed[0].attainable_iou if concept else None,
        heldout_iou=number(naming.heldout_iou[unit]),
        half_concepts=(halves[0] or None, halves[1] or None),
        chance_iou=number(sure.chance_iou[unit]),
        p=number(sure.significance.p[unit]),
        permutations=int(sure.significance.drawn[unit]),
        q=number(sure.significance.q[unit]),
        robust_iou=float(sure.robust_iou[unit]),
        split_share=float(sure.split_share[unit]),
        iou_low=number(sure.low[unit]),
        iou_high=number(sure.high[unit]),
        detector=bool(shared["detector"][unit]),
        grade=sure.grades[unit],
        dead=dead,
        finite=finite,
        duplicate_of=None if duplicate < 0 else duplicate,
        saturation=sharing if sharing > 1 and not dead else None,
        saturates=sharing > numbers.top.shape[1] and not dead,
        concepts=listed,
        top_images=_top_images(unit, numbers),
        bands=_bands(maxima, means, seed),
        silent=() if area is None else _listed(silent_images(maxima, means, level, area), maxima, area),
        fires_without=() if area is None else _listed(fires_without(maxima, means, area), maxima, area),
        relatives=_relatives(unit, *nearest),
        histogram=_histogram(numbers.measurement, unit),
    )


def _top_images(unit: int, numbers: LayerNumbers) -> tuple[RankedImage, ...]:
    maxima = numbers.maxima[:, unit]
    each = zip(numbers.top[unit], numbers.areas[unit], numbers.outlines[unit], strict=True)
    return tuple(RankedImage(int(image), number(maxima[image]), area, path) for image, area, path in each)


def _bands(maxima: np.ndarray, means: np.ndarray, seed: int) -> tuple[Band, ...]:
    return tuple(
        Band(name, tuple(RankedImage(int(image), number(maxima[image])) for image in images))
        for name, images in bands(maxima, means, seed).items()
    )


def _relatives(unit: int, others: np.ndarray, correlation: np.ndarray) -> tuple[Relative, ...]:
    each = zip(others[unit], correlation[unit], strict=True)
    return tuple(Relative(int(other), float(value)) for other, value in each if other >= 0)


def _is_dead(numbers: LayerNumbers, unit: int) -> bool:
    """Maximum of the raw maps not above 0, or the same value everywhere."""
    activation = numbers.measurement.activation
    if not activation.finite[unit]:
        return False
    return bool(numbers.maxima[:, unit].max() <= 0 or activation.minimum[unit] == activation.maximum[unit])


def _listed(images: np.ndarray, maxima: np.ndarray, area: np.ndarray) -> tuple[RankedImage, ...]:
    return tuple(RankedImage(int(image), number(maxima[image]), int(area[image])) for image in images)


def _score_concepts(measurement: Measurement, probe: LabelMaps) -> list[tuple[ScoredConcept, ...]]:
    """For each unit the best concepts by IoU, equal ones by lower id, those without a common pixel left out.

    All units at once: a call for ten numbers costs as much as one for ten thousand.
    """
    listed = measurement.blocks.listed.astype(np.int64)
    mask = measurement.mask.sum(0)[:, None]
    present = np.where(listed > 0, probe.counts.concept.sum(0)[listed], 0)
    found = np.take_along_axis(measurement.intersection.sum(0), listed, axis=1)
    common = np.where(listed > 0, found, 0)
    pixels = probe.counts.pixels.sum()
    columns = np.stack(
        (
            np.take_along_axis(measurement.iou, listed, axis=1),
            scores.precision(mask, common),
            scores.recall(present, common),
            scores.mutual_information(mask, present, common, pixels),
            scores.information_quality_ratio(mask, present, common, pixels),
            scores.attainable_iou(mask, present),
        ),
        axis=-1,
    ).tolist()
    rows = zip(listed.tolist(), common.tolist(), columns, strict=True)
    return [
        tuple(
            _scored_concept(concept, intersection, *values)
            for concept, intersection, values in zip(*row, strict=True)
            if concept
        )
        for row in rows
    ]


def _scored_concept(
    concept: int, intersection: int, iou: float, precision: float, recall: float, mutual_information: float,
    information_quality_ratio: float, attainable_iou: float,
) -> ScoredConcept:  # fmt: skip
    return ScoredConcept(
        concept=concept,
        iou=iou,
        precision=number(precision),
        recall=number(recall),
        mutual_information=number(mutual_information),
        information_quality_ratio=number(information_quality_ratio),
        intersection=intersection,
        attainable_iou=attainable_iou,
    )


def _histogram(measurement: Measurement, unit: int) -> Histogram | None:
    activation = measurement.activation
    if not activation.finite[unit]:
        return None
    counts = tuple(int(count) for count in activation.histogram[unit])
    return Histogram(float(activation.low[unit]), float(activation.high[unit]), counts)
