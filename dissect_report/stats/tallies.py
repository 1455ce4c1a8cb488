"""Compiled passes over every upsampled pixel of a block of units: tally them all, or search a range."""

from __future__ import annotations

import numpy as np

from dissect_report.activations.upsampling import blend, blend_row
from dissect_report.compiled import compiled
from dissect_report.stats.ordering import order_key


@compiled
def tally(
    ringed: np.ndarray,
    low: np.ndarray,
    scale: np.ndarray,
    active: np.ndarray,
    y_weight: np.ndarray,
    y_starts: np.ndarray,
    x_weight: np.ndarray,
    x_index: np.ndarray,
    counts: np.ndarray,
    signs: np.ndarray,
) -> None:
    """Adds every pixel to its unit's linear histogram, and the negative and positive ones to ``signs``.

    The bin is ``int((value - low) * scale)`` in float32, which never decreases with the value. Bands of the
    map where all cells are equal (most of a map after a ReLU) are added at once.
    """
    last = counts.shape[1] - 1
    top = np.empty(x_index.size, np.float32)
    bottom = np.empty(x_index.size, np.float32)
    bins = np.empty(x_index.size, np.int32)
    zero = np.float32(0)
    for u in range(ringed.shape[1]):
        if not active[u]:
            continue
        for n in range(len(ringed)):
            blended = -1
            for r in range(y_starts.size - 1):
                rows = y_starts[r + 1] - y_starts[r]
                if rows == 0:
                    continue
                first = ringed[n, u, r, 0]
                if _all_equal(ringed[n, u, r], first) and _all_equal(ringed[n, u, r + 1], first):
                    pixels = rows * x_index.size
                    counts[u, min(np.int64((first - low[u]) * scale[u]), last)] += pixels
                    signs[u, 0] += pixels * (first < zero)
                    signs[u, 1] += pixels * (first > zero)
                    continue
                if blended == r:
                    top, bottom = bottom, top
                else:
                    blend_row(ringed[n, u, r], x_index, x_weight, top)
                blend_row(ringed[n, u, r + 1], x_index, x_weight, bottom)
                blended = r + 1
                for y in range(y_starts[r], y_starts[r + 1]):
                    negative = np.int32(0)
                    positive = np.int32(0)
                    wy = y_weight[y]
                    for x in range(x_index.size):
                        value = top[x] + wy * (bottom[x] - top[x])
                        bins[x] = np.int32((value - low[u]) * scale[u])
                        negative += np.int32(value < zero)
                        positive += np.int32(value > zero)
                    for x in range(x_index.size):
                        counts[u, min(np.uint32(bins[x]), np.uint32(last))] += 1
                    signs[u, 0] += negative
                    signs[u, 1] += positive


@compiled
def _all_equal(cells: np.ndarray, value: np.float32) -> bool:
    for cell in cells:
        if cell != value:
            return False
    return True


@compiled
def find_between(
    cells: np.ndarray,
    low: np.float32,
    high: np.float32,
    y_weight: np.ndarray,
    y_starts: np.ndarray,
    x_weight: np.ndarray,
    x_starts: np.ndarray,
    found: np.ndarray,
) -> int:
    """Writes the pixels of one ringed map that may lie in [low, high]; returns how many.

    A patch is skipped if its four cells, and with them all its pixels, lie outside on the same side.
    """
    count = 0
    for r in range(y_starts.size - 1):
        if y_starts[r] == y_starts[r + 1]:
            continue
        for s in range(x_starts.size - 1):
            a, b, c, d = cells[r, s], cells[r, s + 1], cells[r + 1, s], cells[r + 1, s + 1]
            if (a < low and b < low and c < low and d < low) or (
                a > high and b > high and c > high and d > high
            ):
                continue
            for y in range(y_starts[r], y_starts[r + 1]):
                for x in range(x_starts[s], x_starts[s + 1]):
                    found[count] = blend(a, b, c, d, x_weight[x], y_weight[y])
                    count += 1
    return count


@compiled
def tally_keys(
    ringed: np.ndarray,
    active: np.ndarray,
    low: np.ndarray,
    high: np.ndarray,
    low_key: np.ndarray,
    high_key: np.ndarray,
    shift: np.ndarray,
    y_weight: np.ndarray,
    y_starts: np.ndarray,
    x_weight: np.ndarray,
    x_starts: np.ndarray,
    counts: np.ndarray,
) -> None:
    """A histogram of order keys inside each active unit's range: ``2 ** shift`` keys a bin."""
    found = np.empty(y_weight.size * x_weight.size, np.float32)
    bits = found.view(np.int32)
    for u in range(ringed.shape[1]):
        if not active[u]:
            continue
        for n in range(len(ringed)):
            count = find_between(
                ringed[n, u], low[u], high[u], y_weight, y_starts, x_weight, x_starts, found
            )
            for i in range(count):
                key = np.int64(order_key(bits[i]))
                if low_key[u] <= key <= high_key[u]:
                    counts[u, (key - low_key[u]) >> shift[u]] += 1


@compiled
def collect(
    ringed: np.ndarray,
    active: np.ndarray,
    low: np.ndarray,
    high: np.ndarray,
    low_key: np.ndarray,
    high_key: np.ndarray,
    y_weight: np.ndarray,
    y_starts: np.ndarray,
    x_weight: np.ndarray,
    x_starts: np.ndarray,
    kept: np.ndarray,
    position: np.ndarray,
) -> None:
    """Copies the pixels in each active unit's range to ``kept``, from ``position[unit]`` on."""
    found = np.empty(y_weight.size * x_weight.size, np.float32)
    bits = found.view(np.int32)
    for u in range(ringed.shape[1]):
        if not active[u]:
            continue
        for n in range(len(ringed)):
            count = find_between(
                ringed[n, u], low[u], high[u], y_weight, y_starts, x_weight, x_starts, found
            )
            for i in range(count):
                key = np.int64(order_key(bits[i]))
                if low_key[u] <= key <= high_key[u]:
                    kept[position[u]] = found[i]
                    position[u] += 1
