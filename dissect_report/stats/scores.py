"""Ratios of counted pixels. All take arrays that broadcast and give float64; undefined is NaN.

Throughout: ``mask`` = pixels of the unit's mask, ``concept`` = pixels of the concept, ``intersection`` =
pixels of both, ``pixels`` = all pixels, over the same images.
"""

from __future__ import annotations

import numpy as np
import numpy.typing as npt
from jaxtyping import Float64, Int64

Counts = Int64[np.ndarray, "..."] | np.int64 | int
Score = Float64[np.ndarray, "..."]


def _ratio(above: npt.ArrayLike, below: npt.ArrayLike) -> Score:
    """``above / below``, NaN where nothing is divided by nothing."""
    dividend, divisor = np.broadcast_arrays(np.asarray(above, np.float64), np.asarray(below, np.float64))
    ratio = np.full(dividend.shape, np.nan)
    np.divide(dividend, divisor, out=ratio, where=divisor != 0)
    return ratio


def iou(mask: Counts, concept: Counts, intersection: Counts) -> Score:
    """Intersection over union, in [0, 1]; NaN for an empty union."""
    return _ratio(np.asarray(intersection), np.asarray(mask) + concept - intersection)


def precision(mask: Counts, intersection: Counts) -> Score:
    """Share of the mask that carries the concept; NaN for an empty mask."""
    return _ratio(np.asarray(intersection), np.asarray(mask))


def recall(concept: Counts, intersection: Counts) -> Score:
    """Share of the concept that the mask covers; NaN for an absent concept."""
    return _ratio(np.asarray(intersection), np.asarray(concept))


def attainable_iou(mask: Counts, concept: Counts) -> Score:
    """The IoU that the two sizes allow at best: smaller over larger; NaN where both are empty."""
    return _ratio(np.minimum(mask, concept), np.maximum(mask, concept))


def mutual_information(mask: Counts, concept: Counts, intersection: Counts, pixels: Counts) -> Score:
    """What knowing "in the mask" tells about "carries the concept", in bits a pixel; NaN without pixels."""
    cells, rows, columns = _table(mask, concept, intersection, pixels)
    total = np.zeros(np.broadcast_shapes(cells[0].shape))
    for cell, row, column in zip(cells, rows, columns, strict=True):
        expected = row * column
        share = np.divide(cell, expected, out=np.ones_like(cell), where=cell > 0)
        total = total + cell * np.log2(share)
    # Rounding may leave a few 1e-17 below zero where the two are independent.
    return np.asarray(np.maximum(total, 0.0))


def information_quality_ratio(mask: Counts, concept: Counts, intersection: Counts, pixels: Counts) -> Score:
    """Mutual information over joint entropy, in [0, 1]; NaN where the joint entropy is 0."""
    cells, _, _ = _table(mask, concept, intersection, pixels)
    entropy = np.zeros(np.broadcast_shapes(cells[0].shape))
    for cell in cells:
        entropy = entropy - cell * np.log2(np.where(cell > 0, cell, 1.0))
    return _ratio(mutual_information(mask, concept, intersection, pixels), entropy)


def _table(
    mask: Counts, concept: Counts, intersection: Counts, pixels: Counts
) -> tuple[list[np.ndarray], list[np.ndarray], list[np.ndarray]]:
    """Shares of pixels: both, mask only, concept only, neither; and the two margins of each."""
    m, c, i, n = np.broadcast_arrays(*(np.asarray(count) for count in (mask, concept, intersection, pixels)))
    inside, outside, carried, bare = _ratio(m, n), _ratio(n - m, n), _ratio(c, n), _ratio(n - c, n)
    cells = [_ratio(i, n), _ratio(m - i, n), _ratio(c - i, n), _ratio(n - m - c + i, n)]
    return cells, [inside, inside, outside, outside], [carried, bare, carried, bare]
