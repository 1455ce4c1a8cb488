"""Compiled passes over every upsampled pixel of a block of units: tally them all, or search a range.

Every pass takes ringed maps ``[image, unit, y, x]`` and leaves the units alone that are not active.
"""

from __future__ import annotations

from typing import NamedTuple

import numpy as np

from dissect_report.activations.upsampling import Taps, blend, blend_row
from dissect_report.compiled import compiled
from dissect_report.stats.ordering import order_key


class Limits(NamedTuple):
    """Per unit, a range of float32 values, both ends inside, and the order keys of its ends."""

    low: np.ndarray
    high: np.ndarray
    low_key: np.ndarray
    high_key: np.ndarray


@compiled
def tally(
    ringed: np.ndarray,
    active: np.ndarray,
    low: np.ndarray,
    scale: np.ndarray,
    taps: Taps,
    counts: np.ndarray,
    signs: np.ndarray,
) -> None:
    """Adds every pixel to its unit's linear histogram, and the negative and positive ones to ``signs``.

    The bin is ``int((value - low) * scale)`` in float32, which never decreases with the value.
    """
    top = np.empty(taps.x_index.size, np.float32)
    bottom = np.empty(taps.x_index.size, np.float32)
    bins = np.empty(taps.x_index.size, np.uint32)
    for u in range(ringed.shape[1]):
        if not active[u]:
            continue
        for n in range(len(ringed)):
            blended = -1
            for r in range(taps.y_starts.size - 1):
                first, end = taps.y_starts[r], taps.y_starts[r + 1]
                if first == end:
                    continue
                cell = ringed[n, u, r, 0]
                if all_equal(ringed[n, u, r], cell) and all_equal(ringed[n, u, r + 1], cell):
                    # Most of a map after a ReLU: equal cells hold only their own value.
                    pixels = np.int64(end - first) * taps.x_index.size
                    place = np.int64((cell - low[u]) * scale[u])
                    counts[u, min(place, counts.shape[1] - 1)] += pixels
                    signs[u, 0] += pixels * (cell < 0)
                    signs[u, 1] += pixels * (cell > 0)
                    continue
                if blended == r:
                    top, bottom = bottom, top
                else:
                    blend_row(ringed[n, u, r], taps, top)
                blend_row(ringed[n, u, r + 1], taps, bottom)
                blended = r + 1
                for y in range(first, end):
                    _tally_row(top, bottom, taps.y_weight[y], low[u], scale[u], bins, counts[u], signs[u])


@compiled
def _tally_row(
    top: np.ndarray,
    bottom: np.ndarray,
    weight: np.float32,
    low: np.float32,
    scale: np.float32,
    bins: np.ndarray,
    counts: np.ndarray,
    signs: np.ndarray,
) -> None:
    """One row of the grid, in two loops: the first without memory conflicts, so that it runs in lanes."""
    negative = np.int32(0)
    positive = np.int32(0)
    for x in range(bins.size):
        value = top[x] + weight * (bottom[x] - top[x])
        bins[x] = np.int32((value - low) * scale)
        negative += np.int32(value < np.float32(0))
        positive += np.int32(value > np.float32(0))
    last = np.uint32(counts.size - 1)
    for x in range(bins.size):
        counts[min(bins[x], last)] += 1
    signs[0] += negative
    signs[1] += positive


@compiled
def all_equal(cells: np.ndarray, value: np.float32) -> bool:
    """Whether a row of cells holds one value alone."""
    for cell in cells:  # noqa: SIM110 -- numba compiles no generators
        if cell != value:
            return False
    return True


@compiled
def find_between(cells: np.ndarray, low: np.float32, high: np.float32, taps: Taps, found: np.ndarray) -> int:
    """Writes the pixels of one ringed map that may lie in [low, high]; returns how many.

    A patch is skipped if its four cells, and with them all its pixels, lie outside on the same side.
    """
    count = 0
    y_starts, x_starts = taps.y_starts, taps.x_starts
    for r in range(y_starts.size - 1):
        if y_starts[r] == y_starts[r + 1]:
            continue
        for s in range(x_starts.size - 1):
            a, b, c, d = cells[r, s], cells[r, s + 1], cells[r + 1, s], cells[r + 1, s + 1]
            if max(a, b, c, d) < low or min(a, b, c, d) > high:
                continue
            for y in range(y_starts[r], y_starts[r + 1]):
                for x in range(x_starts[s], x_starts[s + 1]):
                    # Plus 0: -0.0, which has a key of its own, becomes 0.0.
                    found[count] = blend(a, b, c, d, taps.x_weight[x], taps.y_weight[y]) + np.float32(0)
                    count += 1
    return count


@compiled
def tally_keys(
    ringed: np.ndarray,
    active: np.ndarray,
    limits: Limits,
    shift: np.ndarray,
    taps: Taps,
    counts: np.ndarray,
) -> None:
    """A histogram of order keys inside each active unit's range: ``2 ** shift`` keys a bin."""
    found = np.empty(taps.y_weight.size * taps.x_weight.size, np.float32)
    bits = found.view(np.int32)
    for u in range(ringed.shape[1]):
        if not active[u]:
            continue
        for n in range(len(ringed)):
            count = find_between(ringed[n, u], limits.low[u], limits.high[u], taps, found)
            for i in range(count):
                key = np.int64(order_key(bits[i]))
                if limits.low_key[u] <= key <= limits.high_key[u]:
                    counts[u, (key - limits.low_key[u]) >> shift[u]] += 1


@compiled
def collect(
    ringed: np.ndarray,
    active: np.ndarray,
    limits: Limits,
    taps: Taps,
    kept: np.ndarray,
    position: np.ndarray,
) -> None:
    """Copies the pixels in each active unit's range to ``kept``, from ``position[unit]`` on."""
    found = np.empty(taps.y_weight.size * taps.x_weight.size, np.float32)
    bits = found.view(np.int32)
    for u in range(ringed.shape[1]):
        if not active[u]:
            continue
        for n in range(len(ringed)):
            count = find_between(ringed[n, u], limits.low[u], limits.high[u], taps, found)
            for i in range(count):
                key = np.int64(order_key(bits[i]))
                if limits.low_key[u] <= key <= limits.high_key[u]:
                    kept[position[u]] = found[i]
                    position[u] += 1
