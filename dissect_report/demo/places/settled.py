"""Places made by people on land: village, city, farm, garden."""

from dissect_report.demo import buildings, figures, furniture, plants, towers, vehicles, ways
from dissect_report.demo.backdrop import Ground, Ridge, hills, land, mountains, ridge, water, wood_line
from dissect_report.demo.canvas import Canvas
from dissect_report.demo.concepts import label
from dissect_report.demo.dice import Dice
from dissect_report.demo.palette import SNOW, Color, Season, shade, vary
from dissect_report.demo.places.guests import acre, beds, occluded, pond, skyline, steeple
from dissect_report.demo.places.staging import heavens, herd, meadow, people, standing, strew, trees
from dissect_report.demo.spot import Spot

BLOSSOMS: tuple[Color, ...] = (
    (226, 72, 86), (250, 196, 70), (240, 130, 160), (150, 96, 190), (250, 246, 240), (240, 120, 70),
)  # fmt: skip


def village(canvas: Canvas, dice: Dice, season: Season) -> None:
    """Houses, mostly about a church, a path, trees, people; at times a field, a barn, a pond, a hedge."""
    horizon = dice.between(38, 50)
    heavens(canvas, dice, horizon)
    if dice.chance(0.4):
        tall, color = dice.between(16, 28), (120.0, 132.0, 152.0)
        mountains(canvas, dice, horizon + 8, tall, number=4, snowy=0.7, far=0.5, color=color)
    back = hills(canvas, dice, season, horizon + 3, dice.count(2, 3))
    wood_line(canvas, dice, season, back)
    if dice.chance(0.25):
        x = dice.between(6, 94)
        towers.windmill(Spot(canvas, x, back.at(x) + 3, dice.between(17, 23)), dice)
    acre(canvas, dice, season, horizon + 12, 0.2)
    pond(canvas, dice, horizon + 13, 0.14)
    ground = meadow(canvas, dice, season, ridge(dice, horizon + 17, 2.6))
    start, end = dice.between(35, 65), dice.between(25, 75)
    if dice.chance(0.8):
        ways.path(canvas, dice, ground, start, end, SNOW if season.snow else (222, 196, 150), "soil")
    scale, where = dice.between(0.65, 1.2), dice.between(18, 82)
    row, pious = dice.some(2, 5, 4, 96), dice.chance(0.88)
    trees(canvas, dice, season, ground, [(x + 6, 0.5) for x in row[::2]], 13 * scale)
    if pious:
        size = dice.between(22, 34) * scale
        buildings.church(standing(canvas, ground, where, 2.5, size), dice, snow=season.snow)
    for x in row:
        if abs(x - where) > 9 or not pious:
            spot = standing(canvas, ground, x, dice.between(2, 5), dice.between(11, 14) * scale)
            buildings.house(spot, dice, snow=season.snow)
    for x in dice.some(1, 3, 6, 94):
        if dice.chance(0.8):
            size = dice.between(14, 19) * scale
            spot = standing(canvas, ground, x, dice.between(13, 20), size, shadow=0.6)
            buildings.house(spot, dice, snow=season.snow)
    if dice.chance(0.5):
        ends = dice.between(-5, 30), dice.between(60, 105)
        ways.fence(canvas, dice, ground, ends, dice.between(21, 25), 4.4)
    near = [(dice.between(2, 98), dice.between(20, 28)) for _ in range(dice.count(0, 2))]
    trees(canvas, dice, season, ground, near, 17 * scale)
    if dice.chance(0.2):
        x, drop = dice.between(15, 85), dice.between(14, 22)
        vehicles.car(standing(canvas, ground, x, drop, dice.between(12, 16) * scale), dice)
    beds(canvas, dice, season, ground.ridge.at(50) + 16, 0.1)
    _smallholding(canvas, dice, season, ground, scale)
    herd(canvas, dice, ground, 0.35, (16, 30))
    skiing = season.snow and dice.chance(0.35)
    people(canvas, dice, ground, dice.count(0, 3), 9 * scale, (14, 30), skis=skiing)
    strew(canvas, dice, season, ground)
    occluded(canvas, dice, season, 0.18)


