"""How a change goes along an axis of a layer's output when the changed stripe of the picture goes across it.

A map answers where it was changed. Two changes are compared, one at the beginning of the picture and
one at its end: along the axis that lies over them, the logarithm of their ratio rises from end to end.
What reaches every place alike, such as a global pooling or attention to the whole picture, cancels.
"""

from __future__ import annotations

from collections.abc import Sequence
from dataclasses import dataclass

import numpy as np

#: Change below this share of the largest along an axis counts as none.
FLOOR = 1e-3

#: From here on a drift is beyond doubt: the ratio grows by this many e-folds along the axis, in order.
CLEAR_SLOPE = 1.0
CLEAR_FIT = 0.8

#: The same where a few places may come into an order by chance, and for one picture to be enough.
SURE_SLOPE = 3.0
FEW_PLACES = 16

#: What an axis must show at least, and how often more than any other axis, to lie over the picture.
LEAST_FIT = 0.5
LEAD = 3.0


@dataclass(frozen=True)
class Drift:
    """What two changes of the picture do along one axis.

    Attributes:
        slope: rise of the logarithm of (change by the far stripe / by the near one) along the whole axis;
            0 where nothing changes.
        fit: correlation of that logarithm with the place on the axis, -1 to 1.
        spread: root mean square of that logarithm, less its mean.
        places: along the axis.
    """

    slope: float
    fit: float
    spread: float
    places: int

    @property
    def size(self) -> float:
        """Slope, as far as it is in order; its sign is the slope's."""
        return self.slope * abs(self.fit)

    @property
    def clear(self) -> bool:
        """Whether the change goes along this axis beyond doubt, one way or the other."""
        enough = CLEAR_SLOPE if self.places >= FEW_PLACES else SURE_SLOPE
        return abs(self.slope) > enough and abs(self.fit) > CLEAR_FIT


def contrast(near: np.ndarray, far: np.ndarray) -> np.ndarray:
    """float64 [place]: logarithm of far over near, less its mean.

    Args:
        near: float64 [place] mean change along the axis when the stripe at the beginning changes.
        far: the same of the stripe at the end.
    """
    largest = max(near.max(initial=0.0), far.max(initial=0.0))
    if not largest > 0:
        return np.zeros(len(near))
    floor = FLOOR * largest
    ratio: np.ndarray = np.log((far + floor) / (near + floor))
    centred: np.ndarray = ratio - ratio.mean()
    return centred


def drift(contrasts: Sequence[np.ndarray]) -> Drift:
    """The drift along an axis, from the contrast of every draw."""
    mean = np.mean(contrasts, axis=0)
    place = (np.arange(len(mean)) + 0.5) / max(1, len(mean)) - 0.5
    size, spread = float(np.square(mean).sum()), float(np.square(place).sum())
    together = float((mean * place).sum())
    if size == 0 or spread == 0:
        return Drift(0.0, 0.0, 0.0, len(mean))
    return Drift(together / spread, together / np.sqrt(size * spread), np.sqrt(size / len(mean)), len(mean))
