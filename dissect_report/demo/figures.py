"""Who lives there: people, sheep, cows, camels, birds, and the snowman."""

from dissect_report.demo.concepts import label
from dissect_report.demo.dice import Dice
from dissect_report.demo.palette import CLOTHES, SNOW, Color, shade, vary
from dissect_report.demo.spot import Spot

SKINS: tuple[Color, ...] = ((246, 208, 176), (224, 172, 130), (172, 118, 84), (120, 80, 58))
HAIR: tuple[Color, ...] = ((70, 50, 42), (150, 96, 56), (228, 188, 110), (200, 62, 58), (60, 80, 130))
HIDES: tuple[tuple[Color, Color], ...] = (
    ((246, 240, 230), (70, 58, 56)),
    ((246, 236, 222), (162, 98, 62)),
    ((176, 112, 70), (246, 236, 222)),
)


def person(spot: Spot, dice: Dice, *, skis: bool = False, bathing: bool = False) -> None:
    """Someone standing or walking, 1 tall; on skis with poles, or in a bathing suit."""
    skin, cloth = dice.pick(SKINS), vary(dice, dice.pick(CLOTHES), 0.05)
    below = skin if bathing else shade(dice.pick(CLOTHES), 0.6)
    limb = spot.paint(below, label("person", "leg", "" if bathing else "fabric"))
    stride = dice.between(0.05, 0.14)
    for foot in (-stride, stride):
        spot.shape(limb, -0.076, 0.42, 0.076, 0.42, foot + 0.042, 0, foot - 0.042, 0)
    torso, dark = label("person", "torso", "fabric"), shade(cloth, 0.78)
    spot.shape(spot.paint(cloth, torso), -0.13, 0.76, 0.13, 0.76, 0.106, 0.36, -0.106, 0.36)
    spot.shape(spot.paint(dark, torso), -0.13, 0.76, -0.026, 0.76, -0.026, 0.36, -0.106, 0.36)
    sleeve = spot.paint(skin, label("person", "torso")) if bathing else spot.paint(shade(cloth, 0.88), torso)
    for side in (-1, 1):
        reach = 0.1 if skis else dice.between(0.026, 0.1)
        spot.stroke(sleeve, 0.075, side * 0.12, 0.73, side * (0.12 + reach), 0.48)
    head = label("person", "head")
    spot.oval(spot.paint(skin, head), 0, 0.88, 0.1, 0.115)
    spot.shape(spot.paint(dice.pick(HAIR), head), -0.11, 0.88, -0.08, 0.98, 0, 1.01, 0.08, 0.98, 0.11, 0.88)
    if skis:
        _skis(spot, dice)


def _skis(spot: Spot, dice: Dice) -> None:
    wood = spot.paint(dice.pick(CLOTHES), label("person", "leg", "wood"))
    spot.stroke(wood, 0.06, -0.42, -0.05, 0.34, 0.01, 0.44, 0.06)
    spot.stroke(wood, 0.06, -0.36, -0.1, 0.4, -0.04)
    stick = spot.paint((70, 74, 86), label("person", "pole", "metal"))
    for side in (-1, 1):
        spot.stroke(stick, 0.035, side * 0.24, 0.5, side * 0.36, -0.02)


def _ahead(spot: Spot, dice: Dice) -> Spot:
    """The same place, facing left or right by chance."""
    return spot.at(0, turn=1 if dice.chance(0.5) else -1)


def sheep(spot: Spot, dice: Dice) -> None:
    """A woolly body on dark legs, 1 long."""
    spot = _ahead(spot, dice)
    leg, wool = spot.paint((66, 58, 60), label("sheep", "leg")), label("sheep", "torso")
    for place in (-0.3, -0.16, 0.18, 0.3):
        spot.box(leg, place - 0.035, 0, place + 0.035, 0.3)
    white: Color = (248, 242, 230)
    for across, up, radius in ((-0.24, 0.42, 0.22), (0.0, 0.48, 0.25), (0.22, 0.42, 0.21), (0.0, 0.36, 0.26)):
        color = white if up > 0.37 else shade(white, 0.84)
        spot.oval(spot.paint(color, wool), across, up, radius, radius * 0.85)
    spot.oval(spot.paint((70, 60, 62), label("sheep", "head")), 0.45, 0.5, 0.13, 0.11)


