"""Places at the water: harbor, beach, lake."""

from dissect_report.demo import buildings, figures, furniture, plants, towers, vehicles, ways
from dissect_report.demo.backdrop import Ridge, hills, land, mountains, ridge, water
from dissect_report.demo.canvas import Canvas
from dissect_report.demo.concepts import label
from dissect_report.demo.dice import Dice
from dissect_report.demo.palette import SANDS, Season, vary
from dissect_report.demo.places.guests import occluded, skyline, steeple, strand
from dissect_report.demo.places.staging import (
    flock,
    heavens,
    meadow,
    people,
    ripples,
    standing,
    strew,
    trees,
)
from dissect_report.demo.spot import Spot


def harbor(canvas: Canvas, dice: Dice, season: Season) -> None:
    """Boats on the sea, mostly at a stone quay, houses or towers behind, a lighthouse."""
    horizon = dice.between(38, 50)
    heavens(canvas, dice, horizon)
    _far_coast(canvas, dice, season, horizon)
    water(canvas, dice, "sea", horizon)
    side = dice.pick((-1, 1))
    if dice.chance(0.5):
        x, y = 50 + side * dice.between(22, 40), horizon + dice.between(3, 7)
        towers.lighthouse(Spot(canvas, x, y, dice.between(18, 36)), dice)
    for x in dice.some(0, 2, 5, 95):
        vehicles.boat(Spot(canvas, x, horizon + dice.between(2.5, 6), dice.between(6, 9)), dice)
    if dice.chance(0.65):
        _waterfront(canvas, dice, season, horizon, -side)
    near = sorted((dice.between(0.2, 0.7), dice.between(8, 92)) for _ in range(dice.count(1, 4)))
    for share, x in near:
        y, size = horizon + (88 - horizon) * share, dice.between(11, 15) * (0.75 + share)
        vehicles.boat(Spot(canvas, x, y, size), dice, sails=dice.chance(0.8))
    top = dice.between(82, 93)
    if dice.chance(0.3):
        _jetties(canvas, dice, season, top)
    else:
        ways.quay(canvas, dice, top, 101)
    for x in dice.some(0, 3, 8, 92):
        figures.person(Spot(canvas, x, top + dice.between(2, 5), dice.between(11, 15)), dice)
    if dice.chance(0.35):
        lamp = Spot(canvas, dice.between(10, 90), top + 3, dice.between(20, 27), turn=side)
        furniture.streetlamp(lamp)
    if dice.chance(0.25):
        furniture.bench(Spot(canvas, dice.between(12, 88), top + 4.5, dice.between(11, 14)), dice)
    if dice.chance(0.2):
        vehicles.car(Spot(canvas, dice.between(15, 85), top + 6, dice.between(14, 18)), dice)
    occluded(canvas, dice, season, 0.15)


def _far_coast(canvas: Canvas, dice: Dice, season: Season, horizon: float) -> None:
    """Gulls, and what may stand behind the water: mountains, towers, a hill."""
    if dice.chance(0.7):
        flock(canvas, dice, horizon, gull=True)
    if dice.chance(0.25):
        tall = dice.between(12, 24)
        mountains(canvas, dice, horizon + 2, tall, number=4, snowy=0.4, far=0.5, color=(110.0, 122.0, 146.0))
    skyline(canvas, dice, horizon + 1.5, 0.2)
    if dice.chance(0.6):
        hills(canvas, dice, season, horizon - 1, 1)


def _jetties(canvas: Canvas, dice: Dice, season: Season, top: float) -> None:
    """In place of a quay, a bank of sand or grass with wooden piers."""
    for x in dice.some(1, 2, 12, 88):
        ways.pier(canvas, dice, x, top - dice.between(10, 22), top + 4, dice.between(6, 9))
    edge = ridge(dice, top, 1.5, slope=dice.between(-8, 8))
    if dice.chance(0.5):
        strand(canvas, dice, edge)
    else:
        meadow(canvas, dice, season, edge)


def _waterfront(canvas: Canvas, dice: Dice, season: Season, horizon: float, side: int) -> None:
    """A row of houses on a strip of quay running in from one side."""
    level, reach = horizon + dice.between(6, 10), dice.between(38, 64)
    low, high = (-1.0, reach) if side < 0 else (100 - reach, 101.0)
    size, ids = dice.between(13, 18), label("pier", "", "stone")
    for x in dice.spread(max(int(reach / (size * 0.95)), 2), low, high - size * 0.3):
        buildings.house(Spot(canvas, x, level + 0.5, size * dice.between(0.85, 1.15)), dice, snow=season.snow)
    canvas.box(low, level, high, level + 1.4, canvas.paint((206, 196, 180), ids))
    wall = canvas.paint((150, 142, 138), ids, to=(104, 104, 112), span=(level, level + 5))
    canvas.box(low, level + 1.4, high, level + 5, wall)


