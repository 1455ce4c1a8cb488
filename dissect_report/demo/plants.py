"""What grows: trees, pines, palms, cacti, bushes, flowers, mushrooms."""

from dissect_report.demo.canvas import BLOBS
from dissect_report.demo.concepts import label
from dissect_report.demo.dice import Dice
from dissect_report.demo.palette import BRIGHT, SNOW, WOOD, Color, Season, blend, shade, vary
from dissect_report.demo.spot import Spot


def tree(spot: Spot, dice: Dice, season: Season) -> None:
    """A round-headed tree."""
    crown = label("tree", "treetop", "snow" if season.snow else "leaves")
    color = vary(dice, dice.pick(season.leaves))
    bark = spot.paint(WOOD, label("tree", "trunk", "wood"), fade=0.7, top=0.5)
    spot.shape(bark, -0.05, 0, -0.03, 0.5, 0.03, 0.5, 0.05, 0)
    reach, variant = dice.between(0.26, 0.36), dice.count(0, BLOBS - 1)
    span = {"top": 0.63 + reach, "foot": 0.63 - reach}
    spot.blob(spot.paint(shade(color, 0.78), crown, fade=0.8, **span), 0, 0.63, reach, 0.36, variant)
    spot.blob(
        spot.paint(color, crown, fade=0.84, **span), reach * 0.17, 0.68, reach * 0.76, 0.28, variant + 7
    )
    shine = spot.paint(blend(color, (255, 250, 210), 0.24), crown)
    spot.blob(shine, reach * 0.34, 0.74, reach * 0.38, 0.13, variant + 13)


def pine(spot: Spot, dice: Dice, *, snow: bool = False) -> None:
    """A fir of three or four tiers, its lit half lighter, with snow on the tiers if there is any."""
    trunk, crown = label("pine", "trunk", "wood"), label("pine", "treetop", "leaves")
    white = label("pine", "treetop", "snow")
    color = vary(dice, dice.pick(((46, 108, 86), (60, 120, 86), (38, 92, 84))), 0.05)
    lit, dark = spot.paint(color, crown), spot.paint(shade(color, 0.76), crown)
    cover, under = spot.paint(SNOW, white), spot.paint((196, 212, 234), white)
    spot.box(spot.paint(shade(WOOD, 0.8), trunk), -0.045, 0, 0.045, 0.2)
    tiers = 4 if spot.size > 14 else 3
    for tier in range(tiers):
        low, tall = 0.12 + 0.86 * tier / (tiers + 0.6), 0.46 - 0.05 * tier
        half, top = 0.27 * (1 - tier / (tiers + 1.0)), low + tall
        spot.shape(dark, -half, low, 0, top, half, low, 0, low - 0.035)
        spot.shape(lit, half, low, 0, top, 0, low - 0.035)
        if snow:
            edge = (
                -half * 0.66,
                top - tall * 0.36,
                -half * 0.2,
                top - tall * 0.5,
                half * 0.1,
                top - tall * 0.34,
            )
            spot.shape(under, 0, top, *edge, half * 0.66, top - tall * 0.4)
            spot.shape(cover, 0, top, 0, top - tall * 0.42, half * 0.64, top - tall * 0.38)


def palm(spot: Spot, dice: Dice) -> None:
    """A leaning trunk under a crown of hanging leaves."""
    lean, reach = dice.between(-0.22, 0.22), dice.between(0.30, 0.38)
    bark = spot.paint((170, 128, 88), label("palm", "trunk", "wood"), fade=0.74, top=0.74)
    left = (-0.042, 0, lean * 0.35 - 0.042, 0.4, lean - 0.03, 0.74)
    spot.shape(bark, *left, lean + 0.03, 0.74, lean * 0.35 + 0.042, 0.4, 0.042, 0)
    crown, color = label("palm", "treetop", "leaves"), vary(dice, (78, 150, 84))
    dark, middle, light = (spot.paint(shade(color, factor), crown) for factor in (0.72, 1.0, 1.14))
    sides = ((-1, 0.42), (-0.95, 0.0), (-0.45, 0.55)), ((1, 0.42), (0.95, 0.0), (0.45, 0.55))
    leaves = [(dark, *leaf) for leaf in sides[0]] + [(middle, *leaf) for leaf in sides[1]]
    for paint, across, down in [*leaves, (middle, -0.6, -0.38), (light, 0.6, -0.38)]:
        bend, height = lean + reach * across * 0.55, 0.74 - reach * (down * 0.4 - 0.34)
        tip = (lean + reach * across, 0.74 - reach * down)
        spot.shape(paint, lean, 0.76, bend, height, *tip, bend, height - reach * 0.27, lean, 0.71)


