"""The probe dataset: which images there are, and how a file becomes the crop that is measured."""

from __future__ import annotations

import hashlib
import os
from collections.abc import Iterator, Sequence
from dataclasses import dataclass, replace
from functools import cached_property
from pathlib import Path

import numpy as np
import torch
from jaxtyping import Float, UInt8
from torch import Tensor

from dissect_report.config import ProbeConfig
from dissect_report.demo.scenes import SCENE_CLASSES, draw_scene
from dissect_report.errors import ProbeError
from dissect_report.sources.groups import read_groups
from dissect_report.sources.pictures import cut_picture, open_picture

SUFFIXES = (".jpg", ".jpeg", ".png", ".webp", ".bmp", ".gif", ".tif", ".tiff", ".ppm", ".pgm")

#: Drawn scenes: how many unless ``limit`` says otherwise, and a seed that no training used.
DEMO_COUNT = 1000
DEMO_SEED = 1

#: ITU-R 601 luma in 1/65536, rounded as Pillow's mode "L" rounds.
LUMA = (19595, 38470, 7471)


@dataclass(frozen=True)
class ProbeItem:
    """One image of the probe dataset.

    Attributes:
        name: path below its probe folder with "/"; the folder's name before it where names would collide.
        label: first sub-folder below the probe folder; None where the image lies in the folder itself.
        path: the file; None for a drawn scene.
        scene: index of a drawn scene; None for a file.
        group: that it belongs to; None where no table says so.
    """

    name: str
    label: str | None
    path: Path | None
    scene: int | None = None
    group: str | None = None


@dataclass(frozen=True)
class Loaded:
    """A decoded image.

    Attributes:
        pixels: uint8 [crop, crop, 3], RGB.
        digest: sha256, hexadecimal, of the file's bytes, or of a drawn scene's pixels.
    """

    pixels: UInt8[np.ndarray, "y x 3"]
    digest: str


@dataclass(frozen=True)
class Probe:
    """The images in the order of their names. Decodes on demand, from several threads if need be."""

    config: ProbeConfig
    items: tuple[ProbeItem, ...]

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
        if item.path is None:
            return self._draw(item)
        try:
            content = item.path.read_bytes()
        except OSError as error:
            raise ProbeError(f"{item.name}: cannot be read ({error.strerror})") from None
        picture = open_picture(content, item.name)
        return Loaded(np.asarray(cut_picture(picture, self.config)), hashlib.sha256(content).hexdigest())

    def _draw(self, item: ProbeItem) -> Loaded:
        image = draw_scene(item.scene or 0, DEMO_SEED, self.config.crop).image
        return Loaded(image, hashlib.sha256(image.tobytes()).hexdigest())


def list_probe(config: ProbeConfig, folder: Path, seed: int) -> Probe:
    """The images that the configuration names, sorted by name.

    Args:
        config: what the run says of its images.
        folder: relative folders are relative to it.
        seed: of the stratified sample, where ``config.limit`` asks for one.

    Raises:
        ProbeError: a folder is missing or holds no image, or the table of groups does not fit.
    """
    items = _list_items(config, folder, seed)
    if config.groups:
        groups = read_groups(folder / config.groups, [item.name for item in items])
        items = [replace(item, group=group) for item, group in zip(items, groups, strict=True)]
    return Probe(config, tuple(items))


def _list_items(config: ProbeConfig, folder: Path, seed: int) -> list[ProbeItem]:
    if "demo" in config.images:
        if len(config.images) > 1:
            raise ProbeError("images = 'demo' stands for itself: it cannot be listed beside folders")
        return sorted(_list_scenes(config), key=lambda item: item.name)
    roots = [folder / name for name in config.images]
    made = {os.path.realpath(folder / name) for name in ("run", "site", "docs", "cache")}
    found = [_list_folder(root, made) for root in roots]
    names = [item.name for items in found for item in items]
    if len(set(names)) < len(names):
        prefixes = _distinct_names(roots)
        found = [
            [ProbeItem(f"{prefix}/{item.name}", item.label, item.path) for item in items]
            for prefix, items in zip(prefixes, found, strict=True)
        ]
    items = sorted((item for items in found for item in items), key=lambda item: item.name)
    return sample_items(items, config.limit, seed)


def _list_scenes(config: ProbeConfig) -> list[ProbeItem]:
    items = []
    for index in range(config.limit or DEMO_COUNT):
        label = SCENE_CLASSES[index % len(SCENE_CLASSES)]
        items.append(ProbeItem(f"{label}/{index:04d}", label, None, index))
    return items


def _list_folder(root: Path, made: set[str]) -> list[ProbeItem]:
    """The images below a folder; those below it that this program made itself are left out."""
    if not root.is_dir():
        raise ProbeError(f"{root}: no such folder of images ([probe] images)")
    items = []
    for path in _walk(root, made - {os.path.realpath(root)}):
        parts = path.relative_to(root).parts
        if not "/".join(parts).isprintable():  # bytes that are no text, or signs that no page can show
            raise ProbeError(f"{str(path)!r}: rename it: its name holds characters that cannot be printed")
        items.append(ProbeItem("/".join(parts), parts[0] if len(parts) > 1 else None, path))
    if not items:
        raise ProbeError(f"{root}: not one image in this folder ({', '.join(SUFFIXES)})")
    return items


def _walk(root: Path, without: set[str]) -> Iterator[Path]:
    """Image files below ``root``, through links to folders too, without hidden files and loops."""
    seen = set(without)
    for folder, below, files in os.walk(root, followlinks=True):
        real = os.path.realpath(folder)
        if real in seen:
            below.clear()
            continue
        seen.add(real)
        below[:] = sorted(name for name in below if not name.startswith("."))
        for name in files:
            if name.lower().endswith(SUFFIXES) and not name.startswith("."):
                yield Path(folder, name)


def _distinct_names(roots: Sequence[Path]) -> list[str]:
    """The folders' own names, numbered where two folders are called the same."""
    names = [root.resolve().name for root in roots]
    return [f"{n}-{k}" if names.count(n) > 1 else n for k, n in enumerate(names, start=1)]


def sample_items(items: Sequence[ProbeItem], limit: int, seed: int) -> list[ProbeItem]:
    """``limit`` items (0 = all) in their order, every label with its share, drawn from ``seed``."""
    if limit == 0 or limit >= len(items):
        return list(items)
    groups: dict[str | None, list[int]] = {}
    for index, item in enumerate(items):
        groups.setdefault(item.label, []).append(index)
    shares = _shares([len(group) for group in groups.values()], limit)
    generator = np.random.default_rng(seed)
    chosen: list[int] = []
    for group, share in zip(groups.values(), shares, strict=True):
        chosen += generator.permutation(group)[:share].tolist()
    return [items[index] for index in sorted(chosen)]


def _shares(sizes: Sequence[int], total: int) -> list[int]:
    """``total`` divided in proportion to ``sizes``, the largest remainders rounded up."""
    whole = sum(sizes)
    shares = [size * total // whole for size in sizes]
    by_remainder = sorted(range(len(sizes)), key=lambda k: (-(sizes[k] * total % whole), k))
    for k in by_remainder[: total - sum(shares)]:
        shares[k] += 1
    return shares


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
