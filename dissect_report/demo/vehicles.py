"""What moves people and goods: boats, cars, tractors, hot-air balloons, chairlifts."""

from dissect_report.demo.concepts import label
from dissect_report.demo.dice import Dice
from dissect_report.demo.palette import BRIGHT, CLOTHES, Color, shade, vary
from dissect_report.demo.spot import Spot

HULLS: tuple[Color, ...] = ((206, 74, 62), (44, 92, 136), (246, 242, 232), (60, 132, 122), (150, 96, 62))
SAILS: tuple[Color, ...] = ((252, 247, 236), (252, 247, 236), (244, 196, 120), (226, 104, 84))
TRACTORS: tuple[Color, ...] = ((206, 62, 52), (74, 142, 74), (60, 110, 170), (240, 170, 60))
STEEL: Color = (86, 94, 110)


def boat(spot: Spot, dice: Dice, *, sails: bool = True) -> None:
    """A hull 1 long; with mast and sails, or low as a rowing boat."""
    color, hull = vary(dice, dice.pick(HULLS)), label("boat", "hull", "wood")
    spot = spot.at(0, turn=1 if dice.chance(0.5) else -1)
    if sails:
        _rig(spot, dice)
    side = (-0.46, 0.2, 0.56, 0.23, 0.36, 0, -0.38, 0)
    spot.shape(spot.paint(color, hull, fade=0.66, top=0.2), *side)
    rim: Color = (250, 244, 230) if sum(color) < 600 else (190, 80, 66)
    spot.stroke(spot.paint(rim, hull), 0.05, -0.45, 0.186, 0.53, 0.21)
    if not sails:
        spot.stroke(spot.paint((178, 134, 92), label("boat", "", "wood")), 0.035, 0, 0.18, -0.3, -0.06)


def _rig(spot: Spot, dice: Dice) -> None:
    top, boom, mast = dice.between(1.05, 1.3), 0.28, 0.04
    spot.stroke(spot.paint((112, 80, 62), label("boat", "mast", "wood")), 0.045, mast, 0.15, mast, top)
    cloth, ids = dice.pick(SAILS), label("boat", "sail", "fabric")
    main = (0.005, top - 0.05, -0.26, (top + boom) / 2, -0.4, boom, 0.005, boom)
    spot.shape(spot.paint(cloth, ids, fade=0.86, top=top, foot=boom), *main)
    jib = (0.08, top - 0.14, 0.28, (top + boom) / 2 - 0.05, 0.5, boom, 0.08, boom)
    spot.shape(spot.paint(shade(cloth, 0.86), ids), *jib)
    if dice.chance(0.6):
        flag = spot.paint(dice.pick(BRIGHT), label("boat", "", "fabric"))
        spot.shape(flag, mast, top + 0.09, mast - 0.16, top + 0.045, mast, top)


def wheel(spot: Spot, thing: str, across: float, radius: float) -> None:
    """A tyre with a pale hub, standing on the ground."""
    ids = label(thing, "wheel")
    spot.oval(spot.paint((52, 52, 60), ids), across, radius * 0.9, radius, radius)
    spot.oval(spot.paint((196, 196, 200), ids), across, radius * 0.9, radius * 0.45, radius * 0.45)


def car(spot: Spot, dice: Dice) -> None:
    """A small rounded car or a van, seen from the side, 1 long."""
    color = vary(dice, dice.pick(BRIGHT))
    spot = spot.at(0, turn=1 if dice.chance(0.5) else -1)
    van = dice.chance(0.3)
    top, back, belt = (0.52, -0.48, 0.27) if van else (0.44, -0.36, 0.27)
    cab = spot.paint(shade(color, 0.92), label("car", "cab", "metal"))
    spot.shape(cab, back, belt, back + 0.08, top, 0.12, top, 0.28, belt)
    lit = spot.dark and dice.chance(0.4)
    tone: Color = (255, 222, 150) if lit else (176, 212, 226)
    glass = spot.paint(tone, label("car", "window", "glass"), glow=0.6 if lit else 0.0)
    spot.shape(glass, 0, belt, 0, top - 0.04, 0.1, top - 0.04, 0.22, belt)
    spot.shape(glass, back + 0.06, belt, back + 0.11, top - 0.04, -0.05, top - 0.04, -0.05, belt)
    body = spot.paint(color, label("car", "", "metal"), fade=0.78, top=belt, foot=0.09)
    spot.shape(body, -0.5, 0.09, -0.5, belt, 0.3, belt, 0.48, 0.22, 0.5, 0.09)
    lamp = spot.paint((255, 240, 176), label("car", "lamp", "glass"), glow=0.9 if spot.dark else 0.2)
    spot.oval(lamp, 0.47, 0.19, 0.035, 0.04)
    for place in (-0.29, 0.28):
        wheel(spot, "car", place, 0.115)


