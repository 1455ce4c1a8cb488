"""The probe dataset of a generator: latents, the same on every machine and whatever comes after them."""

from __future__ import annotations

import math
from collections.abc import Sequence

import numpy as np
import torch
from jaxtyping import Float32
from torch.special import ndtr, ndtri


def draw_latents(
    count: int, shape: Sequence[int], seed: int, truncation: float = 0.0
) -> Float32[np.ndarray, "image ..."]:
    """Standard normal latents, as the reference draws them.

    The first of many are the same as few: a larger probe dataset only adds to a smaller one. Truncated ones
    are distributed as if every number beyond the bound were drawn again, and each stands where the same
    latent without a bound does, moved towards 0.

    Args:
        count: how many.
        shape: of one latent.
        seed: of ``numpy.random.RandomState``.
        truncation: the largest number of a latent; 0 for any.
    """
    size = math.prod(shape)
    values = np.random.RandomState(seed).standard_normal(count * size)
    if truncation:
        low, high = ndtr(torch.tensor([-truncation, truncation], dtype=torch.float64))
        parts = low + ndtr(torch.from_numpy(values)) * (high - low)
        values = ndtri(parts).clamp(-truncation, truncation).numpy()
    return values.reshape(count, *shape).astype(np.float32)
