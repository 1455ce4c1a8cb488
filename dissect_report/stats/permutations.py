"""Chance: what a unit's mask matches when the label maps are laid against other images.

Permutation k is drawn by a generator of its own, seeded by ``[seed, STREAM, k]``: more permutations never
change the ones before. It moves whole groups of images: their label maps, concatenated in the permuted order
of the groups, are given to the images in probe order. Sizes of masks and concepts stay as they are.
"""

from __future__ import annotations

from collections.abc import Iterable

import numpy as np
from jaxtyping import Float64, Int32, Int64, UInt16

from dissect_report.compiled import compiled
from dissect_report.stats.blocks import over_units
from dissect_report.stats.masks import Masks
from dissect_report.stats.overlap import check_masks, count_labels

STREAM = 1000


def permute_groups(
    group: Int32[np.ndarray, " image"], numbers: Iterable[int], seed: int
) -> Int32[np.ndarray, "permutation image"]:
    """Whose label map each image gets.

    Args:
        group: of each image, numbered 0, 1 ...
        numbers: of the permutations.
        seed: of all of them.
    """
    order = np.argsort(group, kind="stable")
    sizes = np.bincount(group)
    starts = np.cumsum(sizes) - sizes
    single = len(sizes) == len(group)
    rows = []
    for number in numbers:
        drawn = np.random.default_rng([seed, STREAM, number]).permutation(len(sizes))
        if single:
            rows.append(order[drawn])
        else:
            rows.append(np.concatenate([order[starts[g] : starts[g] + sizes[g]] for g in drawn]))
    return np.array(rows, np.int32).reshape(len(rows), len(group))


def match_permuted(
    masks: Masks,
    labels: UInt16[np.ndarray, "image depth cell"],
    concept_pixels: Int64[np.ndarray, " concept"],
    permutations: Int32[np.ndarray, "permutation image"],
    threads: int = 1,
) -> tuple[Int32[np.ndarray, "permutation unit"], Float64[np.ndarray, "permutation unit"]]:
    """The best concept and the best IoU of every unit under every permutation.

    Args:
        masks: of the units over the whole probe.
        labels: of ``overlap.flatten_labels``.
        concept_pixels: of every concept over the probe; column 0 is not looked at.
        permutations: of ``permute_groups``.
        threads: that count at the same time; no number depends on it.

    Returns:
        Concept 0 with IoU 0 where nothing overlaps; equal IoUs go to the lower concept.

    Raises:
        ValueError: masks and labels of different images.
    """
    check_masks(masks, labels)
    concepts = np.zeros((len(permutations), len(masks)), np.int32)
    values = np.zeros((len(permutations), len(masks)))
    pixels, rows = np.ascontiguousarray(concept_pixels), np.ascontiguousarray(permutations)

    def match(block: slice) -> None:
        into = (concepts[:, block], values[:, block])
        _match(masks.positions[block], masks.counts[block], labels, pixels, rows, into)

    over_units(len(masks), match, threads)
    return concepts, values


@compiled
def _match(
    positions: np.ndarray,
    counts: np.ndarray,
    labels: np.ndarray,
    concept_pixels: np.ndarray,
    permutations: np.ndarray,
    into: tuple[np.ndarray, np.ndarray],
) -> None:
    concepts, values = into
    counter = np.zeros(concept_pixels.size, np.int64)
    for u in range(len(counts)):
        mask = counts[u].sum()
        for p in range(len(permutations)):
            counter[:] = 0
            start = 0
            for image in range(counts.shape[1]):
                stop = start + counts[u, image]
                if stop > start:
                    found = positions[u, start:stop]
                    count_labels(found, stop - start, labels[permutations[p, image]], counter)
                start = stop
            for concept in range(1, counter.size):
                if counter[concept] > 0:
                    value = counter[concept] / (mask + concept_pixels[concept] - counter[concept])
                    if value > values[p, u]:
                        values[p, u] = value
                        concepts[p, u] = concept
