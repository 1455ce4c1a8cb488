"""Weather changes what is seen and never what is true."""

import numpy as np
import pytest
from numpy.typing import NDArray

from dissect_report.demo.concepts import label
from dissect_report.demo.palette import LIGHTS
from dissect_report.demo.weather import finish

NOON = next(light for light in LIGHTS if light.name == "noon")


def seen(*, snowing: bool = False, mist: float = 0.0, raining: bool = False) -> NDArray[np.float64]:
    image = np.full((64, 64, 3), 40, dtype=np.float32)
    labels = np.zeros((3, 64, 64), dtype=np.uint8)
    labels[0] = label("hill")[0]
    return finish(image, labels, NOON, (1, 2), snowing=snowing, mist=mist, raining=raining).astype(float)


def test_mist_blends_into_the_haze_and_most_where_it_is_far() -> None:
    clear, misty = seen(), seen(mist=0.5)
    gained = (misty - clear).mean(axis=(1, 2))
    assert gained[0] == pytest.approx((np.mean(NOON.haze) - 40) * 0.5, rel=0.12)
    assert gained[-1] == pytest.approx((np.mean(NOON.haze) - 40) * 0.25, rel=0.12)


@pytest.mark.parametrize("weather", ["snowing", "raining"])
def test_what_falls_covers_a_small_part(weather: str) -> None:
    changed = np.abs(seen(**{weather: True}) - seen()).max(axis=2) > 4
    assert 0.005 < changed.mean() < 0.3
