"""Counts by block: those of every pixel, and their sums are the counts over the probe."""

from __future__ import annotations

import numpy as np
import pytest
import reference_certainty as reference
from activation_maps import CONCEPTS, GRID, KINDS, make_labels, make_maps

from dissect_report.activations.upsampling import plan_upsampling, upsample
from dissect_report.stats.block_counts import block_areas, count_blocks
from dissect_report.stats.levels import measure_activations
from dissect_report.stats.masks import find_masks
from dissect_report.stats.overlap import count_concepts, flatten_labels

IMAGES = 6
PLAN = plan_upsampling((5, 5), GRID, "border")


@pytest.mark.parametrize("depth", [1, 3])
@pytest.mark.parametrize("threads", [1, 2])
def test_counts_equal_looking_at_every_pixel(depth, threads):
    maps, labels = make_maps((5, 5), IMAGES), make_labels(IMAGES, depth)
    level = measure_activations(maps, PLAN, 0.2).level
    block = np.array([2, 0, 1, 2, 0, 0], np.int32)
    generator = np.random.default_rng(0)
    listed = np.stack([generator.permutation(CONCEPTS)[:3] + 1 for _ in KINDS]).astype(np.int32)
    listed[0, 1:] = 0
    masks = find_masks(maps, level, PLAN, IMAGES * GRID**2)
    areas = block_areas(count_concepts(labels, np.zeros(IMAGES, np.uint8), CONCEPTS).area, block)
    found = count_blocks(masks, flatten_labels(labels, CONCEPTS), listed, areas, block, threads)
    above = upsample(maps, PLAN) > level[:, None, None]
    for unit in range(len(KINDS)):
        for number in range(3):
            chosen = np.flatnonzero(block == number)
            assert found.mask[unit, number] == above[chosen, unit].sum()
            every = list(range(len(chosen)))
            common = reference.intersections(above[chosen, unit], labels[chosen], every, CONCEPTS)
            expected = [common[concept] if concept else 0 for concept in listed[unit]]
            assert found.intersection[unit, :, number].tolist() == expected
    whole = count_concepts(labels, np.zeros(IMAGES, np.uint8), CONCEPTS).concept.sum(0)
    np.testing.assert_array_equal(found.area.sum(1), whole)
