"""Where stored activations come from: the dissection, a pass of its own, or a pass at every reading."""

from __future__ import annotations

from dataclasses import dataclass
from typing import Protocol

import numpy as np
import torch
from jaxtyping import Int64
from torch import Tensor

from dissect_report.activations.tail import Held, Tail
from dissect_report.analysis.cache import Cache
from dissect_report.analysis.passes.filling import fill
from dissect_report.analysis.setup import Setup
from dissect_report.analysis.survey import Survey


class HeldMaps(Protocol):
    """A layer's maps, and what passes by the layer, of every image of a survey."""

    def block(self, indices: Int64[np.ndarray, " image"]) -> Held:
        """Of some images, on the model's device."""


@dataclass(frozen=True, eq=False)
class StoredMaps:
    """On disk.

    Attributes:
        recorded: float32 [image, unit, y, x], see ``Held``.
        kept: per value that passes by, float32 [image, ...].
        device: where the network runs.
    """

    recorded: np.ndarray
    kept: tuple[np.ndarray, ...]
    device: torch.device

    def block(self, indices: Int64[np.ndarray, " image"]) -> Held:
        """Of some images, on the model's device."""
        read = [
            torch.from_numpy(np.array(values[indices])).to(self.device)
            for values in (self.recorded, *self.kept)
        ]
        return Held(read[0], tuple(read[1:]))


@dataclass(frozen=True, eq=False)
class RepeatedHead:
    """Not on disk: the part before the layer runs again, in the batches that would have been stored."""

    setup: Setup
    tail: Tail
    survey: Survey

    def block(self, indices: Int64[np.ndarray, " image"]) -> Held:
        """Of some images, on the model's device."""
        size = self.setup.batches.size
        parts: list[Held] = []
        for start in sorted({int(index) - int(index) % size for index in indices}):
            stop = min(start + size, len(self.survey))
            own = torch.as_tensor(indices[(indices >= start) & (indices < stop)] - start)
            held = run_head(self.setup, self.tail, self.survey, start, stop)
            own = own.to(held.recorded.device)
            parts.append(Held(held.recorded[own], tuple(value[own] for value in held.kept)))
        kept = zip(*(part.kept for part in parts), strict=True)
        return Held(torch.cat([part.recorded for part in parts]), tuple(torch.cat(values) for values in kept))


def run_head(setup: Setup, tail: Tail, survey: Survey, start: int, stop: int) -> Held:
    """The network up to the layer, on the images ``start`` up to ``stop``."""
    with torch.inference_mode():
        held = tail.head(read_images(setup, survey, start, stop))
    return Held(held.recorded.float(), tuple(value.float() for value in held.kept))


def read_images(setup: Setup, survey: Survey, start: int, stop: int) -> Tensor:
    """The network's input."""
    return survey.inputs(start, stop, setup.run.model, setup.network.device)


def held_bytes(setup: Setup, tail: Tail, images: int) -> int:
    """Bytes of disk that ``hold_maps`` takes at most for so many images."""
    return _bytes_of(setup, run_head(setup, tail, setup.survey, 0, 1), images)


def _bytes_of(setup: Setup, sample: Held, images: int) -> int:
    """Of what is kept of so many images like the sample's; 0 where the disk budget does not hold it."""
    needed = sum(value[0].numel() * 4 * images for value in (sample.recorded, *sample.kept))
    return needed if needed <= setup.run.compute.cache_gb * 1e9 else 0


def hold_maps(setup: Setup, tail: Tail, survey: Survey, cache: Cache, maps: np.ndarray | None) -> HeldMaps:
    """The maps of every image, from where they cost least.

    Args:
        setup: the run's.
        tail: what will start from them.
        survey: the images.
        cache: for a pass of its own, within the disk budget.
        maps: raw ones of the dissection, float32 [image, unit, y, x], if they are at hand.

    Raises:
        StorageError: no space.
    """
    sample = run_head(setup, tail, survey, 0, min(2, len(survey)))
    if maps is not None and not sample.kept and maps.shape[1:] == sample.recorded.shape[1:]:
        return StoredMaps(maps, (), setup.network.device)
    values = (sample.recorded, *sample.kept)
    count = len(survey)
    if not _bytes_of(setup, sample, count):
        return RepeatedHead(setup, tail, survey)
    key = setup.stages.head(tail.layer, tail.path, survey.digest, setup.batches.size)
    arrays = [
        cache.open(f"head.{tail.layer.file}.{place}.f32", key, (count, *value.shape[1:]), np.float32)
        for place, value in enumerate(values)
    ]

    def work(start: int, stop: int) -> None:
        held = run_head(setup, tail, survey, start, stop)
        for array, value in zip(arrays, (held.recorded, *held.kept), strict=True):
            array.values[start:stop] = value.cpu().numpy()

    with setup.progress.stage(f"running the model up to {tail.layer.name}", count, "images") as stage:
        fill(arrays, count, setup.batches.walk(work, "model"), stage)
    return StoredMaps(arrays[0].values, tuple(array.values for array in arrays[1:]), setup.network.device)
