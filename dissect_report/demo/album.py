"""Many scenes drawn once and kept on disk as arrays, for training and for measuring."""

import os
from dataclasses import dataclass
from pathlib import Path
from typing import Any

import numpy as np
from numpy.typing import NDArray

from dissect_report.demo.scenes import draw_scene


@dataclass(frozen=True)
class Album:
    """Scenes 0 .. n-1 of one seed.

    Attributes:
        images: uint8 [image, 3, y, x].
        labels: uint8 [image, 3, y, x], ids of the catalogue.
        classes: int64 [image].
    """

    images: NDArray[np.uint8]
    labels: NDArray[np.uint8]
    classes: NDArray[np.int64]

    def __len__(self) -> int:
        return len(self.classes)


def album(number: int, seed: int, folder: Path | None = None, size: int = 128) -> Album:
    """Draws the scenes, or opens them from `folder` where they lie from an earlier call.

    Args:
        number: how many scenes.
        seed: of the set.
        folder: where to keep them; they are only held in memory if left out.
        size: side in pixels.
    """
    if folder is None:
        return _draw(number, seed, size)
    stem = folder / f"scenes-{size}-{seed}-{number}"
    parts = [stem.with_suffix(f".{part}.npy") for part in ("images", "labels", "classes")]
    if not all(part.is_file() for part in parts):
        folder.mkdir(parents=True, exist_ok=True)
        drawn = _draw(number, seed, size)
        arrays: tuple[NDArray[Any], ...] = (drawn.images, drawn.labels, drawn.classes)
        for part, array in zip(parts, arrays, strict=True):
            beside = part.with_suffix(".part")
            with beside.open("wb") as file:
                np.save(file, array)
            os.replace(beside, part)
    images, labels, classes = (np.load(part, mmap_mode="r") for part in parts)
    return Album(images, labels, classes)


def _draw(number: int, seed: int, size: int) -> Album:
    images = np.empty((number, 3, size, size), dtype=np.uint8)
    labels = np.empty((number, 3, size, size), dtype=np.uint8)
    classes = np.empty(number, dtype=np.int64)
    for index in range(number):
        scene = draw_scene(index, seed, size)
        images[index], labels[index] = scene.image.transpose(2, 0, 1), scene.labels
        classes[index] = scene.scene_class
    return Album(images, labels, classes)
