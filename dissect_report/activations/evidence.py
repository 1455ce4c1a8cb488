"""What changed stripes say of a layer's layout, and in which words."""

from __future__ import annotations

from dataclasses import dataclass, field
from typing import Literal

import numpy as np

from dissect_report.activations.drift import LEAD, LEAST_FIT, SURE_SLOPE, Drift, contrast, drift
from dissect_report.activations.stripes import Changes

Verdict = Literal["map", "other", "unclear"]

ALL = slice(None)

#: Of rows and of columns, the variants to compare.
DIRECTIONS = ((1, 2), (3, 4))

#: Up to so many places every place of a map may depend on all of the map before it.
SHORT = 3

#: Where one direction moves its axis so much more than the other its own, the other is not there.
LOPSIDED = 20
REMEDY = "a factory can hand on what lies over the picture as [image, unit, y, x]"


#: Axes that rows and columns move in other orders of axes.
KNOWN = {(1, 2): "[image, y, x, unit]", (3, 2): "[image, unit, x, y]"}


@dataclass
class Evidence:
    """What was seen of one layer.

    Attributes:
        shape: of what was seen to change: its output, or a generator's image.
        contrasts: per direction (rows, columns) and axis 1 to 3, one contrast a draw.
        moved: whether any stripe changed it.
        flat: whether each unit has the same value everywhere.
        layer: shape of its output, where its own stripes were changed and the image was looked at.
    """

    shape: tuple[int, ...]
    contrasts: list[list[list[np.ndarray]]] = field(default_factory=lambda: [[[], [], []], [[], [], []]])
    moved: bool = False
    flat: bool = True
    layer: tuple[int, ...] = ()

    def add(self, changes: Changes, name: str) -> None:
        """Another draw of the layer ``name``."""
        seen = changes.profiles[name]
        for direction, (near, far) in enumerate(DIRECTIONS):
            for axis in range(3):
                self.contrasts[direction][axis].append(contrast(seen[near][axis], seen[far][axis]))
            self.flat &= changes.flat[name]
            self.moved |= changes.largest(name, near) > 0 or changes.largest(name, far) > 0

    @property
    def draws(self) -> int:
        """How often it was looked at."""
        return len(self.contrasts[0][0])

    @property
    def verdict(self) -> Verdict:
        """What it is. A map: rows move axis 2 and columns axis 3, and nothing else nearly as much; where
        they move it little, in every one of several draws. Other: they clearly move something else.

        An axis of one place can show nothing: then nothing else may move instead.
        """
        if self._elsewhere((0, 1, 2)):
            return "other"
        every = [self._leads(slice(draw, draw + 1)) for draw in range(self.draws)]
        repeated = len(every) > 1 and all(every)
        strong = all(self._split(k)[0].slope > SURE_SLOPE for k in self._shown)
        return "map" if self._leads() and (strong or repeated) else "unclear"

    @property
    def crossed(self) -> bool:
        """Whether it clearly is no map even though a convolution made it: rows and columns are not its axes
        2 and 3. The few units of a layer may differ by chance, which counts for nothing here.
        """
        return self._elsewhere((1, 2))

    @property
    def hopeless(self) -> bool:
        """Whether another draw would not make it a map."""
        rows, columns = (self._split(direction)[0] for direction in range(2))
        strong, weak = sorted((rows, columns), key=lambda one: -abs(one.size))
        lopsided = strong.clear and weak.fit < LEAST_FIT and abs(weak.size) < abs(strong.size) / LOPSIDED
        return self.verdict == "other" or self._leading() in KNOWN or (lopsided and len(self._shown) == 2)

    @property
    def _shown(self) -> list[int]:
        """Directions that can show anything: their axis has more than one place."""
        return [direction for direction in range(2) if self.shape[2 + direction] > 1]

    def _drifts(self, direction: int, draws: slice = ALL) -> list[Drift]:
        """Along axes 1, 2 and 3."""
        return [drift(axis[draws]) for axis in self.contrasts[direction]]

    @property
    def possible(self) -> bool:
        """Whether nothing speaks against it but axes too short to show an order."""
        leading = self._leading()
        short = [self.shape[2 + direction] <= SHORT for direction in range(2)]
        fits = all(short[k] or leading[k] == 2 + k for k in range(2))
        return fits and not self._elsewhere((0, 1, 2))

    def _split(self, direction: int) -> tuple[Drift, list[Drift]]:
        """Along the axis that a map would move, and along the two others."""
        drifts = self._drifts(direction)
        return drifts.pop(1 + direction), drifts

    def _elsewhere(self, axes: tuple[int, ...]) -> bool:
        """Whether a direction clearly moves another of ``axes`` than its own, or its own the wrong way."""
        for direction in range(2):
            drifts = self._drifts(direction)
            own = drifts[1 + direction]
            rivals = [drifts[axis] for axis in axes if axis != 1 + direction]
            if any(rival.clear and abs(rival.size) > abs(own.size) / 2 for rival in rivals):
                return True
            if own.clear and own.slope < 0:
                return True
        return False

    def _leading(self, draws: slice = ALL) -> tuple[int, int]:
        """The axes, 1 to 3, that rows and columns move most, in order, by a wide margin; 0 for none."""
        leading = []
        for direction in range(2):
            drifts = self._drifts(direction, draws)
            first, second = sorted(range(3), key=lambda axis: -abs(drifts[axis].size))[:2]
            ahead = drifts[first].size > LEAD * abs(drifts[second].size)
            leading.append(first + 1 if ahead and drifts[first].fit > LEAST_FIT else 0)
        return leading[0], leading[1]

    def _leads(self, draws: slice = ALL) -> bool:
        """Whether rows and columns lead on their own axes."""
        leading = self._leading(draws)
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
        if order := KNOWN.get(self._leading()):
            return f"{output} is {order}; a factory can permute it to [image, unit, y, x]"
        words = f"rows of the {source} move {rows} of it, columns {columns}"
        return f"{output} does not lie over the {source}: {words}; {REMEDY}"

    def _moving(self, direction: int) -> str:
        """Names the axes that clearly drift, the strongest and those near it."""
        drifts = self._drifts(direction)
        most = max(abs(one.size) for one in drifts)
        moving = [str(axis) for axis, one in enumerate(drifts, 1) if one.clear and abs(one.size) > most / 2]
        return f"axis {' and '.join(moving)}" if moving else "no axis"
