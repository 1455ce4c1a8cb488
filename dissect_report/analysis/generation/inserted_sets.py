"""What the sets of a concept did at places, everywhere and removed, as their records."""

from __future__ import annotations

import numpy as np

from dissect_report.analysis.generation.edits import over_grid
from dissect_report.analysis.generation.layer import LayerEdits, Measured
from dissect_report.findings.inserted_sets import InsertedSet
from dissect_report.findings.store import number
from dissect_report.stats.effects import removed_portion
from dissect_report.stats.latent_intervals import mean_interval, portion_interval


def inserted_sets(measured: Measured, row: int, weights: np.ndarray) -> tuple[InsertedSet, ...]:
    """Every set of a concept, the one that was asked for first.

    Args:
        measured: all outcomes.
        row: of the concept among those tried.
        weights: of ``sample_weights``.
    """
    return tuple(_record(measured, row, name, weights) for name in measured.chosen[row].names)


def _record(measured: Measured, row: int, name: str, weights: np.ndarray) -> InsertedSet:
    layer, sets = measured.layer, measured.chosen[row]
    units = sets.chosen[name] if name in sets.chosen else sets.draws[0]
    added = added_at(measured, row, name) / layer.pixels
    after, before = painted(measured, row, name), painted_before(layer, row)
    ace, gone = _everywhere(measured, row, name)
    intact = layer.intact[:, layer.concepts[row].id].astype(np.int64)
    portion = removed_portion(np.tile(intact, len(gone)), gone.reshape(-1))
    gained = (after - before).mean(1)
    ends = {
        "added": mean_interval(added.mean(1)),
        "gained": mean_interval(gained),
        "ace": mean_interval(ace),
        "removed": portion_interval(intact, gone, weights),
    }
    return InsertedSet(
        chosen_by=name,
        units=units.units,
        strengths=units.strengths or (1.0,) * len(units.units),
        added=float(added.mean()),
        painted=float(after.mean()),
        gained=float(gained.mean()),
        ace=float(ace.mean()),
        removed=number(float(portion)),
        **{
            f"{key}_{end}": number(pair[at])
            for key, pair in ends.items()
            for at, end in enumerate(("low", "high"))
        },
    )


def added_at(measured: Measured, row: int, name: str) -> np.ndarray:
    """int64 [latent, place] change in grid pixels of a concept by one of its sets."""
    layer, concept = measured.layer, measured.layer.concepts[row].id
    intact = layer.intact[: layer.insert_latents, concept, None]
    added: np.ndarray = _placed(measured, row, name, measured.placed.pixels) - intact
    return added


def painted(measured: Measured, row: int, name: str) -> np.ndarray:
    """float64 [latent, place] share of the place's own grid pixels that carry the concept."""
    sizes = [rows * columns for rows, columns in map(_size, _squares(measured.layer))]
    return _placed(measured, row, name, measured.placed.inside) / np.array(sizes, np.float64)


def painted_before(layer: LayerEdits, row: int) -> np.ndarray:
    """float64 [latent, place] the same in the intact images."""
    drawn = (layer.labels[: layer.insert_latents] == layer.concepts[row].id).any(1)
    return np.stack([drawn[:, rows, columns].mean((1, 2)) for rows, columns in _squares(layer)], 1)


def _squares(layer: LayerEdits) -> list[tuple[slice, slice]]:
    """Rows and columns of the segmentation grid of every place."""
    size, found = layer.info.map_size, []
    for top, bottom, left, right in (place.block for place in layer.places):
        found.append(
            (over_grid(top, bottom, size[0], layer.grid), over_grid(left, right, size[1], layer.grid))
        )
    return found


def _size(square: tuple[slice, slice]) -> tuple[int, int]:
    return square[0].stop - square[0].start, square[1].stop - square[1].start


def _placed(measured: Measured, row: int, name: str, counted: np.ndarray) -> np.ndarray:
    """int64 [latent, place] of the concept itself."""
    first = measured.placed_edit(row, name, 0)
    edits = slice(first, first + len(measured.layer.places))
    found: np.ndarray = counted[:, edits, measured.layer.concepts[row].id].astype(np.int64)
    return found


def _everywhere(measured: Measured, row: int, name: str) -> tuple[np.ndarray, np.ndarray]:
    """Of a set, or of all draws: float64 [latent] ACE, and int64 [draw, latent] pixels left when removed."""
    layer, sets = measured.layer, measured.chosen[row]
    names, concept = list(sets.chosen), layer.concepts[row].id
    rows = [names.index(name)] if name in names else list(range(len(names), len(names) + len(sets.draws)))
    inserted, gone = (
        measured.together.pixels[:, edits[row, rows], concept].T.astype(np.int64)
        for edits in (measured.sets.inserted, measured.sets.ablated)
    )
    return (inserted - gone).mean(0) / layer.pixels, gone
