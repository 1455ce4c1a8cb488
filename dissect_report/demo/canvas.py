"""One picture painted once, read twice: as anti-aliased colour and as exact labels.

Every surface drawn gets a number (its paint) in one integer image three times as large as the picture.
Colour is the paints' colours averaged over 3x3 cells; a pixel's labels are those of the paint in the middle
cell. Both come from the same geometry, so the truth is exact by construction.
"""

import math
from collections.abc import Sequence
from dataclasses import dataclass
from functools import cache

import numpy as np
from numpy.typing import NDArray
from PIL import Image, ImageDraw, ImageFilter

from dissect_report.demo.concepts import Label
from dissect_report.demo.palette import Color, Light, blend

FINE = 3
"""Cells per pixel and side."""

BLOBS = 40
"""Number of different uneven outlines."""


@cache
def _blob(variant: int) -> tuple[tuple[float, float], ...]:
    """Corners of a closed outline about (0, 0), radius about 1, swelling and shrinking smoothly."""
    points = []
    for corner in range(36):
        angle = corner * math.pi / 18
        radius = 1.0 + sum(
            size * math.sin(turns * angle + variant * (1.7 + turns))
            for turns, size in ((2, 0.035), (3, 0.03), (5, 0.03))
        )
        points.append((radius * math.cos(angle), radius * math.sin(angle)))
    return tuple(points)


@dataclass(frozen=True)
class View:
    """The square part of the drawn world that is in the picture, in units: all of it unless one looks closer.

    Attributes:
        left, top: its upper left corner, 0 or more.
        side: its side; left + side and top + side are at most 100.
    """

    left: float = 0.0
    top: float = 0.0
    side: float = 100.0


WHOLE = View()


