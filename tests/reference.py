"""The slow, obvious twin of every statistic: plain loops over numpy, from the definitions alone.

It shares no code with ``dissect_report.stats``; only the float32 bilinear formula is written the same way, in
the same order, because equality is tested to the last bit.
"""

from __future__ import annotations

import math

import numpy as np

BANDS = {"95-99": (95, 99), "75-95": (75, 95), "50-75": (50, 75)}


def cell(map_: np.ndarray, y: int, x: int, outside: str) -> np.float32:
    """A cell of a map, or what lies outside it."""
    height, width = map_.shape
    if outside == "border":
        return map_[min(max(y, 0), height - 1), min(max(x, 0), width - 1)]
    return map_[y, x] if 0 <= y < height and 0 <= x < width else np.float32(0)


def place(
    target: int, size: int, grid: int, cells: tuple[float, float, int] | None = None
) -> tuple[int, np.float32]:
    """The cell before a grid pixel and the weight of the next one; ``cells`` = offset, scale, image side."""
    source = (target + 0.5) * size / grid - 0.5
    if cells is not None:
        offset, scale, side = cells
        source = ((target + 0.5) * side / grid - 0.5 - offset) / scale
    source = min(max(source, -1.0), float(size))
    before = math.floor(source)
    weight = np.float32(source - before)
    return (before + 1, np.float32(0)) if weight == 1 else (before, weight)


def upsample(
    map_: np.ndarray, grid: int, outside: str, cells: list[tuple[float, float, int]] | None = None
) -> np.ndarray:
    """One map [y, x] on the grid."""
    values = np.empty((grid, grid), np.float32)
    with np.errstate(invalid="ignore"):
        for t in range(grid):
            y, wy = place(t, map_.shape[0], grid, cells and cells[0])
            for u in range(grid):
                x, wx = place(u, map_.shape[1], grid, cells and cells[1])
                a, b = cell(map_, y, x, outside), cell(map_, y, x + 1, outside)
                c, d = cell(map_, y + 1, x, outside), cell(map_, y + 1, x + 1, outside)
                top = a + wx * (b - a)
                bottom = c + wx * (d - c)
                values[t, u] = top + wy * (bottom - top)
    return values


def pixels(maps: np.ndarray, grid: int, outside: str) -> np.ndarray:
    """All maps [image, unit, y, x] on the grid."""
    return np.array([[upsample(map_, grid, outside) for map_ in image] for image in maps])


def level(values: np.ndarray, quantile: float) -> float:
    """Exact Hazen quantile of all values; NaN if any is not finite."""
    if not np.isfinite(values).all():
        return float("nan")
    return float(np.quantile(values.astype(np.float64), 1 - quantile, method="hazen"))


def concepts_at(labels: np.ndarray, image: int, y: int, x: int) -> set[int]:
    """What a pixel carries, each concept once."""
    return {int(label) for label in labels[image, :, y, x]} - {0}


def overlap(
    upsampled: np.ndarray,
    labels: np.ndarray,
    halves: np.ndarray,
    levels: np.ndarray,
    concepts: int,
) -> tuple[np.ndarray, np.ndarray]:
    """Mask and intersection counts."""
    images, units, grid, _ = upsampled.shape
    mask = np.zeros((2, units), np.int64)
    intersection = np.zeros((2, units, concepts + 1), np.int64)
    for i in range(images):
        for u in range(units):
            for y in range(grid):
                for x in range(grid):
                    if float(upsampled[i, u, y, x]) > levels[u]:
                        mask[halves[i], u] += 1
                        for concept in concepts_at(labels, i, y, x):
                            intersection[halves[i], u, concept] += 1
    return mask, intersection


def concept_areas(labels: np.ndarray, concepts: int) -> np.ndarray:
    """Pixels of each concept in each image."""
    area = np.zeros((len(labels), concepts + 1), np.int64)
    for i in range(len(labels)):
        for concept in range(1, concepts + 1):
            area[i, concept] = (labels[i] == concept).any(axis=0).sum()
    return area


def iou(mask: int, concept: int, intersection: int) -> float:
    """Intersection over union, NaN for an empty union."""
    union = mask + concept - intersection
    return intersection / union if union else float("nan")


