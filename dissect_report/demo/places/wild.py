"""Places where few live: ski resort, forest, desert."""

from dissect_report.demo import buildings, figures, furniture, plants, vehicles, ways
from dissect_report.demo.backdrop import Ground, land, mountains, ridge, water
from dissect_report.demo.canvas import Canvas
from dissect_report.demo.concepts import label
from dissect_report.demo.dice import Dice
from dissect_report.demo.palette import SANDS, SNOW, WINTER, Color, Season, blend, shade, vary
from dissect_report.demo.places.guests import occluded, pond, steeple
from dissect_report.demo.places.staging import heavens, meadow, people, ripples, standing, strew, trees
from dissect_report.demo.spot import Spot


def ski_resort(canvas: Canvas, dice: Dice, season: Season) -> None:
    """A snowy slope, mostly with peaks, skiers, a chairlift, pines and chalets, in every season."""
    horizon = dice.between(36, 48)
    heavens(canvas, dice, horizon)
    rock: Color = dice.pick(((106, 118, 146), (128, 122, 140), (96, 116, 140)))
    if dice.chance(0.8):
        tall = dice.between(18, 40)
        mountains(canvas, dice, horizon + 12, tall, number=4, snowy=0.85, far=0.35, color=rock)
    if dice.chance(0.6):
        tall = dice.between(18, 26)
        mountains(canvas, dice, horizon + 16, tall, number=4, snowy=0.95, far=0.12, color=rock)
    lean = dice.pick((-1, 1))
    edge = ridge(dice, horizon + 12, 2.5, slope=lean * dice.between(0, 18))
    ground = land(canvas, edge, SNOW, label("hill", "", "snow"), deep=0.88, depth=55)
    ripples(canvas, dice, ground, 8, (4, 12))
    steeple(canvas, dice, WINTER, edge, 0.15)
    scale = dice.between(0.75, 1.25)
    for x in dice.some(5, 9, 0, 100):
        y, size = edge.at(x) + dice.between(0, 4), dice.between(8, 14) * scale
        plants.pine(Spot(canvas, x, y, size, far=0.12), dice, snow=dice.chance(0.8))
    for x in dice.some(0, 3, 12, 88):
        spot = standing(canvas, ground, x, dice.between(5, 10), dice.between(11, 15) * scale)
        buildings.house(spot, dice, snow=True, wood=dice.chance(0.7))
    if dice.chance(0.78):
        _lift(canvas, dice, lean)
    for x, drop in [(dice.between(2, 98), dice.between(18, 40)) for _ in range(dice.count(1, 3))]:
        spot = standing(canvas, ground, x, drop, dice.between(17, 26) * scale, shadow=0.25)
        plants.pine(spot, dice, snow=True)
    for x in dice.some(0, 4, 10, 90):
        drop = dice.between(10, 34)
        spot = standing(canvas, ground, x, drop, (7 + drop * 0.2) * scale, shadow=0.4)
        figures.person(spot, dice, skis=True)
    if dice.chance(0.25):
        x, drop = dice.between(12, 88), dice.between(20, 36)
        figures.snowman(standing(canvas, ground, x, drop, dice.between(9, 14)), dice)
    occluded(canvas, dice, WINTER, 0.18)


def _lift(canvas: Canvas, dice: Dice, lean: int) -> None:
    """A chairlift up to the side where the slope is higher."""
    x, y, size = dice.between(-6, 6), dice.between(56, 70), dice.between(5.5, 7.5)
    across, up = dice.between(72, 96) - x, y - dice.between(20, 34)
    spot = Spot(canvas, x if lean < 0 else 100 - x, y, size, turn=-lean)
    vehicles.chairlift(spot, dice, across / size, up / size)


