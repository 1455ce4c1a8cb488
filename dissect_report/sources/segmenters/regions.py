"""The pixels of one annotation of a COCO file: run lengths, or polygons."""

from __future__ import annotations

import importlib
from collections.abc import Mapping
from typing import Any

import numpy as np
from jaxtyping import Bool

from dissect_report.errors import SegmenterError


def region(annotation: Mapping[str, Any], size: tuple[int, int], where: str) -> Bool[np.ndarray, "y x"]:
    """Where an annotation lies.

    Args:
        annotation: with its ``segmentation``: run lengths, packed ones, or polygons x, y, x, y ...
        size: height and width of the image.
        where: the file, for the error.

    Raises:
        SegmenterError: there is no segmentation, or it does not fit; or polygons and packed run lengths
            without pycocotools, which is what defines them.
    """
    what = f"{where}: annotation {annotation.get('id')}"
    outline = annotation.get("segmentation")
    if not outline:
        raise SegmenterError(f"{what} has no segmentation: a box alone does not say which pixels are meant")
    if isinstance(outline, Mapping):
        counts = outline.get("counts")
        if list(outline.get("size", ())) != list(size):
            raise SegmenterError(
                f"{what} is of an image of {outline.get('size')}, the image is {list(size)} (height, width)"
            )
        if isinstance(counts, list):
            return _runs(counts, size, what)
        if isinstance(counts, str):
            return _decoded({"size": list(size), "counts": counts.encode("ascii", "replace")}, what)
    elif isinstance(outline, list) and all(_is_polygon(part) for part in outline):
        return _polygons(outline, size, what)
    raise SegmenterError(f"{what}: its segmentation is neither polygons of 3 points or more nor run lengths")


def _is_polygon(part: object) -> bool:
    return isinstance(part, list) and len(part) >= 6 and len(part) % 2 == 0


def _runs(counts: list[Any], size: tuple[int, int], what: str) -> np.ndarray:
    """Lengths of runs outside, inside, outside ... down the columns."""
    lengths = np.array(counts)
    if lengths.dtype.kind not in "iu" or (lengths < 0).any() or lengths.sum() != size[0] * size[1]:
        raise SegmenterError(f"{what}: its run lengths do not add up to {size[0]} x {size[1]} pixels")
    inside = np.repeat(np.arange(len(lengths)) % 2 == 1, lengths)
    return inside.reshape(size, order="F")


def _polygons(outline: list[Any], size: tuple[int, int], what: str) -> np.ndarray:
    tools = _pycocotools(what)
    return _decoded(tools.merge(tools.frPyObjects(outline, *size)), what)


def _decoded(packed: Mapping[str, Any], what: str) -> np.ndarray:
    inside: np.ndarray = _pycocotools(what).decode(packed)
    return inside.astype(bool)


def _pycocotools(what: str) -> Any:
    try:
        return importlib.import_module("pycocotools.mask")
    except ImportError:
        raise SegmenterError(
            f"{what} is a polygon or packed: pip install 'dissect-report[coco]' (pycocotools) reads these"
        ) from None
