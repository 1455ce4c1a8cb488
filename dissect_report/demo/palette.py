"""The light and the seasons of the drawn world: few colours that go together, chosen by hand."""

import colorsys
from dataclasses import dataclass, replace

from dissect_report.demo.dice import Dice

Color = tuple[float, float, float]
"""Red, green, blue, 0..255, before the light of the scene falls on it."""


@dataclass(frozen=True)
class Light:
    """The hour of a scene.

    Attributes:
        name: the hour.
        zenith, middle, horizon: the sky from top to bottom.
        tint: factor per channel on every lit surface.
        haze: what distance fades into.
        cloud: colours of a cloud's lit top and of its base.
        side: +1 when light comes from the right, -1 from the left.
        dark: windows and lamps are lit.
    """

    name: str
    zenith: Color
    middle: Color
    horizon: Color
    tint: Color
    haze: Color
    cloud: tuple[Color, Color]
    side: int = 1
    dark: bool = False


@dataclass(frozen=True)
class Season:
    """What grows, and in which colours: `snow` tells that the ground is white."""

    name: str
    grass: tuple[Color, ...]
    leaves: tuple[Color, ...]
    fields: tuple[Color, ...]
    snow: bool = False


LIGHTS: tuple[Light, ...] = (
    Light("dawn", (126, 164, 205), (226, 205, 208), (255, 213, 176), (1.0, 0.90, 0.87), (246, 212, 196),
          ((255, 236, 224), (236, 180, 172))),
    Light("morning", (118, 190, 222), (186, 223, 230), (247, 240, 214), (1.02, 0.99, 0.93), (222, 234, 226),
          ((255, 255, 250), (214, 226, 230))),
    Light("noon", (72, 156, 214), (138, 202, 232), (212, 238, 242), (1.0, 1.0, 1.0), (196, 224, 236),
          ((255, 255, 255), (208, 224, 236))),
    Light("golden", (104, 158, 190), (222, 200, 160), (255, 216, 138), (1.06, 0.94, 0.76), (250, 214, 156),
          ((255, 240, 208), (236, 178, 130))),
    Light("dusk", (64, 58, 118), (186, 98, 130), (255, 168, 108), (0.80, 0.62, 0.70), (182, 112, 138),
          ((250, 176, 150), (146, 86, 130)), dark=True),
    Light("night", (14, 22, 58), (34, 52, 104), (72, 98, 150), (0.43, 0.53, 0.78), (52, 76, 128),
          ((96, 116, 166), (50, 66, 114)), dark=True),
    Light("overcast", (148, 168, 184), (188, 202, 208), (222, 228, 226), (0.88, 0.91, 0.94), (208, 216, 218),
          ((228, 234, 236), (170, 184, 194))),
)  # fmt: skip
LIGHT_SHARES: tuple[float, ...] = (0.14, 0.17, 0.2, 0.16, 0.12, 0.11, 0.1)

# fmt: off
SPRING = Season("spring", ((142, 196, 104), (124, 184, 98)),
                ((138, 192, 96), (168, 206, 108), (244, 184, 200)),
                ((170, 204, 112), (146, 118, 84), (226, 208, 96), (118, 176, 92)))
SUMMER = Season("summer", ((112, 172, 86), (130, 180, 88)), ((72, 140, 80), (96, 160, 82), (54, 118, 84)),
                ((232, 198, 104), (150, 186, 88), (212, 176, 88), (104, 160, 84)))
AUTUMN = Season("autumn", ((168, 164, 88), (186, 170, 92)), ((224, 140, 56), (204, 88, 54), (234, 184, 74)),
                ((196, 150, 84), (150, 110, 78), (220, 184, 104), (160, 150, 84)))
WINTER = Season("winter", ((238, 243, 250), (228, 237, 247)),
                ((206, 218, 230), (184, 202, 216), (222, 230, 238)),
                ((234, 240, 248), (222, 230, 240), (240, 244, 250), (214, 224, 236)), snow=True)
# fmt: on
SEASONS: tuple[Season, ...] = (SPRING, SUMMER, AUTUMN, WINTER)

# fmt: off
FACADES: tuple[Color, ...] = (
    (250, 240, 220), (240, 206, 150), (226, 150, 120), (170, 196, 206),
    (214, 120, 98), (244, 222, 176), (190, 206, 176), (236, 232, 226),
)
ROOFS: tuple[Color, ...] = ((196, 84, 62), (166, 68, 58), (112, 88, 96), (92, 104, 128), (204, 112, 74))
CLOTHES: tuple[Color, ...] = (
    (214, 68, 62), (48, 104, 160), (240, 182, 60), (70, 140, 110), (232, 226, 214), (150, 84, 140),
)
BRIGHT: tuple[Color, ...] = (
    (226, 72, 66), (250, 196, 70), (60, 140, 180), (244, 244, 238), (240, 130, 80), (64, 160, 136),
)
# fmt: on
STONE: Color = (158, 154, 154)
SANDS: tuple[Color, ...] = ((240, 216, 166), (236, 204, 148), (232, 190, 132), (226, 168, 114))
WOOD: Color = (142, 100, 68)
SNOW: Color = (246, 249, 253)


def shade(color: Color, factor: float) -> Color:
    """The colour with its brightness multiplied: below 1 darker, and a little cooler as shadows are."""
    cool = 1.0 if factor >= 1 else 1.0 + (1.0 - factor) * 0.18
    return color[0] * factor, color[1] * factor, min(color[2] * factor * cool, 255.0)


def blend(first: Color, second: Color, share: float) -> Color:
    """`share` of the second colour in the first."""
    rest = 1.0 - share
    return (first[0] * rest + second[0] * share, first[1] * rest + second[1] * share,
            first[2] * rest + second[2] * share)  # fmt: skip


def vary(dice: Dice, color: Color, amount: float = 0.06) -> Color:
    """The colour with hue, saturation and brightness moved by up to `amount` of their range."""
    hue, saturation, value = colorsys.rgb_to_hsv(*(min(channel, 255.0) / 255 for channel in color))
    hue = (hue + dice.between(-amount, amount) * 0.35) % 1.0
    saturation = min(max(saturation * (1 + dice.between(-amount, amount) * 2), 0.0), 1.0)
    value = min(value * (1 + dice.between(-amount, amount)), 1.0)
    red, green, blue = colorsys.hsv_to_rgb(hue, saturation, value)
    return red * 255, green * 255, blue * 255


def hour(dice: Dice) -> Light:
    """One of the lights, its sky a little different every time, from either side."""
    light = dice.pick(LIGHTS, LIGHT_SHARES)
    return replace(light, zenith=vary(dice, light.zenith), middle=vary(dice, light.middle, 0.04),
                   horizon=vary(dice, light.horizon, 0.03), side=1 if dice.chance(0.5) else -1)  # fmt: skip
