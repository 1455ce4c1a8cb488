"""The pictures of edits: before/after grids, lattices of insertions, a unit's strip, and what changed."""

from __future__ import annotations

import numpy as np
from PIL import Image

from dissect_report.analysis.generation.layer import UNIT_BLOCK, Measured
from dissect_report.analysis.outlines import outline
from dissect_report.analysis.pictures import picture_grid
from dissect_report.findings.generation import GridCell
from dissect_report.findings.paths import TILE
from dissect_report.findings.records import ConceptRecord

#: Side of a lattice's picture: of many places the tiles are smaller.
MOST_PIXELS = 16 * TILE

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
    side = min(TILE, MOST_PIXELS // max(shape))
    if side < TILE:
        small = [Image.fromarray(one).resize((side, side), Image.Resampling.BOX) for one in pictures]
        pictures = np.stack([np.asarray(one) for one in small])
    return picture_grid(pictures.reshape(*shape, side, side, 3))


def shown_grid(measured: Measured, place: int) -> np.ndarray:
    """uint8 [latent, column, TILE, TILE, 3]."""
    sets = measured.sets
    slots = [
        [sets.slots[latent, edit] for edit in sets.grid[place].tolist()]
        for latent in range(measured.layer.grid_latents)
    ]
    return np.asarray(measured.together.pictures[slots])


def grid_cells(measured: Measured, place: int, record: ConceptRecord) -> tuple[tuple[GridCell, ...], ...]:
    """What changed in every cell of a before/after grid, row by row.

    Args:
        place: of the concept among those tried.
        record: the concept.
    """
    edits = measured.sets.grid[place]
    rows = []
    for latent, pictures in enumerate(shown_grid(measured, place)):
        intact = measured.layer.intact_pictures[latent]
        areas = measured.together.pixels[latent, edits, record.id] / measured.layer.pixels
        cells = [
            GridCell(*changes(intact, picture), float(area))
            for picture, area in zip(pictures, areas, strict=True)
        ]
        rows.append(tuple(cells))
    return tuple(rows)


def placed_pictures(measured: Measured, place: int, latent: int) -> np.ndarray:
    """uint8 [place, TILE, TILE, 3]."""
    first = measured.placed_edit(place, measured.chosen[place].names[0], 0)
    slots = [measured.placed_slots[latent, first + k] for k in range(len(measured.layer.places))]
    return np.asarray(measured.placed.pictures[slots])


def set_pictures(measured: Measured, row: int) -> np.ndarray:
    """uint8 [latent, 1 + set, TILE, TILE, 3]: intact, then each set at the place that was drawn by lot.

    Args:
        measured: all outcomes.
        row: of the concept among those tried.
    """
    sets, rows = measured.chosen[row], []
    for latent, lot in enumerate(sets.lots):
        slots = [measured.placed_slots[latent, measured.placed_edit(row, name, lot)] for name in sets.names]
        rows.append(np.stack([measured.layer.intact_pictures[latent], *measured.placed.pictures[slots]]))
    return np.stack(rows)


def set_cells(measured: Measured, row: int, record: ConceptRecord) -> tuple[tuple[GridCell, ...], ...]:
    """What changed in every cell of ``set_pictures``, row by row."""
    layer, sets, rows = measured.layer, measured.chosen[row], []
    for latent, pictures in enumerate(set_pictures(measured, row)):
        edits = [measured.placed_edit(row, name, sets.lots[latent]) for name in sets.names]
        drawn = [layer.intact[latent, record.id], *measured.placed.pixels[latent, edits, record.id]]
        areas = (float(pixels / layer.pixels) for pixels in drawn)
        rows.append(tuple(
            GridCell(*changes(pictures[0], picture), area)
            for picture, area in zip(pictures, areas, strict=True)
        ))  # fmt: skip
    return tuple(rows)


def unit_placed_pictures(measured: Measured, place: int) -> np.ndarray:
    """uint8 [unit place, TILE, TILE, 3] of one of the units that were changed alone."""
    many, at = len(measured.layer.unit_places), place % UNIT_BLOCK
    return np.asarray(measured.units_placed[place // UNIT_BLOCK].pictures[at * many : (at + 1) * many])


def unit_pictures(measured: Measured, place: int) -> np.ndarray:
    """uint8 [row, 3, TILE, TILE, 3]: intact, removed, inserted everywhere."""
    rows = []
    for latent in measured.units.shown[place].tolist():
        slots = [measured.units.slots[latent, 2 * place + side] for side in range(2)]
        rows.append(np.stack([measured.layer.intact_pictures[latent], *measured.alone.pictures[slots]]))
    return np.stack(rows)
