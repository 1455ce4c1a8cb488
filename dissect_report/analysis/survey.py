"""The first look at the probe dataset: every image decoded once, hashed, and made small for pages.

A generator's probe dataset is latents; its images are made, and made small, when the model runs.
"""

from __future__ import annotations

import hashlib
from collections.abc import Iterator, Sequence
from concurrent.futures import ThreadPoolExecutor
from dataclasses import dataclass
from functools import cached_property
from itertools import islice
from typing import Any

import numpy as np
import torch
from PIL import Image
from torch import Tensor

from dissect_report.analysis.cache import Cache, CachedArray, digest
from dissect_report.analysis.passes.ahead import Reader
from dissect_report.analysis.passes.filling import fill
from dissect_report.analysis.passes.stages import pixels_key
from dissect_report.analysis.progress import Progress
from dissect_report.config import ModelConfig, ProbeConfig
from dissect_report.errors import ProbeError
from dissect_report.findings.paths import TILE
from dissect_report.sources.feeding import with_classes
from dissect_report.sources.latents import draw_latents
from dissect_report.sources.picture_notes import Tally
from dissect_report.sources.probe import Loaded, Probe, prepare_input
from dissect_report.stats.grouping import Grouping, group_images

#: Images decoded ahead.
STRIDE = 64


@dataclass(frozen=True)
class Survey:
    """The readable images of a probe dataset.

    Attributes:
        names: of the readable images, in the order of all indices.
        labels: the folders that it lies in below the probe folder, or None, per image.
        digests: sha256 of each image's content.
        skipped: "name: reason" of those that could not be read.
        tiles: uint8 [image, TILE, TILE, 3]: for thumbnails.
        pixels: uint8 [image, y, x, 3], or None where the budget does not hold them.
        probe: decodes again what ``pixels`` does not hold.
        positions: index in ``probe`` of each readable image.
        groups: of each image; None where every image is one of its own.
        latents: float32 [image, ...] of a generator, which makes the images of them; None for a classifier.
        drawn: the array behind ``tiles`` of a generator, filled when it runs.
        notes: what the reader should know of how the images were found and read.
        threads: that decode at the same time what ``pixels`` does not hold.
    """

    names: tuple[str, ...]
    labels: tuple[str | None, ...]
    digests: tuple[str, ...]
    skipped: tuple[str, ...]
    tiles: np.ndarray
    pixels: np.ndarray | None
    probe: Probe | None
    positions: tuple[int, ...]
    groups: tuple[str, ...] | None = None
    latents: np.ndarray | None = None
    drawn: CachedArray | None = None
    notes: tuple[str, ...] = ()
    threads: int = 1

    def __len__(self) -> int:
        return len(self.names)

    @property
    def digest(self) -> str:
        """Of the whole dataset: every image's content, in order."""
        return digest(self.digests)

    @cached_property
    def grouping(self) -> Grouping:
        """Where each image belongs."""
        return group_images(self.groups, self.digests)

    @cached_property
    def group_digests(self) -> tuple[str, ...]:
        """Of each image the digest of what it may not be parted from: its group's least, or its own."""
        least: dict[int, str] = {}
        for number, text in zip(self.grouping.group.tolist(), self.digests, strict=True):
            least[number] = min(least.get(number, text), text)
        return tuple(least[number] for number in self.grouping.group.tolist())

    def read(self, first: int, last: int) -> np.ndarray:
        """uint8 [image, y, x, 3] of the images ``first`` up to, not including, ``last``."""
        if self.pixels is not None:
            return np.asarray(self.pixels[first:last])
        return self._reader.read(first, last)

    @cached_property
    def _reader(self) -> Reader:
        """Of images that are not kept."""
        probe, positions = self.probe, self.positions
        assert probe is not None, "latents have no images to read"
        return Reader(lambda index: probe.load(positions[index]).pixels, len(positions), self.threads)

    def inputs(self, first: int, last: int, model: ModelConfig, device: torch.device) -> Tensor:
        """What the model is given: images as it wants them, or latents."""
        if self.latents is not None:
            return torch.from_numpy(np.array(self.latents[first:last])).to(device)
        return prepare_input(torch.from_numpy(self.read(first, last)), model.mean, model.std, device)


def survey_latents(
    config: ProbeConfig,
    shape: Sequence[int],
    conditions: Sequence[tuple[int, str]],
    cache: Cache,
    key: str,
) -> Survey:
    """The latents of a generator, and an empty place for the small pictures of its images.

    Args:
        config: what the run says of its latents.
        shape: of one latent.
        conditions: number and name of the classes that they take in turn; none of a plain generator.
        cache: where the pictures go when the model runs.
        key: of everything that the images depend on, the latents excepted.
    """
    latents = draw_latents(config.latents, shape, config.seed, config.truncation)
    names = [f"latent {index}" for index in range(len(latents))]
    if conditions:
        latents = with_classes(latents, [number for number, _ in conditions])
        names = [f"{name}, {conditions[k % len(conditions)][1]}" for k, name in enumerate(names)]
    digests = tuple(hashlib.sha256(latent.tobytes()).hexdigest() for latent in latents)
    tiles = cache.open("tiles.u8", digest(key, digests), (len(latents), TILE, TILE, 3), np.uint8)
    return Survey(
        names=tuple(names),
        labels=(None,) * len(latents),
        digests=digests,
        skipped=(),
        tiles=tiles.values,
        pixels=None,
        probe=None,
        positions=tuple(range(len(latents))),
        latents=latents,
        drawn=tiles,
    )


