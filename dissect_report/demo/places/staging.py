"""What every place shares: the sky with what flies in it, near ground, and those who stand on it."""

from dissect_report.demo import figures, furniture, plants, vehicles
from dissect_report.demo.backdrop import Ground, Ridge, land
from dissect_report.demo.canvas import Canvas
from dissect_report.demo.concepts import label
from dissect_report.demo.dice import Dice
from dissect_report.demo.palette import Season, vary
from dissect_report.demo.sky import clouds, sky
from dissect_report.demo.spot import Spot


def heavens(canvas: Canvas, dice: Dice, horizon: float) -> None:
    """Sky, clouds, now and then a balloon."""
    sky(canvas, dice, horizon + 4)
    cloudy = canvas.light.name == "overcast"
    clouds(canvas, dice, horizon, dice.count(3, 6) if cloudy else dice.count(0, 4))
    if not cloudy and dice.chance(0.14):
        x, y = dice.between(12, 88), horizon * dice.between(0.3, 0.6)
        vehicles.balloon(Spot(canvas, x, y, dice.between(14, 26)), dice)


def flock(canvas: Canvas, dice: Dice, horizon: float, *, gull: bool, most: int = 5) -> None:
    """A few birds in the sky."""
    x, y = dice.between(10, 85), dice.between(0.25, 0.8) * horizon
    for _ in range(dice.count(2, most)):
        place = x + dice.between(-11, 11), y + dice.between(-6, 6)
        figures.bird(Spot(canvas, *place, dice.between(2.4, 4.6)), dice, gull=gull)


def meadow(canvas: Canvas, dice: Dice, season: Season, edge: Ridge) -> Ground:
    """Near grass, under snow in winter, with tufts strewn over it."""
    color = vary(dice, dice.pick(season.grass), 0.04)
    ids = label("meadow", "", "snow" if season.snow else "grass")
    ground = land(canvas, edge, color, ids, deep=0.9 if season.snow else 0.74)
    for _ in range(dice.count(6, 14)):
        x = dice.between(0, 100)
        y = edge.at(x) + 3 + (97 - edge.at(x)) * dice.between(0.05, 1)
        if season.snow:
            wide, flat = dice.between(2, 6), dice.between(0.3, 0.8)
            canvas.oval(x, y, wide, flat, ground.shadow if dice.chance(0.4) else ground.light)
        else:
            size = dice.between(0.8, 1.9)
            plants.tuft(Spot(canvas, x, y, size), ground.shadow if dice.chance(0.6) else ground.light)
    return ground


def ripples(canvas: Canvas, dice: Dice, ground: Ground, number: int, wide: tuple[float, float]) -> None:
    """Low waves of sand or snow in the ground's own paints."""
    for _ in range(number):
        x, drop = dice.between(0, 100), dice.between(4, 42)
        size = dice.between(*wide), dice.between(0.25, 0.7)
        canvas.oval(x, ground.ridge.at(x) + drop, *size, ground.shadow if dice.chance(0.6) else ground.light)


def standing(
    canvas: Canvas, ground: Ground, x: float, drop: float, size: float, *, shadow: float = 0.0
) -> Spot:
    """A spot `drop` units below the ground's edge, its shadow `shadow` sizes wide to each side."""
    y = ground.ridge.at(x) + drop
    if shadow:
        wide = size * shadow
        canvas.oval(x - canvas.light.side * wide * 0.35, y, wide, wide * 0.17, ground.shadow)
    return Spot(canvas, x, y, size)


def trees(
    canvas: Canvas,
    dice: Dice,
    season: Season,
    ground: Ground,
    spots: list[tuple[float, float]],
    size: float,
    pines: float = 0.3,
) -> None:
    """Trees, and pines in that share, at places given as x and distance below the ground's edge."""
    for x, drop in sorted(spots, key=lambda spot: spot[1]):
        tall = size * dice.between(0.8, 1.25) * (1 + drop / 45)
        spot = standing(canvas, ground, x, drop, tall, shadow=0.3)
        if dice.chance(pines):
            plants.pine(spot.at(0, 0, 1.1), dice, snow=season.snow)
        else:
            plants.tree(spot, dice, season)


def people(
    canvas: Canvas,
    dice: Dice,
    ground: Ground,
    number: int,
    size: float,
    drops: tuple[float, float],
    *,
    skis: bool = False,
) -> None:
    """A few people on the ground, larger the nearer they stand; on skis or on foot."""
    near = sorted(dice.between(*drops) for _ in range(number))
    for x, drop in zip(dice.spread(number, 12, 90), near, strict=True):
        spot = standing(canvas, ground, x, drop, size * (1 + drop / 50), shadow=0.24)
        figures.person(spot, dice, skis=skis)


def herd(canvas: Canvas, dice: Dice, ground: Ground, share: float, drops: tuple[float, float]) -> None:
    """Sheep or cows on a pasture, in that share of the scenes."""
    if not dice.chance(share):
        return
    beast, size = dice.pick(((figures.sheep, 9.0), (figures.cow, 11.5)))
    for x in dice.some(2, 5, 4, 96):
        drop = dice.between(*drops)
        beast(standing(canvas, ground, x, drop, size * (0.75 + drop / 50), shadow=0.5), dice)


def strew(canvas: Canvas, dice: Dice, season: Season, ground: Ground) -> None:
    """What the season leaves in the foreground: flowers and rocks, or a snowman."""
    if season.snow:
        if dice.chance(0.4):
            x, y = dice.between(10, 90), dice.between(84, 96)
            figures.snowman(Spot(canvas, x, y, dice.between(11, 17)), dice)
        return
    for x in dice.some(0, 9, 2, 98):
        y = dice.between(max(86, ground.ridge.at(x) + 3), 101)
        plants.flower(Spot(canvas, x, y, dice.between(4.5, 8)), dice)
    for x in dice.some(0, 2, 3, 97):
        furniture.rock(Spot(canvas, x, dice.between(86, 99), dice.between(3, 6)), dice)