def cow(spot: Spot, dice: Dice) -> None:
    """A patched cow seen from the side, 1 long."""
    spot = _ahead(spot, dice)
    hide, patch = dice.pick(HIDES)
    leg, body, head = (
        spot.paint(shade(hide, 0.8), label("cow", "leg")),
        label("cow", "torso"),
        label("cow", "head"),
    )
    for place in (-0.36, -0.24, 0.24, 0.36):
        spot.box(leg, place - 0.045, 0, place + 0.045, 0.32)
    flank = (-0.46, 0.62, 0.46, 0.62, 0.48, 0.4, 0.3, 0.24, -0.36, 0.24, -0.48, 0.36)
    spot.shape(spot.paint(hide, body, fade=0.82, top=0.62, foot=0.24), *flank)
    spots = spot.paint(patch, body)
    spot.oval(spots, dice.between(-0.3, -0.1), 0.5, 0.13, 0.1)
    spot.oval(spots, dice.between(0.1, 0.3), 0.46, 0.11, 0.13)
    spot.shape(spot.paint(patch, head), 0.42, 0.72, 0.6, 0.76, 0.7, 0.52, 0.6, 0.46, 0.44, 0.54)
    spot.oval(spot.paint((236, 186, 170), head), 0.65, 0.51, 0.06, 0.05)


def camel(spot: Spot, dice: Dice) -> None:
    """A camel of one or two humps, 1 tall, some with a blanket."""
    spot = _ahead(spot, dice)
    hide = vary(dice, (190, 138, 84), 0.05)
    leg, body = spot.paint(shade(hide, 0.76), label("camel", "leg")), label("camel", "torso")
    for place in (-0.3, -0.2, 0.18, 0.28):
        spot.shape(leg, place - 0.045, 0.45, place + 0.045, 0.45, place + 0.025, 0, place - 0.025, 0)
    coat = spot.paint(hide, body, fade=0.8, top=0.85, foot=0.4)
    spot.oval(coat, 0, 0.52, 0.38, 0.16)
    for hump in (-0.15, 0.13) if dice.chance(0.5) else (0.0,):
        spot.shape(coat, hump - 0.17, 0.58, hump - 0.05, 0.84, hump + 0.05, 0.84, hump + 0.17, 0.58)
    if dice.chance(0.5):
        blanket = spot.paint(dice.pick(CLOTHES), label("camel", "", "fabric"))
        spot.shape(blanket, -0.13, 0.72, 0.13, 0.72, 0.16, 0.46, -0.16, 0.46)
    head = spot.paint(shade(hide, 1.05), label("camel", "head"))
    spot.shape(head, 0.28, 0.6, 0.34, 0.42, 0.55, 0.72, 0.55, 0.92, 0.46, 0.9)
    spot.shape(head, 0.45, 0.97, 0.58, 1, 0.74, 0.9, 0.7, 0.83, 0.5, 0.84)


def bird(spot: Spot, dice: Dice, *, gull: bool = True) -> None:
    """A bird in flight: two bent wings 1 long, white over water, dark over land."""
    paint = spot.paint((250, 250, 248) if gull else (62, 64, 80), label("bird"), glow=0.25)
    lift, tilt = dice.between(0.25, 0.5), dice.between(-0.15, 0.15)
    for side in (-1, 1):
        slant = side * tilt
        wing = (side * 0.5, lift - slant, side, lift * 0.5 - slant, side * 0.45, lift * 0.45 - slant)
        spot.shape(paint, 0, 0, *wing, 0, -0.16)


def snowman(spot: Spot, dice: Dice) -> None:
    """Three balls of snow with a hat and a scarf."""
    ids, cloth = label("snowman", "", "snow"), label("snowman", "", "fabric")
    for up, radius in ((0.2, 0.25), (0.52, 0.19), (0.77, 0.14)):
        spot.oval(spot.paint((192, 208, 232), ids), 0, up, radius, radius * 0.95)
        spot.oval(spot.paint(SNOW, ids), radius * 0.14, up + radius * 0.08, radius * 0.84, radius * 0.8)
    spot.box(spot.paint(dice.pick(CLOTHES), cloth), -0.14, 0.63, 0.14, 0.69)
    hat = spot.paint((56, 56, 70), cloth)
    spot.box(hat, -0.16, 0.865, 0.16, 0.9)
    spot.box(hat, -0.1, 0.88, 0.1, 1.04)
    spot.shape(spot.paint((240, 140, 60), ids), 0, 0.79, 0.16, 0.76, 0, 0.74)
    for up in (0.5, 0.58):
        spot.oval(spot.paint((60, 60, 70), ids), 0, up, 0.022, 0.022)
