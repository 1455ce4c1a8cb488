"""The pictures of edits: before/after grids, lattices of insertions, a unit's strip, and what changed."""

from __future__ import annotations

import numpy as np

from dissect_report.analysis.sprites import outline, picture_grid
from dissect_report.findings.paths import TILE

#: Side of the grid on which changes are looked for, in cells of a tile.
CHANGE_GRID = 32

#: A change of this share of the full range, in any channel, is one that a reader sees.
VISIBLE = 0.1


def changes(intact: np.ndarray, edited: np.ndarray) -> tuple[str, float]:
    """Where an edited picture differs visibly from the intact one.

    Args:
        intact: uint8 [TILE, TILE, 3].
        edited: the same.

    Returns:
        Outline as SVG path data, and the share of the picture inside it.
    """
    difference = np.abs(edited.astype(np.int16) - intact).max(2).astype(np.float32) / 255
    size = TILE // CHANGE_GRID
    cells = difference.reshape(CHANGE_GRID, size, CHANGE_GRID, size).mean((1, 3))
    share = float((cells > VISIBLE).mean())
    return (outline(cells, VISIBLE) if share else ""), share


def removal_grid(pictures: np.ndarray) -> bytes:
    """WebP of a before/after grid.

    Args:
        pictures: uint8 [latent, column, TILE, TILE, 3].
    """
    return picture_grid(pictures)


def lattice_picture(pictures: np.ndarray, shape: tuple[int, int]) -> bytes:
    """WebP of an image with a concept inserted at every place, tiles as the places lie.

    Args:
        pictures: uint8 [place, TILE, TILE, 3], row by row.
        shape: rows and columns of places.
    """
    return picture_grid(pictures.reshape(*shape, TILE, TILE, 3))
