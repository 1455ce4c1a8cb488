"""The slow twin of outlines: contourpy's own factory, points thinned by numpy, text joined in Python."""

from __future__ import annotations

from itertools import pairwise

import contourpy
import numpy as np

BOX = 500


def outline(activation: np.ndarray, level: float) -> str:
    """SVG path data around the places above the level; "" if there are none."""
    if not np.nanmax(activation) > level:
        return ""
    rows, columns = (
        np.concatenate([[0.0], (np.arange(side) + 0.5) * BOX / side, [BOX]]) for side in activation.shape
    )
    generator = contourpy.contour_generator(
        columns, rows, np.pad(activation, 1, mode="edge"), name="serial",
        fill_type=contourpy.FillType.OuterOffset,
    )  # fmt: skip
    points, offsets = generator.filled(level, np.inf)
    return "".join(
        _closed_path(polygon[start:stop])
        for polygon, ends in zip(points, offsets, strict=True)
        for start, stop in pairwise(ends)
    )


def _closed_path(polygon: np.ndarray) -> str:
    ring = np.rint(_without_straight_points(polygon[:-1])).astype(np.int64)
    ring = ring[(ring != np.roll(ring, 1, axis=0)).any(axis=1)]
    if len(ring) < 3:
        return ""
    steps = np.diff(ring, axis=0)
    path = f"M{ring[0, 0]} {ring[0, 1]}l" + " ".join(f"{x} {y}" for x, y in steps.tolist())
    return path.replace(" -", "-") + "z"


def _without_straight_points(ring: np.ndarray, tolerance: float = BOX / 200) -> np.ndarray:
    for _ in range(4):
        if len(ring) < 8:
            break
        before, after = np.roll(ring, 1, axis=0), np.roll(ring, -1, axis=0)
        chord, arm = after - before, ring - before
        length = np.maximum(np.hypot(chord[:, 0], chord[:, 1]), 1e-9)
        distance = np.abs(chord[:, 0] * arm[:, 1] - chord[:, 1] * arm[:, 0]) / length
        drop = distance <= tolerance
        drop[::2] = False
        ring = ring[~drop]
    return ring