def _smallholding(canvas: Canvas, dice: Dice, season: Season, ground: Ground, scale: float) -> None:
    """What some villages have of a farm: a barn, hay, a tractor."""
    if dice.chance(0.2):
        x, size = dice.pick((dice.between(6, 26), dice.between(74, 94))), dice.between(13, 18) * scale
        buildings.barn(standing(canvas, ground, x, 9, size), dice, snow=season.snow)
    for x in dice.some(1, 3, 4, 96) if dice.chance(0.2) else ():
        furniture.haystack(standing(canvas, ground, x, dice.between(8, 14), dice.between(4, 7)), dice)
    if dice.chance(0.1):
        x, size = dice.between(15, 85), dice.between(10, 14)
        vehicles.tractor(standing(canvas, ground, x, 14, size, shadow=0.57), dice)


def city(canvas: Canvas, dice: Dice, season: Season) -> None:
    """Tower blocks behind a road with cars, lamps, trees; at times a suburb, a park, a riverside."""
    horizon = dice.between(54, 66)
    heavens(canvas, dice, horizon)
    height = dice.pick((0.45, 0.75, 1.0), (0.2, 0.3, 0.5))
    for number, far, wide, most in ((9, 0.6, 0, 50.6), (8, 0.38, 2, 46.2), (6, 0.0, 4, 36.0)):
        for x in dice.spread(dice.count(number // 3, number), -4, 104):
            tall, side = dice.between(18, most) * height, dice.between(8, 13) + wide
            towers.skyscraper(Spot(canvas, x, horizon + 3, side, far=far), dice, tall / side)
    _suburb(canvas, dice, season, horizon + 3)
    level = Ridge((horizon + 2.5,) * 25)
    if dice.chance(0.2):
        _park(canvas, dice, season, level)
        return
    color = (236.0, 238.0, 244.0) if season.snow else vary(dice, (206, 198, 188), 0.03)
    ground = land(canvas, level, color, label("path", "", "stone"), deep=0.84)
    avenue = [(x, dice.between(0.8, 2)) for x in dice.some(1, 6, 2, 98)]
    trees(canvas, dice, season, ground, avenue, dice.between(12, 19), 0.05)
    top = horizon + dice.between(8, 11)
    bottom = top + dice.between(13, 17)
    for x in dice.some(2, 3, 4, 96):
        furniture.streetlamp(Spot(canvas, x, top - 0.5, dice.between(17, 22), turn=dice.pick((-1, 1))))
    ways.road(canvas, season, top, bottom)
    for lane, x in enumerate(dice.some(1, 4, 2, 98)):
        y = top + (bottom - top) * (0.42 if lane % 2 else 0.92)
        vehicles.car(Spot(canvas, x, y, dice.between(14, 19)), dice)
    if dice.chance(0.3):
        furniture.bench(Spot(canvas, dice.between(15, 85), bottom + 5, dice.between(11, 14)), dice)
    for x in dice.some(0, 4, 6, 94):
        drop = bottom - horizon - 2.5 + dice.between(3, 9)
        figures.person(standing(canvas, ground, x, drop, dice.between(12, 16), shadow=0.24), dice)
    if dice.chance(0.2):
        _riverside(canvas, dice, bottom + dice.between(2, 6))
    occluded(canvas, dice, season, 0.18)


def _suburb(canvas: Canvas, dice: Dice, season: Season, foot: float) -> None:
    """In some cities, low houses before the towers, a church among them at times."""
    if not dice.chance(0.35):
        return
    if dice.chance(0.4):
        church = Spot(canvas, dice.between(10, 90), foot, dice.between(20, 30))
        buildings.church(church, dice, snow=season.snow)
    for x in dice.some(2, 6, 0, 100):
        buildings.house(Spot(canvas, x, foot, dice.between(9, 14)), dice, snow=season.snow)


def _park(canvas: Canvas, dice: Dice, season: Season, edge: Ridge) -> None:
    """Grass before the towers, with trees, hedge and flowers, benches, a fountain at times."""
    ground = meadow(canvas, dice, season, edge)
    beds(canvas, dice, season, edge.at(50) + 7, 0.35)
    row = [(x, dice.between(1, 8)) for x in dice.some(2, 6, 0, 100)]
    trees(canvas, dice, season, ground, row, 16, 0.1)
    if dice.chance(0.3):
        furniture.fountain(Spot(canvas, dice.between(15, 85), edge.at(50) + 18, dice.between(11, 16)), dice)
    for x in dice.some(0, 2, 8, 92):
        furniture.bench(standing(canvas, ground, x, dice.between(12, 24), dice.between(9, 13)), dice)
    people(canvas, dice, ground, dice.count(0, 4), 11, (12, 26))
    strew(canvas, dice, season, ground)


def _riverside(canvas: Canvas, dice: Dice, top: float) -> None:
    """Water along the lower edge behind a low wall, some with boats."""
    water(canvas, dice, dice.pick(("lake", "sea")), top)
    canvas.box(-1, top - 1.5, 101, top + 1, canvas.paint((176, 166, 156), label("pier", "", "stone")))
    for x in dice.some(0, 2, 8, 92):
        place = Spot(canvas, x, top + dice.between(4, 9), dice.between(9, 14))
        vehicles.boat(place, dice, sails=dice.chance(0.6))


def farm(canvas: Canvas, dice: Dice, season: Season) -> None:
    """Striped fields, a barn or houses, a tractor, animals behind a fence, hay, a windmill."""
    horizon = dice.between(38, 50)
    heavens(canvas, dice, horizon)
    edge = hills(canvas, dice, season, horizon + 2, 2)
    wood_line(canvas, dice, season, edge, share=dice.between(0.2, 0.8))
    steeple(canvas, dice, season, edge, 0.2)
    level = horizon + 9
    for _ in range(dice.pick((0, 1, 2, 3), (0.1, 0.2, 0.35, 0.35))):
        edge = ridge(dice, level, 1.6, slope=dice.between(-7, 7))
        ways.field(canvas, dice, season, edge)
        level += dice.between(5, 8)
    if dice.chance(0.35):
        x = dice.between(12, 88)
        towers.windmill(Spot(canvas, x, edge.at(x) + 1, dice.between(18, 34)), dice)
    pond(canvas, dice, level, 0.1)
    ground = meadow(canvas, dice, season, ridge(dice, level + 2, 1.6))
    where, size = dice.between(10, 90), dice.between(13, 23)
    trees(
        canvas, dice, season, ground, [(dice.between(2, 98), 0.6) for _ in range(dice.count(1, 6))], 14, 0.1
    )
    if dice.chance(0.8):
        buildings.barn(standing(canvas, ground, where, 4, size), dice, snow=season.snow)
    for aside in dice.some(0, 3, 25, 75):
        spot = standing(canvas, ground, (where + aside) % 100, dice.between(2, 6), dice.between(10, 15))
        buildings.house(spot, dice, snow=season.snow)
    if dice.chance(0.25):
        start, end = dice.between(35, 65), dice.between(25, 75)
        ways.path(canvas, dice, ground, start, end, SNOW if season.snow else (222, 196, 150), "soil")
    for x in dice.some(0, 4, 4, 96):
        furniture.haystack(standing(canvas, ground, x, dice.between(6, 12), dice.between(5, 8)), dice)
    if dice.chance(0.45):
        x, size = dice.between(15, 85), dice.between(12, 16)
        vehicles.tractor(standing(canvas, ground, x, 13, size, shadow=0.57), dice)
    herd(canvas, dice, ground, 0.6, (14, 27))
    if dice.chance(0.5):
        ends = dice.between(-6, 25), dice.between(70, 106)
        ways.fence(canvas, dice, ground, ends, dice.between(26, 30), dice.between(5, 7))
    people(canvas, dice, ground, dice.count(0, 2), 11, (14, 24))
    if dice.chance(0.3):
        strew(canvas, dice, season, ground)
    occluded(canvas, dice, season, 0.18)


def garden(canvas: Canvas, dice: Dice, season: Season) -> None:
    """Hedges, beds of flowers along a gravel path, a fountain, benches; houses or towers behind, a pond."""
    horizon = dice.between(42, 52)
    heavens(canvas, dice, horizon)
    back, ids = ridge(dice, horizon, 2.0), label("hill", "", "snow" if season.snow else "grass")
    skyline(canvas, dice, horizon + 4, 0.22)
    land(canvas, back, dice.pick(season.grass), ids, far=0.35)
    steeple(canvas, dice, season, back, 0.15)
    for x in dice.some(3, 8, 0, 100):
        plants.tree(Spot(canvas, x, back.at(x) + 3, dice.between(14, 28), far=0.15), dice, season)
    for x in dice.some(0, 3, 10, 90) if dice.chance(0.5) else ():
        buildings.house(Spot(canvas, x, horizon + 6, dice.between(12, 22)), dice, snow=season.snow)
    level, tall = horizon + dice.between(8, 11), dice.between(4, 8)
    if dice.chance(0.85):
        plants.hedge(Spot(canvas, 0, level + 1.5, tall, turn=1), dice, season, -1, 101 / tall)
    pond(canvas, dice, level - 2, 0.15)
    ground = meadow(canvas, dice, season, Ridge((level + 1.2,) * 25))
    gravel, middle = (236.0, 222.0, 196.0), dice.between(35, 65)
    if dice.chance(0.75):
        stuff = "stone" if dice.chance(0.7) else "soil"
        ways.path(canvas, dice, ground, middle, dice.between(35, 65), gravel, stuff)
    if dice.chance(0.5):
        x = middle + dice.between(-8, 8)
        canvas.oval(x, level + 11, 16, 4.2, canvas.paint(shade(gravel, 0.95), label("path", "", "stone")))
        furniture.fountain(Spot(canvas, x, level + 12, dice.between(11, 22)), dice)
    for x in dice.some(0, 2, 8, 92):
        furniture.bench(Spot(canvas, x, level + dice.between(7, 11), dice.between(10, 14)), dice)
    if dice.chance(0.35):
        x, y = dice.between(10, 90), level + dice.between(9, 15)
        furniture.parasol(Spot(canvas, x, y, dice.between(14, 18)), dice)
    people(canvas, dice, ground, dice.count(0, 3), 11, (10, 22))
    if season.snow and dice.chance(0.5):
        x, y = dice.between(10, 90), level + dice.between(14, 26)
        figures.snowman(Spot(canvas, x, y, dice.between(11, 17)), dice)
    for x in dice.some(0, 2, 5, 95):
        if dice.chance(0.35):
            size, y = dice.between(17, 23), level + dice.between(8, 16)
            furniture.streetlamp(Spot(canvas, x, y, size, turn=dice.pick((-1, 1))))
    for x in dice.some(0, 3, 4, 96):
        plants.bush(Spot(canvas, x, level + dice.between(8, 20), dice.between(3.5, 5.5)), dice, season)
    if dice.chance(0.3 if season.snow else 0.8):
        _beds(canvas, dice, level)
    occluded(canvas, dice, season, 0.18)


def _beds(canvas: Canvas, dice: Dice, level: float) -> None:
    """Two or three rows of flowers in dark earth on both sides, taller in front."""
    for row in range(dice.count(2, 3)):
        y, inner, outer = level + 18 + row * dice.between(8, 11), dice.between(28, 42), dice.between(-4, 8)
        soil = canvas.paint((124, 88, 66), label("field", "", "soil"), to=(96, 68, 56), span=(y - 2, y + 2))
        for low, high in ((outer, inner), (100 - inner, 100 - outer)):
            canvas.oval((low + high) / 2, y, (high - low) / 2, 2.2, soil)
            color = dice.pick(BLOSSOMS)
            for x in dice.spread(int((high - low) / 3.2), low + 1, high - 1):
                spot = Spot(canvas, x, y + dice.between(-1, 1.2), 6.0 + row * 1.2)
                plants.flower(spot, dice, color if dice.chance(0.75) else None)
