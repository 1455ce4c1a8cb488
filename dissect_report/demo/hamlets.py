"""Hamlets: scenes of the drawn world whose every accident is a number of a latent.

Each thing has its own numbers, whether it is there or not, so that a latent's neighbours are the scene's
neighbours. That makes them what a generator can be taught to draw.
"""

from collections.abc import Sequence
from math import erf, sqrt

import numpy as np
from numpy.typing import NDArray

from dissect_report.demo import buildings, plants, ways
from dissect_report.demo.backdrop import Ground, hills, land, mountains, ridge
from dissect_report.demo.canvas import Canvas
from dissect_report.demo.concepts import label
from dissect_report.demo.dice import Dice
from dissect_report.demo.palette import SEASONS, SNOW, Season, hour, vary
from dissect_report.demo.places.staging import standing
from dissect_report.demo.sky import clouds, sky
from dissect_report.demo.weather import finish

#: Numbers of a latent.
LATENT = 128

HOUSES, TREES, CLOUDS = 4, 5, 3


class Dials(Dice):
    """Dice that show given numbers, one after the other; in the middle once they run out."""

    def __init__(self, values: Sequence[float]) -> None:
        """Takes numbers in [0, 1)."""
        numbers = iter(values)
        self._random = lambda: next(numbers, 0.5)  # type: ignore[assignment]


class Latent:
    """Standard normal numbers, handed out in order as dials."""

    def __init__(self, values: NDArray[np.float32]) -> None:
        """Takes one latent, float32 [LATENT]."""
        self._values = [min(0.5 + 0.5 * erf(value / sqrt(2)), 0.999999) for value in values.tolist()]
        self._used = 0

    def dials(self, number: int) -> Dials:
        """The next numbers."""
        self._used += number
        return Dials(self._values[self._used - number : self._used])


def draw_hamlet(values: NDArray[np.float32], size: int = 64) -> NDArray[np.uint8]:
    """The scene of one latent, RGB, uint8 [y, x, 3].

    Args:
        values: standard normal, float32 [LATENT].
        size: side of the picture in pixels.
    """
    latent = Latent(values)
    canvas = Canvas(size, hour(latent.dials(8)))
    general = latent.dials(2)
    season, horizon = general.pick(SEASONS), general.between(36, 50)
    sky(canvas, latent.dials(4), horizon + 4)
    for _ in range(CLOUDS):
        _cloud(canvas, latent.dials(4), horizon)
    range_of_peaks = latent.dials(8)
    if range_of_peaks.chance(0.5):
        tall = range_of_peaks.between(16, 28)
        mountains(canvas, range_of_peaks, horizon + 8, tall, number=3, snowy=0.7, far=0.5,
                  color=(120.0, 132.0, 152.0))  # fmt: skip
    hills(canvas, latent.dials(10), season, horizon + 3, 2)
    ground = _ground(canvas, latent.dials(8), season, horizon)
    way = latent.dials(4)
    if way.chance(0.75):
        start, end = way.between(30, 70), way.between(20, 80)
        ways.path(canvas, way, ground, start, end, SNOW if season.snow else (222, 196, 150), "soil")
    _church(canvas, latent.dials(6), ground, season)
    things = [(_house, latent.dials(8), number / HOUSES, (number + 1) / HOUSES) for number in range(HOUSES)]
    things += [(_tree, latent.dials(6), number / TREES, (number + 1) / TREES) for number in range(TREES)]
    placed = []
    for thing, dials, left, right in things:
        there = dials.chance(0.75)
        x, drop = 100 * dials.between(left, right), dials.between(2, 26)
        if there:
            placed.append((drop, thing, dials, x))
    for drop, thing, dials, x in sorted(placed, key=lambda entry: entry[0]):
        thing(canvas, dials, ground, season, x, drop)
    return finish(canvas.colors(), canvas.labels(), canvas.light, (0, 0), snowing=False)


def _cloud(canvas: Canvas, dials: Dials, horizon: float) -> None:
    if dials.chance(0.65):
        clouds(canvas, dials, horizon, 1)


def _ground(canvas: Canvas, dials: Dials, season: Season, horizon: float) -> Ground:
    edge = ridge(dials, horizon + 16, 2.6)
    ids = label("meadow", "", "snow" if season.snow else "grass")
    color = vary(dials, season.grass[0], 0.05)
    return land(canvas, edge, color, ids, deep=0.9 if season.snow else 0.74)


def _church(canvas: Canvas, dials: Dials, ground: Ground, season: Season) -> None:
    if dials.chance(0.5):
        x, size = dials.between(15, 85), dials.between(28, 38)
        buildings.church(standing(canvas, ground, x, 2.5, size), dials, snow=season.snow)


def _house(canvas: Canvas, dials: Dials, ground: Ground, season: Season, x: float, drop: float) -> None:
    size = dials.between(13, 17) * (1 + drop / 40)
    buildings.house(standing(canvas, ground, x, drop, size, shadow=0.6), dials, snow=season.snow)


def _tree(canvas: Canvas, dials: Dials, ground: Ground, season: Season, x: float, drop: float) -> None:
    tall = dials.between(14, 20) * (1 + drop / 40)
    spot = standing(canvas, ground, x, drop, tall, shadow=0.3)
    if dials.chance(0.4):
        plants.pine(spot.at(0, 0, 1.1), dials, snow=season.snow)
    else:
        plants.tree(spot, dials, season)
