"""Strokes of a brush over a layer's maps, as the address of a shared picture writes them.

A stroke reads ``a.c12.100.3.2k.2233``: add (``r``: remove), concept 12 (``u7``: unit 7 alone), at 100 per
cent, with a brush 3 cells wide, from cell 92 (base 36, row by row) on, a digit a step: 0 is up, 2 right,
4 down.
"""

from __future__ import annotations

import re
from collections.abc import Iterable, Mapping, Sequence
from dataclasses import dataclass

import numpy as np
from jaxtyping import Bool, Float

from dissect_report.errors import ConfigError
from dissect_report.findings.painting import Painting

#: Row and column of a step by its digit: up, then clockwise.
STEPS = ((-1, 0), (-1, 1), (0, 1), (1, 1), (1, 0), (1, -1), (0, -1), (-1, -1))

_FORM = re.compile(r"([ar])\.([cu])(\d+)\.(\d+)\.(\d+)\.([0-9a-z]+)\.([0-7]*)")


@dataclass(frozen=True)
class Stroke:
    """One stroke.

    Attributes:
        adds: adds; else removes.
        concept: whether ``number`` is a concept's id; else a unit's index.
        number: of either.
        percent: strength, 1 to 100.
        width: of the brush, in cells.
        path: row and column of the cells that its middle went over.
    """

    adds: bool
    concept: bool
    number: int
    percent: int
    width: int
    path: tuple[tuple[int, int], ...]


def read_strokes(texts: Iterable[str], map_size: tuple[int, int]) -> list[Stroke]:
    """Strokes from their texts.

    Raises:
        ConfigError: one is no stroke, or leaves the map.
    """
    return [_read(text, map_size) for text in texts]


def _read(text: str, map_size: tuple[int, int]) -> Stroke:
    found = _FORM.fullmatch(text)
    if found is None:
        raise ConfigError(f"{text!r} is no stroke, which reads like a.c12.100.3.2k.2233")
    way, kind, number, percent, width, start, moves = found.groups()
    row, column = divmod(int(start, 36), map_size[1])
    path = [(row, column)]
    for move in moves:
        path.append((path[-1][0] + STEPS[int(move)][0], path[-1][1] + STEPS[int(move)][1]))
    if any(not (0 <= y < map_size[0] and 0 <= x < map_size[1]) for y, x in path):
        raise ConfigError(f"{text!r} leaves the map, which has {map_size[0]} x {map_size[1]} cells")
    return Stroke(way == "a", kind == "c", int(number), int(percent), int(width), tuple(path))


def brushed(
    path: Sequence[tuple[int, int]], width: int, map_size: tuple[int, int]
) -> Bool[np.ndarray, "y x"]:
    """The cells under a round brush that went along ``path``: centres within half its width."""
    rows, columns = np.indices(map_size)
    cells = np.zeros(map_size, bool)
    for row, column in path:
        cells |= 4 * ((rows - row) ** 2 + (columns - column) ** 2) <= width**2
    return cells


def paint(
    maps: Float[np.ndarray, "unit y x"],
    cells: Bool[np.ndarray, "y x"],
    units: Mapping[int, tuple[float, float]],
    strength: float = 1.0,
) -> Float[np.ndarray, "unit y x"]:
    """A copy of ``maps`` with units moved towards a value in some cells.

    Args:
        units: per unit the value, and how far it is moved there at full strength.
        strength: in [0, 1].
    """
    made = maps.copy()
    for unit, (value, share) in units.items():
        far = np.float32(strength * share)
        made[unit][cells] = (1 - far) * maps[unit][cells] + far * np.float32(value)
    return made


def stroke_units(painting: Painting, stroke: Stroke) -> dict[int, tuple[float, float]]:
    """Per unit that a stroke moves, where to and how far.

    Raises:
        ConfigError: the concept has no set, or there is no such unit.
    """
    if stroke.concept:
        own = next((each for each in painting.sets if each.concept == stroke.number), None)
        if own is None:
            raise ConfigError(f"concept {stroke.number} has no units to paint with")
        shares = dict(zip(own.adds, own.strengths, strict=True))
        shares = shares if stroke.adds else dict.fromkeys(own.removes, 1.0)
    elif stroke.number < len(painting.levels):
        shares = {stroke.number: 1.0}
    else:
        raise ConfigError(f"there is no unit {stroke.number}: the layer has {len(painting.levels)}")
    if not stroke.adds:
        return {unit: (0.0, share) for unit, share in shares.items()}
    levels = painting.levels
    return {u: (level, share) for u, share in shares.items() if (level := levels[u]) is not None}


def apply_strokes(
    painting: Painting, maps: Float[np.ndarray, "unit y x"], strokes: Sequence[Stroke]
) -> Float[np.ndarray, "unit y x"]:
    """The maps after every stroke, in order: what the page hands to the network."""
    for stroke in strokes:
        cells = brushed(stroke.path, stroke.width, painting.map_size)
        maps = paint(maps, cells, stroke_units(painting, stroke), stroke.percent / 100)
    return maps
