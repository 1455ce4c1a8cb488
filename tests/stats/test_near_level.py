"""Levels and masks in one look at every map: what two looks at all maps give, to the bit."""

from __future__ import annotations

import numpy as np
import pytest
from activation_maps import GRID, SIZES, make_maps

from dissect_report.activations.upsampling import Upsampling, plan_upsampling
from dissect_report.stats.levels import ActivationStats, measure_activations
from dissect_report.stats.masks import Masks, capacity, find_masks, position_type
from dissect_report.stats.near_level import (
    NearLevel,
    add_near,
    complete,
    count_near,
    near_bytes,
    no_near,
    settle_near,
)
from dissect_report.stats.rounds import Codes, Sought, no_codes, seek
from tests.stats.test_rounds import QUANTILES, same


def begin(maps: np.ndarray, plan: Upsampling, quantile: float) -> tuple[Codes, Sought, NearLevel, Masks]:
    units, pixels = maps.shape[1], len(maps) * plan.grid**2
    first = no_codes(units, pixels)
    first.add(maps, plan)
    sought = seek(first, plan, pixels, quantile)
    counts, kind = count_near(first, sought), position_type(plan.grid)
    total = int(counts.sum())
    near = no_near(counts, np.zeros(total, np.int32), np.zeros(total, kind), np.zeros(total, np.uint16))
    assert near_bytes(total, plan.grid) == near.images.nbytes + near.cells.nbytes + near.keys.nbytes
    room = capacity(quantile, pixels)
    return first, sought, near, Masks(np.zeros((units, room), kind), np.zeros((units, len(maps)), np.int32))


def in_one_look(
    maps: np.ndarray, plan: Upsampling, quantile: float, batch: int, threads: int = 1
) -> tuple[ActivationStats, Masks]:
    first, sought, near, masks = begin(maps, plan, quantile)
    filled = np.zeros(len(masks), np.int64)
    for start in range(0, len(maps), batch):
        add_near(near, masks, filled, start, maps[start : start + batch], sought, plan, threads)
    stats = settle_near(first, sought, near, len(maps) * plan.grid**2, quantile)
    return stats, complete(masks, np.arange(len(masks)), near, sought, stats.level)


def cells(masks: Masks) -> list[list[list[int]]]:
    """By unit and image, in order."""
    ends = masks.counts.cumsum(axis=1)
    rows = zip(masks.positions, ends, masks.counts, strict=True)
    return [[sorted(row[end - n : end].tolist()) for end, n in zip(e, c, strict=True)] for row, e, c in rows]


def check(maps: np.ndarray, plan: Upsampling, quantile: float, batch: int, threads: int = 1) -> None:
    whole = measure_activations(maps, plan, quantile)
    masks = find_masks(maps, whole.level, plan, capacity(quantile, len(maps) * plan.grid**2))
    stats, found = in_one_look(maps, plan, quantile, batch, threads)
    same(stats, whole, (quantile, batch))
    assert np.array_equal(found.counts, masks.counts)
    assert cells(found) == cells(masks)


@pytest.mark.parametrize("outside", ["border", "zeros"])
@pytest.mark.parametrize("size", SIZES, ids=str)
def test_one_look_gives_what_all_maps_at_once_give(size: tuple[int, int], outside: str) -> None:
    maps, plan = make_maps(size, images=7), plan_upsampling(size, GRID, outside)
    for quantile in QUANTILES:
        check(maps, plan, quantile, batch=3, threads=1 + (quantile == 0.3))


@pytest.mark.parametrize("outside", ["border", "zeros"])
def test_levels_among_neighbours_at_ends_of_codes_and_around_zero(outside: str) -> None:
    huge, tiny = np.finfo(np.float32).max / 4, np.float32(1e-42)
    below = np.nextafter(np.float32(2), np.float32(1))
    values = np.array(
        [[-huge, huge], [0.0, tiny], [-tiny, tiny], [-0.0, 0.0], [-tiny, 0.0], [-tiny, -0.0], [2.0, below],
         [np.inf, 1.0], [np.nan, 1.0], [-np.inf, -1.0], [-1.0, 1.0], [6.0, 6.0]], np.float32,
    )  # fmt: skip
    drawn = np.random.default_rng(0).integers(0, 2, (6, 4, 4))
    maps = np.ascontiguousarray(values[:, drawn].transpose(1, 0, 2, 3))
    for quantile in QUANTILES:
        check(maps, plan_upsampling((4, 4), GRID, outside), quantile, batch=4)


def test_few_distinct_values_put_the_level_between_two_codes() -> None:
    maps = np.repeat(np.arange(8, dtype=np.float32), 2).reshape(4, 1, 2, 2) * 1000
    for quantile in np.linspace(0.01, 0.99, 33):
        check(maps, plan_upsampling((2, 2), 2, "border"), float(quantile), batch=1)


def test_images_that_come_twice_are_refused() -> None:
    maps, plan = make_maps((7, 7), images=4), plan_upsampling((7, 7), GRID, "border")
    _, sought, near, masks = begin(maps, plan, 0.3)
    filled = np.zeros(len(masks), np.int64)
    add_near(near, masks, filled, 0, maps, sought, plan)
    with pytest.raises(ValueError, match="more pixels than"):
        add_near(near, masks, filled, 0, maps, sought, plan)
