"""Directions among the units of a layer: at random, of largest variance, or of parts that add up."""

from __future__ import annotations

import numpy as np
from jaxtyping import Float64

#: Rounds of the alternating least squares that finds parts.
NMF_ROUNDS = 200

#: What keeps a part that explains nothing from being divided by.
TINY = 1e-12


def random_rotation(channels: int, seed: int) -> Float64[np.ndarray, "channel channel"]:
    """Rows of an orthogonal matrix, drawn evenly from all (Haar), by Householder's QR.

    Args:
        channels: of the space.
        seed: equal seeds give equal rows.
    """
    normal = np.random.default_rng([seed, 2000]).standard_normal((channels, channels))
    basis, triangle = np.linalg.qr(normal)
    return np.asarray((basis * np.where(np.diag(triangle) < 0, -1.0, 1.0)).T)


def principal_directions(
    sample: Float64[np.ndarray, "place channel"], count: int
) -> Float64[np.ndarray, "direction channel"]:
    """Orthonormal directions of the largest variance, largest first."""
    covariance = np.cov(sample, rowvar=False, bias=True).reshape(sample.shape[1], -1)
    _, vectors = np.linalg.eigh(covariance)
    return np.asarray(vectors.T[::-1][:count])


def nonnegative_parts(
    sample: Float64[np.ndarray, "place channel"], count: int, seed: int
) -> Float64[np.ndarray, "direction channel"]:
    """Parts of length 1, none below 0, whose sums with weights not below 0 come close to the sample.

    Hierarchical alternating least squares (Cichocki and Phan, 2009), from seeded places of the sample; the
    part that carries most comes first.

    Args:
        sample: nothing below 0.
        count: of parts.
        seed: of the start.
    """
    generator = np.random.default_rng([seed, 2001])
    chosen = generator.choice(len(sample), count, replace=len(sample) < count)
    parts = sample[chosen] + 0.01 * sample.mean() * generator.random((count, sample.shape[1]))
    weights = sample @ parts.T
    for _ in range(NMF_ROUNDS):
        parts /= np.maximum(np.linalg.norm(parts, axis=1, keepdims=True), TINY)
        _descend(weights, sample @ parts.T, parts @ parts.T)
        _descend(parts.T, sample.T @ weights, weights.T @ weights)
    length = np.linalg.norm(parts, axis=1)
    parts /= np.maximum(length[:, None], TINY)
    order = np.argsort(-(weights.sum(0) * length), kind="stable")
    return np.asarray(parts[order])


def _descend(weights: np.ndarray, product: np.ndarray, gram: np.ndarray) -> None:
    """One round of non-negative least squares, weight by weight, in place."""
    for part in range(len(gram)):
        step = (product[:, part] - weights @ gram[:, part]) / max(gram[part, part], TINY)
        weights[:, part] = np.maximum(weights[:, part] + step, 0.0)


def skew_positive(
    directions: Float64[np.ndarray, "direction channel"], sample: Float64[np.ndarray, "place channel"]
) -> Float64[np.ndarray, "direction channel"]:
    """Each direction, or its opposite: that along which the sample's longer tail lies.

    A rotation and principal directions have no sign of their own, and a unit fires where it is high.
    """
    along = (sample - sample.mean(0)) @ directions.T
    return np.asarray(np.where((along**3).sum(0) < 0, -1.0, 1.0)[:, None] * directions)