def tractor(spot: Spot, dice: Dice) -> None:
    """A tractor with one large and one small wheel, 1 long."""
    color = vary(dice, dice.pick(TRACTORS))
    spot = spot.at(0, turn=1 if dice.chance(0.5) else -1)
    body = label("tractor", "", "metal")
    spot.box(spot.paint(shade(color, 0.8), label("tractor", "cab", "metal")), -0.36, 0.36, 0.06, 0.84)
    spot.box(spot.paint((190, 220, 228), label("tractor", "window", "glass")), -0.3, 0.5, 0.01, 0.77)
    spot.box(spot.paint(shade(color, 1.1), label("tractor", "roof", "metal")), -0.41, 0.81, 0.11, 0.88)
    spot.box(spot.paint(color, body, fade=0.76, top=0.5, foot=0.2), 0.06, 0.2, 0.5, 0.5)
    spot.stroke(spot.paint((80, 80, 88), body), 0.045, 0.32, 0.5, 0.32, 0.74)
    wheel(spot, "tractor", -0.24, 0.26)
    wheel(spot, "tractor", 0.38, 0.15)


def balloon(spot: Spot, dice: Dice) -> None:
    """A striped hot-air balloon about the spot, 1 tall, its basket below."""
    ids, radius = label("balloon", "", "fabric"), 0.36
    first = vary(dice, dice.pick(BRIGHT))
    second: Color = dice.pick(((250, 244, 232), (250, 214, 120), (236, 118, 84)))
    glow = 0.45 if spot.dark else 0.0
    for stripe, share in enumerate((1.0, 0.72, 0.36)):
        color = second if stripe == 1 else first
        paint = spot.paint(color, ids, fade=0.82, top=0.5, foot=-0.32, glow=glow)
        spot.oval(paint, 0, 0.14, radius * share, radius * 1.02)
        low = -0.0256
        spot.shape(paint, -0.317 * share, low, 0.317 * share, low, 0.07 * share, -0.32, -0.07 * share, -0.32)
    spot.oval(spot.paint(shade(first, 1.25), ids, glow=max(glow, 0.3)), 0.18, 0.25, 0.043, 0.122)
    rope = spot.paint((92, 74, 66), ids)
    for across in (-0.06, 0.06):
        spot.stroke(rope, 0.016, across, -0.32, across * 0.9, -0.42)
    spot.box(spot.paint((150, 104, 66), label("balloon", "basket", "straw")), -0.095, -0.54, 0.095, -0.4)


def chairlift(spot: Spot, dice: Dice, across: float, up: float) -> None:
    """A cable from the spot to a higher place, on towers, with chairs hanging from it, some taken.

    Args:
        spot: the lower end; 1 is the height of a chair there.
        across, up: the upper end.
    """
    steel = spot.paint(STEEL, label("chairlift", "pole", "metal"))
    for share, scale in ((0.12, 1.0), (0.5, 0.8), (0.88, 0.6)):
        tower = spot.at(across * share, up * share, scale)
        tower.stroke(steel, 0.24, 0, 0.2, 0, -3)
        tower.stroke(steel, 0.16 / scale, -0.7, 0, 0.7, 0)
    spot.stroke(spot.paint((70, 76, 92), label("chairlift", "", "metal")), 0.42 / spot.size, 0, 0, across, up)
    color = dice.pick(CLOTHES[:4])
    for share in dice.spread(dice.count(4, 6), 0.02, 0.98):
        _chair(spot.at(across * share, up * share, 1.0 - 0.45 * share), dice, color)


def _chair(spot: Spot, dice: Dice, color: Color) -> None:
    seat, frame = (
        label("chairlift", "seat", "wood"),
        spot.paint((80, 88, 104), label("chairlift", "", "metal")),
    )
    spot.stroke(frame, 0.13, 0, 0, 0, -0.75)
    spot.box(spot.paint(shade(color, 0.8), seat), -0.52, -0.82, 0.52, -0.55)
    spot.box(spot.paint(color, seat), -0.57, -1, 0.57, -0.82)
    if dice.chance(0.45):
        coat = spot.paint(dice.pick(CLOTHES), label("person", "torso", "fabric"))
        spot.box(coat, -0.17, -0.85, 0.17, -0.43)
        spot.oval(spot.paint((230, 180, 144), label("person", "head")), 0, -0.3, 0.15, 0.15)
        spot.box(spot.paint((60, 66, 90), label("person", "leg", "fabric")), -0.14, -1.25, 0.12, -0.85)