class Canvas:
    """A square world of 100 x 100 units, y downwards, and the picture of a view of it."""

    def __init__(self, size: int, light: Light, view: View = WHOLE) -> None:
        self.size = size
        self.light = light
        self.view = view
        self._scale = size * FINE / view.side
        self._fine = Image.new("I", (size * FINE, size * FINE), 0)
        self._draw = ImageDraw.Draw(self._fine)
        self._numbers: dict[tuple[object, ...], int] = {}
        self._paints: list[tuple[float, ...]] = []
        self._labels: list[Label] = []
        self._sun: tuple[float, float, float, Color] | None = None
        self.nothing = self.paint((0, 0, 0), (0, 0, 0))

    def paint(
        self,
        color: Color,
        label: Label,
        *,
        to: Color | None = None,
        span: tuple[float, float] = (0, 100),
        far: float = 0.0,
        glow: float = 0.0,
        raw: bool = False,
    ) -> int:
        """The number of a surface.

        Args:
            color: its colour at the top of `span`.
            label: what it is.
            to: its colour at the bottom of `span` (a vertical gradient); the same colour if left out.
            span: from which to which y the gradient runs.
            far: 0 near .. 1 lost in the haze.
            glow: 0 lit by the scene .. 1 shining by itself.
            raw: the colour is final: the sky, which is the light.
        """
        key = (color, label, to, span, far, glow, raw)
        number = self._numbers.get(key)
        if number is None:
            first = color if raw else self._lit(color, far, glow)
            last = first if to is None else to if raw else self._lit(to, far, glow)
            number = self._numbers[key] = len(self._paints)
            self._paints.append((*first, *last, span[0], 1.0 / max(span[1] - span[0], 1e-6), glow))
            self._labels.append(label)
        return number

    def _lit(self, color: Color, far: float, glow: float) -> Color:
        tint = self.light.tint
        lit = (color[0] * tint[0], color[1] * tint[1], color[2] * tint[2])
        if glow:
            lit = blend(lit, color, glow)
        return blend(lit, self.light.haze, far) if far else lit

    def _cells(self, points: Sequence[float]) -> list[float]:
        """Units to cells; points are x, y, x, y ..."""
        scale, left, top = self._scale, self.view.left, self.view.top
        return [(value - (top if place % 2 else left)) * scale for place, value in enumerate(points)]

    def _across(self, x: float) -> float:
        return (x - self.view.left) * self._scale

    def _down(self, y: float) -> float:
        return (y - self.view.top) * self._scale

    def polygon(self, points: Sequence[float], paint: int) -> None:
        """A filled polygon; points are x, y, x, y ..."""
        self._draw.polygon(self._cells(points), fill=paint)

    def box(self, left: float, top: float, right: float, bottom: float, paint: int) -> None:
        """A filled rectangle of at least one cell; nothing if it has no extent."""
        if right > left and bottom > top:
            x, y = self._across(left), self._down(top)
            corner = max(self._across(right) - 1, x), max(self._down(bottom) - 1, y)
            self._draw.rectangle((x, y, *corner), fill=paint)

    def oval(self, x: float, y: float, width: float, height: float, paint: int) -> None:
        """A filled ellipse about a middle, of the given half axes."""
        self._draw.ellipse(self._cells((x - width, y - height, x + width, y + height)), fill=paint)

    def line(self, points: Sequence[float], width: float, paint: int) -> None:
        """A stroke of at least one cell, `width` in units."""
        cells = self._cells(points)
        self._draw.line(cells, fill=paint, width=max(int(width * self._scale + 0.5), 1))

    def blob(self, x: float, y: float, width: float, height: float, variant: int, paint: int) -> None:
        """A rounded, uneven shape of the given half axes: one of BLOBS outlines."""
        scale, left, top = self._scale, self.view.left, self.view.top
        outline = _blob(variant % BLOBS)
        self._draw.polygon(
            [((x + width * a - left) * scale, (y + height * b - top) * scale) for a, b in outline], fill=paint
        )

    def labels(self) -> NDArray[np.uint8]:
        """Object, part and material ids, uint8 [3, y, x]."""
        middle = np.asarray(self._fine)[FINE // 2 :: FINE, FINE // 2 :: FINE]
        table = np.array(self._labels, dtype=np.uint8)
        return np.ascontiguousarray(table.T[:, middle])

    def colors(self) -> NDArray[np.float32]:
        """The anti-aliased picture, float32 [y, x, 3], 0..255, sun, lamps and lit windows glowing."""
        paints = np.array(self._paints, dtype=np.float32)
        rows = self._middles(self.view.top)
        share = np.clip((rows - paints[:, 6:7]) * paints[:, 7:8], 0, 1)[..., None]
        table = np.zeros((len(paints), self.size, 4), dtype=np.uint8)
        table[..., :3] = np.clip(
            paints[:, None, :3] * (1 - share) + paints[:, None, 3:6] * share + 0.5, 0, 255
        )
        row = np.repeat(np.arange(self.size, dtype=np.int32), FINE)[:, None]
        cells = np.asarray(self._fine) * np.int32(self.size) + row
        fine = np.take(table.view(np.uint32).reshape(-1), cells)
        picture = Image.frombuffer("RGBX", fine.shape[::-1], fine, "raw", "RGBX", 0, 1).reduce(FINE)
        image = np.asarray(picture)[..., :3].astype(np.float32)
        if self._sun is not None:
            image += self._shine(*self._sun)
        if paints[:, 8].any():
            image += self._halo(paints[:, 8])
        return image

    def _middles(self, start: float) -> NDArray[np.float32]:
        """Where the middles of the pixels lie, in units, float32 [pixel]."""
        pixels = (np.arange(self.size, dtype=np.float32) + 0.5) * (self.view.side / self.size)
        return pixels if start == 0.0 else pixels + np.float32(start)

    def sun(self, x: float, y: float, reach: float, color: Color) -> None:
        """Lets the air glow about a place, in units; `color` is added in full at the middle."""
        self._sun = (x, y, reach, color)

    def _shine(self, x: float, y: float, reach: float, color: Color) -> NDArray[np.float32]:
        across = np.exp(-(((self._middles(self.view.left) - x) / reach) ** 2))
        down = np.exp(-(((self._middles(self.view.top) - y) / reach) ** 2))
        glow: NDArray[np.float32] = (down[:, None] * across[None])[..., None] * np.array(
            color, dtype=np.float32
        )
        return glow

    def _halo(self, glow: NDArray[np.float32]) -> NDArray[np.float32]:
        """The light that shining surfaces throw around them, float32 [y, x, 3]."""
        middle = np.asarray(self._fine)[FINE // 2 :: FINE, FINE // 2 :: FINE]
        source = Image.fromarray((glow * 255).astype(np.uint8)[middle])
        spread = np.asarray(
            source.filter(ImageFilter.BoxBlur(self.size / 32)).filter(ImageFilter.BoxBlur(self.size / 24))
        )
        return spread[..., None] * np.array([0.55, 0.40, 0.16], dtype=np.float32)