def beach(canvas: Canvas, dice: Dice, season: Season) -> None:
    """Sea and sand, mostly with parasols, towels, bathers, palms; a sail, a pier, a lighthouse, towers."""
    horizon = dice.between(36, 48)
    heavens(canvas, dice, horizon)
    if dice.chance(0.6):
        flock(canvas, dice, horizon, gull=True, most=4)
    skyline(canvas, dice, horizon + 1.5, 0.15)
    if dice.chance(0.4):
        back = hills(canvas, dice, season, horizon - 1, 1)
        for x in dice.some(1, 4, 4, 96) if dice.chance(0.4) else ():
            house = Spot(canvas, x, back.at(x) + 2.5, dice.between(6, 10), far=0.1)
            buildings.house(house, dice, snow=season.snow)
    water(canvas, dice, "sea", horizon)
    if dice.chance(0.2):
        x, size = dice.between(8, 92), dice.between(16, 30)
        towers.lighthouse(Spot(canvas, x, horizon + dice.between(3, 6), size), dice)
    for x in dice.some(0, 3, 8, 92):
        vehicles.boat(Spot(canvas, x, horizon + dice.between(2.5, 12), dice.between(7, 13)), dice)
    sand = vary(dice, dice.pick(SANDS[:3]), 0.04)
    low = horizon + dice.between(8, 16) if dice.chance(0.35) else dice.between(61, 84)
    edge = ridge(dice, low, 1.8, slope=dice.between(-12, 12), waves=0.9)
    if dice.chance(0.18):
        ways.pier(canvas, dice, dice.between(15, 85), low - dice.between(8, 14), low + 6, dice.between(5, 8))
    foam = Ridge(tuple(height - 1.3 for height in edge.heights))
    land(canvas, foam, (236, 246, 246), label("sea", "", "water"), deep=1.0)
    ground = land(canvas, edge, sand, label("shore", "", "sand"), deep=0.86)
    ripples(canvas, dice, ground, 8, (1.5, 4))
    for x in dice.some(0, 3, 8, 92):
        furniture.towel(standing(canvas, ground, x, dice.between(10, 22), dice.between(4, 6)), dice)
    for x in dice.some(1, 5, 4, 96) if dice.chance(0.72) else ():
        spot = standing(canvas, ground, x, dice.between(6, 26), dice.between(10, 20), shadow=0.5)
        furniture.parasol(spot, dice)
    for x in dice.some(0, 4, 8, 92):
        drop = dice.between(4, 26)
        spot = standing(canvas, ground, x, drop, 9 * (1 + drop / 40), shadow=0.24)
        figures.person(spot, dice, bathing=dice.chance(0.8))
    side = dice.pick((0, 100))
    if dice.chance(0.5):
        for _ in range(dice.count(1, 2)):
            x = abs(side - dice.between(2, 22))
            plants.palm(standing(canvas, ground, x, dice.between(10, 28), dice.between(34, 52)), dice)
    for x in dice.some(0, 2, 3, 97):
        furniture.rock(standing(canvas, ground, x, dice.between(1, 28), dice.between(2.5, 5.5)), dice)
    occluded(canvas, dice, season, 0.2, sandy=True)


def lake(canvas: Canvas, dice: Dice, season: Season) -> None:
    """Still water, mostly under mountains, trees on its banks, boats, a pier, cabins or a village, a tent."""
    horizon = dice.between(42, 52)
    heavens(canvas, dice, horizon)
    if dice.chance(0.65):
        color = dice.pick(((104.0, 122.0, 146.0), (120.0, 116.0, 140.0), (100.0, 130.0, 130.0)))
        number, snowy, tall = dice.count(3, 5), dice.pick((0.0, 0.5, 0.9)), dice.between(18, 32)
        mountains(canvas, dice, horizon + 2, tall, number=number, snowy=snowy, far=0.4, color=color)
    bank = hills(canvas, dice, season, horizon - 4, 2, drop=3)
    pines = dice.pick((0.2, 0.6, 0.95))
    steeple(canvas, dice, season, bank, 0.2)
    for x in dice.some(2, 12, -2, 102):
        spot = Spot(canvas, x, min(bank.at(x) + 3.5, horizon + 1.5), dice.between(7, 14), far=0.2)
        if dice.chance(pines):
            plants.pine(spot, dice, snow=season.snow)
        else:
            plants.tree(spot, dice, season)
    for x in dice.some(1, 4, 8, 92) if dice.chance(0.5) else ():
        cabin = Spot(canvas, x, horizon + 2, dice.between(8, 13))
        buildings.house(cabin, dice, snow=season.snow, wood=dice.chance(0.6))
    water(canvas, dice, "lake", horizon + 1.5)
    for share, x in sorted((dice.between(0.1, 0.55), dice.between(8, 92)) for _ in range(dice.count(0, 4))):
        spot = Spot(canvas, x, horizon + 3 + 42 * share, dice.between(9, 13) * (0.8 + share))
        vehicles.boat(spot, dice, sails=dice.chance(0.45))
    low = dice.between(64, 76) if dice.chance(0.3) else dice.between(82, 93)
    edge = ridge(dice, low, 2.5, slope=dice.between(-12, 12))
    if dice.chance(0.5):
        ways.pier(canvas, dice, dice.between(20, 80), low - dice.between(8, 24), 97, dice.between(6, 9))
    sandy = dice.chance(0.2)
    ground = strand(canvas, dice, edge) if sandy else meadow(canvas, dice, season, edge)
    for x in dice.some(0, 2, 8, 92) if sandy else ():
        parasol = standing(canvas, ground, x, dice.between(4, 9), dice.between(11, 16), shadow=0.5)
        furniture.parasol(parasol, dice)
    for x in dice.some(0, 3, 2, 98):
        furniture.rock(standing(canvas, ground, x, dice.between(0, 5), dice.between(2.5, 5)), dice)
    if dice.chance(0.3):
        buildings.tent(standing(canvas, ground, dice.between(15, 85), 5, dice.between(10, 14)), dice)
    sides = (dice.between(-1, 16), dice.between(84, 101))[: dice.count(0, 2)]
    frame = [(x, dice.between(3, 9)) for x in sides]
    trees(canvas, dice, season, ground, frame, dice.between(28, 40), pines)
    people(canvas, dice, ground, dice.count(0, 2), 11, (3, 9))
    if dice.chance(0.25):
        x, drop = dice.between(15, 85), dice.between(4, 7)
        furniture.bench(standing(canvas, ground, x, drop, dice.between(11, 14)), dice)
    if dice.chance(0.3):
        strew(canvas, dice, season, ground)
    occluded(canvas, dice, season, 0.2)
