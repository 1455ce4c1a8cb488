"""How far a unit's name and IoU hang on the choice of images: seeded even splits."""

from __future__ import annotations

from collections.abc import Iterator

import numpy as np
from jaxtyping import Float64, Int64

from dissect_report.stats.block_counts import BlockCounts
from dissect_report.stats.scores import iou

SPLITS, SPLIT_STREAM = 200, 2000

#: Share of the splits that a robust IoU holds in.
HOLDS = 0.9

#: Units that are drawn for at a time: draws x units numbers stay in a few megabytes.
UNITS_AT_ONCE = 64


def even_splits(blocks: int, seed: int) -> Int64[np.ndarray, "split block"]:
    """1 for the blocks of each split's first half, which is the smaller one of an odd number, else 0."""
    generator = np.random.default_rng([seed, SPLIT_STREAM])
    splits = np.zeros((SPLITS, blocks), np.int64)
    for row in splits:
        row[generator.permutation(blocks)[: blocks // 2]] = 1
    return splits


def split_ious(
    counts: BlockCounts, splits: Int64[np.ndarray, "split block"]
) -> Float64[np.ndarray, "split unit"]:
    """The best of a unit's listed concepts on one half, measured on the other: the worse of both ways.

    Equal IoUs go to the lower concept id. 0 where the halves name different concepts, or either names none.
    """
    values = np.zeros((len(splits), len(counts.mask)))
    for units, part in in_parts(counts):
        tables = [_tables(part, half) for half in (splits, 1 - splits)]
        first, second = (_best(table, part.listed) for table in tables)
        rows, columns = np.indices(first.shape)
        ways = [table[rows, columns, first] for table in tables]
        named = (first == second) & (first >= 0)
        # Both halves name the same concept: each way measures it on the half that did not choose it.
        values[:, units] = np.where(named, np.minimum(*ways), 0.0)
    return values


def robust_iou(values: Float64[np.ndarray, "split unit"]) -> Float64[np.ndarray, " unit"]:
    """The 10 % quantile over splits: a unit holds in 90 % of them at any iou_threshold below it."""
    return np.asarray(np.quantile(values, 1 - HOLDS, axis=0))


def in_parts(counts: BlockCounts) -> Iterator[tuple[slice, BlockCounts]]:
    """The counts of a few units at a time, and which units these are."""
    for start in range(0, len(counts.mask), UNITS_AT_ONCE):
        units = slice(start, start + UNITS_AT_ONCE)
        part = BlockCounts(counts.listed[units], counts.mask[units], counts.intersection[units], counts.area)
        yield units, part


def _tables(part: BlockCounts, half: np.ndarray) -> Float64[np.ndarray, "split unit place"]:
    """IoU on one half of every split; NaN for an empty place."""
    chosen = half.astype(np.float64)  # sums of pixels stay whole numbers below 2^53
    mask = chosen @ part.mask.T.astype(np.float64)
    present = (chosen @ part.area.T.astype(np.float64))[:, part.listed]
    common = chosen @ part.intersection.reshape(-1, half.shape[1]).T.astype(np.float64)
    table = iou(mask[:, :, None], present, common.reshape(len(half), *part.listed.shape))
    table[:, part.listed == 0] = np.nan
    return table


def _best(table: np.ndarray, listed: np.ndarray) -> np.ndarray:
    """Place of the best concept per split and unit; -1 where none exceeds 0."""
    value = np.nan_to_num(table, nan=0.0)
    best = value.max(axis=2, keepdims=True)
    ids = np.where(value == best, listed, np.iinfo(np.int32).max)
    place: np.ndarray = ids.argmin(axis=2)
    return np.where(best[:, :, 0] > 0, place, -1)
