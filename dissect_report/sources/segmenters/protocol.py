"""What every source of concept labels offers, and how pictures become cells of the grid."""

from __future__ import annotations

from collections.abc import Sequence
from typing import Protocol

import numpy as np
import torch
from jaxtyping import Float, Integer
from torch import Tensor

from dissect_report.errors import SegmenterError
from dissect_report.sources.concepts import Concept, look_up


class Segmenter(Protocol):
    """A source of concept labels."""

    @property
    def source(self) -> str:
        """As the configuration names it."""
        ...

    @property
    def digest(self) -> str:
        """sha256 of its weights or masks and its catalogue; "" if it has none."""
        ...

    @property
    def catalogue(self) -> tuple[Concept, ...]:
        """Its concepts; the n-th of them is n in its labels."""
        ...

    @property
    def quality(self) -> dict[str, float | None]:
        """IoU against known truth per concept name, where it came with one."""
        ...

    def to(self, device: torch.device | str) -> None:
        """Moves its network, if it has one."""
        ...

    def label(
        self, images: Float[Tensor, "image 3 y x"], names: Sequence[str], grid: int
    ) -> Integer[Tensor, "image depth grid grid"]:
        """Positions in the catalogue, 1 .. n; 0 = no concept. ``images`` are RGB in [0, 1].

        Raises:
            SegmenterError: it fails, or gives an id that is not in its catalogue.
        """
        ...


def check_sides(source: str, found: Tensor, images: Tensor) -> None:
    """Refuses labels of nothing, and what is no map of a square picture: rows of tokens, say.

    Args:
        source: as the configuration names it.
        found: labels or logits, [image, channel, y, x].
        images: that they are of.

    Raises:
        SegmenterError: naming both shapes.
    """
    (height, width), (rows, columns) = images.shape[-2:], found.shape[-2:]
    if 0 in found.shape or (height == width and rows != columns):
        raise SegmenterError(
            f"{source} gives {list(found.shape)} for images of {height} x {width} pixels: no map of them "
            "[image, channel, y, x]"
        )


def cell_pixels(side: int, grid: int) -> np.ndarray:
    """Int [grid]: the pixel that stands for each cell, which is the one at the cell's centre.

    That is cell * size + size // 2 where ``side`` is ``grid`` times ``size``.
    """
    return (2 * np.arange(grid) + 1) * int(side) // (2 * grid)  # a tensor while a graph is made


def sample_cells(labels: Integer[Tensor, "... y x"], grid: int) -> Integer[Tensor, "... grid grid"]:
    """The labels of the cells' centre pixels."""
    rows = torch.as_tensor(cell_pixels(labels.shape[-2], grid), device=labels.device)
    columns = torch.as_tensor(cell_pixels(labels.shape[-1], grid), device=labels.device)
    return labels[..., rows[:, None], columns[None, :]]


def to_positions(ids: Integer[Tensor, ...], table: Tensor, where: str) -> Integer[Tensor, ...]:
    """``ids`` as positions in a catalogue by its ``table`` (see ``position_table``), on the ids' device.

    Raises:
        SegmenterError: an id is not in the catalogue.
    """
    if ids.is_floating_point() or ids.is_complex() or ids.dtype == torch.bool:
        raise SegmenterError(f"{where}: gives {ids.dtype} where whole concept ids are expected")
    ids = ids.long()
    table = table.to(ids.device)
    inside = (ids >= 0) & (ids < len(table))
    positions = table[ids.clamp(0, len(table) - 1)]
    if not bool((inside & (positions >= 0)).all()):
        look_up(ids.cpu().numpy(), table.cpu().numpy(), where)  # finds the first stray id and names it
    return positions
