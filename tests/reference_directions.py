"""Directions place by place: the slow obvious twins of ``activations.directions`` and ``stats.directions``.

Vectors are [place, channel]; what is made of them [place, unit].
"""

from __future__ import annotations

from itertools import combinations

import numpy as np


def vectors(maps: np.ndarray) -> np.ndarray:
    """[place, channel] of maps [image, channel, y, x]."""
    images, channels, height, width = maps.shape
    rows = [maps[n, :, y, x] for n in range(images) for y in range(height) for x in range(width)]
    return np.array(rows).reshape(images * height * width, channels)


def project_slowly(rows: np.ndarray, places: np.ndarray) -> np.ndarray:
    """Each direction's projection, product by product."""
    return np.array(
        [[sum(w * x for w, x in zip(row, place, strict=True)) for row in rows] for place in places]
    )


def latents_slowly(
    file: dict[str, np.ndarray],
    places: np.ndarray,
    k: int = 0,
    before: str = "",
) -> np.ndarray:
    """A sparse autoencoder's latents, [unit, channel] weights of torch's names.

    Args:
        file: "encoder.weight", "encoder.bias", perhaps "threshold".
        k: latents that stay; 0: all.
        before: name of what is subtracted first.
    """
    found = []
    for place in places:
        shifted = place - file[before] if before else place
        latents = file["encoder.weight"] @ shifted + file["encoder.bias"]
        kept = set(np.argsort(-latents)[:k].tolist()) if k else set(range(len(latents)))
        limit = file.get("threshold", np.zeros(len(latents)))
        found.append([v if u in kept and v > max(limit[u], 0) else 0.0 for u, v in enumerate(latents)])
    return np.array(found)


def weights_slowly(parts: np.ndarray, places: np.ndarray) -> np.ndarray:
    """Non-negative least squares: of all sets of parts the best whose weights are not below 0."""
    found = []
    for place in places:
        best, least = np.zeros(len(parts)), float(place @ place)
        for size in range(1, len(parts) + 1):
            for chosen in combinations(range(len(parts)), size):
                some = parts[list(chosen)]
                weights = np.linalg.lstsq(some.T, place, rcond=None)[0]
                left = float(((place - weights @ some) ** 2).sum())
                if (weights >= 0).all() and left < least - 1e-12:
                    best, least = np.zeros(len(parts)), left
                    best[list(chosen)] = weights
        found.append(best)
    return np.array(found)


def removed_slowly(places: np.ndarray, units: np.ndarray, decoder: np.ndarray, gone: list[int]) -> np.ndarray:
    """The vectors less the parts of some units, one at a time."""
    left = places.copy()
    for unit in gone:
        for place in range(len(left)):
            left[place] = left[place] - units[place, unit] * decoder[unit]
    return left
