"""The only source of chance in the drawn world."""

from collections.abc import Sequence
from itertools import accumulate
from typing import TypeVar

import numpy as np

Item = TypeVar("Item")


class Dice:
    """Seeded chance with the few questions a drawing asks; the same key gives the same answers for ever."""

    def __init__(self, *key: int) -> None:
        """Seeds from non-negative integers, for example the seed of a set and the number of a scene."""
        self._random = np.random.default_rng(key).random

    def between(self, low: float, high: float) -> float:
        """A number, uniform in [low, high)."""
        return low + (high - low) * self._random()

    def count(self, low: int, high: int) -> int:
        """A whole number, low and high included."""
        return low + int(self._random() * (high - low + 1))

    def chance(self, share: float) -> bool:
        """True in that share of the cases."""
        return self._random() < share

    def pick(self, items: Sequence[Item], shares: Sequence[float] | None = None) -> Item:
        """One of the items, all equally likely or by their shares (which sum to 1)."""
        if shares is None:
            return items[int(self._random() * len(items))]
        value = self._random()
        return next(
            (item for item, edge in zip(items, accumulate(shares), strict=True) if value < edge), items[-1]
        )

    def spread(self, number: int, low: float, high: float) -> list[float]:
        """That many places from low to high, ascending, one in each equal stretch so that none crowd."""
        step = (high - low) / max(number, 1)
        return [low + step * (place + self.between(0.15, 0.85)) for place in range(number)]

    def some(self, fewest: int, most: int, low: float, high: float) -> list[float]:
        """Between `fewest` and `most` places, spread from low to high."""
        return self.spread(self.count(fewest, most), low, high)
