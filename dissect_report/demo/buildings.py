"""What is built to live and pray in: houses, churches, barns, tents; towers are next door."""

from dissect_report.demo.concepts import label
from dissect_report.demo.dice import Dice
from dissect_report.demo.palette import FACADES, ROOFS, SNOW, Color, shade, vary
from dissect_report.demo.spot import Spot

LAMPLIGHT: Color = (255, 216, 124)
DOORS: tuple[Color, ...] = ((112, 68, 50), (60, 96, 110), (150, 58, 52), (74, 104, 78))
TENTS: tuple[Color, ...] = ((230, 126, 66), (64, 140, 150), (236, 188, 84), (196, 72, 68))


def pane(spot: Spot, dice: Dice, thing: str, left: float, foot: float, wide: float, tall: float) -> None:
    """A framed window: pale by day, mostly lit after dark."""
    ids = label(thing, "window", "glass")
    frame = spot.paint((250, 246, 236), ids)
    if spot.dark and dice.chance(0.75):
        glass = spot.paint(LAMPLIGHT, ids, glow=0.92)
    else:
        glass = spot.paint((104, 142, 164), ids, fade=1.3, top=foot + tall, foot=foot)
    spot.box(frame, left - wide * 0.14, foot - tall * 0.1, left + wide * 1.14, foot + tall * 1.1)
    spot.box(glass, left, foot, left + wide, foot + tall)
    if wide * spot.size > 1.4:
        spot.box(frame, left + wide * 0.44, foot, left + wide * 0.56, foot + tall)


def house(spot: Spot, dice: Dice, *, snow: bool = False, wood: bool = False) -> None:
    """A gabled house with its front and one long side in view, 1 tall to the ridge."""
    stuff = "wood" if wood else dice.pick(("plaster", "plaster", "brick"))
    wall: Color = {"wood": (166, 116, 78), "brick": (186, 104, 82), "plaster": dice.pick(FACADES)}[stuff]
    wall = vary(dice, wall, 0.04)
    half, eave = dice.between(0.31, 0.4), 0.55
    long = 2 * half * dice.between(0.7, 1.15)
    away, ids = -half - long, label("house", "facade", stuff)
    spot.box(spot.paint(shade(wall, 0.74), ids, fade=0.9), away, 0.02, -half, eave)
    tile: Color = SNOW if snow else vary(dice, dice.pick(ROOFS), 0.05)
    cover = label("house", "roof", "snow" if snow else "tile")
    if dice.chance(0.75):
        chimney = spot.paint((150, 84, 70), label("house", "chimney", "brick"))
        spot.box(chimney, -long * 0.55 - 0.08, 0.8, -long * 0.55 + 0.08, 1.2)
    slope = spot.paint(shade(tile, 0.88), cover, fade=0.86, foot=eave)
    spot.shape(slope, 0, 1, -long, 1, away - 0.06, eave - 0.06, -half, eave - 0.06)
    front = spot.paint(wall, ids, fade=0.9)
    spot.shape(front, half, 0, half, eave, 0, 1, -half, eave, -half, 0)
    for side in (1, -1):
        edge, out = side * half, side * 0.06
        low, high = eave - 0.08, eave + 0.025
        spot.shape(spot.paint(tile, cover), 0, 1.05, 0, 0.915, edge + out, low, edge + out * 1.2, high)
    _openings(spot, dice, half, (away, -half))


def _openings(spot: Spot, dice: Dice, half: float, flank: tuple[float, float]) -> None:
    """A door beside a window, one in the gable, and as many along the flank as there is room for."""
    door = spot.paint(vary(dice, dice.pick(DOORS)), label("house", "door", "wood"))
    at = half * (-0.5 if dice.chance(0.5) else 0.45)
    spot.box(door, at - half * 0.22, 0, at + half * 0.22, 0.33)
    pane(spot, dice, "house", -at - half * 0.24, 0.21, half * 0.48, 0.17)
    pane(spot, dice, "house", -half * 0.2, 0.52, half * 0.4, 0.15)
    for place in dice.spread(max(int((flank[1] - flank[0]) / 0.3), 1), flank[0] + 0.02, flank[1] - 0.12):
        pane(spot, dice, "house", place, 0.23, 0.13, 0.17)


