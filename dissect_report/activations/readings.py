"""How a module's output holds maps: what is read out of it as [image, unit, y, x], and written back.

Everything behind a reading (levels, counts, removals, pages) knows maps alone. Tokens that have no place on
the picture, a class token or registers, are left out of maps, but belong to the unit: what is removed of a
unit is removed of them too.
"""

from __future__ import annotations

import math
from collections.abc import Callable, Sequence
from dataclasses import dataclass, fields
from typing import Any

from jaxtyping import Float
from torch import Tensor


@dataclass(frozen=True)
class Reading:
    """Which axes of an output are what.

    What a unit holds is [image, unit, y, x] where every place is on the picture; with extra tokens it is
    [image, unit, token, 1], in the network's own order.

    Attributes:
        label: for a reader, e.g. "14 x 14 tokens behind 1 extra"; "" for a map.
        shape: of the output without its image axis; () for a map, which may have any.
        image: the axis of images.
        units: the axes of units; of heads and their dimensions the head comes first.
        cells: the axes of places: y and x, or tokens.
        grid: rows and columns of the tokens that lie on the picture; (0, 0) for a map.
        extra: tokens without a place.
        first: whether these stand before the others.
        by_columns: whether the tokens go down the columns, not along the rows.
    """

    label: str = ""
    shape: tuple[int, ...] = ()
    image: int = 0
    units: tuple[int, ...] = (1,)
    cells: tuple[int, ...] = (2, 3)
    grid: tuple[int, int] = (0, 0)
    extra: int = 0
    first: bool = True
    by_columns: bool = False

    @property
    def is_map(self) -> bool:
        """Whether the output is [image, unit, y, x] as it stands."""
        return not self.shape

    def unit_count(self, output: Tensor) -> int:
        """Units in an output."""
        return math.prod(output.shape[axis] for axis in self.units)

    def map_size(self, output: Tensor) -> tuple[int, int]:
        """Rows and columns of its maps."""
        return (output.shape[2], output.shape[3]) if self.is_map else self.grid

    def obstacle(self, output: Any) -> str:
        """Why ``output`` cannot be read, as the end of a sentence; "" if it can."""
        if self.is_map:
            return find_obstacle(output)
        if not isinstance(output, Tensor):
            return f"its output is not {self.label} but a {type(output).__name__}"
        shape = tuple(output.shape)
        found = (*shape[: self.image], *shape[self.image + 1 :])
        if found != self.shape:
            return f"its output is {list(found)} an image here and {list(self.shape)} at first"
        return ""

    def read(self, output: Tensor) -> Float[Tensor, "image unit y x"]:
        """The maps in an output."""
        return self.maps(self.spread(output))

    def spread(self, output: Tensor) -> Float[Tensor, "image unit y x"]:
        """All that units hold in an output."""
        if self.is_map:
            return output
        held = output.permute(self.image, *self.units, *self.cells)
        held = held.flatten(1, len(self.units)).flatten(2)
        if self.extra:
            return held[..., None]
        return self._laid_out(held)

    def maps(self, held: Float[Tensor, "image unit y x"]) -> Float[Tensor, "image unit y x"]:
        """Of all that units hold, what lies on the picture."""
        if not self.extra:
            return held
        held = held[..., 0]
        return self._laid_out(held[:, :, self.extra :] if self.first else held[:, :, : -self.extra])

    def _laid_out(self, placed: Float[Tensor, "image unit token"]) -> Float[Tensor, "image unit y x"]:
        rows, columns = self.grid
        if self.by_columns:
            return placed.reshape(*placed.shape[:2], columns, rows).transpose(2, 3)
        return placed.reshape(*placed.shape[:2], rows, columns)

    def write(self, held: Float[Tensor, "image unit y x"]) -> Tensor:
        """The output in which units hold ``held``, as ``spread`` gives it."""
        if self.is_map:
            return held
        if self.by_columns and not self.extra:
            held = held.transpose(2, 3)
        order = (self.image, *self.units, *self.cells)
        rest = {axis: self.shape[axis - (axis > self.image)] for axis in order[1:]}
        whole = held.reshape(len(held), *rest.values())
        back = sorted(range(len(order)), key=order.__getitem__)
        return whole.permute(back).contiguous()

    def changed(self, output: Tensor, change: Callable[[Tensor], Tensor]) -> Tensor:
        """The output with ``change`` made to all that units hold, of which it gets a copy of its own."""
        return self.write(change(self.spread(output.detach().clone())))


@dataclass(frozen=True)
class SomeUnits(Reading):
    """Some consecutive units of another reading, to be read alone.

    Attributes:
        whole: the other.
        first_unit: of the units.
        last_unit: behind the last of them.
    """

    whole: Reading | None = None
    first_unit: int = 0
    last_unit: int = 0

    @classmethod
    def of(cls, whole: Reading, first: int, last: int) -> SomeUnits:
        """The units ``first`` up to, not including, ``last``."""
        same = {each.name: getattr(whole, each.name) for each in fields(Reading)}
        return cls(**same, whole=whole, first_unit=first, last_unit=last)

    def read(self, output: Tensor) -> Float[Tensor, "image unit y x"]:
        """Their maps."""
        assert self.whole is not None, "made by ``of``"
        return self.whole.read(output)[:, self.first_unit : self.last_unit]


#: Of an output that is a map.
MAP = Reading()


def channels_last(shape: Sequence[int]) -> Reading:
    """Of an output [image, y, x, unit].

    Args:
        shape: without the image axis.
    """
    rows, columns, units = shape
    return Reading("[image, y, x, unit]", (rows, columns, units), 0, (3,), (1, 2), (rows, columns))


def tokens_on_grid(
    shape: Sequence[int],
    token: int,
    image: int,
    grid: tuple[int, int],
    extra: int = 0,
    first: bool = True,
    by_columns: bool = False,
) -> Reading:
    """Of an output [image, token, unit], in whatever order of axes, or of heads [image, head, token, dim].

    Args:
        shape: without the image axis.
        token: the axis of tokens, counted with the image axis standing first.
        image: the axis of images: 0, or 1 where tokens stand before them.
        grid, extra, first, by_columns: see ``Reading``.
    """
    axes = [axis - (axis <= image) for axis in range(1, len(shape) + 1)]
    units = tuple(axis for place, axis in enumerate(axes, 1) if place != token)
    rows, columns = grid
    label = f"{rows} x {columns} tokens"
    if extra:
        label += f" {'behind' if first else 'before'} {extra} without a place"
    if by_columns:
        label += ", column by column"
    return Reading(label, tuple(shape), image, units, (axes[token - 1],), grid, extra, first, by_columns)


def find_obstacle(output: Any) -> str:
    """Why ``output`` is no map, as the end of a sentence; "" if it may be one."""
    if not isinstance(output, Tensor):
        return f"its output is not a map but a {type(output).__name__}"
    shape = list(output.shape)
    if output.ndim != 4:
        return f"its output is not a map [image, unit, y, x] but {shape}"
    if shape[2:] == [1, 1]:
        return f"its output is a map of a single cell {shape}"
    if not output.is_floating_point():
        return f"its output holds {output.dtype}, not activations"
    return ""
