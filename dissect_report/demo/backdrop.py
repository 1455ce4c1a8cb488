"""What lies behind and below everything: mountains, hills, ground and water."""

import math
from dataclasses import dataclass

from dissect_report.demo.canvas import Canvas
from dissect_report.demo.concepts import Label, label
from dissect_report.demo.dice import Dice
from dissect_report.demo.palette import SNOW, Color, Season, blend, shade, vary
from dissect_report.demo.spot import Spot

STEPS = 24


@dataclass(frozen=True)
class Ridge:
    """The upper edge of a stretch of land: heights at STEPS + 1 places from x = 0 to x = 100."""

    heights: tuple[float, ...]

    def at(self, x: float) -> float:
        """Height of the edge at x, between the places by straight lines."""
        place = min(max(x, 0.0), 99.99) * STEPS / 100
        left = int(place)
        share = place - left
        return self.heights[left] * (1 - share) + self.heights[left + 1] * share


@dataclass(frozen=True)
class Ground:
    """A stretch of land one can stand on: its edge, and the paints of its surface and of shadows on it."""

    ridge: Ridge
    surface: int
    shadow: int
    light: int


def ridge(dice: Dice, level: float, swing: float, *, waves: float = 1.5, slope: float = 0.0) -> Ridge:
    """A softly rolling edge about `level`, up to `swing` units up and down, `slope` lower on the right."""
    phases = [dice.between(0, 2 * math.pi) for _ in range(3)]
    speeds = [waves * dice.between(0.7, 1.3) * factor for factor in (1.0, 2.1, 4.3)]
    weights = (0.62, 0.28, 0.10)
    heights = []
    for step in range(STEPS + 1):
        share = step / STEPS
        turns = zip(weights, speeds, phases, strict=True)
        wave = sum(weight * math.sin(speed * share * 2 * math.pi + phase) for weight, speed, phase in turns)
        heights.append(level + swing * wave + slope * (share - 0.5))
    return Ridge(tuple(heights))


def land(canvas: Canvas, edge: Ridge, color: Color, ids: Label, *, far: float = 0.0, deep: float = 0.82,
         depth: float = 45.0) -> Ground:  # fmt: skip
    """Fills everything below an edge, darkening by `deep` over `depth` units; returns the ground."""
    top = min(edge.heights)
    span = (top, top + depth)
    tones = [
        canvas.paint(shade(color, factor), ids, to=shade(color, factor * deep), span=span, far=far)
        for factor in (1.0, 0.80, 1.09)
    ]
    points: list[float] = [0.0, 101.0]
    for step, height in enumerate(edge.heights):
        points += (step * 100 / STEPS, height)
    points += (100.0, 101.0)
    canvas.polygon(points, tones[0])
    return Ground(edge, *tones)


def mountains(
    canvas: Canvas,
    dice: Dice,
    foot: float,
    height: float,
    *,
    number: int,
    snowy: float,
    far: float,
    color: Color,
) -> None:
    """A range of lit and shaded peaks standing on y = foot.

    Args:
        canvas, dice: where, and by what chance.
        foot, height: where they stand, and how tall the tallest may be.
        number: of peaks.
        snowy: how far down the snow reaches, 0 .. 1.
        far: haze.
        color: of the bare rock.
    """
    places = [(dice.between(0.6, 1.0) * height, x) for x in dice.spread(number, -8, 108)]
    for tall, x in sorted(places, reverse=True):
        peak = Spot(canvas, x, foot, tall, far=far)
        wide = dice.between(0.9, 1.35)
        _peak(peak, dice, wide, color)
        if snowy > 0:
            _snowcap(peak, wide, min(snowy * dice.between(0.8, 1.15), 0.95) * 0.5)


