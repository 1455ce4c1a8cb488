"""What stands about outdoors: rocks, parasols, towels, fountains, lamps, benches, hay."""

from dissect_report.demo.concepts import label
from dissect_report.demo.dice import Dice
from dissect_report.demo.palette import BRIGHT, STONE, Color, shade, vary
from dissect_report.demo.spot import Spot

STRAW: Color = (232, 192, 104)


def rock(spot: Spot, dice: Dice, color: Color = STONE) -> None:
    """A boulder of three planes, 1 to each side."""
    ids, color = label("rock", "", "stone"), vary(dice, color, 0.05)
    tall, lean = dice.between(0.55, 0.85), dice.between(-0.15, 0.15)
    left = (-1, 0, -0.75, tall * 0.62, lean - 0.2, tall)
    dark = spot.paint(shade(color, 0.72), ids, fade=0.84, top=tall)
    spot.shape(dark, *left, lean + 0.4, tall * 0.86, 0.85, tall * 0.4, 1, 0)
    ridge = (lean + 0.2, tall * 0.94, lean - 0.15, tall * 0.9)
    spot.shape(spot.paint(color, ids), 1, 0, 0.8, tall * 0.45, *ridge, 0.2, tall * 0.36, 0.1, 0)
    cap = (lean - 0.2, tall * 0.99, lean + 0.4, tall * 0.86, 0.2, tall * 0.66)
    spot.shape(spot.paint(shade(color, 1.14), ids), *cap)


def parasol(spot: Spot, dice: Dice) -> None:
    """A striped parasol on a slanting pole, 1 tall."""
    ids, first, lean = label("parasol", "canopy", "fabric"), dice.pick(BRIGHT), dice.between(-0.1, 0.1)
    spot.stroke(spot.paint((232, 222, 206), label("parasol", "pole", "wood")), 0.05, 0, 0, lean, 1)
    top, rim, half = spot.at(lean), 0.64, 0.56
    crown = (-half, rim, -0.4, 0.87, -0.2, 0.97, 0, 1, 0.2, 0.97, 0.4, 0.87, half, rim)
    hem = (0.34, rim + 0.04, 0.11, rim + 0.05, -0.11, rim + 0.05, -0.34, rim + 0.04)
    top.shape(top.paint(first, ids, fade=0.85, foot=rim), *crown, *hem)
    for left, right, tone in ((-0.34, -0.11, 0.9), (0.11, 0.34, 1.0)):
        stripe = top.paint(shade((250, 246, 236), tone), ids)
        top.shape(stripe, 0, 1, left, rim + 0.045, right, rim + 0.045)


def towel(spot: Spot, dice: Dice) -> None:
    """A towel on the sand: fabric that belongs to the shore."""
    ids = label("shore", "", "fabric")
    spot.shape(spot.paint(dice.pick(BRIGHT), ids), -1, 0, 0.6, 0, 1, -0.36, -0.6, -0.36)
    spot.shape(spot.paint((250, 246, 236), ids), -0.3, 0, 0, 0, 0.4, -0.36, 0.1, -0.36)


def fountain(spot: Spot, dice: Dice) -> None:
    """Two stone basins with falling water, 1 tall."""
    color = vary(dice, (206, 200, 190), 0.03)
    stone, wet = label("fountain", "", "stone"), label("fountain", "", "water")
    for out in (-0.3, 0.3):
        spot.stroke(spot.paint((166, 208, 226), wet), 0.05, 0, 0.98, out * 0.6, 0.92, out, 0.62)
    spot.box(spot.paint((206, 234, 244), wet), -0.03, 0.6, 0.03, 1)
    lit, dark = spot.paint(color, stone), spot.paint(shade(color, 0.74), stone)
    spot.shape(lit, -0.08, 0.1, -0.05, 0.6, 0.05, 0.6, 0.08, 0.1)
    for level, reach, deep in ((0.58, 0.34, 0.14), (0.2, 0.66, 0.22)):
        low = level - deep
        spot.shape(lit, -reach, level, reach, level, reach * 0.7, low, -reach * 0.7, low)
        spot.shape(dark, -reach, level, -reach * 0.2, level, -reach * 0.15, low, -reach * 0.7, low)
        spot.oval(lit, 0, level, reach, reach * 0.13)
        spot.oval(spot.paint((96, 172, 200), wet), 0, level, reach * 0.88, reach * 0.09)


def streetlamp(spot: Spot) -> None:
    """A pole 1 tall with an arm ahead and a lamp that shines after dark."""
    pole = spot.paint((70, 76, 88), label("streetlamp", "pole", "metal"))
    spot.stroke(pole, 0.05, 0, 0, 0, 1)
    spot.stroke(pole, 0.045, 0, 1, 0.2, 1.04)
    ids, glow = label("streetlamp", "lamp", "glass"), 0.95 if spot.dark else 0.25
    spot.oval(spot.paint((255, 232, 160), ids, glow=glow), 0.22, 1, 0.1, 0.085)


def bench(spot: Spot, dice: Dice) -> None:
    """A slatted bench, 1 wide."""
    color, seat = vary(dice, (160, 106, 70), 0.05), label("bench", "seat", "wood")
    iron = spot.paint((70, 72, 80), label("bench", "leg", "metal"))
    for left in (-0.42, 0.36):
        spot.box(iron, left, 0, left + 0.06, 0.24)
    for top, tone in ((0.5, 0.92), (0.38, 0.92), (0.24, 1.1)):
        spot.box(spot.paint(shade(color, tone), seat), -0.5, top - 0.085, 0.5, top)


def haystack(spot: Spot, dice: Dice) -> None:
    """A round bale or a heap of hay, 1 tall."""
    ids, color = label("haystack", "", "straw"), vary(dice, STRAW, 0.04)
    dark, lit, middle = (spot.paint(shade(color, tone), ids) for tone in (0.76, 1.0, 0.85))
    if dice.chance(0.55):
        spot.oval(dark, -0.3, 0.5, 0.5, 0.5)
        spot.oval(lit, 0.08, 0.5, 0.46, 0.5)
        spot.oval(middle, 0.08, 0.5, 0.28, 0.31)
        spot.oval(lit, 0.08, 0.5, 0.14, 0.16)
    else:
        spot.shape(dark, -0.6, 0, -0.5, 0.5, 0, 1, 0.5, 0.5, 0.6, 0)
        spot.shape(spot.paint(color, ids, fade=0.9), 0.6, 0, 0.5, 0.5, 0, 1, -0.06, 0)
