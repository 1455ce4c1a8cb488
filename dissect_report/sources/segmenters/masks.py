"""Ground truth: "masks:FOLDER", index PNGs named like the images."""

from __future__ import annotations

import hashlib
from collections.abc import Callable, Sequence
from functools import cached_property
from pathlib import Path, PurePosixPath

import numpy as np
import torch
from jaxtyping import Float, Integer
from PIL import Image
from torch import Tensor

from dissect_report.config import ProbeConfig, SegmenterConfig
from dissect_report.errors import SegmenterError
from dissect_report.sources.concepts import Concept, look_up, position_table, read_catalogue
from dissect_report.sources.pictures import resize_labels
from dissect_report.sources.segmenters.protocol import cell_pixels

#: Modes whose pixels are numbers, not colours.
INDEX_MODES = ("1", "L", "P", "I", "I;16", "I;16B", "I;16L")

#: Proportions of mask and image may differ by the rounding of their sides.
SLACK = 1.5


class MaskSegmenter:
    """Labels read from index pictures, resized and cropped as the images are."""

    def __init__(
        self,
        *,
        source: str,
        folder: Path,
        catalogue: tuple[Concept, ...],
        unlabelled: int,
        probe: ProbeConfig,
        image_size: Callable[[str], tuple[int, int] | None] = lambda name: None,
    ) -> None:
        """Args:
        source: as the configuration names it.
        folder: of the masks.
        catalogue: with the masks' own ids.
        unlabelled: the masks' own id for no label.
        probe: how images are resized and cropped.
        image_size: width and height of a probe image's file; None where it cannot be told.
        """
        self.source = source
        self.folder = folder
        self.catalogue = catalogue
        self.quality: dict[str, float | None] = {}
        self.unlabelled = unlabelled
        self.probe = probe
        self.image_size = image_size
        self._table = position_table(catalogue, unlabelled)
        self._owners: dict[Path, str] = {}

    @cached_property
    def digest(self) -> str:
        """sha256 over every mask's name and content, and the catalogue."""
        digest = hashlib.sha256(repr((self.catalogue, self.unlabelled)).encode())
        for path in sorted(self.folder.rglob("*.png")):
            digest.update(path.relative_to(self.folder).as_posix().encode() + b"\0")
            digest.update(hashlib.sha256(path.read_bytes()).digest())
        return digest.hexdigest()

    def to(self, device: torch.device | str) -> None:
        """Nothing to move: masks are files."""

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
            SegmenterError: missing, unreadable, of other proportions than the image, or an id is unknown.
        """
        path = self.find(name)
        try:
            with Image.open(path) as picture:
                picture.load()
                if picture.mode not in INDEX_MODES:
                    raise SegmenterError(
                        f"{path}: a colour picture ({picture.mode}); a mask's pixels are concept ids"
                    )
                ids = np.asarray(picture).astype(np.int64)
        except (OSError, SyntaxError, ValueError) as error:
            raise SegmenterError(f"{path}: not a readable mask ({' '.join(str(error).split())})") from None
        self._check_size(path, name, ids.shape[1], ids.shape[0])
        return look_up(ids, self._table, f"{path}")

    def find(self, name: str) -> Path:
        """The mask of the image ``name``: in the same sub-folder, in fewer of them, or in none.

        Raises:
            SegmenterError: there is none, or another image has it already.
        """
        parts = PurePosixPath(name).with_suffix(".png").parts
        candidates = [self.folder.joinpath(*parts[start:]) for start in range(len(parts))]
        path = next((path for path in candidates if path.is_file()), None)
        if path is None:
            raise SegmenterError(f"{candidates[0]}: no mask for the image {name!r} ({self.source})")
        owner = self._owners.setdefault(path, name)
        if owner != name:
            raise SegmenterError(f"{path}: stands for both {owner!r} and {name!r}; keep masks in sub-folders")
        return path

    def _check_size(self, path: Path, name: str, width: int, height: int) -> None:
        size = self.image_size(name)
        if size is None:
            return
        scale = width / size[0]
        if abs(height - scale * size[1]) > SLACK * max(1.0, scale):
            raise SegmenterError(
                f"{path}: {width}x{height} pixels do not have the proportions of the image {name!r}, "
                f"which is {size[0]}x{size[1]}"
            )


def open_masks(
    config: SegmenterConfig,
    probe: ProbeConfig,
    folder: Path,
    image_size: Callable[[str], tuple[int, int] | None],
) -> MaskSegmenter:
    """A segmenter from "masks:FOLDER".

    Raises:
        SegmenterError: no such folder, or no list of concepts.
    """
    place = folder / config.source.removeprefix("masks:")
    if not place.is_dir():
        raise SegmenterError(f"{place}: no such folder of masks")
    if not config.concepts:
        raise SegmenterError(f"{config.source}: masks need a list of concepts: set `concepts` to its file")
    catalogue = read_catalogue(folder / config.concepts, config.unlabelled)
    return MaskSegmenter(
        source=config.source,
        folder=place,
        catalogue=catalogue,
        unlabelled=config.unlabelled,
        probe=probe,
        image_size=image_size,
    )
