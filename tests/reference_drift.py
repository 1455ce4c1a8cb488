"""How far a change goes along an axis, the slow obvious way: a straight line through logarithms of ratios."""

from __future__ import annotations

import math
from collections.abc import Sequence


def drift(draws: Sequence[tuple[Sequence[float], Sequence[float]]]) -> tuple[float, float, float]:
    """Slope along the whole axis, correlation, and root mean square of log(far / near), less its mean.

    Args:
        draws: per draw the mean change at every place by the near stripe, and by the far one.
    """
    count = len(draws[0][0])
    ratios = [0.0] * count
    for near, far in draws:
        floor = max(*near, *far) / 1000
        if floor > 0:
            logs = [math.log((far[k] + floor) / (near[k] + floor)) for k in range(count)]
            ratios = [ratios[k] + (logs[k] - sum(logs) / count) / len(draws) for k in range(count)]
    places = [(k + 0.5) / count - 0.5 for k in range(count)]
    together = sum(place * ratio for place, ratio in zip(places, ratios, strict=True))
    spread, size = sum(place**2 for place in places), sum(ratio**2 for ratio in ratios)
    if not spread or not size:
        return 0.0, 0.0, 0.0
    return together / spread, together / math.sqrt(spread * size), math.sqrt(size / count)
