"""Maps out of outputs that are none, value by value: the slow obvious twin of ``activations.readings``."""

from __future__ import annotations

import numpy as np


def maps_by_hand(
    tokens: np.ndarray, rows: int, columns: int, extra: int, first: bool = True, by_columns: bool = False
) -> np.ndarray:
    """[image, unit, y, x] of tokens [image, token, unit]."""
    images, _, units = tokens.shape
    maps = np.zeros((images, units, rows, columns), tokens.dtype)
    for y in range(rows):
        for x in range(columns):
            place = x * rows + y if by_columns else y * columns + x
            maps[:, :, y, x] = tokens[:, place + (extra if first else 0)]
    return maps
