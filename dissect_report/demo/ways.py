"""What is laid out over the ground: fences, piers, quays, paths, roads, ploughed fields."""

from dissect_report.demo.backdrop import Ground, Ridge, land
from dissect_report.demo.canvas import Canvas
from dissect_report.demo.concepts import label
from dissect_report.demo.dice import Dice
from dissect_report.demo.palette import Color, Season, blend, shade, vary


def fence(
    canvas: Canvas, dice: Dice, ground: Ground, ends: tuple[float, float], drop: float, tall: float
) -> None:
    """Posts and two rails following the ground, `drop` units below its edge."""
    ids = label("fence", "", "wood")
    color: Color = dice.pick(((246, 240, 228), (156, 112, 76), (132, 98, 72)))
    post, rail = canvas.paint(color, ids), canvas.paint(shade(color, 0.84), ids)
    number = max(int((ends[1] - ends[0]) / (tall * 1.15)), 2)
    across = [ends[0] + (ends[1] - ends[0]) * step / number for step in range(number + 1)]
    places = [(x, ground.ridge.at(x) + drop) for x in across]
    for up in (0.36, 0.74):
        canvas.line([value for x, y in places for value in (x, y - tall * up)], tall * 0.14, rail)
    for x, y in places:
        canvas.box(x - tall * 0.09, y - tall, x + tall * 0.09, y, post)


def pier(canvas: Canvas, dice: Dice, x: float, far_y: float, near_y: float, wide: float) -> None:
    """A plank pier running from the near edge out over the water."""
    ids, color = label("pier", "", "wood"), vary(dice, (176, 130, 92), 0.05)
    lean = dice.between(-10, 10)
    post, gap = canvas.paint(shade(color, 0.55), ids), canvas.paint(shade(color, 0.74), ids)

    def edges(share: float) -> tuple[float, float, float]:
        middle, half = x + lean * (1 - share), wide * (0.4 + 0.6 * share)
        return middle - half, middle + half, far_y + (near_y - far_y) * share

    for share in (0.0, 0.3, 0.62):
        left, right, y = edges(share)
        for edge in (left, right):
            canvas.box(edge - wide * 0.07, y - wide * 0.22, edge + wide * 0.07, y + wide * 0.5, post)
    planks = canvas.paint(color, ids, to=shade(color, 0.9), span=(far_y, near_y))
    (left, right, _), (near_left, near_right, _) = edges(0), edges(1)
    canvas.polygon((left, far_y, right, far_y, near_right, near_y, near_left, near_y), planks)
    for step in range(1, 9):
        left, right, y = edges((step / 9) ** 1.4)
        canvas.box(left, y, right, y + 0.34, gap)


def quay(canvas: Canvas, dice: Dice, top: float, bottom: float) -> None:
    """A stone wall along the water with a paved edge and joints."""
    ids, color = label("pier", "", "stone"), vary(dice, (186, 174, 160), 0.05)
    wall = canvas.paint(shade(color, 0.82), ids, to=shade(color, 0.6), span=(top, bottom))
    canvas.box(-1, top, 101, bottom, wall)
    canvas.box(-1, top, 101, top + (bottom - top) * 0.3, canvas.paint(shade(color, 1.1), ids))
    joint = canvas.paint(shade(color, 0.62), ids)
    for x in dice.spread(9, 0, 100):
        canvas.box(x, top + (bottom - top) * 0.34, x + 0.35, bottom, joint)


def path(
    canvas: Canvas, dice: Dice, ground: Ground, x: float, near: float, color: Color, material: str
) -> None:
    """A path winding from the ground's edge at x to the bottom of the picture at `near`."""
    top, swing = ground.ridge.at(x) + 0.3, dice.between(-13, 13)
    paint = canvas.paint(color, label("path", "", material), to=shade(color, 0.86), span=(top, 100))
    left, right = [], []
    for step in range(9):
        share = step / 8
        middle = x + (near - x) * share + swing * (1 - share) * share * 3.2
        y, half = top + (101 - top) * share, 0.5 + 8.5 * share**1.3
        left.append((middle - half, y))
        right.append((middle + half, y))
    canvas.polygon([value for point in left + right[::-1] for value in point], paint)


def road(canvas: Canvas, season: Season, top: float, bottom: float) -> None:
    """An asphalt road across the picture with a dashed middle line."""
    ids, color = label("road", "", "asphalt"), (104, 106, 116)
    first = blend(color, (220, 226, 234), 0.25) if season.snow else color
    canvas.box(-1, top, 101, bottom, canvas.paint(first, ids, to=shade(first, 0.8), span=(top, bottom)))
    dash, middle = canvas.paint((240, 230, 200), ids), (top + bottom) / 2
    for start in range(-2, 100, 12):
        upper, lower = (start, middle - 0.35, start + 6, middle - 0.35), middle + 0.45
        canvas.polygon((*upper, start + 5.4, lower, start - 0.8, lower), dash)


def field(canvas: Canvas, dice: Dice, season: Season, edge: Ridge) -> Ground:
    """A field with furrows running to a point beyond its edge."""
    color = vary(dice, dice.pick(season.fields), 0.05)
    brown = color[1] < color[0] < 200
    stuff = "snow" if season.snow else "soil" if brown else "straw" if color[0] > 190 else "grass"
    ground = land(canvas, edge, color, label("field", "", stuff), far=0.1)
    aim = dice.between(-40, 140)
    for place in range(-14, 24):
        far, near = aim + place * 2.6, aim + place * 9
        top = edge.at(far)
        start = (far - 0.25, top + 0.4, far + 0.25, top + 0.4)
        canvas.polygon((*start, near + 1.4, top + 22, near - 1.2, top + 22), ground.shadow)
    return ground
