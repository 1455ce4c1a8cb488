"""Ground truth from a file of COCO's form: "masks:FILE.json", instances or panoptic.

Instances are polygons or run lengths, and may overlap: a pixel then carries several concepts. Of the panoptic
kind each image has a PNG whose colours are segment ids, R + 256 G + 65536 B.
"""

from __future__ import annotations

import hashlib
from collections.abc import Iterable, Mapping, Sequence
from functools import cached_property
from pathlib import Path
from typing import Any

import numpy as np
import torch
from jaxtyping import Float, Integer
from torch import Tensor

from dissect_report.config import ProbeConfig, SegmenterConfig
from dissect_report.errors import SegmenterError
from dissect_report.schemes import rest_of
from dissect_report.sources.concepts import Concept, check_catalogue, position_table, read_catalogue
from dissect_report.sources.mask_names import panoptic_folder
from dissect_report.sources.pictures import resize_labels
from dissect_report.sources.segmenters.coco_file import CocoFile
from dissect_report.sources.segmenters.headers import Header, check_headers, check_pixels, readable
from dissect_report.sources.segmenters.masks import check_size, read_mask
from dissect_report.sources.segmenters.protocol import cell_pixels
from dissect_report.sources.segmenters.regions import region


class CocoSegmenter:
    """Labels of a COCO file, resized and cropped as the images are."""

    def __init__(
        self,
        source: str,
        coco: CocoFile,
        catalogue: tuple[Concept, ...],
        *,
        unlabelled: Iterable[int],
        probe: ProbeConfig,
        images: Mapping[str, Path | None],
        folder: Path | None,
        content: str,
    ) -> None:
        """Args:
        source: as the configuration names it.
        coco: the file.
        catalogue: with the file's own ids.
        unlabelled: the file's ids of categories that are no concepts.
        probe: how images are resized and cropped.
        images: the files of the probe's images, by their names.
        folder: of the PNGs, of the panoptic kind.
        content: sha256 of the file.
        """
        self.source = source
        self.coco = coco
        self.catalogue = catalogue
        self.quality: dict[str, float | None] = {}
        self.unlabelled = sorted(unlabelled)
        self.probe = probe
        self.images = images
        self.folder = folder
        self.depth = 1
        self._content = content
        self._table = position_table(catalogue, self.unlabelled)

    @cached_property
    def digest(self) -> str:
        """sha256 over the file, the catalogue, and the PNGs of the images of the panoptic kind."""
        digest = hashlib.sha256(repr((self._content, self.catalogue, self.unlabelled)).encode())
        for name in sorted(self.images if self.coco.panoptic else ()):
            if (image := self.coco.find(name)) and (path := self._picture(image)) and path.is_file():
                digest.update(hashlib.sha256(path.read_bytes()).digest())
        return digest.hexdigest()

    def to(self, device: torch.device | str) -> None:
        """Nothing to move: labels are in a file."""

    def check_files(self, names: Sequence[str]) -> None:
        """Refuses images that the file does not know, and sizes and PNGs that cannot be theirs.

        Raises:
            SegmenterError: naming the first.
        """
        # Photos that nobody can read are left out later, and need no labels.
        known = {name: self._knows(name) for name in names}
        self._check_known([name for name in names if known[name] or readable(self.images.get(name))])
        pictures = {}
        for name in (name for name in names if known[name]):
            image = self.coco.find(name) or {}
            if not self.coco.panoptic:
                check_pixels(f"{self.coco.path}: {name!r}", *_size(image, self.coco.path))
            elif (path := self._picture(image)) is not None:
                pictures[name] = path
        check_headers(pictures.items(), self.images, self._check_header)

    def _check_header(self, path: Path, header: Header, misfit: str) -> None:
        _check_segment_mode(path, header.mode)
        if misfit:
            check_size(f"{path}", misfit, self.images.get(misfit), header.width, header.height)

    def check(self, names: Sequence[str]) -> None:
        """Refuses images that the file does not know, and counts how many concepts a pixel carries at most.

        Raises:
            SegmenterError: counting the images, naming the first; or an annotation cannot be read.
        """
        self._check_known(names)
        if not self.coco.panoptic:
            self.depth = max([1, *(len(self._layers(name)) for name in names)])

    def _check_known(self, names: Sequence[str]) -> None:
        without = [name for name in names if not self._knows(name)]
        if without:
            raise SegmenterError(
                f"{self.coco.path}: {len(without)} of {len(names)} images are not in it; "
                f"the first: {without[0]!r}"
            )

    def _knows(self, name: str) -> bool:
        image = self.coco.find(name)
        return image is not None and bool(not self.coco.panoptic or self.coco.annotations(image))

    def label(
        self, images: Float[Tensor, "image 3 y x"], names: Sequence[str], grid: int
    ) -> Integer[Tensor, "image depth grid grid"]:
        """See ``Segmenter``; the images themselves are not looked at."""
        cells = cell_pixels(self.probe.crop, grid)
        layers = [self.read(name) for name in names]
        self.depth = max([self.depth, *map(len, layers)])
        labels = np.zeros((len(names), self.depth, grid, grid), np.int64)
        for place, own in enumerate(layers):
            for depth, layer in enumerate(own):
                labels[place, depth] = resize_labels(layer, self.probe)[cells[:, None], cells[None, :]]
        return torch.from_numpy(labels)

    def read(self, name: str) -> list[np.ndarray]:
        """Int [y, x] each: positions in the catalogue of the concepts that lie over each other.

        Raises:
            SegmenterError: the image is not in the file, is of other proportions, or an annotation is wrong.
        """
        layers = self._layers(name)
        height, width = layers[0].shape
        check_size(f"{self.coco.path}", name, self.images.get(name), width, height)
        return layers

    def _layers(self, name: str) -> list[np.ndarray]:
        image = self.coco.find(name)
        if image is None:
            raise SegmenterError(f"{self.coco.path}: the image {name!r} is not in it")
        return [self._segments(image)] if self.coco.panoptic else self._instances(image)

    def _position(self, annotation: Mapping[str, Any]) -> int:
        """Of the category of an annotation or segment; 0 where it is no concept."""
        number = annotation.get("category_id")
        known = isinstance(number, int) and 0 <= number < len(self._table) and self._table[number] >= 0
        if not known:
            raise SegmenterError(
                f"{self.coco.path}: annotation {annotation.get('id')} is of category {number}, which is no "
                "concept; add it to `concepts`, or to `unlabelled`"
            )
        return int(self._table[number])

    def _instances(self, image: Mapping[str, Any]) -> list[np.ndarray]:
        """As few layers as hold every concept of every pixel."""
        size = _size(image, self.coco.path)
        covered: dict[int, np.ndarray] = {}
        for annotation in self.coco.annotations(image):
            position = self._position(annotation)
            if position:
                inside = region(annotation, size, f"{self.coco.path}")
                covered[position] = covered[position] | inside if position in covered else inside
        layers = [np.zeros(size, np.int32)]
        filled = np.zeros(size, np.intp)  # layers, of each pixel
        for position, inside in sorted(covered.items()):
            while len(layers) <= filled[inside].max(initial=0):
                layers.append(np.zeros(size, np.int32))
            for depth, layer in enumerate(layers):
                layer[inside & (filled == depth)] = position
            filled += inside
        return layers

    def _segments(self, image: Mapping[str, Any]) -> np.ndarray:
        path = self._picture(image)
        if path is None:
            raise SegmenterError(
                f"{self.coco.path}: nothing is annotated in {image['file_name']!r} (panoptic)"
            )
        mode, pixels = read_mask(path)
        _check_segment_mode(path, mode)
        (annotation,) = self.coco.annotations(image)[:1]
        known = {0: 0, **{int(s["id"]): self._position(s) for s in annotation["segments_info"]}}
        found, places = np.unique(
            pixels[..., :3].astype(np.int64) @ np.array([1, 1 << 8, 1 << 16]), return_inverse=True
        )
        if strays := [number for number in found.tolist() if number not in known]:
            raise SegmenterError(f"{path}: the segment {strays[0]} is not in {self.coco.path}")
        labels: np.ndarray = np.array([known[number] for number in found.tolist()], np.int32)[places]
        return labels.reshape(pixels.shape[:2])

    def _picture(self, image: Mapping[str, Any]) -> Path | None:
        """The PNG of an image, of the panoptic kind."""
        for annotation in self.coco.annotations(image)[:1]:
            return (self.folder or self.coco.path.parent) / str(annotation["file_name"])
        return None


