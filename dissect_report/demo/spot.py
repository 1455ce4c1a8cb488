"""A place to draw a thing at: its own scale, its own direction, its own distance.

Things are written once, `1` tall or long, upwards positive and lit from the right; the spot puts them where
they stand, as large as they are, mirrored where light comes from the left.
"""

from dissect_report.demo.canvas import Canvas
from dissect_report.demo.concepts import Label
from dissect_report.demo.palette import Color, shade


class Spot:
    """A drawing frame on a canvas. All lengths are multiples of `size`; (0, 0) is where the thing stands."""

    def __init__(
        self, canvas: Canvas, x: float, y: float, size: float, *, far: float = 0.0, turn: int = 0
    ) -> None:
        """Makes the frame.

        Args:
            canvas: what is drawn on.
            x, y: the foot of the thing, in the canvas's units.
            size: what 1 is, in the canvas's units.
            far: 0 near .. 1 lost in the haze.
            turn: 1, or -1 to mirror; by default so that +1 is the lit side.
        """
        self.canvas, self.x, self.y, self.size, self.far = canvas, x, y, size, far
        self.turn = turn or canvas.light.side
        self.dark = canvas.light.dark

    def at(self, across: float, up: float = 0.0, size: float = 1.0, turn: int = 0) -> "Spot":
        """A frame within this one, `size` times as large, its foot at a place of this one."""
        x, y = self.x + self.turn * self.size * across, self.y - self.size * up
        return Spot(self.canvas, x, y, self.size * size, far=self.far, turn=turn or self.turn)

    def paint(
        self,
        color: Color,
        label: Label,
        *,
        fade: float = 1.0,
        top: float = 1.0,
        foot: float = 0.0,
        glow: float = 0.0,
    ) -> int:
        """The number of a surface whose brightness runs from 1 at height `top` to `fade` at height `foot`."""
        span = (self.y - self.size * top, self.y - self.size * foot)
        last = None if fade == 1.0 else shade(color, fade)
        return self.canvas.paint(color, label, to=last, span=span, far=self.far, glow=glow)

    def shape(self, paint: int, *points: float) -> None:
        """A filled polygon; points are across, up, across, up ..."""
        self.canvas.polygon(self._placed(points), paint)

    def stroke(self, paint: int, width: float, *points: float) -> None:
        """A line through points."""
        self.canvas.line(self._placed(points), width * self.size, paint)

    def box(self, paint: int, left: float, foot: float, right: float, top: float) -> None:
        """A filled rectangle."""
        first, last = self.x + self.turn * self.size * left, self.x + self.turn * self.size * right
        self.canvas.box(
            min(first, last), self.y - self.size * top, max(first, last), self.y - self.size * foot, paint
        )

    def oval(self, paint: int, across: float, up: float, width: float, height: float) -> None:
        """A filled ellipse about a middle, of the given half axes."""
        x, y = self.x + self.turn * self.size * across, self.y - self.size * up
        self.canvas.oval(x, y, width * self.size, height * self.size, paint)

    def blob(self, paint: int, across: float, up: float, width: float, height: float, variant: int) -> None:
        """A rounded, uneven shape about a middle, of the given half axes."""
        x, y = self.x + self.turn * self.size * across, self.y - self.size * up
        self.canvas.blob(x, y, width * self.size, height * self.size, variant, paint)

    def _placed(self, points: tuple[float, ...]) -> list[float]:
        x, y, size, aside = self.x, self.y, self.size, self.turn * self.size
        return [y - value * size if place % 2 else x + value * aside for place, value in enumerate(points)]
