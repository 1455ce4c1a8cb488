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
        SegmenterError: there is no segmentation, it does not fit, or it is a polygon and pycocotools is not
            there.
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
        if isinstance(counts, str):
            counts = unpack(counts)
        if isinstance(counts, list):
            return _runs(counts, size, what)
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


def unpack(text: str) -> list[int]:
    """Run lengths from COCO's text: 5 bits a character, a sixth where more follow, the lowest first.

    The last of a number's characters has its sign; from the third on, numbers are differences to the last but
    one.
    """
    counts: list[int] = []
    value = shift = 0
    for character in text:
        bits = ord(character) - 48
        value |= (bits & 31) << shift
        shift += 5
        if bits & 32:
            continue
        value -= (1 << shift) if bits & 16 else 0
        counts.append(value + (counts[-2] if len(counts) > 2 else 0))
        value = shift = 0
    return counts


def _polygons(outline: list[Any], size: tuple[int, int], what: str) -> np.ndarray:
    """As pycocotools, which defines them, draws them."""
    tools = _pycocotools(what)
    packed = tools.merge(tools.frPyObjects(outline, *size))
    return _runs(unpack(packed["counts"].decode("ascii")), size, what)


def _pycocotools(what: str) -> Any:
    try:
        return importlib.import_module("pycocotools.mask")
    except ImportError:
        raise SegmenterError(
            f"{what} is a polygon: pip install 'dissect-report[coco]' (pycocotools) draws these"
        ) from None
