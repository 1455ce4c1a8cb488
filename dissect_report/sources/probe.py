"""The probe dataset: which images there are, and how a file becomes the crop that is measured."""

from __future__ import annotations

import hashlib
import os
from collections.abc import Callable, Sequence
from dataclasses import dataclass, replace
from functools import cached_property
from pathlib import Path

import numpy as np
import torch
from jaxtyping import Float, UInt8
from torch import Tensor

from dissect_report.config import ProbeConfig, SegmenterConfig
from dissect_report.errors import ProbeError
from dissect_report.schemes import scheme_of
from dissect_report.sources.folders import list_folder
from dissect_report.sources.groups import read_groups
from dissect_report.sources.mask_names import (
    MaskFiles,
    likely_masks,
    mask_folder,
    masks_among,
    real_paths,
)
from dissect_report.sources.opening import load_opener
from dissect_report.sources.picture_kinds import readable_suffixes
from dissect_report.sources.pictures import PLAIN, Traits, cut_picture, open_picture
from dissect_report.sources.sampling import sample

#: ITU-R 601 luma in 1/65536, rounded as Pillow's mode "L" rounds.
LUMA = (19595, 38470, 7471)


@dataclass(frozen=True)
class ProbeItem:
    """One image of the probe dataset.

    Attributes:
        name: path below its probe folder with "/"; the folder's name before it where names would collide.
        label: the folders it lies in below the probe folder, parted by "/"; None where there are none.
        path: the file; None for a picture that is drawn.
        scene: its number among the drawn ones; None for a file.
        group: that it belongs to; None where no table says so.
        draw: gives a drawn picture of a side in pixels, uint8 [y, x, 3]; None for a file.
    """

    name: str
    label: str | None
    path: Path | None
    scene: int | None = None
    group: str | None = None
    draw: Callable[[int], UInt8[np.ndarray, "y x 3"]] | None = None


@dataclass(frozen=True)
class Loaded:
    """A decoded image.

    Attributes:
        pixels: uint8 [crop, crop, 3], RGB.
        digest: sha256, hexadecimal, of the file's bytes, or of a drawn scene's pixels.
        traits: what was remarkable about the file.
    """

    pixels: UInt8[np.ndarray, "y x 3"]
    digest: str
    traits: Traits = PLAIN


@dataclass(frozen=True)
class Probe:
    """The images in the order of their names. Decodes on demand, from several threads if need be.

    Attributes:
        config: how they are read and cut.
        items: the images.
        notes: what was found in the folders besides.
    """

    config: ProbeConfig
    items: tuple[ProbeItem, ...]
    notes: tuple[str, ...] = ()

    def __len__(self) -> int:
        return len(self.items)

    @cached_property
    def fingerprint(self) -> str:
        """sha256 over names, sizes and times of the files: quick, for caches only, never for findings."""
        lines = []
        for item in self.items:
            state = item.path.stat() if item.path is not None and item.path.exists() else None
            size = f"{state.st_size} {state.st_mtime_ns}" if state else f"{item.scene}"
            lines.append(f"{item.name}\t{item.path}\t{size}\n")
        return hashlib.sha256("".join(lines).encode("utf-8", "surrogateescape")).hexdigest()

    def load(self, index: int) -> Loaded:
        """Decodes the image ``index`` and cuts it to the crop.

        Raises:
            ProbeError: it cannot be read: "name: reason".
        """
        item = self.items[index]
        if item.draw is not None:
            image = item.draw(self.config.crop)
            return Loaded(image, hashlib.sha256(image.tobytes()).hexdigest())
        if item.path is None:
            raise ProbeError(f"{item.name}: is neither a file nor drawn")
        try:
            if item.path.exists() and not item.path.is_file():
                raise ProbeError(f"{item.name}: is no file")  # a pipe would be waited for
            content = item.path.read_bytes()
        except OSError as error:
            raise ProbeError(f"{item.name}: cannot be read ({error.strerror})") from None
        picture, traits = open_picture(content, item.name, self.config.full_scale)
        digest = hashlib.sha256(content).hexdigest()
        return Loaded(np.asarray(cut_picture(picture, self.config)), digest, traits)


def list_probe(
    config: ProbeConfig, folder: Path, seed: int, segmenters: Sequence[SegmenterConfig] = ()
) -> Probe:
    """The images that the configuration names, sorted by name.

    Args:
        config: what the run says of its images.
        folder: relative folders are relative to it.
        seed: of the stratified sample, where ``config.limit`` asks for one.
        segmenters: files that are masks of these are no images.

    Raises:
        ProbeError: a folder is missing or holds no image, or the table of groups does not fit.
    """
    notes: list[str] = []
    items = _list_items(config, folder, seed, segmenters, notes)
    if config.groups:
        groups = read_groups(folder / config.groups, [item.name for item in items])
        items = [replace(item, group=group) for item, group in zip(items, groups, strict=True)]
    return Probe(config, tuple(items), tuple(notes))


