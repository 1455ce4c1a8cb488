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
from dissect_report.demo.sky import cloud, sky
from dissect_report.demo.weather import finish

#: Numbers of a latent.
LATENT = 128

#: Distance below the edge of the meadow, and the places along it, from back to front.
ROWS = ((3, (16, 50, 84)), (12, (34, 68)), (24, (14, 86)))


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
    season, horizon = general.pick(SEASONS), general.between(38, 46)
    sky(canvas, latent.dials(4), horizon + 4)
    for x in (22, 50, 78):
        _cloud(canvas, latent.dials(3), x, horizon)
    range_of_peaks = latent.dials(2)
    if range_of_peaks.chance(0.5):
        tall = range_of_peaks.between(18, 26)
        mountains(canvas, range_of_peaks, horizon + 8, tall, number=3, snowy=0.7, far=0.5,
                  color=(120.0, 132.0, 152.0))  # fmt: skip
    hills(canvas, latent.dials(4), season, horizon + 3, 2)
    ground = _ground(canvas, latent.dials(4), season, horizon)
    way = latent.dials(3)
    if way.chance(0.6):
        end = way.between(35, 65)
        ways.path(canvas, way, ground, 50, end, SNOW if season.snow else (222, 196, 150), "soil")
    for drop, places in ROWS:
        for x in places:
            _stand(canvas, latent.dials(6), ground, season, x, drop)
    return finish(canvas.colors(), canvas.labels(), canvas.light, (0, 0), snowing=False)


def _cloud(canvas: Canvas, dials: Dials, x: float, horizon: float) -> None:
    if dials.chance(0.5):
        cloud(canvas, dials, x + dials.between(-6, 6), horizon)


def _ground(canvas: Canvas, dials: Dials, season: Season, horizon: float) -> Ground:
    color = vary(dials, season.grass[0], 0.05)
    ids = label("meadow", "", "snow" if season.snow else "grass")
    edge = ridge(Dials(()), horizon + 16, 1.5)
    return land(canvas, edge, color, ids, deep=0.9 if season.snow else 0.74)


def _stand(canvas: Canvas, dials: Dials, ground: Ground, season: Season, x: float, drop: float) -> None:
    """What one place holds: nothing, a house, a tree, a pine; behind the middle, a church."""
    there, kind = dials.chance(0.72), dials.between(0, 1)
    x, scale = x + dials.between(-2.5, 2.5), (1.25 + drop / 40) * dials.between(0.95, 1.08)
    if not there:
        return
    if 45 < x < 55 and drop == ROWS[0][0]:
        buildings.church(standing(canvas, ground, x, drop, 34 * scale), dials, snow=season.snow)
    elif kind < 0.42:
        spot = standing(canvas, ground, x + 4, drop, 15 * scale, shadow=0.6)
        buildings.house(spot, dials, snow=season.snow)
    elif kind < 0.72:
        plants.tree(standing(canvas, ground, x, drop, 17 * scale, shadow=0.3), dials, season)
    else:
        plants.pine(standing(canvas, ground, x, drop, 19 * scale, shadow=0.3), dials, snow=season.snow)
