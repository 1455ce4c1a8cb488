"""How far a unit's IoU hangs on the choice of images: blocks of them drawn with replacement.

The percentile interval of a ratio of sums covers 87 to 92 % where it should cover 95 %, the more so the rarer
the concept; the bootstrap-t interval (Efron 1981) covers 92 to 95 %: a test measures both.
"""

from __future__ import annotations

import numpy as np
from jaxtyping import Float64

from dissect_report.stats.block_counts import BlockCounts
from dissect_report.stats.splits import in_parts

DRAWS, STREAM = 1000, 3000
COVERAGE = 0.95

#: Blocks in which mask and concept must meet: with fewer no interval covers what it says.
ENOUGH_BLOCKS = 10

#: Share of the sum of squares below which their difference is not told from 0.
ROUNDING = 1e-12

Ends = Float64[np.ndarray, " unit"]


def iou_intervals(counts: BlockCounts, seed: int) -> tuple[Ends, Ends]:
    """95 % bootstrap-t intervals over blocks of each unit's IoU with its first listed concept.

    Level and concept are held fixed.

    Returns:
        Lower and upper ends within [0, 1]; NaN without a concept, and where it meets the mask in fewer than
        ``ENOUGH_BLOCKS`` blocks.
    """
    blocks = counts.mask.shape[1]
    low, high = np.full(len(counts.mask), np.nan), np.full(len(counts.mask), np.nan)
    if blocks < ENOUGH_BLOCKS:
        return low, high
    generator = np.random.default_rng([seed, STREAM])
    weights = generator.multinomial(blocks, np.full(blocks, 1 / blocks), DRAWS).astype(np.float64)
    for units, part in in_parts(counts):
        low[units], high[units] = _intervals(part, weights)
    return low, high


def _intervals(part: BlockCounts, weights: np.ndarray) -> tuple[np.ndarray, np.ndarray]:
    common = part.intersection[:, 0].astype(np.float64)
    union = part.mask + part.area[part.listed[:, 0]] - common
    known = (part.listed[:, 0] > 0) & ((common > 0).sum(axis=1) >= ENOUGH_BLOCKS)
    low, high = np.full(len(known), np.nan), np.full(len(known), np.nan)
    common, union = common[known], union[known]
    value, error = _ratio_and_error(common, union, np.ones((1, weights.shape[1])))
    drawn, errors = _ratio_and_error(common, union, weights)
    # A draw of blocks that all have the same ratio says nothing of how far the ratio varies.
    distance = np.divide(drawn - value, errors, out=np.full(drawn.shape, np.nan), where=errors > 0)
    varied = ~np.isnan(distance).all(axis=0)
    if not varied.any():
        return low, high
    tails = np.nanquantile(distance[:, varied], [(1 + COVERAGE) / 2, (1 - COVERAGE) / 2], axis=0)
    value, error = value[0, varied], error[0, varied]
    places = np.flatnonzero(known)[varied]
    low[places] = np.clip(np.minimum(value - tails[0] * error, value), 0, 1)
    high[places] = np.clip(np.maximum(value - tails[1] * error, value), 0, 1)
    return low, high


def _ratio_and_error(
    common: np.ndarray, union: np.ndarray, weights: np.ndarray
) -> tuple[np.ndarray, np.ndarray]:
    """The IoU of every draw and its standard error by linearisation, [draw, unit]."""
    blocks = weights.shape[1]
    below = weights @ union.T
    ratio = (weights @ common.T) / below
    whole = weights @ (common**2).T
    squares = whole - 2 * ratio * (weights @ (common * union).T) + ratio**2 * (weights @ (union**2).T)
    squares[squares < ROUNDING * whole] = 0  # equal ratios in all blocks: what is left is rounding
    return ratio, np.sqrt(squares * blocks / (blocks - 1)) / below
