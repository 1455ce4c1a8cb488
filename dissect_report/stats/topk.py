"""Which images to show for a unit: one order for all lists.

By the maximum of the raw map in each image; of equal maxima, which activations that clip (ReLU6, sigmoid)
give to hundreds of images, the larger mean of the raw map first; then the lower image index. NaN ranks last.
"""

from __future__ import annotations

import numpy as np
from jaxtyping import Float32, Int32, Int64

from dissect_report.compiled import compiled

PERCENTILE_BANDS = {"95-99": (95, 99), "75-95": (75, 95), "50-75": (50, 75)}
IMAGES_A_BAND = 4
IMAGES_WRONG = 8


def image_means(maps: Float32[np.ndarray, "image unit y x"]) -> Float32[np.ndarray, "image unit"]:
    """Mean of every raw map, the same whatever other images and units stand beside it.

    Each map is summed alone, in float64; rounding the mean hides the sum's last bits.
    """
    return image_extremes(maps)[1]


def image_extremes(
    maps: Float32[np.ndarray, "image unit y x"],
) -> tuple[Float32[np.ndarray, "image unit"], Float32[np.ndarray, "image unit"]]:
    """Maximum (NaN where a cell is) and mean of every raw map, each cell read once."""
    images, units, height, width = maps.shape
    maxima, means = np.empty((images, units), np.float32), np.empty((images, units), np.float32)
    _extremes(
        np.ascontiguousarray(maps).reshape(images * units, height * width), maxima.ravel(), means.ravel()
    )
    return maxima, means


@compiled
def _extremes(cells: np.ndarray, maxima: np.ndarray, means: np.ndarray) -> None:
    """In four strands side by side: one alone would wait for itself at every cell."""
    size = cells.shape[1]
    for row in range(len(cells)):
        values = cells[row]
        a = b = c = d = 0.0
        w = x = y = z = np.float32(-np.inf)
        whole = size - size % 4
        for place in range(0, whole, 4):
            i, j, k, m = values[place], values[place + 1], values[place + 2], values[place + 3]
            a += i
            b += j
            c += k
            d += m
            w = i if i > w else w
            x = j if j > x else x
            y = k if k > y else y
            z = m if m > z else z
        for place in range(whole, size):
            a += values[place]
            w = values[place] if values[place] > w else w
        total = (a + b) + (c + d)
        means[row] = total / size
        maxima[row] = max(w, x, y, z)
        if np.isnan(total):  # a NaN, which no comparison finds, or infinities of both signs
            for value in values:
                if np.isnan(value):
                    maxima[row] = value


def rank_images(
    maxima: Float32[np.ndarray, "image ..."], means: Float32[np.ndarray, "image ..."]
) -> Int64[np.ndarray, "image ..."]:
    """Image indices in the order of this module, best first."""
    return np.asarray(np.lexsort((-means, -maxima), axis=0), np.int64)


def top_images(
    maxima: Float32[np.ndarray, "image unit"], means: Float32[np.ndarray, "image unit"], k: int
) -> Int32[np.ndarray, "unit k"]:
    """The first ``k`` images (all, if there are fewer), best first."""
    return np.ascontiguousarray(rank_images(maxima, means)[:k].T.astype(np.int32))


def saturation(maxima: Float32[np.ndarray, "image unit"]) -> Int64[np.ndarray, " unit"]:
    """For each unit the number of images that share its maximum; 0 where that is not finite."""
    peak = maxima.max(axis=0)
    return np.asarray(np.where(np.isfinite(peak), (maxima == peak).sum(axis=0), 0), np.int64)


def bands(
    maxima: Float32[np.ndarray, " image"], means: Float32[np.ndarray, " image"], seed: int
) -> dict[str, Int32[np.ndarray, " n"]]:
    """Four images (or as many as there are) for each band of a unit's activation, best first.

    ``top`` are the first four. An image's percentile is 100 * (rank from below + 1/2) / images; a band holds
    its lower bound, not its upper one, and its images are spread evenly over its ranks. ``random`` are drawn
    from the whole probe by ``seed`` alone, so that all units called with one seed show the same ones.
    """
    order = rank_images(maxima, means).astype(np.int32)
    images = len(order)
    percentile = 100 * (images - np.arange(images) - 0.5) / max(images, 1)
    chosen = {"top": order[:IMAGES_A_BAND]}
    for name, (low, high) in PERCENTILE_BANDS.items():
        inside = order[(low <= percentile) & (percentile < high)]
        places = np.linspace(0, len(inside) - 1, min(IMAGES_A_BAND, len(inside)))
        chosen[name] = inside[np.rint(places).astype(np.int64)]
    drawn = np.random.default_rng(seed).permutation(images)[:IMAGES_A_BAND]
    chosen["random"] = order[np.isin(order, drawn)]
    return chosen


def silent_images(
    maxima: Float32[np.ndarray, " image"],
    means: Float32[np.ndarray, " image"],
    level: float,
    area: Int32[np.ndarray, " image"],
    count: int = IMAGES_WRONG,
) -> Int32[np.ndarray, " n"]:
    """Images with most of the concept in which the unit has no mask (maximum not above the level).

    Equal areas are in the order of this module.
    """
    order = rank_images(maxima, means)
    candidates = order[(maxima[order] <= level) & (area[order] > 0)]
    largest = np.argsort(-area[candidates].astype(np.int64), kind="stable")
    return np.asarray(candidates[largest][:count], np.int32)


def fires_without(
    maxima: Float32[np.ndarray, " image"],
    means: Float32[np.ndarray, " image"],
    area: Int32[np.ndarray, " image"],
    count: int = IMAGES_WRONG,
) -> Int32[np.ndarray, " n"]:
    """Images without a pixel of the concept, best first."""
    order = rank_images(maxima, means)
    return np.asarray(order[(area[order] == 0) & ~np.isnan(maxima[order])][:count], np.int32)