def church(spot: Spot, dice: Dice, *, snow: bool = False) -> None:
    """A nave with a tower under a pointed spire, 1 tall to its tip."""
    wall = vary(dice, dice.pick(((244, 236, 218), (226, 214, 196), (206, 196, 186))), 0.03)
    tile: Color = SNOW if snow else vary(dice, dice.pick(((92, 104, 122), (150, 76, 64), (84, 126, 118))))
    stone, spire = label("church", "facade", "stone"), label("church", "roof", "snow" if snow else "tile")
    span = {"top": 0.6, "foot": 0.0}
    spot.box(spot.paint(shade(wall, 0.8), stone, fade=0.88, **span), -0.52, 0, 0, 0.28)
    roof = spot.paint(shade(tile, 0.9), spire, fade=0.82, **span)
    spot.shape(roof, -0.48, 0.46, -0.04, 0.46, 0.03, 0.26, -0.55, 0.26)
    for place in dice.spread(3, -0.47, -0.08):
        pane(spot, dice, "church", place, 0.09, 0.05, 0.11)
    tower, half = label("church", "tower", "stone"), 0.11
    spot.box(spot.paint(wall, tower, fade=0.88, **span), -half, 0, half, 0.64)
    spot.box(spot.paint(shade(wall, 0.8), tower), -half, 0, -half * 0.3, 0.64)
    spot.shape(spot.paint(tile, spire), -half * 1.25, 0.63, 0, 1, half * 1.25, 0.63)
    spot.shape(spot.paint(shade(tile, 0.8), spire), 0, 0.63, 0, 1, -half * 1.25, 0.63)
    pane(spot, dice, "church", -half * 0.35, 0.47, half * 0.7, 0.09)
    spot.box(spot.paint((108, 70, 54), label("church", "door", "wood")), -half * 0.5, 0, half * 0.5, 0.17)


def barn(spot: Spot, dice: Dice, *, snow: bool = False) -> None:
    """A broad wooden barn with a hipped gable, a great door and white edges, 1 tall."""
    wall = vary(dice, dice.pick(((178, 62, 54), (160, 76, 60), (126, 92, 72))), 0.04)
    tile: Color = SNOW if snow else dice.pick(((112, 104, 108), (92, 88, 96), (148, 132, 118)))
    ids, roof = label("barn", "facade", "wood"), label("barn", "roof", "snow" if snow else "metal")
    half, long = 0.475, dice.between(0.5, 0.9)
    away, hip = -half - long, half * 0.68
    spot.box(spot.paint(shade(wall, 0.7), ids, fade=0.88), away, 0, -half, 0.5)
    top = (0, 1, -long, 1, away, 0.78, away - 0.03, 0.47, -half, 0.47, -half, 0.78)
    spot.shape(spot.paint(shade(tile, 0.9), roof, fade=0.85, foot=0.5), *top)
    gable = (-half, 0.52, -hip, 0.8, 0, 1, hip, 0.8, half, 0.52)
    spot.shape(spot.paint(wall, ids, fade=0.88), -half, 0, *gable, half, 0)
    spot.stroke(spot.paint(tile, roof), 0.06, *gable)
    door = label("barn", "door", "wood")
    white, panel = spot.paint((244, 236, 222), door), spot.paint(shade(wall, 0.72), door)
    spot.box(white, -0.21, 0, 0.21, 0.42)
    spot.box(panel, -0.18, 0, 0.18, 0.39)
    spot.stroke(white, 0.035, -0.18, 0.39, 0.18, 0)
    spot.stroke(white, 0.035, 0.18, 0.39, -0.18, 0)
    spot.box(spot.paint((246, 238, 226), ids), -0.095, 0.56, 0.095, 0.74)
    pane(spot, dice, "barn", -0.067, 0.59, 0.133, 0.13)


def tent(spot: Spot, dice: Dice) -> None:
    """A ridge tent 1 tall, its door open a little and lit after dark."""
    color, ids = vary(dice, dice.pick(TENTS)), label("tent", "", "fabric")
    spot.shape(spot.paint(shade(color, 0.74), ids), 0, 1, -0.95, 0.92, -1.45, 0, 0.1, 0)
    spot.shape(spot.paint(color, ids, fade=0.9), -0.66, 0, 0, 1, 0.66, 0)
    tone: Color = (255, 220, 140) if spot.dark else shade(color, 0.45)
    inside = spot.paint(tone, label("tent", "door", "fabric"), glow=0.85 if spot.dark else 0.0)
    spot.shape(inside, -0.2, 0, 0, 0.72, 0.2, 0)
