"""Several segmenters as one: their concepts get ids of one catalogue, their labels lie in depth."""

from __future__ import annotations

import hashlib
from collections.abc import Sequence
from pathlib import Path

import numpy as np
import torch
from jaxtyping import Float, UInt16
from torch import Tensor

from dissect_report.config import ProbeConfig, SegmenterConfig
from dissect_report.errors import SegmenterError
from dissect_report.schemes import forms
from dissect_report.sources.concepts import Concept
from dissect_report.sources.dependencies import dependency_digest
from dissect_report.sources.opening import find_opener
from dissect_report.sources.segmenters.coco import CocoSegmenter
from dissect_report.sources.segmenters.from_code import open_factory
from dissect_report.sources.segmenters.masks import MaskSegmenter
from dissect_report.sources.segmenters.protocol import Segmenter

#: Labels are kept as uint16.
MOST_CONCEPTS = 65535


class MergedSegmenter:
    """The segmenters of a run.

    Attributes:
        segmenters: in the order of merging.
        catalogue: all concepts, ids 1, 2 ... in that order. A name that an earlier segmenter has taken gets
            its category, or the segmenter's number, behind it.
        owners: per concept, the index of its segmenter.
        depth: label channels; 0 before the first call of ``label``.
        known: digests of what else the labels depend on: declared files, outputs on a fixed input.
    """

    def __init__(self, segmenters: Sequence[Segmenter], depends: Sequence[str] = ()) -> None:
        """Args:
        segmenters: in the order of merging.
        depends: digests of the files that they declare.

        Raises:
            SegmenterError: more concepts than a label can hold.
        """
        self.segmenters = tuple(segmenters)
        self.known = [part for part in depends if part]
        self.depth = 0
        self._first = np.cumsum([0, *(len(s.catalogue) for s in self.segmenters)])
        if self._first[-1] > MOST_CONCEPTS:
            raise SegmenterError(
                f"{self._first[-1]} concepts together; at most {MOST_CONCEPTS} can be told apart"
            )
        self.catalogue = _merge_catalogues([segmenter.catalogue for segmenter in self.segmenters])
        self.owners = tuple(k for k, segmenter in enumerate(self.segmenters) for _ in segmenter.catalogue)

    @property
    def digest(self) -> str:
        """sha256 over the segmenters' digests, in the order of merging, and what else is known of them."""
        parts = [*(s.source + s.digest for s in self.segmenters), *self.known]
        return hashlib.sha256("".join(parts).encode()).hexdigest()

    def to(self, device: torch.device | str) -> MergedSegmenter:
        """Moves every network among them; gives itself back."""
        for segmenter in self.segmenters:
            segmenter.to(device)
        return self

    def check_files(self, names: Sequence[str]) -> None:
        """Refuses images whose masks are missing or cannot be theirs, by the headers of files: in seconds.

        Raises:
            SegmenterError: naming the first of them.
        """
        for segmenter in self.segmenters:
            if isinstance(segmenter, MaskSegmenter | CocoSegmenter):
                segmenter.check_files(names)

    def check(self, names: Sequence[str]) -> None:
        """Refuses images that masks do not cover, before anything is labelled.

        Raises:
            SegmenterError: naming the first of them and what is there instead.
        """
        for segmenter in self.segmenters:
            if isinstance(segmenter, MaskSegmenter | CocoSegmenter):
                segmenter.check(names)

    def label(
        self, images: Float[Tensor, "image 3 y x"], names: Sequence[str], grid: int
    ) -> UInt16[np.ndarray, "image depth grid grid"]:
        """Ids of the merged catalogue, 0 = no concept. ``images`` are RGB in [0, 1].

        Raises:
            SegmenterError: a segmenter fails, or gives an id that is not in its catalogue.
        """
        layers = []
        for first, segmenter in zip(self._first, self.segmenters, strict=False):
            labels = segmenter.label(images, names, grid).cpu().numpy().astype(np.int64)
            if labels.shape[0] != len(names) or labels.shape[2:] != (grid, grid):
                raise SegmenterError(f"{segmenter.source} gives labels of shape {list(labels.shape)}")
            if labels.min(initial=0) < 0 or labels.max(initial=0) > len(segmenter.catalogue):
                stray = labels[(labels < 0) | (labels > len(segmenter.catalogue))].flat[0]
                raise SegmenterError(
                    f"{segmenter.source}: the id {stray} is outside its {len(segmenter.catalogue)} concepts"
                )
            layers.append(np.where(labels > 0, labels + first, 0).astype(np.uint16))
        merged = np.concatenate(layers, axis=1)
        if self.depth not in (0, merged.shape[1]):
            counts = f"{merged.shape[1]} label channels, {self.depth} before"
            raise SegmenterError(f"{counts}: the number must be the same for all images")
        self.depth = merged.shape[1]
        return merged


def _merge_catalogues(catalogues: Sequence[Sequence[Concept]]) -> tuple[Concept, ...]:
    """Ids from 1 on; a name that is taken gets its category behind it, or the number of its segmenter."""
    merged: list[Concept] = []
    taken: set[str] = set()
    for number, catalogue in enumerate(catalogues, start=1):
        for concept in catalogue:
            wanted = (concept.name, f"{concept.name} ({concept.category})", f"{concept.name} ({number})")
            name = next((n for n in wanted if n not in taken), f"{concept.name} ({number}, id {concept.id})")
            taken.add(name)
            merged.append(Concept(len(merged) + 1, name, concept.category))
    return tuple(merged)


def open_segmenters(configs: Sequence[SegmenterConfig], probe: ProbeConfig, folder: Path) -> MergedSegmenter:
    """The configured segmenters, merged.

    Args:
        configs: in the order of merging.
        probe: how the images are cut, which masks must follow.
        folder: relative sources are relative to it.

    Raises:
        SegmenterError: a source is unknown or cannot be used.
        WeightsError: weights cannot be had.
    """
    if not configs:
        raise SegmenterError("[[segmenter]] is missing: concepts need at least one")
    depends = [dependency_digest(c.depends, folder, "[[segmenter]] depends", SegmenterError) for c in configs]
    opened = [open_segmenter(config, probe, folder, configs) for config in configs]
    return MergedSegmenter(opened, depends)


def open_segmenter(
    config: SegmenterConfig, probe: ProbeConfig, folder: Path, among: Sequence[SegmenterConfig] = ()
) -> Segmenter:
    """One segmenter by the kind of its source. Raises as ``open_segmenters``.

    Args:
        among: all of the run, whose masks are no images.
    """
    opener = find_opener(config, "segmenter", SegmenterError)
    if opener is not None:
        opened: Segmenter = opener(config, probe, folder, among or [config])
        return opened
    if ":" in config.source:
        return open_factory(config, folder)
    raise SegmenterError(f"{config.source!r} is no segmenter: expected {forms('segmenter')}")
