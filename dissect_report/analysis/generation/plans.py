"""What a generation run tries: which layers, which concepts, which units, at which places."""

from __future__ import annotations

from collections.abc import Collection, Sequence
from dataclasses import dataclass
from fnmatch import fnmatchcase

import numpy as np

from dissect_report.activations.layers import LayerInfo, select_layers
from dissect_report.config import GenerationConfig
from dissect_report.errors import ConfigError, LayerError, nearest
from dissect_report.findings.records import ConceptRecord
from dissect_report.findings.store import LoadedRun
from dissect_report.findings.units import UnitRecord
from dissect_report.stats.effects import rank_by

#: A layer of no more units is the image itself.
RGB = 3

#: Concepts that are tried unless some are named.
DEFAULT_CONCEPTS = 8


def choose_layers(config: GenerationConfig, run: LoadedRun, chosen: Sequence[LayerInfo]) -> list[LayerInfo]:
    """The layers to change, among those dissected; by default the one whose units match most concepts.

    Raises:
        LayerError: an unknown layer, or one whose maps are smaller than 2x2.
    """
    able = check_layers(config, chosen)
    if config.layers:
        return able
    found = [sum(run.layers[info.name].summary.concepts.values()) for info in able]
    return [able[int(np.argmax(found))]]


def check_layers(config: GenerationConfig, chosen: Sequence[LayerInfo]) -> list[LayerInfo]:
    """The layers that are named, or where none is those that can be changed.

    Raises:
        LayerError: an unknown layer, or maps smaller than 2x2.
    """
    if config.layers:
        layers = list(select_layers(chosen, config.layers))
        for info in layers:
            if min(info.map_size) < 2:
                raise LayerError(f"[generation] layers: the maps of {info.name!r} are smaller than 2x2 cells")
        return layers
    able = [info for info in chosen if min(info.map_size) >= 2 and info.base is None]
    able = [info for info in able if info.units > RGB] or able
    if not able:
        raise LayerError("[generation]: no dissected layer has maps of at least 2x2 cells")
    return able


def match_names(pattern: str, names: Sequence[str]) -> set[str]:
    """The concepts that a name or a glob means; a name that is one means no others.

    Raises:
        ConfigError: none.
    """
    found = {pattern} & set(names) or {name for name in names if fnmatchcase(name, pattern)}
    if not found:
        raise ConfigError(
            f"[generation] concepts: no concept is called {pattern!r}; {nearest(pattern, names)}"
        )
    return found


def choose_concepts(
    config: GenerationConfig, run: LoadedRun, layer: str, able: Collection[int] | None = None
) -> tuple[list[ConceptRecord], list[ConceptRecord]]:
    """The concepts to change, and those asked for that no image shows.

    By default the largest by area among those that a unit of the layer matches above chance.

    Args:
        config: the table.
        run: the dissection's findings.
        layer: whose units match.
        able: concepts that can be changed, where none is named; None for all.

    Raises:
        ConfigError: a name that is no concept.
    """
    catalogue = run.record.concepts
    if config.concepts:
        asked: dict[int, ConceptRecord] = {}
        for pattern in config.concepts:
            named = match_names(pattern, [c.name for c in catalogue])
            asked |= {c.id: c for c in catalogue if c.name in named and (c.pixels or c.name == pattern)}
        wanted = list(asked.values())
        return [c for c in wanted if c.pixels], [c for c in wanted if not c.pixels]
    matched = matched_concepts(run.layers[layer].units)
    matched = matched if able is None else matched & set(able)
    largest = sorted((c for c in catalogue if c.id in matched), key=lambda c: (-c.pixels, c.id))
    return largest[:DEFAULT_CONCEPTS], []


def judged(config: GenerationConfig, units: Sequence[UnitRecord]) -> tuple[list[int], list[int]]:
    """What of the judgements on a layer's units decides what is tried: concepts matched, and detectors."""
    matched = [] if config.concepts else sorted(matched_concepts(units))
    return matched, [] if config.unit_effects == "all" else [u.unit for u in units if u.detector]


def matched_concepts(units: Sequence[UnitRecord]) -> set[int]:
    """Those that a unit matches above chance, or untested."""
    return {u.concept for u in units if u.concept and u.grade in ("strong", "weak", "untested")}


@dataclass(frozen=True)
class Place:
    """Where an insertion goes.

    Attributes:
        block: first row, last row (not included), first column, last column of the map.
        middle: row and column of the segmentation grid whose label is its context.
    """

    block: tuple[int, int, int, int]
    middle: tuple[int, int]


def lattice(map_size: tuple[int, int], grid: int, most: int) -> tuple[tuple[int, int], list[Place]]:
    """Rows and columns of places, and the places row by row.

    A place is a cell where the map has at most ``most`` cells a side, else one of ``most`` x ``most`` blocks;
    none is smaller than a pixel of the segmentation grid.
    """
    rows, columns = min(map_size[0], most, grid), min(map_size[1], most, grid)
    places = []
    for row in range(rows):
        for column in range(columns):
            top, bottom = row * map_size[0] // rows, (row + 1) * map_size[0] // rows
            left, right = column * map_size[1] // columns, (column + 1) * map_size[1] // columns
            middle = (
                (top + bottom) * grid // (2 * map_size[0]),
                (left + right) * grid // (2 * map_size[1]),
            )
            places.append(Place((top, bottom, left, right), middle))
    return (rows, columns), places


def counts_below(removed: Sequence[int], units: int) -> tuple[int, ...]:
    """The numbers of units to remove that the layer has, ascending, each once.

    Raises:
        ConfigError: it has none of them.
    """
    fitting = tuple(sorted({count for count in removed if count <= units}))
    if not any(fitting):
        raise ConfigError(f"[generation] removed: the layer has {units} units; name a number from 1 to that")
    return fitting


def best_units(iou: np.ndarray, concept: int) -> tuple[int, ...]:
    """All units of a layer by their IoU with a concept, best first.

    Args:
        iou: float64 [unit, concept + 1].
    """
    return rank_by(iou[:, concept], range(len(iou)))