def _check_segment_mode(path: Path, mode: str) -> None:
    if mode not in ("RGB", "RGBA"):
        raise SegmenterError(f"{path}: a picture in colour is expected (segment ids), not {mode}")


def _size(image: Mapping[str, Any], path: Path) -> tuple[int, int]:
    height, width = image.get("height"), image.get("width")
    if not (isinstance(height, int) and isinstance(width, int) and height > 0 and width > 0):
        raise SegmenterError(f"{path}: the image {image.get('file_name')!r} has no height and width")
    return height, width


def open_coco(
    config: SegmenterConfig, probe: ProbeConfig, folder: Path, images: Mapping[str, Path | None]
) -> CocoSegmenter:
    """A segmenter from "masks:FILE.json".

    Its categories are the concepts, unless ``config.concepts`` names them; all but those that are unlabelled.
    0 is a category like any other where the file has it.

    Raises:
        SegmenterError: no such file, or no COCO file.
    """
    path = folder / rest_of(config.source)
    try:
        content = path.read_bytes()
    except OSError as error:
        raise SegmenterError(f"{path}: cannot be read ({error.strerror})") from None
    coco = CocoFile(path, content)
    unlabelled = {number for number in config.unlabelled if number > 0}
    if config.concepts:
        catalogue = read_catalogue(folder / config.concepts, unlabelled)
    else:
        listed = [Concept(number, name, "object") for number, name in coco.categories.items()]
        catalogue = check_catalogue(listed, unlabelled, f"{path}")
    place = None
    if coco.panoptic:
        place = panoptic_folder(config, folder)
        if not place.is_dir():
            raise SegmenterError(
                f"{place}: no such folder of panoptic PNGs; [[segmenter]] panoptic names where they are"
            )
    return CocoSegmenter(
        config.source, coco, catalogue, unlabelled=unlabelled, probe=probe, images=images, folder=place,
        content=hashlib.sha256(content).hexdigest(),
    )  # fmt: skip
