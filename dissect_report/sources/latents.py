"""The probe dataset of a generator: latents, the same on every machine and whatever comes after them."""

from __future__ import annotations

import math
from collections.abc import Sequence

import numpy as np
from jaxtyping import Float32


def draw_latents(count: int, shape: Sequence[int], seed: int) -> Float32[np.ndarray, "image ..."]:
    """Standard normal latents, as the reference draws them.

    The first of many are the same as few: a larger probe dataset only adds to a smaller one.

    Args:
        count: how many.
        shape: of one latent.
        seed: of ``numpy.random.RandomState``.
    """
    size = math.prod(shape)
    values = np.random.RandomState(seed).standard_normal(count * size)
    return values.reshape(count, *shape).astype(np.float32)
