"""All numbers of one layer, from its recorded activations and the probe's label maps."""

from __future__ import annotations

from collections.abc import Callable, Sequence
from dataclasses import dataclass, fields
from functools import cached_property

import numpy as np

from dissect_report.activations.upsampling import Upsampling
from dissect_report.analysis.progress import Stage
from dissect_report.stats.block_counts import BlockCounts, count_blocks
from dissect_report.stats.grouping import Grouping
from dissect_report.stats.levels import ActivationStats, measure_activations
from dissect_report.stats.masks import Masks, capacity, find_masks
from dissect_report.stats.naming import Naming, iou_table, list_concepts, name_units
from dissect_report.stats.overlap import ConceptCounts, Overlap, count_overlap, flatten_labels
from dissect_report.stats.permutations import match_permuted

#: Bytes of masks and counters held at a time: units are measured in blocks of this.
COUNTER_BYTES = 96 << 20


@dataclass(frozen=True, eq=False)
class LabelMaps:
    """What every unit of every layer is compared with.

    Attributes:
        labels: uint16 [image, depth, y, x] of concept ids, 0 = none.
        grouping: where each image belongs.
        counts: of the concepts.
        areas: int64 [concept + 1, block] of ``block_areas``.
        permutations: int32 [permutation, image]: whose labels an image gets, for chance: the first ones.
    """

    labels: np.ndarray
    grouping: Grouping
    counts: ConceptCounts
    areas: np.ndarray
    permutations: np.ndarray

    @property
    def concepts(self) -> int:
        """Size of the merged catalogue."""
        return int(self.counts.concept.shape[1]) - 1

    @cached_property
    def flat(self) -> np.ndarray:
        """uint16 [image, depth, cell]: the labels as kernels take them."""
        return flatten_labels(self.labels, self.concepts)

    @property
    def concept_pixels(self) -> np.ndarray:
        """int64 [concept + 1] over the whole probe."""
        pixels: np.ndarray = self.counts.concept.sum(0)
        return pixels


@dataclass(frozen=True, eq=False)
class Measurement:
    """The numbers of some consecutive units of a layer.

    Attributes:
        activation: levels, extremes, densities, histograms.
        mask: int64 [half, unit] grid pixels above the level.
        intersection: int64 [half, unit, concept + 1].
        iou: float64 [unit, concept + 1] over the whole probe; NaN = undefined.
        naming: best concepts and what they are worth.
        blocks: counts of masks and listed concepts in every block of images.
        chance_concepts: int32 [permutation, unit] best concept under each of the first permutations.
        chance_ious: float64 [permutation, unit] best IoU there.
    """

    activation: ActivationStats
    mask: np.ndarray
    intersection: np.ndarray
    iou: np.ndarray
    naming: Naming
    blocks: BlockCounts
    chance_concepts: np.ndarray
    chance_ious: np.ndarray


class MaskKeeper:
    """Where the masks of a layer's units go once they are counted; this one lets them go."""

    def keep(self, first: int, masks: Masks) -> None:
        """Takes the masks of the units from ``first`` on."""


def measure_units(
    maps: np.ndarray,
    plan: Upsampling,
    probe: LabelMaps,
    quantile: float,
    threads: int,
    stage: Stage,
    keeper: MaskKeeper | None = None,
) -> Measurement:
    """Measures every unit of ``maps`` in blocks whose masks and counters fit ``COUNTER_BYTES``.

    Args:
        maps: float32 [image, unit, y, x], raw or already on the grid; may be a memory map.
        quantile: fraction of probe pixels above a unit's level.
        stage: advanced by units.
        keeper: is given the masks, of the units of ``maps`` counted from 0.
    """
    units, room = maps.shape[1], capacity(quantile, len(maps) * plan.grid**2)
    block = _block(units, room, len(maps), probe)
    parts = []
    for first in range(0, units, block):
        part = maps[:, first : first + block]
        activation = measure_activations(part, plan, quantile, threads)
        masks = find_masks(part, activation.level, plan, room, threads)
        parts.append(_measure_masks(masks, activation, probe, threads))
        if keeper is not None:
            keeper.keep(first, masks)
        stage.advance(part.shape[1])
    return join(parts)


def measure_masks(
    masks_of: Callable[[np.ndarray], Masks],
    activation: ActivationStats,
    probe: LabelMaps,
    room: int,
    threads: int,
    stage: Stage,
) -> Measurement:
    """The same numbers from masks that were found before.

    Args:
        masks_of: the masks of some units, by their indices.
        activation: of all units.
        room: pixels a unit at most.
        threads: that count at the same time; no number depends on it.
        stage: advanced by units.
    """
    units = len(activation.level)
    block = _block(units, room, len(probe.labels), probe)
    parts = []
    for first in range(0, units, block):
        chosen = np.arange(first, min(first + block, units))
        parts.append(_measure_masks(masks_of(chosen), some_units(activation, chosen), probe, threads))
        stage.advance(len(chosen))
    return join(parts)


def some_units(activation: ActivationStats, units: slice | np.ndarray) -> ActivationStats:
    """What is known of some of the units."""
    values = {f.name: getattr(activation, f.name) for f in fields(ActivationStats)}
    return ActivationStats(**{n: v if n == "pixels" else v[units] for n, v in values.items()})


def _block(units: int, room: int, images: int, probe: LabelMaps) -> int:
    """Units whose masks and counters are held at a time."""
    bytes_a_unit = 4 * room + (probe.concepts + 1) * 16 + images * 4
    return int(np.clip(COUNTER_BYTES // bytes_a_unit, 1, units))


def _measure_masks(masks: Masks, activation: ActivationStats, probe: LabelMaps, threads: int) -> Measurement:
    flat = probe.flat
    overlap = count_overlap(masks, flat, probe.grouping.half, probe.concepts, threads)
    table = _iou(overlap, probe)
    listed = list_concepts(table)
    concepts, ious = match_permuted(masks, flat, probe.concept_pixels, probe.permutations, threads)
    return Measurement(
        activation=activation,
        mask=overlap.mask,
        intersection=overlap.intersection,
        iou=table,
        naming=name_units(overlap, probe.counts),
        blocks=count_blocks(masks, flat, listed, probe.areas, probe.grouping.block, threads),
        chance_concepts=concepts,
        chance_ious=ious,
    )


def _iou(overlap: Overlap, probe: LabelMaps) -> np.ndarray:
    return iou_table(overlap.mask.sum(0), probe.concept_pixels, overlap.intersection.sum(0))


def join(parts: Sequence[Measurement]) -> Measurement:
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
    blocks = {
        name: along([getattr(p.blocks, name) for p in parts], 0)
        for name in ("listed", "mask", "intersection")
    }
    return Measurement(
        activation=ActivationStats(pixels=parts[0].activation.pixels, **activation),
        mask=along([p.mask for p in parts], 1),
        intersection=along([p.intersection for p in parts], 1),
        iou=along([p.iou for p in parts], 0),
        naming=Naming(**naming),
        blocks=BlockCounts(area=parts[0].blocks.area, **blocks),
        chance_concepts=along([p.chance_concepts for p in parts], 1),
        chance_ious=along([p.chance_ious for p in parts], 1),
    )
