"""What changed stripes say of a layer's layout, and in which words."""

from __future__ import annotations

from collections.abc import Sequence
from dataclasses import dataclass, replace
from functools import cached_property
from typing import Literal

import numpy as np

from dissect_report.activations.changes import Changes
from dissect_report.activations.drift import FEW_PLACES, LEAD, LEAST_FIT, SURE_SLOPE, Drift, contrast, drift

Verdict = Literal["map", "other", "unclear"]

#: Per direction (rows, columns), along axes 1 to 3.
Drifts = Sequence[Sequence[Drift]]

#: Of rows and of columns, the variants to compare.
DIRECTIONS = ((1, 2), (3, 4))

#: Up to so many places one layer may make every place depend on the whole map before it, and a change then
#: reaches all of them much alike: within a root mean square of so many e-folds.
SHORT = 8
ALIKE = 1.0

#: Where one direction moves its axis so much more than the other its own, the other is not there: rows and
#: columns of a picture are alike.
LOPSIDED = 8
REMEDY = "a factory can hand on what lies over the picture as [image, unit, y, x]"


#: Axes that rows and columns move in other orders of axes.
KNOWN = {(1, 2): "[image, y, x, unit]", (3, 2): "[image, unit, x, y]"}


@dataclass(frozen=True)
class Evidence:
    """What was seen of one layer.

    Attributes:
        shape: of what was seen to change: its output, or a generator's image.
        contrasts: per draw, direction (rows, columns) and axis 1 to 3.
        moved: whether any stripe changed it.
        flat: whether each unit has the same value everywhere.
        layer: shape of its output, where its own stripes were changed and the image was looked at.
    """

    shape: tuple[int, ...]
    contrasts: tuple[list[list[np.ndarray]], ...] = ()
    moved: bool = False
    flat: bool = True
    layer: tuple[int, ...] = ()

    def add(self, changes: Changes, name: str) -> Evidence:
        """With another draw of the layer ``name``."""
        seen = changes.profiles[name]
        draw = [[contrast(seen[near][k], seen[far][k]) for k in range(3)] for near, far in DIRECTIONS]
        moved = any(changes.largest(name, variant) > 0 for way in DIRECTIONS for variant in way)
        return replace(
            self,
            contrasts=(*self.contrasts, draw),
            moved=self.moved or moved,
            flat=self.flat and changes.flat[name],
        )

    @cached_property
    def mean(self) -> Drifts:
        """Of all draws together."""
        return _drifts(self.contrasts)

    @cached_property
    def verdict(self) -> Verdict:
        """What it is. A map: rows move axis 2 and columns axis 3, and nothing else nearly as much; where
        they move it little, in every one of several draws. Other: they clearly move something else.

        An axis of one place can show nothing: then nothing else may move instead.
        """
        if self._elsewhere((0, 1, 2)):
            return "other"
        repeated = len(self.contrasts) > 1 and all(self._leads(_drifts([draw])) for draw in self.contrasts)
        strong = all(self._own(direction).slope > SURE_SLOPE for direction in self._shown)
        fits = self._leads(self.mean) and not self._lopsided
        return "map" if fits and (strong or repeated) else "unclear"

    @cached_property
    def crossed(self) -> bool:
        """Whether it clearly is no map even though a convolution made it: rows and columns are not its axes
        2 and 3, or of only one of them. The few units of a layer, or places of a small map, may come into an
        order by chance.
        """
        many = all(self._own(direction).places >= FEW_PLACES for direction in range(2))
        return self._elsewhere((1, 2), least=FEW_PLACES) or (many and self._lopsided)

    @cached_property
    def hopeless(self) -> bool:
        """Whether another draw would not make it a map."""
        return self.verdict == "other" or _leading(self.mean) in KNOWN or self._lopsided

    @cached_property
    def _lopsided(self) -> bool:
        """Whether rows, or columns, clearly move their axis and the others theirs hardly."""
        weak, strong = sorted((self._own(direction) for direction in range(2)), key=lambda one: abs(one.size))
        return len(self._shown) == 2 and strong.clear and abs(weak.size) < abs(strong.size) / LOPSIDED

    @cached_property
    def _shown(self) -> list[int]:
        """Directions that can show anything: their axis has more than one place."""
        return [direction for direction in range(2) if self.shape[2 + direction] > 1]

    @cached_property
    def possible(self) -> bool:
        """Whether nothing speaks against it but axes too short to show an order."""
        leading, own = _leading(self.mean), [self._own(direction) for direction in range(2)]
        short = [one.places <= SHORT and one.spread < ALIKE for one in own]
        fits = all(short[k] or leading[k] == 2 + k for k in range(2))
        return fits and not self._elsewhere((0, 1, 2))

    def _own(self, direction: int) -> Drift:
        """Along the axis that a map would move."""
        return self.mean[direction][1 + direction]

    def _elsewhere(self, axes: tuple[int, ...], least: int = 0) -> bool:
        """Whether a direction clearly moves another of ``axes`` than its own, or its own the wrong way.

        Args:
            axes: that count, less one.
            least: places that an axis must have to count.
        """
        for direction in range(2):
            drifts, own = self.mean[direction], self._own(direction)
            rivals = [drifts[axis] for axis in axes if axis != 1 + direction and drifts[axis].places >= least]
            if any(rival.clear and abs(rival.size) > abs(own.size) / 2 for rival in rivals):
                return True
            if own.clear and own.slope < 0 and own.places >= least:
                return True
        return False

    def _leads(self, drifts: Drifts) -> bool:
        """Whether rows and columns lead on their own axes."""
        leading = _leading(drifts)
        return bool(self._shown) and all(leading[direction] == 2 + direction for direction in self._shown)

    def reason(self, source: str) -> str:
        """Why it is no map, as the end of a sentence.

        Args:
            source: whose stripes were changed, e.g. "picture".
        """
        shape = ", ".join(map(str, (self.layer or self.shape)[1:]))
        output = f"its output [image, {shape}]"
        if not self.moved:
            return f"{output} is the same whatever the {source}: nothing shows that it is a map"
        rows, columns = (self._moving(direction) for direction in range(2))
        if self.layer:
            words = f"its stripes along axis 2 move {rows} of the image, along axis 3 {columns}"
            return f"{output} does not lie over the image: {words}; {REMEDY}"
        if order := KNOWN.get(_leading(self.mean)):
            return f"{output} is {order}; a factory can permute it to [image, unit, y, x]"
        words = f"rows of the {source} move {rows} of it, columns {columns}"
        return f"{output} does not lie over the {source}: {words}; {REMEDY}"

    def _moving(self, direction: int) -> str:
        """Names the axes that clearly drift, the strongest and those near it."""
        drifts = self.mean[direction]
        most = max(abs(one.size) for one in drifts)
        moving = [str(axis) for axis, one in enumerate(drifts, 1) if one.clear and abs(one.size) > most / 2]
        return f"axis {' and '.join(moving)}" if moving else "no axis"


def _drifts(draws: Sequence[list[list[np.ndarray]]]) -> Drifts:
    if not draws:
        return [[Drift(0.0, 0.0, 0.0, 0)] * 3] * 2
    return [[drift([draw[way][axis] for draw in draws]) for axis in range(3)] for way in range(2)]


def _leading(drifts: Drifts) -> tuple[int, int]:
    """The axes, 1 to 3, that rows and columns move most, in order, by a wide margin; 0 for none."""
    leading = []
    for along in drifts:
        first, second = sorted(range(3), key=lambda axis: -abs(along[axis].size))[:2]
        ahead = along[first].size > LEAD * abs(along[second].size)
        leading.append(first + 1 if ahead and along[first].fit > LEAST_FIT else 0)
    return leading[0], leading[1]
