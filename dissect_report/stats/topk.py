"""Which images to show for a unit, all by the maximum of its raw map in each image.

Ties always go to the lower image index; NaN ranks last.
"""

from __future__ import annotations

import numpy as np
from jaxtyping import Float32, Int32, Int64

PERCENTILE_BANDS = {"95-99": (95, 99), "75-95": (75, 95), "50-75": (50, 75)}
IMAGES_A_BAND = 4
IMAGES_WRONG = 8


def rank_images(maxima: Float32[np.ndarray, "image ..."]) -> Int64[np.ndarray, "image ..."]:
    """Image indices, highest maximum first."""
    return np.argsort(-maxima, axis=0, kind="stable")


def top_images(maxima: Float32[np.ndarray, "image unit"], k: int) -> Int32[np.ndarray, "unit k"]:
    """The ``k`` images (all, if there are fewer) with the highest maximum, best first."""
    return np.ascontiguousarray(rank_images(maxima)[:k].T.astype(np.int32))


def bands(maxima: Float32[np.ndarray, " image"], seed: int) -> dict[str, Int32[np.ndarray, " n"]]:
    """Four images (or as many as there are) for each band of a unit's activation, best first.

    ``top`` are the first four. An image's percentile is 100 * (rank from below + 1/2) / images; a band holds
    its lower bound, not its upper one, and its images are spread evenly over its ranks. ``random`` are drawn
    from the whole probe by ``seed`` alone, so that all units called with one seed show the same ones.
    """
    order = rank_images(maxima).astype(np.int32)
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
    level: float,
    area: Int32[np.ndarray, " image"],
    count: int = IMAGES_WRONG,
) -> Int32[np.ndarray, " n"]:
    """Images with most of the concept in which the unit has no mask (maximum not above the level)."""
    candidates = np.flatnonzero((maxima <= level) & (area > 0))
    order = np.argsort(-area[candidates].astype(np.int64), kind="stable")
    return candidates[order][:count].astype(np.int32)


def fires_without(
    maxima: Float32[np.ndarray, " image"],
    area: Int32[np.ndarray, " image"],
    count: int = IMAGES_WRONG,
) -> Int32[np.ndarray, " n"]:
    """Images without a pixel of the concept, the highest maximum first."""
    candidates = np.flatnonzero((area == 0) & ~np.isnan(maxima))
    order = np.argsort(-maxima[candidates], kind="stable")
    return candidates[order][:count].astype(np.int32)
