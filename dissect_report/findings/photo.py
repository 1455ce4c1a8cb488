"""What a reader's browser needs to try the network on a photo, as inert records: ``photo.json`` beside a
layer's dissection.

``network.onnx`` holds the whole classifier as a graph: input ``photo`` float32 [1, 3, y, x], RGB of 0 to 255
of the run's crop; input ``keep`` float32 [unit], what each unit's map is multiplied by, 0 = removed; output
``scores`` [1, class], the logits; output ``maps`` [1, unit, y, x], what the run recorded at the layer, before
it is multiplied. ``photo.npz`` holds arrays, see ``PHOTO_ARRAYS``; ``photos/<n>.webp`` the crops of probe
images that readers can pick, lossless.
"""

from __future__ import annotations

from collections.abc import Iterator, Mapping
from dataclasses import dataclass

import numpy as np
from jaxtyping import UInt8

#: The arrays of ``photo.npz``. "index" counts a ring of one cell around the map: 0 is the ring.
PHOTO_ARRAYS = {
    "y_index": "[grid] int32 of each row of the grid the ringed row of cells before it",
    "y_weight": "[grid] float32 of the row of cells after it: value = before + weight * (after - before)",
    "x_index": "[grid] int32 the same of columns",
    "x_weight": "[grid] float32 the same of columns",
    "pattern_scores": "[class] float32 logits of the test pattern, with which a browser's first answer is "
    "compared",
    "pattern_peaks": "[unit] float32 maximum of each unit's raw map of the test pattern",
    "scores": "[photo, class] float32 logits of the stored photos",
    "peaks": "[photo, unit] float32 maximum of each unit's raw map of the stored photos",
}


@dataclass(frozen=True)
class Photo:
    """``photo.json``.

    Attributes:
        schema_version: of this file.
        key: digest of everything that it depends on.
        layer: dotted module name.
        obstacle: why the network cannot run in a browser: an operation or a number; "" if it can. Everything
            below is empty or 0 if it cannot.
        map_size: rows and columns of the layer's maps.
        side: of a photo's crop, in pixels.
        outside: what the ring around a map holds: "border" or "zeros".
        photos: probe images that are kept whole, indices into ``Run.images``.
        precision: of the stored weights, "float16", or "float32" where halves would show.
        scores_difference: largest difference of the graph's logits from torch's on the test pattern and the
            photos, intact and with half of the units removed, as a share of their range.
        maps_difference: the same of the maps.
        checked_with: what ran the graph for that: "onnxruntime 1.20", or "torch" with the rounded weights.
        multiplications: of one photo.
        bytes: of ``network.onnx``.
        seconds: spent on it; differs between two equal runs.
    """

    schema_version: int
    key: str
    layer: str
    obstacle: str
    map_size: tuple[int, int]
    side: int
    outside: str
    photos: tuple[int, ...]
    precision: str
    scores_difference: float
    maps_difference: float
    checked_with: str
    multiplications: int
    bytes: int
    seconds: float


def pattern_photo(side: int) -> UInt8[np.ndarray, "y x 3"]:
    """A made-up photo of ``side`` pixels on which a browser is checked: it can make the same by itself."""
    y, x, channel = np.indices((side, side, 3))
    drawn: UInt8[np.ndarray, "y x 3"] = (
        (y * y * (3 + channel) + 7 * x * (channel + 1) + x * y) % 256
    ).astype(np.uint8)
    return drawn


def tap_faults(arrays: Mapping[str, np.ndarray], map_size: tuple[int, int]) -> Iterator[str]:
    """What is wrong with the way from a map to the grid: cells that are not there, impossible weights."""
    for axis, size in zip("yx", map_size, strict=True):
        index, weight = arrays[f"{axis}_index"], arrays[f"{axis}_weight"]
        if not ((index >= 0) & (index <= size)).all():
            yield f"the array '{axis}_index': a cell that the map does not have"
        if not ((weight >= 0) & (weight <= 1)).all():  # nor is what is no number
            yield f"the array '{axis}_weight': a weight"
