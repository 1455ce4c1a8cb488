"""Hamlets: scenes of the drawn world whose every accident is a number of a latent.

A latent has numbers for the whole scene and numbers for each cell of a grid: what stands in a cell is said by
the cell's own numbers and the scene's, never by its neighbours'. So the scene with one cell of another latent
is a hamlet like any other, and a latent's neighbours are the scene's neighbours. That makes hamlets what a
generator can be taught to draw cell by cell.

No number stands for a concept: a cell's numbers are turned by a fixed rotation before they are read.
"""

from collections.abc import Sequence
from functools import cache
from math import erf, sqrt

import numpy as np
from numpy.typing import NDArray

from dissect_report.demo import buildings, plants
from dissect_report.demo.backdrop import Ground, hills, land, mountains, ridge
from dissect_report.demo.canvas import Canvas
from dissect_report.demo.concepts import label
from dissect_report.demo.dice import Dice
from dissect_report.demo.palette import SEASONS, Season, hour, vary
from dissect_report.demo.places.staging import standing
from dissect_report.demo.sky import cloud, sky
from dissect_report.demo.weather import finish

#: Numbers of a latent for the whole scene.
SCENE = 40

#: Cells along each side, and numbers of a latent for each of them.
CELLS, CELL = 8, 8

#: Numbers of a latent: those of the scene, then number by number those of all cells, row by row.
LATENT = SCENE + CELL * CELLS * CELLS

#: Cell rows in which things stand; above them are hills and sky.
GROUND = range(2, CELLS)

KINDS = ("", "house", "tree", "pine", "church")
"""What a cell can hold."""

_LIKING, _BARE = 0.7, 1.6


class Dials(Dice):
    """Dice that show given numbers, one after the other; in the middle once they run out."""

    def __init__(self, values: Sequence[float]) -> None:
        """Takes numbers in [0, 1)."""
        numbers = iter(values)
        self._random = lambda: next(numbers, 0.5)  # type: ignore[assignment]


class Latent:
    """Standard normal numbers, handed out in order: as they are, or as dials."""

    def __init__(self, values: NDArray[np.float32]) -> None:
        """Takes float32 numbers."""
        self._values: list[float] = values.tolist()
        self._used = 0

    def numbers(self, number: int) -> list[float]:
        """The next numbers, standard normal."""
        self._used += number
        return self._values[self._used - number : self._used]

    def dials(self, number: int) -> Dials:
        """The next numbers, uniform."""
        return Dials([min(0.5 + 0.5 * erf(value / sqrt(2)), 0.999999) for value in self.numbers(number)])


@cache
def _rotation(size: int) -> NDArray[np.float64]:
    """A fixed rotation, float64 [size, size]."""
    turned: NDArray[np.float64] = np.linalg.qr(np.random.RandomState(size).standard_normal((size, size)))[0]
    return turned


def draw_hamlet(values: NDArray[np.float32], size: int = 64) -> NDArray[np.uint8]:
    """The scene of one latent, RGB, uint8 [y, x, 3].

    Args:
        values: standard normal, float32 [LATENT].
        size: side of the picture in pixels.
    """
    scene = Latent(values[:SCENE])
    canvas = Canvas(size, hour(scene.dials(8)))
    general = scene.dials(2)
    season, horizon = general.pick(SEASONS), general.between(14, 20)
    _heavens(canvas, scene, horizon)
    hills(canvas, scene.dials(4), season, horizon + 4, 2, drop=4.0)
    ground = _ground(canvas, scene.dials(4), season, horizon)
    liking = np.array(scene.numbers(len(KINDS))) * _LIKING + _BARE * (np.arange(len(KINDS)) == 0)
    cells = values[SCENE:].reshape(CELL, CELLS, CELLS).transpose(1, 2, 0) @ _rotation(CELL)
    for row in GROUND:
        for column in range(CELLS):
            cell = cells[row, column].astype(np.float32)
            kind = KINDS[int(np.argmax(cell[: len(KINDS)] + liking))]
            dials = Latent(cell[len(KINDS) :]).dials(CELL - len(KINDS))
            _stand(canvas, kind, dials, ground, season, row, column)
    return finish(canvas.colors(), canvas.labels(), canvas.light, (0, 0), snowing=False)


def _heavens(canvas: Canvas, scene: Latent, horizon: float) -> None:
    sky(canvas, scene.dials(4), horizon + 4)
    for x in (22, 78):
        _cloud(canvas, scene.dials(3), x, horizon)
    peaks = scene.dials(2)
    if peaks.chance(0.5):
        tall = peaks.between(9, 14)
        mountains(canvas, peaks, horizon + 8, tall, number=3, snowy=0.7, far=0.5,
                  color=(120.0, 132.0, 152.0))  # fmt: skip


def _cloud(canvas: Canvas, dials: Dials, x: float, horizon: float) -> None:
    if dials.chance(0.5):
        cloud(canvas, dials, x + dials.between(-6, 6), horizon)


def _ground(canvas: Canvas, dials: Dials, season: Season, horizon: float) -> Ground:
    color = vary(dials, season.grass[0], 0.05)
    ids = label("meadow", "", "snow" if season.snow else "grass")
    edge = ridge(Dials(()), horizon + 11, 1.0)
    return land(canvas, edge, color, ids, deep=0.9 if season.snow else 0.74, depth=70)


def _stand(
    canvas: Canvas, kind: str, dials: Dials, ground: Ground, season: Season, row: int, column: int
) -> None:
    """What one cell holds: it stands at the cell's foot and may rise above the cell behind."""
    wide, lit = 100 / CELLS, canvas.light.side
    x, y = (column + 0.5) * wide + dials.between(-1, 1), (row + 0.94) * wide
    scale = (0.85 + 0.05 * (row - GROUND[0])) * dials.between(0.95, 1.08)
    drop = y - ground.ridge.at(x)
    if kind == "church":
        spot = standing(canvas, ground, x + lit * 6.6 * scale, drop, 33 * scale)
        buildings.church(spot, dials, snow=season.snow)
    elif kind == "house":
        spot = standing(canvas, ground, x + lit * 5.28 * scale, drop, 16 * scale, shadow=0.6)
        buildings.house(spot, dials, snow=season.snow)
    elif kind == "tree":
        plants.tree(standing(canvas, ground, x, drop, 21 * scale, shadow=0.3), dials, season)
    elif kind == "pine":
        plants.pine(standing(canvas, ground, x, drop, 27 * scale, shadow=0.3), dials, snow=season.snow)
