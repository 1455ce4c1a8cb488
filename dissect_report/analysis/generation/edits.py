"""Edits of a layer's maps, and the images that the rest of the generator makes of them."""

from __future__ import annotations

from collections.abc import Collection, Sequence
from dataclasses import dataclass, replace

import numpy as np
import torch
from jaxtyping import Float, Int32, UInt8
from torch import Tensor

from dissect_report.activations.tail import Held, Tail
from dissect_report.analysis.generating import finite_images, label_images, pictures, unit_range
from dissect_report.analysis.progress import Stage
from dissect_report.analysis.setup import Setup
from dissect_report.stats.overlap import count_concepts


@dataclass(frozen=True)
class Edit:
    """Units moved to fixed values, everywhere or in one block of cells.

    Attributes:
        units: channels of the layer; none for the intact image.
        values: one for each; none removes them, which is zero.
        block: first row, last row (not included), first column, last column; None for everywhere.
        strengths: how far each is moved to its value, in (0, 1]; none moves them the whole way.
    """

    units: tuple[int, ...]
    values: tuple[float, ...] = ()
    block: tuple[int, int, int, int] | None = None
    strengths: tuple[float, ...] = ()

    def apply(self, maps: Float[Tensor, "unit y x"]) -> None:
        """Writes into one image's maps."""
        if not self.units:
            return
        top, bottom, left, right = self.block or (0, maps.shape[1], 0, maps.shape[2])
        values = maps.new_tensor(self.values or (0.0,) * len(self.units))[:, None, None]
        if self.strengths:
            strengths = maps.new_tensor(self.strengths)[:, None, None]
            before = maps[list(self.units), top:bottom, left:right]
            values = before + (values - before) * strengths
        maps[list(self.units), top:bottom, left:right] = values

    def inside(self, map_size: tuple[int, int], grid: int) -> tuple[slice, slice]:
        """Rows and columns of the segmentation grid over which the edit lies."""
        top, bottom, left, right = self.block or (0, map_size[0], 0, map_size[1])
        return over_grid(top, bottom, map_size[0], grid), over_grid(left, right, map_size[1], grid)


def over_grid(first: int, last: int, cells: int, grid: int) -> slice:
    """The grid's rows, or columns, over some of a map's cells: one at least.

    Args:
        first: cell.
        last: cell, not included.
        cells: of the map along this side.
        grid: side of the segmentation grid.
    """
    start = first * grid // cells
    return slice(start, max(start + 1, last * grid // cells))


@dataclass(frozen=True, eq=False)
class Edited:
    """What came of some edits of one latent's image.

    Attributes:
        pixels: int32 [edit, concept + 1] grid pixels of each concept.
        inside: int32 [edit, concept + 1] those of them that lie over the edit's block.
        pictures: by edit, uint8 [TILE, TILE, 3] of those asked for.
        unchanged: edits that changed no activation: the intact image stands for them.
    """

    pixels: Int32[np.ndarray, "edit concept"]
    inside: Int32[np.ndarray, "edit concept"]
    pictures: dict[int, UInt8[np.ndarray, "y x 3"]]
    unchanged: int


@dataclass(frozen=True, eq=False)
class Editor:
    """Makes and segments edited images, as many at a time as the memory holds.

    Attributes:
        setup: the run's.
        tail: what lies behind the layer.
        memory: bytes for edited maps and for what lies behind them.
    """

    setup: Setup
    tail: Tail
    memory: int

    def segment(self, held: Held, edits: Sequence[Edit], latent: int) -> tuple[Tensor, np.ndarray]:
        """Images in [0, 1] and their labels, uint16 [edit, depth, y, x]; few enough for one batch."""
        maps = held.recorded.expand(len(edits), -1, -1, -1).clone()
        for row, edit in zip(maps, edits, strict=True):
            edit.apply(row)
        kept = [value.expand(len(edits), *value.shape[1:]).clone() for value in held.kept]
        raw = finite_images(self.setup, self.tail.consume(maps, kept), range(latent, latent + 1))
        images = unit_range(self.setup, raw)
        return images, label_images(self.setup, images)

    def run(
        self, held: Held, edits: Sequence[Edit], shown: Collection[int], latent: int, stage: Stage
    ) -> Edited:
        """Every edit of one latent's image.

        Args:
            held: of that latent alone.
            shown: edits whose pictures are wanted.
            latent: its index, for messages.
            stage: advanced by edits.
        """
        maps = held.recorded[0]
        moving = [place for place, edit in enumerate(edits) if _moves(edit, maps)]
        concepts = len(self.setup.segmenter.catalogue)
        pixels, inside = (np.empty((len(edits), concepts + 1), np.int32) for _ in range(2))
        drawn: dict[int, np.ndarray] = {}
        still = [place for place in range(len(edits)) if place not in set(moving)]
        groups = [moving[at : at + self.batch] for at in range(0, len(moving), self.batch)]
        for group in [still[:1], *groups]:
            if not group:
                continue
            with torch.inference_mode():
                images, labels = self.segment(held, [edits[place] for place in group], latent)
            own = still if group == still[:1] else group
            pixels[own] = count_labels(labels, concepts)
            inside[own] = pixels[own]
            if any(edits[place].block for place in own):
                inside[own] = count_labels(self._inside(labels, [edits[place] for place in own]), concepts)
            wanted = [row for row, place in enumerate(group) if place in shown]
            for row, picture in zip(wanted, pictures(images[wanted]), strict=True):
                drawn[group[row]] = picture
            stage.advance(len(group))
        if still:
            stage.advance(len(still) - 1)
            drawn |= self._still(held, edits, still, shown, latent, drawn)
        return Edited(pixels, inside, drawn, len(still))

    def _inside(self, labels: np.ndarray, edits: Sequence[Edit]) -> np.ndarray:
        """The labels over each edit's block, nothing elsewhere; one image may stand for all edits."""
        found = np.zeros((len(edits), *labels.shape[1:]), labels.dtype)
        for place, edit in enumerate(edits):
            rows, columns = edit.inside(self.tail.layer.map_size, labels.shape[-1])
            found[place, :, rows, columns] = labels[place % len(labels), :, rows, columns]
        return found

    def _still(
        self,
        held: Held,
        edits: Sequence[Edit],
        still: Sequence[int],
        shown: Collection[int],
        latent: int,
        drawn: dict[int, np.ndarray],
    ) -> dict[int, np.ndarray]:
        """The intact picture for every edit that changed nothing and is to be shown."""
        wanted = [place for place in still if place in shown]
        if not wanted:
            return {}
        picture = drawn.get(still[0])
        if picture is None:
            with torch.inference_mode():
                picture = pictures(self.segment(held, [edits[still[0]]], latent)[0])[0]
        return dict.fromkeys(wanted, picture)

    @property
    def batch(self) -> int:
        """Edits at a time."""
        return int(np.clip(self.memory // max(1, 2 * self.tail.row_bytes), 1, self.setup.batches.size))


def count_labels(labels: np.ndarray, concepts: int) -> Int32[np.ndarray, "image concept"]:
    """Grid pixels of each concept, [image, concept + 1].

    Args:
        labels: uint16 [image, depth, y, x].
        concepts: of the catalogue.
    """
    area = count_concepts(labels, np.zeros(len(labels), np.uint8), concepts).area
    return area.astype(np.int32)


def _moves(edit: Edit, maps: Tensor) -> bool:
    """Whether the edit changes any activation."""
    if not edit.units:
        return False
    changed = maps[list(edit.units)]
    small = replace(edit, units=tuple(range(len(edit.units))))
    after = changed.clone()
    small.apply(after)
    return not torch.equal(after, changed)