def forest(canvas: Canvas, dice: Dice, season: Season) -> None:
    """Layers of trees fading into the haze, mushrooms; at times a glade, a pond, a tent, a cabin."""
    horizon = dice.between(40, 52)
    heavens(canvas, dice, horizon)
    pines = dice.pick((0.05, 0.35, 0.65, 0.95))
    dense = dice.between(0.35, 1.0)
    for layer in range(3):
        _stand(canvas, dice, season, horizon, layer, pines, dense)
    pond(canvas, dice, horizon + 16, 0.16)
    ground = meadow(canvas, dice, season, ridge(dice, horizon + 21, 2.0))
    if dice.chance(0.6):
        start, end = dice.between(30, 70), dice.between(20, 80)
        ways.path(canvas, dice, ground, start, end, SNOW if season.snow else (206, 176, 132), "soil")
    for x in dice.some(1, 2, 10, 90) if dice.chance(0.22) else ():
        cabin = standing(canvas, ground, x, dice.between(1, 5), dice.between(11, 16))
        buildings.house(cabin, dice, snow=season.snow, wood=dice.chance(0.7))
    row = [(x, dice.between(0, 6)) for x in dice.some(1, 6, 0, 100)]
    trees(canvas, dice, season, ground, row, 28, pines)
    for x in dice.some(1, 4, 4, 96):
        plants.bush(standing(canvas, ground, x, dice.between(6, 20), dice.between(3, 5.5)), dice, season)
    if dice.chance(0.25):
        x, drop = dice.between(25, 75), dice.between(10, 15)
        buildings.tent(standing(canvas, ground, x, drop, dice.between(9, 13)), dice)
    if dice.chance(0.35):
        skiing = season.snow and dice.chance(0.4)
        people(canvas, dice, ground, dice.count(1, 3), 10, (9, 20), skis=skiing)
    if dice.chance(0.15):
        bench = standing(canvas, ground, dice.between(15, 85), dice.between(9, 16), dice.between(10, 13))
        furniture.bench(bench, dice)
    sides = (dice.between(-2, 20), dice.between(80, 102))
    for x in sides[: dice.pick((0, 1, 2), (0.25, 0.3, 0.45))]:
        size = dice.between(32, 44)
        trees(canvas, dice, season, ground, [(x, dice.between(17, 24))], size, pines * 0.6)
    if not season.snow and dice.chance(0.5):
        for x in dice.some(2, 6, 5, 95):
            plants.mushroom(Spot(canvas, x, dice.between(86, 97), dice.between(3.5, 7)), dice)
    for x in dice.some(0, 2, 5, 95):
        furniture.rock(Spot(canvas, x, dice.between(84, 96), dice.between(3, 6)), dice)
    if dice.chance(0.4):
        strew(canvas, dice, season, ground)


def _stand(
    canvas: Canvas, dice: Dice, season: Season, horizon: float, layer: int, pines: float, dense: float
) -> None:
    """One row of the wood, the farther the paler, thinner where `dense` is below 1."""
    far, edge, color = 0.62 - 0.22 * layer, ridge(dice, horizon + 5 * layer, 1.6), dice.pick(season.grass)
    if not season.snow:
        color = blend(color, (70, 110, 90), 0.2)
    land(canvas, edge, color, label("hill", "", "snow" if season.snow else "grass"), far=far)
    for x in dice.spread(max(round((12 - layer) * dense), 2), -3, 103):
        spot = Spot(canvas, x, edge.at(x) + 1, dice.between(15, 23) + layer * 3, far=far * 0.85)
        if dice.chance(pines):
            plants.pine(spot, dice, snow=season.snow)
        else:
            plants.tree(spot, dice, season)