def _list_items(
    config: ProbeConfig, folder: Path, seed: int, segmenters: Sequence[SegmenterConfig], notes: list[str]
) -> list[ProbeItem]:
    """The images in the order of their names; ``notes`` is added to."""
    for source in config.images:
        scheme = scheme_of(source)
        if scheme is not None and scheme.images:  # a folder may be called like a segmenter
            if len(config.images) > 1:
                raise ProbeError(f"images = {source!r} stands for itself: it cannot be listed beside folders")
            return sorted(load_opener(scheme.images)(config), key=lambda item: item.name)
    roots = [folder / name for name in config.images]
    made = {os.path.realpath(folder / name) for name in ("run", "site", "docs", "cache")}
    found = [_list_folder(folder / name, name, made, notes) for name in config.images]
    for segmenter in segmenters:
        found = _without_masks(found, roots, segmenter, folder, notes)
    notes += [line for items in found for line in _twin_notes(items)]
    names = [item.name for items in found for item in items]
    if len(set(names)) < len(names):
        prefixes = _distinct_names(roots)
        found = [
            [replace(item, name=f"{prefix}/{item.name}") for item in items]
            for prefix, items in zip(prefixes, found, strict=True)
        ]
    items = sorted((item for items in found for item in items), key=lambda item: item.name)
    return sample_items(items, config.limit, seed)


def _list_folder(root: Path, shown: str, made: set[str], notes: list[str]) -> list[ProbeItem]:
    """The images below a folder; those below it that this program made itself are left out.

    Args:
        shown: how notes name the folder.
        notes: is added to.
    """
    if not os.path.isdir(root):
        raise ProbeError(f"{root}: no such folder of images ([probe] images)")
    listing = list_folder(root, made - {os.path.realpath(root)}, shown)
    items = []
    for path in listing.pictures:
        parts = path.relative_to(root).parts
        if not "/".join(parts).isprintable():  # bytes that are no text, or signs that no page can show
            raise ProbeError(f"{str(path)!r}: rename it: its name holds characters that cannot be printed")
        items.append(ProbeItem("/".join(parts), "/".join(parts[:-1]) or None, path))
    if not items:
        missed = f"; {note}" if (note := "; ".join(listing.notes())) else ""
        raise ProbeError(f"{root}: not one image in this folder ({', '.join(readable_suffixes())}){missed}")
    notes += listing.notes()
    return items


def _without_masks(
    found: list[list[ProbeItem]],
    roots: list[Path],
    segmenter: SegmenterConfig,
    folder: Path,
    notes: list[str],
) -> list[list[ProbeItem]]:
    """``found`` without the masks of one segmenter; says how many they were.

    Raises:
        ProbeError: nothing is left.
    """
    place = mask_folder(segmenter, folder)
    pictures = [(item.name, item.path) for items in found for item in items if item.path is not None]
    masks = masks_among(pictures, roots, MaskFiles(place, segmenter)) if place is not None else set()
    if not masks:
        return found
    kept = []
    for items in found:
        real = real_paths(item.path for item in items if item.path is not None)
        kept.append([item for item, path in zip(items, real, strict=True) if path not in masks])
    count = sum(map(len, found)) - sum(map(len, kept))
    if not any(kept):
        raise ProbeError(f"{place}: every picture of [probe] images is a mask of {segmenter.source}")
    if count:
        notes.append(f"{count} pictures in the folders of images are masks ({segmenter.source}), no images")
    return kept


def _twin_notes(items: Sequence[ProbeItem]) -> list[str]:
    twins = likely_masks([item.name for item in items])
    if not twins:
        return []
    named = f"{len(twins)} of {len(items)} pictures are called like another beside or above them"
    return [f"{named}, as {twins[0]!r}: if these are masks, a [[segmenter]] masks:FOLDER takes them out"]


def _distinct_names(roots: Sequence[Path]) -> list[str]:
    """The folders' own names, numbered where two folders are called the same."""
    names = [root.resolve().name for root in roots]
    return [f"{n}-{k}" if names.count(n) > 1 else n for k, n in enumerate(names, start=1)]


def sample_items(items: Sequence[ProbeItem], limit: int, seed: int) -> list[ProbeItem]:
    """``limit`` items (0 = all) in their order, every label with its share, drawn from ``seed``."""
    return [items[place] for place in sample([item.label for item in items], limit, seed)]


def rgb(pixels: UInt8[Tensor, "image y x 3"]) -> Float[Tensor, "image 3 y x"]:
    """float32 in [0, 1], as segmenters take it."""
    return pixels.permute(0, 3, 1, 2).to(torch.float32, memory_format=torch.contiguous_format) / 255


def prepare_input(
    pixels: UInt8[Tensor, "image y x 3"],
    mean: Sequence[float],
    std: Sequence[float],
    device: torch.device | str,
) -> Float[Tensor, "image channel y x"]:
    """The model's input: in [0, 1], minus ``mean``, over ``std``. One value each means one grey channel."""
    pixels = pixels.to(device)
    images = rgb(pixels) if len(mean) == 3 else _grey(pixels)
    shape = (1, -1, 1, 1)
    centre = torch.tensor(mean, dtype=torch.float32, device=images.device).view(shape)
    spread = torch.tensor(std, dtype=torch.float32, device=images.device).view(shape)
    return (images - centre) / spread


def _grey(pixels: Tensor) -> Tensor:
    weights = torch.tensor(LUMA, dtype=torch.int32, device=pixels.device)
    luma = (pixels.to(torch.int32) * weights).sum(dim=3) + 0x8000 >> 16
    return luma[:, None].to(torch.float32) / 255
