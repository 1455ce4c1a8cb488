"""All numbers of one layer, from its recorded activations and the probe's label maps."""

from __future__ import annotations

from dataclasses import dataclass, fields

import numpy as np

from dissect_report.activations.upsampling import Upsampling
from dissect_report.analysis.progress import Stage
from dissect_report.stats.levels import ActivationStats, measure_activations
from dissect_report.stats.naming import Naming, iou_table, name_units
from dissect_report.stats.overlap import ConceptCounts, Overlap, count_overlap

#: Label maps permuted across images, for chance.
PERMUTATIONS = 20

#: Bytes of counters held at a time: units are measured in blocks of this.
COUNTER_BYTES = 96 << 20


@dataclass(frozen=True, eq=False)
class LabelMaps:
    """What every unit of every layer is compared with.

    Attributes:
        labels: uint16 [image, depth, y, x] of concept ids, 0 = none.
        halves: uint8 [image].
        counts: of the concepts.
        permutations: int32 [permutation, image]: whose labels an image gets, for chance.
    """

    labels: np.ndarray
    halves: np.ndarray
    counts: ConceptCounts
    permutations: np.ndarray

    @property
    def concepts(self) -> int:
        """Size of the merged catalogue."""
        return int(self.counts.concept.shape[1]) - 1


def permute_images(images: int, seed: int) -> np.ndarray:
    """int32 [permutation, image], seeded."""
    generator = np.random.default_rng([seed, PERMUTATIONS])
    return np.stack([generator.permutation(images) for _ in range(PERMUTATIONS)]).astype(np.int32)


@dataclass(frozen=True, eq=False)
class Measurement:
    """The numbers of some consecutive units of a layer.

    Attributes:
        activation: levels, extremes, densities, histograms.
        mask: int64 [half, unit] grid pixels above the level.
        intersection: int64 [half, unit, concept + 1].
        iou: float64 [unit, concept + 1] over the whole probe; NaN = undefined.
        naming: best concepts and what they are worth.
    """

    activation: ActivationStats
    mask: np.ndarray
    intersection: np.ndarray
    iou: np.ndarray
    naming: Naming


def measure_units(
    maps: np.ndarray, plan: Upsampling, probe: LabelMaps, quantile: float, threads: int, stage: Stage
) -> Measurement:
    """Measures every unit of ``maps`` in blocks whose counters fit ``COUNTER_BYTES``.

    Args:
        maps: float32 [image, unit, y, x], raw or already on the grid; may be a memory map.
        quantile: fraction of probe pixels above a unit's level.
        stage: advanced by units.
    """
    units = maps.shape[1]
    bytes_a_unit = PERMUTATIONS * (probe.concepts + 1) * 8
    block = int(np.clip(COUNTER_BYTES // bytes_a_unit, 1, units))
    parts = []
    for first in range(0, units, block):
        part = maps[:, first : first + block]
        parts.append(_measure_block(part, plan, probe, quantile, threads))
        stage.advance(part.shape[1])
    return join(parts)


def _measure_block(
    maps: np.ndarray, plan: Upsampling, probe: LabelMaps, quantile: float, threads: int
) -> Measurement:
    activation = measure_activations(maps, plan, quantile, threads)
    overlap = count_overlap(
        maps, probe.labels, probe.halves, activation.level, probe.concepts, plan, probe.permutations, threads
    )
    return Measurement(
        activation=activation,
        mask=overlap.mask,
        intersection=overlap.intersection,
        iou=_iou(overlap, probe.counts),
        naming=name_units(overlap, probe.counts),
    )


def _iou(overlap: Overlap, counts: ConceptCounts) -> np.ndarray:
    return iou_table(overlap.mask.sum(0), counts.concept.sum(0), overlap.intersection.sum(0))


def join(parts: list[Measurement]) -> Measurement:
    """The numbers of all units, from blocks in unit order."""

    def along(arrays: list[np.ndarray], axis: int) -> np.ndarray:
        return np.concatenate(arrays, axis=axis)

    activation = {
        f.name: along([getattr(p.activation, f.name) for p in parts], 0)
        for f in fields(ActivationStats)
        if f.name != "pixels"
    }
    # Every array of Naming has the units on its last axis.
    naming = {f.name: along([getattr(p.naming, f.name) for p in parts], -1) for f in fields(Naming)}
    return Measurement(
        activation=ActivationStats(pixels=parts[0].activation.pixels, **activation),
        mask=along([p.mask for p in parts], 1),
        intersection=along([p.intersection for p in parts], 1),
        iou=along([p.iou for p in parts], 0),
        naming=Naming(**naming),
    )
