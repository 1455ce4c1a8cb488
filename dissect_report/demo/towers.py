"""What is built high: skyscrapers, lighthouses, windmills."""

from dissect_report.demo.buildings import LAMPLIGHT, pane
from dissect_report.demo.concepts import label
from dissect_report.demo.dice import Dice
from dissect_report.demo.palette import STONE, Color, blend, shade, vary
from dissect_report.demo.spot import Spot

# fmt: off
BLOCKS: tuple[tuple[Color, str], ...] = (
    ((206, 146, 116), "brick"), ((190, 112, 92), "brick"),
    ((128, 156, 176), "glass"), ((96, 124, 148), "glass"),
    ((196, 176, 164), "stone"), ((172, 172, 178), "stone"), ((224, 206, 178), "stone"),
)
# fmt: on
"""Colours of tower blocks, each that of its material: what cannot be seen cannot be learnt."""


def skyscraper(spot: Spot, dice: Dice, tall: float) -> None:
    """A tower block 1 wide with a shaded flank and rows of windows, lit after dark; far ones show none."""
    color, stuff = dice.pick(BLOCKS)
    color = vary(dice, color, 0.04)
    ids, crown, span = label("skyscraper", "facade", stuff), dice.count(0, 2), {"top": tall, "foot": 0.0}
    if crown == 1:
        spot.box(spot.paint(shade(color, 0.92), ids), -0.28, tall, 0.28, tall + 0.28)
    elif crown == 2:
        spot.stroke(
            spot.paint((120, 120, 130), label("skyscraper", "", "metal")), 0.05, 0, tall, 0, tall + 0.7
        )
    spot.box(spot.paint(color, ids, fade=0.86, **span), -0.5, 0, 0.5, tall)
    spot.box(spot.paint(shade(color, 0.76), ids, fade=0.87, **span), -0.5, 0, -0.24, tall)
    cornice = spot.paint(shade(color, 1.1), label("skyscraper", "roof", stuff))
    spot.box(cornice, -0.52, tall - 0.9 / spot.size, 0.52, tall)
    if spot.far < 0.35:
        _windows(spot, dice, tall, color)


def _windows(spot: Spot, dice: Dice, tall: float, color: Color) -> None:
    """Windows in storeys 3 canvas units high: bands of glass, or single panes."""
    ids, unit = label("skyscraper", "window", "glass"), 1 / spot.size
    pale = spot.paint(blend(color, (228, 240, 246), 0.6), ids)
    glass, lamp = spot.paint((74, 100, 126), ids), spot.paint(LAMPLIGHT, ids, glow=0.9)
    columns, bands = max(int(spot.size / 2.9), 2), dice.chance(0.3)
    top = tall - 2.2 * unit
    while top > 3.0 * unit:
        if bands:
            lit = spot.dark and dice.chance(0.45)
            spot.box(lamp if lit else glass, 0.7 * unit - 0.5, top - 1.5 * unit, 0.5 - 0.7 * unit, top)
        for column in range(0 if bands else columns):
            paint = lamp if spot.dark and dice.chance(0.5) else pale if dice.chance(0.18) else glass
            left = (column + 0.24) / columns - 0.5
            spot.box(paint, left, top - 1.7 * unit, left + 0.52 / columns, top)
        top -= 3.1 * unit


def lighthouse(spot: Spot, dice: Dice) -> None:
    """A tapering banded tower on a rock, 1 tall, under a lamp that shines after dark."""
    wall: Color = dice.pick(((212, 70, 62), (60, 96, 140), (212, 70, 62)))
    ids = label("lighthouse", "tower", "plaster")
    rock = spot.paint(STONE, label("rock", "", "stone"))
    spot.shape(rock, -0.26, -0.05, -0.16, 0.07, 0.17, 0.07, 0.28, -0.05)
    for band in range(5):
        color: Color = wall if band % 2 else (250, 246, 238)
        half, lift = 0.13 - 0.009 * band, 0.121 - 0.009 * band
        down, up = 0.05 + 0.144 * band, 0.194 + 0.144 * band
        spot.shape(spot.paint(color, ids), -half, down, -lift, up, lift, up, half, down)
        spot.shape(
            spot.paint(shade(color, 0.78), ids), -half, down, -lift, up, -lift * 0.2, up, -half * 0.2, down
        )
    spot.box(spot.paint((74, 78, 90), label("lighthouse", "", "metal")), -0.12, 0.765, 0.12, 0.8)
    lamp = spot.paint((255, 238, 170), label("lighthouse", "lamp", "glass"), glow=0.95 if spot.dark else 0.4)
    spot.box(lamp, -0.07, 0.8, 0.07, 0.91)
    spot.shape(spot.paint(wall, label("lighthouse", "roof", "metal")), -0.1, 0.9, 0, 1, 0.1, 0.9)
    spot.box(spot.paint((96, 66, 54), label("lighthouse", "door", "wood")), -0.04, 0.05, 0.04, 0.17)
    pane(spot, dice, "lighthouse", -0.02, 0.43, 0.045, 0.07)


def windmill(spot: Spot, dice: Dice) -> None:
    """A tapering mill with four latticed blades, turned by chance; 1 tall to the tip of a blade."""
    wall = vary(dice, dice.pick(((240, 230, 210), (206, 190, 170), (184, 120, 92))), 0.04)
    ids, low, high, top = label("windmill", "tower", "plaster"), 0.17, 0.1, 0.66
    spot.shape(spot.paint(wall, ids, fade=0.88, top=top), -low, 0, -high, top, high, top, low, 0)
    spot.shape(spot.paint(shade(wall, 0.76), ids), -low, 0, -high, top, -0.03, top, -0.07, 0)
    roof = spot.paint((124, 74, 62), label("windmill", "roof", "wood"))
    spot.shape(roof, -high * 1.2, top - 0.005, 0, top + 0.14, high * 1.2, top - 0.005)
    spot.box(spot.paint((104, 70, 54), label("windmill", "door", "wood")), -0.05, 0, 0.05, 0.17)
    pane(spot, dice, "windmill", -0.03, 0.36, 0.06, 0.08)
    _blades(spot, dice, top - 0.02)


def _blades(spot: Spot, dice: Dice, hub: float) -> None:
    ids, slant = label("windmill", "blade", "wood"), dice.between(-0.7, 0.7)
    cloth, spar = spot.paint((250, 242, 226), ids), spot.paint((120, 88, 66), ids)
    length = (1 + slant * slant) ** 0.5
    x, y = 1 / length, slant / length
    for _ in range(4):
        x, y = -y, x
        tip, root, aside = (x * 0.42, hub + y * 0.42), (x * 0.09, hub + y * 0.09), (-y * 0.085, x * 0.085)
        edge = (tip[0] + aside[0], tip[1] + aside[1], root[0] + aside[0], root[1] + aside[1])
        spot.shape(cloth, *root, *tip, *edge)
        spot.stroke(spar, 0.022, 0, hub, *tip)
    spot.oval(spar, 0, hub, 0.03, 0.03)
