"""Ground truth: "masks:FOLDER", pictures named like the images whose pixels are concept ids or colours."""

from __future__ import annotations

import hashlib
from collections.abc import Collection, Mapping, Sequence
from functools import cached_property
from pathlib import Path

import numpy as np
import torch
from jaxtyping import Float, Integer
from PIL import Image
from torch import Tensor

from dissect_report.config import ProbeConfig, SegmenterConfig
from dissect_report.errors import SegmenterError
from dissect_report.schemes import rest_of
from dissect_report.sources.concepts import (
    ConceptList,
    look_up,
    position_table,
    read_concepts,
    unlabelled_ids,
)
from dissect_report.sources.mask_names import MaskFiles, mask_folder
from dissect_report.sources.pictures import DAMAGED, as_drawn, resize_labels, upright_size
from dissect_report.sources.segmenters.headers import Header, check_headers, proportional, readable
from dissect_report.sources.segmenters.protocol import cell_pixels

#: Modes whose pixels are numbers, and those whose pixels are colours.
INDEX_MODES = ("1", "L", "P", "I", "I;16", "I;16B", "I;16L")
COLOR_MODES = ("RGB", "RGBA")

BLACK = 0


class MaskSegmenter:
    """Labels read from pictures, resized and cropped as the images are."""

    def __init__(
        self,
        *,
        masks: MaskFiles,
        concepts: ConceptList,
        unlabelled: int | Collection[int],
        probe: ProbeConfig,
        images: Mapping[str, Path | None],
    ) -> None:
        """Args:
        masks: the files, and how images find theirs.
        concepts: with the masks' own ids, and the colours that stand for them.
        unlabelled: the masks' own ids for no label.
        probe: how images are resized and cropped.
        images: the files of the probe's images, by their names.
        """
        self.source = masks.source
        self.masks = masks
        self.catalogue = concepts.catalogue
        self.quality: dict[str, float | None] = {}
        self.unlabelled = sorted(unlabelled_ids(unlabelled))
        self.probe = probe
        self.images = images
        self._table = position_table(self.catalogue, self.unlabelled)
        self._colors = _color_table(concepts, self.unlabelled)
        self._owners: dict[Path, str] = {}

    @cached_property
    def digest(self) -> str:
        """sha256 over the catalogue, and over the name and the content of every image's mask."""
        digest = hashlib.sha256(repr((self.catalogue, self.unlabelled, self._colors)).encode())
        for name in sorted(self.images):
            path = self.masks.find(name, self.images[name])
            digest.update(name.encode("utf-8", "surrogateescape") + b"\0")
            digest.update(hashlib.sha256(path.read_bytes()).digest() if path else b"")
        return digest.hexdigest()

    def to(self, device: torch.device | str) -> None:
        """Nothing to move: masks are files."""

    def check(self, names: Sequence[str]) -> None:
        """Refuses images without a mask before anything is labelled.

        Raises:
            SegmenterError: counting them, naming the first.
        """
        without = [name for name in names if self.masks.find(name, self.images.get(name)) is None]
        if without:
            counted = f"{len(without)} of {len(names)} images have no mask; the first: " * (len(without) > 1)
            raise SegmenterError(counted + self.masks.missing(without[0], names, self.images.get(without[0])))

    def check_files(self, names: Sequence[str]) -> None:
        """Refuses images without a mask, and masks that cannot be theirs, by the headers of the files.

        Raises:
            SegmenterError: naming the first.
        """
        found = {name: self.masks.find(name, self.images.get(name)) for name in names}
        # Photos that nobody can read are left out later, and need no mask.
        self.check([name for name, path in found.items() if path or readable(self.images.get(name))])
        masks = [(name, path) for name, path in found.items() if path is not None]
        check_headers(masks, self.images, self._check_header)

    def _check_header(self, path: Path, header: Header, misfit: str) -> None:
        self._check_mode(path, header.mode)
        if misfit:
            check_size(f"{path}", misfit, self.images.get(misfit), header.width, header.height)

    def _check_mode(self, path: Path, mode: str) -> None:
        if mode not in INDEX_MODES and (mode not in COLOR_MODES or not self._colors):
            raise SegmenterError(
                f"{path}: a colour picture ({mode}); a mask's pixels are concept ids, or colours that a "
                'column `color` of the list of concepts names, as "#rrggbb" or "r g b"'
            )

    def label(
        self, images: Float[Tensor, "image 3 y x"], names: Sequence[str], grid: int
    ) -> Integer[Tensor, "image depth grid grid"]:
        """See ``Segmenter``; the images themselves are not looked at."""
        cells = cell_pixels(self.probe.crop, grid)
        labels = np.zeros((len(names), 1, grid, grid), np.int64)
        for place, name in enumerate(names):
            labels[place, 0] = resize_labels(self.read(name), self.probe)[cells[:, None], cells[None, :]]
        return torch.from_numpy(labels)

    def read(self, name: str) -> np.ndarray:
        """Int [y, x]: positions in the catalogue, of the whole mask of the image ``name``.

        Raises:
            SegmenterError: missing, unreadable, of other proportions than the image, or an id or a colour is
                unknown.
        """
        path = self.find(name)
        mode, pixels = read_mask(path)
        check_size(f"{path}", name, self.images.get(name), pixels.shape[1], pixels.shape[0])
        self._check_mode(path, mode)
        if mode in INDEX_MODES:
            return look_up(pixels.astype(np.int64), self._table, f"{path}")
        return _look_up_colors(pixels, self._colors, f"{path}")

    def find(self, name: str) -> Path:
        """The mask of the image ``name``: in the same sub-folder, in fewer of them, or in none.

        Raises:
            SegmenterError: there is none, or another image has it already.
        """
        path = self.masks.find(name, self.images.get(name))
        if path is None:
            raise SegmenterError(self.masks.missing(name, [name], self.images.get(name)))
        owner = self._owners.setdefault(path, name)
        if owner != name:
            raise SegmenterError(f"{path}: stands for both {owner!r} and {name!r}; keep masks in sub-folders")
        return path