def survey_probe(
    probe: Probe, config: ProbeConfig, cache: Cache, pixel_budget: int, threads: int, progress: Progress
) -> Survey:
    """Decodes every image once. Unreadable ones are skipped, counted and named.

    Args:
        pixel_budget: bytes that the decoded images may take on disk; past it they are decoded again.

    Raises:
        ProbeError: not one image could be read.
        StorageError: no space.
    """
    key = pixels_key(probe.fingerprint, config)
    count, side = len(probe.items), config.crop
    tiles = cache.open("tiles.u8", key, (count, TILE, TILE, 3), np.uint8)
    stored: CachedArray | None = None
    if count * side * side * 3 <= pixel_budget:
        stored = cache.open("pixels.u8", key, (count, side, side, 3), np.uint8)
        if len(stored.filled) < len(tiles.filled):
            tiles.forget()
    notes = _decode(probe, tiles, stored, threads, progress)
    if not notes["positions"]:
        raise ProbeError(f"none of the {count} probe images can be read; the first: {notes['skipped'][0]}")
    told = [*probe.notes, *Tally.restored(notes["tally"]).notes(config.full_scale)]
    if skipped := notes["skipped"]:
        told.append(
            f"{len(skipped)} of {count} images cannot be read and are left out; the first: {skipped[0]}"
        )
    for line in told:
        progress.note(line)
    items = [probe.items[index] for index in notes["positions"]]
    return Survey(
        names=tuple(item.name for item in items),
        labels=tuple(item.label for item in items),
        digests=tuple(notes["digests"]),
        skipped=tuple(notes["skipped"]),
        tiles=tiles.values[: len(items)],
        pixels=None if stored is None else stored.values[: len(items)],
        probe=probe,
        positions=tuple(notes["positions"]),
        groups=tuple(str(item.group) for item in items) if config.groups else None,
        notes=tuple(told),
        threads=threads,
    )


def _decode(
    probe: Probe, tiles: CachedArray, stored: CachedArray | None, threads: int, progress: Progress
) -> dict[str, Any]:
    """Decodes the images that ``tiles`` and ``stored`` lack.

    Returns:
        Digests and positions of the readable images, what is wrong with the others, and the tally of their
        traits: ``tiles.extra``.
    """
    count = len(probe.items)
    notes = tiles.extra or {"digests": [], "positions": [], "skipped": [], "tally": Tally().stored()}
    tally = Tally.restored(notes["tally"])
    tiles.extra = notes

    def walk(first: int, last: int) -> Iterator[tuple[int, int]]:
        for index, loaded in _load_in_order(probe, range(first, last), threads):
            if isinstance(loaded, Loaded):
                place = len(notes["positions"])
                tiles.values[place] = small_picture(loaded.pixels)
                if stored is not None:
                    stored.values[place] = loaded.pixels
                notes["positions"].append(index)
                notes["digests"].append(loaded.digest)
                tally.add(loaded.traits, int(loaded.pixels.max()), probe.config.full_scale)
            else:
                notes["skipped"].append(str(loaded))
            notes["tally"] = tally.stored()
            yield index, index + 1

    # What is remembered of the images grows with them, in their order: it goes with one array, the last.
    arrays = [tiles] if stored is None else [stored, tiles]
    with progress.stage("reading images", count, "images") as stage:
        fill(arrays, count, walk, stage)
    return notes


def _load_in_order(probe: Probe, images: range, threads: int) -> Iterator[tuple[int, Loaded | ProbeError]]:
    """Some images in order, decoded a few ahead in threads (Pillow lets go of the GIL)."""

    def load(index: int) -> tuple[int, Loaded | ProbeError]:
        try:
            return index, probe.load(index)
        except ProbeError as error:
            return index, error

    indices = iter(images)
    with ThreadPoolExecutor(threads) as pool:
        while block := list(islice(indices, STRIDE)):
            yield from pool.map(load, block)


def small_picture(pixels: np.ndarray) -> np.ndarray:
    """uint8 [y, x, 3] at the side of a thumbnail."""
    if pixels.shape[:2] == (TILE, TILE):
        return pixels
    picture = Image.fromarray(pixels).resize((TILE, TILE), Image.Resampling.LANCZOS, reducing_gap=2.0)
    return np.asarray(picture)