def desert(canvas: Canvas, dice: Dice, season: Season) -> None:
    """Dunes, mesas, cacti and rocks, a caravan, an oasis, now and then a tent; no season shows here."""
    horizon = dice.between(40, 54)
    heavens(canvas, dice, horizon)
    sand = vary(dice, dice.pick(SANDS), 0.05)
    if dice.chance(0.5):
        _mesas(canvas, dice, horizon + 4, blend(sand, (186, 96, 66), 0.6))
    ids = label("dune", "", "sand")
    ground = land(canvas, ridge(dice, horizon, 2), sand, ids)
    for layer in range(dice.count(2, 3)):
        level, swing = horizon + 2 + layer * dice.between(8, 12), 4.5 - layer * 0.7
        edge, color = ridge(dice, level, swing, waves=dice.between(0.6, 1.3)), shade(sand, 1.0 + 0.03 * layer)
        ground = land(canvas, edge, color, ids, far=0.42 - 0.2 * layer, deep=0.8, depth=26)
    ripples(canvas, dice, ground, 7, (3, 9))
    if dice.chance(0.3):
        ground = _oasis(canvas, dice, ground, sand)
    for x in dice.some(0, 4, 10, 90):
        spot = standing(canvas, ground, x, dice.between(2, 30), dice.between(3, 7))
        furniture.rock(spot, dice, blend(sand, (150, 96, 78), 0.6))
    if dice.chance(0.45):
        _caravan(canvas, dice, ground)
    if dice.chance(0.3):
        x = dice.between(15, 85)
        for aside in (-6, 1, 6)[: dice.count(1, 3)]:
            plants.palm(standing(canvas, ground, x + aside, dice.between(2, 6), dice.between(17, 35)), dice)
    if dice.chance(0.2):
        people(canvas, dice, ground, dice.count(1, 3), 9, (4, 24))
    if dice.chance(0.1):
        car = standing(canvas, ground, dice.between(15, 85), dice.between(8, 20), dice.between(11, 16))
        vehicles.car(car, dice)
    if dice.chance(0.15):
        x, drop = dice.between(20, 80), dice.between(8, 16)
        buildings.tent(standing(canvas, ground, x, drop, dice.between(9, 13)), dice)
    for x in dice.some(0, 5, 3, 97) if dice.chance(0.7) else ():
        drop = dice.between(3, 32)
        size = dice.between(7, 12) * (1 + drop / 26)
        plants.cactus(standing(canvas, ground, x, drop, size, shadow=0.3), dice)
    occluded(canvas, dice, season, 0.2, sandy=True)


def _oasis(canvas: Canvas, dice: Dice, ground: Ground, sand: Color) -> Ground:
    """Water between the dunes and the near sand."""
    top = max(ground.ridge.heights) + dice.between(2, 8)
    water(canvas, dice, "lake", top)
    near = ridge(dice, top + dice.between(6, 16), 1.6, slope=dice.between(-8, 8))
    return land(canvas, near, sand, label("dune", "", "sand"), deep=0.8)


def _caravan(canvas: Canvas, dice: Dice, ground: Ground) -> None:
    """Camels, some led by someone on foot."""
    for x in dice.some(1, 4, 10, 90):
        spot = standing(canvas, ground, x, dice.between(2, 13), dice.between(11, 18), shadow=0.4)
        figures.camel(spot, dice)
        if dice.chance(0.3):
            figures.person(spot.at(0.7, 0, 0.72), dice)


def _mesas(canvas: Canvas, dice: Dice, foot: float, color: Color) -> None:
    """Flat-topped mountains, banded."""
    ids, haze = label("mountain", "", "stone"), canvas.light.haze
    for x in dice.some(2, 4, 0, 100):
        wide, tall = dice.between(8, 17), dice.between(9, 19)
        lit, dark = (
            canvas.paint(tone, ids, to=blend(tone, haze, 0.3), span=(foot - tall, foot), far=0.32)
            for tone in (color, shade(color, 0.8))
        )
        spot, high = Spot(canvas, x, foot, wide), tall / wide
        left = (-1, 0, -0.66, high * 0.4, -0.6, high)
        spot.shape(lit, *left, 0.56, high, 0.64, high * 0.42, 1, 0)
        spot.shape(dark, *left, -0.2, high, -0.26, high * 0.5, -0.14, 0)
        for share in (0.62, 0.82):
            spot.box(dark, -0.6, high * share - 0.5 / wide, 0.58, high * share)