def read_mask(path: Path) -> tuple[str, np.ndarray]:
    """The mode and the pixels of a mask as they lie in its file, [y, x] or [y, x, channel].

    Raises:
        SegmenterError: it cannot be read.
    """
    try:
        with Image.open(path) as picture:
            return picture.mode, as_drawn(picture)
    except (*DAMAGED, Image.DecompressionBombError) as error:
        raise SegmenterError(f"{path}: not a readable mask ({' '.join(str(error).split())})") from None


def check_size(what: str, name: str, image: Path | None, width: int, height: int) -> None:
    """Refuses labels that do not have the proportions of the image ``name``, whose file is ``image``.

    Raises:
        SegmenterError: naming both sizes.
    """
    size = upright_size(image) if image is not None else None
    if size is None:
        return
    if proportional(width, height, size):
        return
    turned = proportional(height, width, size)
    raise SegmenterError(
        f"{what}: {width}x{height} pixels do not have the proportions of the image {name!r}, "
        f"which is {size[0]}x{size[1]}"
        + "; masks are drawn on the picture turned upright by its EXIF orientation"
        * turned
    )


def _color_table(concepts: ConceptList, unlabelled: Collection[int]) -> dict[int, int]:
    """0xrrggbb to position; black is no label where it is not listed and id 0 is none."""
    if not concepts.colors:
        return {}
    positions = {concept.id: place for place, concept in enumerate(concepts.catalogue, start=1)}
    known = {code: positions.get(number, 0) for code, number in concepts.colors.items()}
    return known if BLACK in known or 0 not in unlabelled else {**known, BLACK: 0}


def _look_up_colors(pixels: np.ndarray, colors: Mapping[int, int], where: str) -> np.ndarray:
    """Int [y, x]: positions of the colours of ``pixels`` [y, x, channel].

    Raises:
        SegmenterError: a colour stands for nothing.
    """
    codes = pixels[..., :3].astype(np.int64) @ np.array([1 << 16, 1 << 8, 1])
    known = np.array(sorted(colors))
    places = np.searchsorted(known, codes).clip(max=len(known) - 1)
    strange = known[places] != codes
    if strange.any():
        stray, share = int(codes[strange].flat[0]), strange.mean()
        raise SegmenterError(
            f"{where}: the colour #{stray:06x} is not in the list of concepts ({share:.1%} of the mask has "
            "such colours); give it a row, with an id that is `unlabelled` if it means no label"
        )
    found: np.ndarray = np.array([colors[code] for code in known.tolist()])[places]
    return found


def open_masks(
    config: SegmenterConfig, probe: ProbeConfig, folder: Path, images: Mapping[str, Path | None]
) -> MaskSegmenter:
    """A segmenter from "masks:FOLDER".

    Raises:
        SegmenterError: no such folder, or no list of concepts.
    """
    place = mask_folder(config, folder)
    if place is None:
        raise SegmenterError(f"{folder / rest_of(config.source)}: no such folder of masks")
    if not config.concepts:
        raise SegmenterError(f"{config.source}: masks need a list of concepts: set `concepts` to its file")
    return MaskSegmenter(
        masks=MaskFiles(place, config),
        concepts=read_concepts(folder / config.concepts, config.unlabelled),
        unlabelled=config.unlabelled,
        probe=probe,
        images=images,
    )
