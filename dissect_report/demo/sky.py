"""What hangs over every scene: the sky's gradient, stars, sun, moon and clouds."""

from dissect_report.demo.canvas import Canvas
from dissect_report.demo.concepts import label
from dissect_report.demo.dice import Dice
from dissect_report.demo.palette import Color, blend
from dissect_report.demo.spot import Spot

SKY = label("sky")
CLOUD = label("cloud")
HEAPS = ((-0.95, 0.0, 0.42), (-0.3, 0.22, 0.62), (0.45, 0.1, 0.52), (1.05, -0.08, 0.34))
"""The round heaps of a cloud: across, up and radius."""


def sky(canvas: Canvas, dice: Dice, horizon: float) -> None:
    """Gradient, stars, sun or moon; the horizon's glow ends at y = horizon."""
    light = canvas.light
    middle = horizon * dice.between(0.5, 0.7)
    upper = canvas.paint(light.zenith, SKY, to=light.middle, span=(0, middle), raw=True)
    lower = canvas.paint(light.middle, SKY, to=light.horizon, span=(middle, horizon), raw=True)
    canvas.box(0, 0, 101, middle + 0.5, upper)
    canvas.box(0, middle, 101, 101, lower)
    if light.name == "night":
        star = canvas.paint((220, 228, 255), SKY, raw=True)
        for _ in range(dice.count(14, 34)):
            size = dice.between(0.12, 0.34)
            canvas.oval(dice.between(0, 100), dice.between(0, horizon * 0.85), size, size, star)
        _moon(canvas, dice, horizon)
    elif light.name != "overcast":
        _sun(canvas, dice, horizon)


def _sun(canvas: Canvas, dice: Dice, horizon: float) -> None:
    low = canvas.light.name in ("dawn", "golden", "dusk")
    x = 50 + canvas.light.side * dice.between(10, 42)
    y = horizon * (dice.between(0.55, 0.9) if low else dice.between(0.16, 0.4))
    size = dice.between(4.2, 7.0) if low else dice.between(3.2, 5.0)
    warm: Color = (255, 206, 128) if low else (255, 240, 190)
    core: Color = (255, 226, 160) if low else (255, 250, 222)
    canvas.sun(x, y, size * 3.2, (66, 48, 20) if low else (46, 42, 26))
    disc = canvas.paint(core, label("sun"), to=blend(core, warm, 0.7), span=(y - size, y + size), raw=True)
    canvas.oval(x, y, size, size, disc)


def _moon(canvas: Canvas, dice: Dice, horizon: float) -> None:
    x, y = 50 + canvas.light.side * dice.between(10, 40), horizon * dice.between(0.14, 0.45)
    spot = Spot(canvas, x, y, dice.between(3.6, 5.4))
    canvas.sun(x, y, spot.size * 2.8, (52, 56, 58))
    spot.oval(canvas.paint((250, 244, 220), label("moon"), raw=True), 0, 0, 1, 1)
    crater = canvas.paint((228, 220, 196), label("moon"), raw=True)
    for _ in range(3):
        spot.oval(crater, dice.between(-0.5, 0.5), dice.between(-0.5, 0.5), 0.16, 0.14)


def clouds(canvas: Canvas, dice: Dice, horizon: float, number: int) -> None:
    """Clouds spread over the sky."""
    for x in dice.spread(number, -5, 105):
        cloud(canvas, dice, x, horizon)


def cloud(canvas: Canvas, dice: Dice, x: float, horizon: float) -> None:
    """Flat-bottomed heaps with a lit upper side, smaller and paler towards the horizon."""
    top, base = canvas.light.cloud
    base = blend(base, canvas.light.middle, 0.3)
    y = dice.between(0.12, 0.78) * horizon
    size = dice.between(5, 9.5) * (1.15 - 0.6 * y / horizon)
    first = blend(top, canvas.light.middle, 0.15 + 0.35 * y / horizon)
    paint = canvas.paint(first, CLOUD, to=base, span=(y - size * 0.7, y + size * 0.45), raw=True)
    spot = Spot(canvas, x, y, size, turn=1)
    spot.shape(paint, -1.7, -0.34, -1.3, 0, 1.3, 0, 1.8, -0.34)
    for across, up, radius in HEAPS:
        scale = radius * dice.between(0.85, 1.15)
        spot.oval(paint, across, up, scale * 1.15, scale * 0.8)