def best(mask: int, present: np.ndarray, intersection: np.ndarray) -> tuple[int, float]:
    """Concept (0 = none) and its IoU; without one, the best IoU that is defined."""
    winner, score = 0, float("nan")
    for concept in range(1, len(present)):
        value = iou(int(mask), int(present[concept]), int(intersection[concept]))
        if not math.isnan(value) and (math.isnan(score) or value > score):
            winner, score = concept, value
    return (winner, score) if score > 0 else (0, score)


def heldout(mask: np.ndarray, present: np.ndarray, intersection: np.ndarray) -> float:
    """Chosen on one half, measured on the other, both ways; arguments of one unit, halves first."""
    values = []
    for half in (0, 1):
        concept, _ = best(mask[half], present[half], intersection[half])
        if concept:
            other = 1 - half
            values.append(
                iou(int(mask[other]), int(present[other, concept]), int(intersection[other, concept]))
            )
    values = [value for value in values if not math.isnan(value)]
    return sum(values) / len(values) if values else float("nan")


def information(mask: int, concept: int, intersection: int, total: int) -> tuple[float, float]:
    """Mutual information and joint entropy in bits."""
    table = np.array([[intersection, mask - intersection], [concept - intersection, 0]], np.float64)
    table[1, 1] = total - table.sum()
    table /= total
    mutual = entropy = 0.0
    for row in (0, 1):
        for column in (0, 1):
            share = table[row, column]
            if share > 0:
                mutual += share * math.log2(share / (table[row].sum() * table[:, column].sum()))
                entropy -= share * math.log2(share)
    return mutual, entropy


def image_means(maps: np.ndarray) -> np.ndarray:
    """Mean of every map [image, unit], added up cell by cell."""
    means = np.empty(maps.shape[:2], np.float32)
    for image, unit in np.ndindex(*means.shape):
        means[image, unit] = sum(float(value) for value in maps[image, unit].flat) / maps[image, unit].size
    return means


def ranking(maxima: np.ndarray, means: np.ndarray) -> list[int]:
    """Images of one unit: highest maximum first, then largest mean, then lower index; NaN last."""

    def falling(value: float) -> tuple[bool, float]:
        return math.isnan(value), 0.0 if math.isnan(value) else -value

    def worth(image: int) -> tuple[tuple[bool, float], tuple[bool, float], int]:
        return falling(float(maxima[image])), falling(float(means[image])), image

    return sorted(range(len(maxima)), key=worth)


def saturation(maxima: np.ndarray) -> int:
    """Images that share the maximum of one unit; 0 without a finite one."""
    values = [float(value) for value in maxima]
    peak = float("nan") if any(math.isnan(value) for value in values) else max(values)
    return values.count(peak) if math.isfinite(peak) else 0


def in_band(maxima: np.ndarray, means: np.ndarray, name: str) -> set[int]:
    """Images whose percentile lies in a band."""
    low, high = BANDS[name]
    order = ranking(maxima, means)[::-1]
    return {image for rank, image in enumerate(order) if low <= 100 * (rank + 0.5) / len(order) < high}


def silent(maxima: np.ndarray, means: np.ndarray, level_: float, area: np.ndarray, count: int) -> list[int]:
    """Most of the concept where the unit has no mask."""
    order = ranking(maxima, means)
    images = [i for i in order if maxima[i] <= level_ and area[i] > 0]
    return sorted(images, key=lambda i: (-int(area[i]), order.index(i)))[:count]


def fires_without(maxima: np.ndarray, means: np.ndarray, area: np.ndarray, count: int) -> list[int]:
    """Highest maximum where nothing of the concept is."""
    images = [i for i in ranking(maxima, means) if area[i] == 0 and not np.isnan(maxima[i])]
    return images[:count]


def correlation(maps: np.ndarray) -> np.ndarray:
    """Pearson correlation of raw maps, unit by unit, in float64; NaN for a constant unit."""
    units = maps.shape[1]
    values = [maps[:, u].astype(np.float64).ravel() for u in range(units)]
    result = np.full((units, units), np.nan)
    for u in range(units):
        for v in range(units):
            a, b = values[u] - values[u].mean(), values[v] - values[v].mean()
            if np.ptp(values[u]) > 0 and np.ptp(values[v]) > 0:
                result[u, v] = (a @ b) / math.sqrt((a @ a) * (b @ b))
    return result
