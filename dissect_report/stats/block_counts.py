"""Counts a block of images: what splits and intervals of a unit's IoU are made from, by us or by a reader."""

from __future__ import annotations

from dataclasses import dataclass

import numpy as np
from jaxtyping import Int32, Int64, UInt16

from dissect_report.compiled import compiled
from dissect_report.stats.blocks import over_units
from dissect_report.stats.masks import Masks
from dissect_report.stats.overlap import check_masks

#: Stands in a list of concepts where there are fewer; its counts are 0.
NO_CONCEPT = 0


@dataclass(frozen=True, eq=False)
class BlockCounts:
    """Grid pixels of some units in every block of images; sums over blocks are those over the probe.

    Attributes:
        listed: concept ids of each unit, best first; 0 = no more.
        mask: of each unit.
        intersection: of its mask and each of its listed concepts.
        area: of every concept, whatever the units do.
    """

    listed: Int32[np.ndarray, "unit place"]
    mask: Int64[np.ndarray, "unit block"]
    intersection: Int64[np.ndarray, "unit place block"]
    area: Int64[np.ndarray, "concept block"]


def count_blocks(
    masks: Masks,
    labels: UInt16[np.ndarray, "image depth cell"],
    listed: Int32[np.ndarray, "unit place"],
    area: Int64[np.ndarray, "concept block"],
    block: Int32[np.ndarray, " image"],
    threads: int = 1,
) -> BlockCounts:
    """Counts the masks and the units' listed concepts below them.

    Args:
        masks: of the units over the whole probe.
        labels: of ``overlap.flatten_labels``.
        listed: concepts of each unit, each once; 0 = none.
        area: of ``block_areas``.
        block: of each image.
        threads: that count at the same time; no number depends on it.
    """
    check_masks(masks, labels)
    blocks = area.shape[1]
    mask = np.zeros((len(masks), blocks), np.int64)
    intersection = np.zeros((*listed.shape, blocks), np.int64)
    owner = np.ascontiguousarray(block, np.int32)

    def count(units: slice) -> None:
        place = np.full(len(area), -1, np.int32)
        part = (masks.positions[units], masks.counts[units], labels, owner)
        _count(*part, np.ascontiguousarray(listed[units]), place, mask[units], intersection[units])

    over_units(len(masks), count, threads)
    return BlockCounts(listed, mask, intersection, area)


def block_areas(
    area: Int32[np.ndarray, "image concept"], block: Int32[np.ndarray, " image"]
) -> Int64[np.ndarray, "concept block"]:
    """Pixels of every concept in every block, from those in every image."""
    sums = np.zeros((int(block.max(initial=-1)) + 1, area.shape[1]), np.int64)
    np.add.at(sums, block, area)
    return np.ascontiguousarray(sums.T)


@compiled
def _count(
    positions: np.ndarray,
    counts: np.ndarray,
    labels: np.ndarray,
    block: np.ndarray,
    listed: np.ndarray,
    place: np.ndarray,
    mask: np.ndarray,
    intersection: np.ndarray,
) -> None:
    for u in range(len(counts)):
        for k in range(listed.shape[1]):
            if listed[u, k] > 0:
                place[listed[u, k]] = k
        start = 0
        for image in range(counts.shape[1]):
            stop = start + counts[u, image]
            mask[u, block[image]] += stop - start
            for d in range(labels.shape[1]):
                for n in range(start, stop):
                    cell = positions[u, n]
                    concept = labels[image, d, cell]
                    for e in range(d):
                        if labels[image, e, cell] == concept:
                            concept = np.uint16(0)
                    if concept > 0 and place[concept] >= 0:
                        intersection[u, place[concept], block[image]] += 1
            start = stop
        for k in range(listed.shape[1]):
            if listed[u, k] > 0:
                place[listed[u, k]] = -1
