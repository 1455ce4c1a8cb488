"""Activation maps, labels and levels that are awkward on purpose, for the tests of the arithmetic."""

from __future__ import annotations

from collections.abc import Callable

import numpy as np

from dissect_report.activations.upsampling import Upsampling
from dissect_report.stats.masks import find_masks
from dissect_report.stats.overlap import Overlap, count_overlap, flatten_labels

GRID = 12
CONCEPTS = 5

Maker = Callable[[np.random.Generator, tuple[int, ...]], np.ndarray]


def _relu(generator: np.random.Generator, shape: tuple[int, ...]) -> np.ndarray:
    return np.maximum(generator.standard_normal(shape) - 0.5, 0)


def _sparse(generator: np.random.Generator, shape: tuple[int, ...]) -> np.ndarray:
    return generator.standard_normal(shape) * (generator.random(shape) < 0.01)


def _saturated(generator: np.random.Generator, shape: tuple[int, ...]) -> np.ndarray:
    return np.clip(generator.standard_normal(shape) * 10, 0, 6)


def _few_ulps(generator: np.random.Generator, shape: tuple[int, ...]) -> np.ndarray:
    return (0x3F800000 + generator.integers(0, 4, shape)).astype(np.int32).view(np.float32)


def _signed_zeros(generator: np.random.Generator, shape: tuple[int, ...]) -> np.ndarray:
    return generator.choice([0.0, -0.0, 1e-42, -1e-42], size=shape)


def _two_values(generator: np.random.Generator, shape: tuple[int, ...]) -> np.ndarray:
    return np.where(generator.random(shape) < 0.5, -1.0, 1.0)


def _outlier(generator: np.random.Generator, shape: tuple[int, ...]) -> np.ndarray:
    maps = generator.standard_normal(shape)
    maps.flat[0] = 1e30
    return maps


KINDS: dict[str, Maker] = {
    "normal": lambda generator, shape: generator.standard_normal(shape),
    "relu": _relu,
    "sparse": _sparse,
    "negative": lambda generator, shape: -generator.random(shape) - 1,
    "saturated": _saturated,
    "integers": lambda generator, shape: generator.integers(-3, 4, shape),
    "few ulps": _few_ulps,
    "signed zeros": _signed_zeros,
    "two values": _two_values,
    "outlier": _outlier,
    "zero": lambda generator, shape: np.zeros(shape),
    "constant": lambda generator, shape: np.full(shape, -0.1),
    "tiny": lambda generator, shape: generator.standard_normal(shape) * 1e-44,
    "huge": lambda generator, shape: generator.standard_normal(shape) * 1e37,
}

SIZES = [(5, 5), (12, 12), (20, 17), (4, 9), (1, 6), (6, 1), (1, 1)]
"""Smaller than, equal to and larger than the grid, oblong, and with a single row, column or cell."""


def make_maps(size: tuple[int, int], images: int = 5, seed: int = 0) -> np.ndarray:
    """One unit of every kind: float32 [image, unit, y, x]."""
    generator = np.random.default_rng(seed)
    units = [make(generator, (images, *size)).astype(np.float32) for make in KINDS.values()]
    return np.stack(units, axis=1)


def make_labels(images: int, depth: int = 2, grid: int = GRID, seed: int = 0) -> np.ndarray:
    """uint16 [image, depth, y, x]: many repeated in a pixel, the last concept never present."""
    generator = np.random.default_rng(seed)
    return generator.integers(0, CONCEPTS, (images, depth, grid, grid)).astype(np.uint16)


def make_permutations(images: int, count: int = 3, seed: int = 0) -> np.ndarray:
    """int32 [permutation, image]."""
    generator = np.random.default_rng(seed)
    rows = [generator.permutation(images) for _ in range(count)]
    return np.array(rows, np.int32).reshape(count, images)


def count(
    maps: np.ndarray,
    labels: np.ndarray,
    halves: np.ndarray,
    level: np.ndarray,
    concepts: int,
    plan: Upsampling,
    threads: int = 1,
) -> Overlap:
    """Masks of any size found and counted at once."""
    masks = find_masks(maps, level, plan, len(maps) * plan.grid**2, threads)
    return count_overlap(masks, flatten_labels(labels, concepts), halves, concepts, threads)
