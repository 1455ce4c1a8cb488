"""What a place may borrow from its neighbours: few things belong to one class alone."""

from dissect_report.demo import buildings, furniture, plants, towers, vehicles, ways
from dissect_report.demo.backdrop import Ground, Ridge, land, water
from dissect_report.demo.canvas import Canvas
from dissect_report.demo.concepts import label
from dissect_report.demo.dice import Dice
from dissect_report.demo.palette import SANDS, Season, vary
from dissect_report.demo.spot import Spot


def skyline(canvas: Canvas, dice: Dice, foot: float, share: float) -> None:
    """In that share of the scenes, the tower blocks of a distant city along part of the horizon."""
    if not dice.chance(share):
        return
    middle, half = dice.between(10, 90), dice.between(12, 45)
    for x in dice.spread(dice.count(3, 9), middle - half, middle + half):
        side = dice.between(5, 9)
        tall = dice.between(9, 24) / side
        towers.skyscraper(Spot(canvas, x, foot, side, far=dice.between(0.25, 0.5)), dice, tall)


def steeple(canvas: Canvas, dice: Dice, season: Season, edge: Ridge, share: float) -> None:
    """In that share of the scenes, a church and a house or two far off on an edge of land."""
    if not dice.chance(share):
        return
    x = dice.between(8, 92)
    church = Spot(canvas, x, edge.at(x) + 2, dice.between(11, 19), far=0.2)
    buildings.church(church, dice, snow=season.snow)
    for aside in (-9, 9)[: dice.count(0, 2)]:
        place = Spot(canvas, x + aside, edge.at(x + aside) + 2.5, dice.between(6, 8.5), far=0.15)
        buildings.house(place, dice, snow=season.snow)


def pond(canvas: Canvas, dice: Dice, level: float, share: float) -> None:
    """In that share of the scenes, a strip of still water, some with a boat; near ground comes after it."""
    if not dice.chance(share):
        return
    water(canvas, dice, "lake", level)
    if dice.chance(0.4):
        x, size = dice.between(10, 90), dice.between(6, 9)
        vehicles.boat(Spot(canvas, x, level + 3.5, size), dice, sails=dice.chance(0.5))


def acre(canvas: Canvas, dice: Dice, season: Season, level: float, share: float) -> None:
    """In that share of the scenes, a ploughed field; the near ground comes after it."""
    if dice.chance(share):
        heights = tuple(level + dice.between(-0.4, 0.4) for _ in range(25))
        ways.field(canvas, dice, season, Ridge(heights))


def beds(canvas: Canvas, dice: Dice, season: Season, level: float, share: float) -> None:
    """In that share of the scenes, a clipped hedge across the picture; flowers before it unless it snowed."""
    if not dice.chance(share):
        return
    tall = dice.between(3, 6)
    plants.hedge(Spot(canvas, 0, level, tall, turn=1), dice, season, -1, 101 / tall)
    for x in () if season.snow else dice.some(2, 9, 2, 98):
        plants.flower(Spot(canvas, x, level + dice.between(2, 5), dice.between(3.5, 6)), dice)


def strand(canvas: Canvas, dice: Dice, edge: Ridge) -> Ground:
    """A shore of sand."""
    return land(canvas, edge, vary(dice, dice.pick(SANDS[:3]), 0.04), label("shore", "", "sand"), deep=0.86)


def occluded(canvas: Canvas, dice: Dice, season: Season, share: float, *, sandy: bool = False) -> None:
    """In that share of the scenes, something near by that hides part of what there is to see."""
    if not dice.chance(share):
        return
    x, kind = dice.between(0, 100), dice.count(0, 3)
    if kind == 0 and sandy:
        plants.palm(Spot(canvas, x, dice.between(92, 112), dice.between(55, 85)), dice)
    elif kind == 0:
        plants.tree(Spot(canvas, x, dice.between(94, 118), dice.between(60, 90)), dice, season)
    elif kind == 1 and not sandy:
        plants.pine(Spot(canvas, x, dice.between(94, 112), dice.between(60, 85)), dice, snow=season.snow)
    elif kind == 2 and not sandy:
        plants.bush(Spot(canvas, x, dice.between(98, 106), dice.between(14, 26)), dice, season)
    else:
        furniture.rock(Spot(canvas, x, dice.between(98, 106), dice.between(16, 28)), dice)
