"""float32 values as integers of the same order, so that a search among them can halve exactly."""

from __future__ import annotations

import numpy as np
from jaxtyping import Float32, Int64

from dissect_report.compiled import compiled


@compiled
def order_key(bits: np.int32) -> np.int32:
    """The bits of a float32 as an integer: keys compare as their values do (-0.0 just below 0.0)."""
    return np.int32(bits ^ ((bits >> np.int32(31)) & np.int32(0x7FFFFFFF)))


def keys_of(values: Float32[np.ndarray, "*shape"]) -> Int64[np.ndarray, "*shape"]:
    """Order-preserving integers of finite float32 values."""
    bits = np.ascontiguousarray(values, np.float32).view(np.int32)
    return (bits ^ ((bits >> 31) & 0x7FFFFFFF)).astype(np.int64)


def values_of(keys: Int64[np.ndarray, "*shape"]) -> Float32[np.ndarray, "*shape"]:
    """The values again; the inverse of ``keys_of``."""
    bits = keys.astype(np.int32)
    return np.ascontiguousarray(bits ^ ((bits >> 31) & 0x7FFFFFFF)).view(np.float32)
