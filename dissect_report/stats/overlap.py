"""How often a unit's mask and a concept lie on the same pixel: exact counts that add up.

Nothing is divided here. Counts over disjoint sets of images are added with ``+``, in any order.
"""

from __future__ import annotations

from dataclasses import dataclass

import numpy as np
from jaxtyping import Int32, Int64, UInt8, UInt16

from dissect_report.compiled import compiled
from dissect_report.errors import SegmenterError
from dissect_report.stats.blocks import over_units
from dissect_report.stats.masks import Masks

HALVES = 2


@dataclass(frozen=True, eq=False)
class Overlap:
    """Pixels of masks and of what lies under them. Column 0 of a concept axis means "none" and stays 0.

    Attributes:
        mask: pixels above the unit's level, per half of the probe.
        intersection: those that carry the concept.
    """

    mask: Int64[np.ndarray, "half unit"]
    intersection: Int64[np.ndarray, "half unit concept"]

    def __add__(self, other: Overlap) -> Overlap:
        return Overlap(mask=self.mask + other.mask, intersection=self.intersection + other.intersection)


@dataclass(frozen=True, eq=False)
class ConceptCounts:
    """Pixels of concepts, whatever the units do. Column 0 stays 0.

    Attributes:
        pixels: grid pixels of the probe, per half.
        concept: those that carry the concept.
        area: pixels of the concept in each image.
    """

    pixels: Int64[np.ndarray, " half"]
    concept: Int64[np.ndarray, "half concept"]
    area: Int32[np.ndarray, "image concept"]

    def __add__(self, other: ConceptCounts) -> ConceptCounts:
        """Counts of both sets of images; the other's images follow these in ``area``."""
        return ConceptCounts(
            pixels=self.pixels + other.pixels,
            concept=self.concept + other.concept,
            area=np.concatenate([self.area, other.area]),
        )


def count_overlap(
    masks: Masks,
    labels: UInt16[np.ndarray, "image depth cell"],
    halves: UInt8[np.ndarray, " image"],
    concepts: int,
    threads: int = 1,
) -> Overlap:
    """Counts masks, and concepts below them, over the images of the masks.

    Args:
        masks: of the units.
        labels: of ``flatten_labels``; a pixel may carry several concepts, and counts once for one that it
            carries twice.
        halves: 0 or 1 for each image.
        concepts: the largest concept id.
        threads: that count at the same time; no number depends on it.

    Raises:
        ValueError: shapes that do not fit each other.
    """
    check_masks(masks, labels)
    if halves.shape != (len(labels),):
        raise ValueError(f"{len(labels)} images do not go with halves {halves.shape}")
    if halves.size and halves.max() >= HALVES:
        raise ValueError(f"halves are 0 and 1, not {halves.max()}")
    half = _read_only(halves, np.uint8)
    intersection = np.zeros((HALVES, len(masks), concepts + 1), np.int64)

    def count(block: slice) -> None:
        _count(masks.positions[block], masks.counts[block], labels, half, intersection[:, block])

    over_units(len(masks), count, threads)
    # The kernel counts unlabelled pixels as concept 0 rather than to branch on every pixel.
    intersection[:, :, 0] = 0
    mask = np.stack([masks.counts[:, halves == h].sum(axis=1, dtype=np.int64) for h in range(HALVES)])
    return Overlap(mask=mask, intersection=intersection)


def flatten_labels(
    labels: UInt16[np.ndarray, "image depth gy gx"], concepts: int
) -> UInt16[np.ndarray, "image depth cell"]:
    """The label maps as kernels take them, which trust every index.

    Raises:
        SegmenterError: a label above ``concepts``.
        ValueError: no label maps.
    """
    if labels.ndim != 4:
        raise ValueError(f"labels {labels.shape} are not [image, depth, y, x]")
    _check_labels(labels, concepts)
    return _read_only(labels.reshape(*labels.shape[:2], -1), np.uint16)


def check_masks(masks: Masks, labels: UInt16[np.ndarray, "image depth cell"]) -> None:
    """Refuses masks of other images or of another grid than the labels'.

    Raises:
        ValueError: naming both.
    """
    if len(labels) != masks.counts.shape[1]:
        raise ValueError(f"labels {labels.shape} do not go with masks of {masks.counts.shape[1]} images")
    if masks.positions.size and masks.positions.max() >= labels.shape[2]:
        raise ValueError(f"masks do not lie on a grid of {labels.shape[2]} cells")


def count_concepts(
    labels: UInt16[np.ndarray, "image depth gy gx"], halves: UInt8[np.ndarray, " image"], concepts: int
) -> ConceptCounts:
    """Counts the pixels that carry each concept, once a pixel.

    Raises:
        SegmenterError: a label above ``concepts``.
        ValueError: not one half for each image.
    """
    if halves.shape != (len(labels),):
        raise ValueError(f"{len(labels)} images but halves for {halves.shape}")
    _check_labels(labels, concepts)
    area = np.zeros((len(labels), concepts + 1), np.int32)
    _count_areas(_read_only(labels.reshape(*labels.shape[:2], -1), np.uint16), area)
    area[:, 0] = 0
    sums = [area[halves == half].sum(axis=0, dtype=np.int64) for half in range(HALVES)]
    images = np.bincount(halves, minlength=HALVES).astype(np.int64)
    pixels = images * labels.shape[-2] * labels.shape[-1]
    return ConceptCounts(pixels=pixels, concept=np.stack(sums), area=area)


def _check_labels(labels: np.ndarray, concepts: int) -> None:
    highest = max((int(image.max(initial=0)) for image in labels), default=0)
    if highest > concepts:
        raise SegmenterError(
            f"the segmenter gives concept id {highest} but its catalogue ends at {concepts}; "
            "add the missing concepts to the catalogue or set `unlabelled` to that id"
        )


def _read_only(array: np.ndarray, dtype: type[np.generic]) -> np.ndarray:
    """A plain contiguous read-only view, so that memory maps and arrays share one compiled kernel."""
    view = np.ascontiguousarray(array, dtype).view()
    view.flags.writeable = False
    return view


@compiled
def count_labels(found: np.ndarray, count: int, labels: np.ndarray, counter: np.ndarray) -> None:
    """Adds the concepts at the found pixels, each once a pixel (a repeated one falls on column 0)."""
    for d in range(len(labels)):
        for n in range(count):
            pixel = found[n]
            concept = labels[d, pixel]
            for e in range(d):
                if labels[e, pixel] == concept:
                    concept = np.uint16(0)
            counter[concept] += 1


@compiled
def _count(
    positions: np.ndarray, counts: np.ndarray, labels: np.ndarray, halves: np.ndarray, into: np.ndarray
) -> None:
    """Units outermost: one unit's counters fit the processor's cache, all units' would not."""
    for u in range(len(counts)):
        start = 0
        for image in range(counts.shape[1]):
            stop = start + counts[u, image]
            if stop > start:
                found = positions[u, start:stop]
                count_labels(found, stop - start, labels[image], into[halves[image], u])
            start = stop


@compiled
def _count_areas(labels: np.ndarray, area: np.ndarray) -> None:
    every = np.arange(labels.shape[2])
    for image in range(len(labels)):
        count_labels(every, every.size, labels[image], area[image])