def _peak(spot: Spot, dice: Dice, wide: float, color: Color) -> None:
    """A peak 1 tall, its foot lost in the haze, the side away from the light darker."""
    ids, haze = label("mountain", "", "stone"), spot.canvas.light.haze
    span, lean = (spot.y - spot.size, spot.y), dice.between(-0.12, 0.12) * wide
    lit, dark = (
        spot.canvas.paint(tone, ids, to=blend(tone, haze, 0.43), span=span, far=spot.far)
        for tone in (color, shade(color, 0.74))
    )
    left = (-wide, 0, -wide * 0.475, 0.52)
    spot.shape(lit, *left, 0, 1, wide * 0.5, 0.54, wide, 0)
    spot.shape(dark, 0, 1, lean * 0.4 - 0.05, 0.7, lean + 0.04, 0.45, lean, 0, *left)


def _snowcap(spot: Spot, wide: float, down: float) -> None:
    """Snow from the top to `down` below it, with a ragged edge, shaded like the rock below."""
    ids, teeth = label("mountain", "peak", "snow"), 6
    edge: list[float] = []
    for tooth in range(teeth + 1):
        ragged = 1.0 if tooth in (0, teeth) else 1.28 if tooth % 2 else 0.88
        edge += ((tooth / 3 - 1) * wide * 0.93 * down, 1 - down * ragged)
    spot.shape(spot.paint(SNOW, ids), 0, 1, *edge)
    spot.shape(spot.paint((184, 203, 230), ids), 0, 1, *edge[:8])


def hills(
    canvas: Canvas, dice: Dice, season: Season, horizon: float, number: int, *, drop: float = 5.0
) -> Ridge:
    """Layers of hills from the haze towards the viewer; returns the nearest one's edge."""
    ids = label("hill", "", "snow" if season.snow else "grass")
    edge = ridge(dice, horizon, 2.0)
    for layer in range(number):
        far = 0.62 - 0.42 * layer / max(number - 1, 1)
        base = dice.pick(season.grass)
        color = base if season.snow else blend(shade(base, 0.82), (76, 120, 110), 0.25)
        edge = ridge(dice, horizon + drop * layer, 4.2 - layer * 0.5, waves=dice.between(0.8, 1.6))
        land(canvas, edge, vary(dice, color, 0.04), ids, far=far, deep=0.94, depth=18)
    return edge


def wood_line(
    canvas: Canvas, dice: Dice, season: Season, edge: Ridge, *, far: float = 0.4, share: float = 0.6
) -> None:
    """Small distant trees along an edge, in groups."""
    ids = label("tree", "treetop", "leaves")
    color = blend(dice.pick(season.leaves), (60, 96, 92), 0.35)
    tones = [canvas.paint(shade(color, factor), ids, far=far) for factor in (0.8, 0.95)]
    gate = dice.between(0, 6)
    for x in dice.spread(24, -2, 102):
        if math.sin(x * 0.11 + gate) > 1 - 2 * share:
            size = dice.between(1.3, 2.5)
            canvas.oval(x, edge.at(x) - size * 0.5, size * 1.1, size, dice.pick(tones))


def water(canvas: Canvas, dice: Dice, name: str, top: float, bottom: float = 101.0) -> Color:
    """A sheet of sea or lake between two heights, with glints; returns the colour at its top."""
    light = canvas.light
    deep: Color = dice.pick(((38, 120, 158), (44, 138, 160), (40, 108, 150), (64, 150, 164)))
    first, last = blend(vary(dice, deep, 0.04), (214, 236, 236), 0.38), deep
    ids = label(name, "", "water")
    canvas.box(
        -1, top, 101, bottom, canvas.paint(first, ids, to=last, span=(top, min(bottom, 100)), far=0.12)
    )
    bright = canvas.paint(blend(first, light.horizon, 0.6), ids, far=0.05, glow=0.0)
    for _ in range(dice.count(10, 18)):
        share = dice.between(0.02, 1) ** 1.6
        y = top + (min(bottom, 100) - top) * share
        x, wide = dice.between(0, 100), (2 + 7 * share) * dice.between(0.6, 1.4)
        canvas.polygon(
            (x - wide, y, x, y - 0.18 - 0.2 * share, x + wide, y, x, y + 0.18 + 0.2 * share), bright
        )
    return first