def cactus(spot: Spot, dice: Dice) -> None:
    """A column with one or two raised arms, lit on one side, sometimes in bloom."""
    ids, color = label("cactus"), vary(dice, (92, 150, 96))
    dark, lit = spot.paint(shade(color, 0.78), ids), spot.paint(color, ids)

    def limb(across: float, top: float, foot: float, half: float) -> None:
        spot.box(dark, across - half, foot, across + half, top)
        spot.box(lit, across - half * 0.2, foot, across + half, top)
        spot.oval(dark, across, top, half, half)
        spot.oval(lit, across + half * 0.3, top, half * 0.7, half * 0.8)

    for side in (-1, 1) if dice.chance(0.75) else (dice.pick((-1, 1)),):
        joint, out = dice.between(0.34, 0.55), side * 0.25
        spot.box(dark, min(0, out), joint - 0.06, max(0, out), joint + 0.06)
        limb(out, joint + dice.between(0.18, 0.3), joint - 0.04, 0.064)
    limb(0, 1, 0, 0.085)
    if dice.chance(0.35):
        spot.oval(spot.paint((238, 96, 130), label("cactus", "blossom", "leaves")), 0, 1.085, 0.06, 0.05)


def bush(spot: Spot, dice: Dice, season: Season) -> None:
    """A low heap of leaves, 1 to each side."""
    ids = label("bush", "", "snow" if season.snow else "leaves")
    color = vary(dice, blend(dice.pick(season.leaves), (70, 130, 80), 0.25))
    dark, lit = spot.paint(shade(color, 0.72), ids), spot.paint(color, ids, fade=0.85)
    for across, radius in ((-0.55, 0.5), (0.5, 0.55), (0.0, 0.72)):
        spot.oval(dark, across, radius * 0.6, radius, radius * 0.75)
        spot.oval(lit, across + 0.1, radius * 0.75, radius * 0.74, radius * 0.54)


def hedge(spot: Spot, dice: Dice, season: Season, left: float, right: float) -> None:
    """A clipped row of bush, 1 tall, from `left` to `right`."""
    ids = label("bush", "", "snow" if season.snow else "leaves")
    color = vary(dice, blend(dice.pick(season.leaves), (60, 120, 76), 0.4))
    spot.box(spot.paint(color, ids, fade=0.68), left, 0, right, 1)
    spot.box(spot.paint(shade(color, 1.14), ids), left, 0.8, right, 1)


def flower(spot: Spot, dice: Dice, color: Color | None = None) -> None:
    """A stem with a leaf and a round blossom."""
    green, ids = (
        spot.paint((84, 146, 78), label("flower", "", "leaves")),
        label("flower", "blossom", "leaves"),
    )
    spot.stroke(green, 0.16, 0, 0, 0, 0.7)
    spot.shape(green, 0, 0.1, 0.42, 0.42, 0.12, 0.1)
    spot.oval(spot.paint(vary(dice, color or dice.pick(BRIGHT), 0.04), ids), 0, 0.78, 0.36, 0.34)
    spot.oval(spot.paint((250, 214, 96), ids), 0, 0.78, 0.13, 0.13)


def mushroom(spot: Spot, dice: Dice) -> None:
    """A pale stalk under a dotted cap."""
    ids = label("mushroom")
    spot.shape(spot.paint((240, 228, 206), ids), -0.2, 0, -0.14, 0.6, 0.14, 0.6, 0.22, 0)
    cap = spot.paint(dice.pick(((214, 62, 56), (196, 128, 74), (224, 90, 60))), ids)
    spot.shape(cap, -0.55, 0.5, -0.4, 0.82, 0, 1, 0.4, 0.82, 0.55, 0.5)
    for across, up in ((-0.24, 0.66), (0.08, 0.8), (0.28, 0.6)):
        spot.oval(spot.paint((252, 244, 232), ids), across, up, 0.08, 0.07)


def tuft(spot: Spot, paint: int) -> None:
    """A few blades of grass in a ground's own paint, so that near ground is not a flat sheet."""
    for bend in (-0.7, 0.1, 0.8):
        spot.shape(paint, bend * 0.2 - 0.14, 0, bend, 1, bend * 0.2 + 0.14, 0)
