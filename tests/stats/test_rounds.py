"""Levels in two rounds over batches: what measuring all maps at once gives, to the bit."""

from __future__ import annotations

import numpy as np
import pytest
from activation_maps import GRID, SIZES, make_maps

from dissect_report.activations.upsampling import Upsampling, plan_upsampling
from dissect_report.stats.correlation import CorrelationSums, correlate_units
from dissect_report.stats.levels import ActivationStats, measure_activations
from dissect_report.stats.rounds import finish, no_codes, no_fine, seek

QUANTILES = [0.01, 0.005, 0.3, 0.5, 0.999, 0.0001]


def in_rounds(
    maps: np.ndarray, plan: Upsampling, quantile: float, batch: int, threads: int = 1
) -> ActivationStats:
    pixels = len(maps) * plan.grid**2
    parts = [maps[start : start + batch] for start in range(0, len(maps), batch)]
    first, fine = no_codes(maps.shape[1], pixels), no_fine(maps.shape[1], pixels)
    for part in parts:
        first.add(part, plan, threads)
    sought = seek(first, plan, pixels, quantile)
    for part in parts:
        fine.add(part, plan, sought, threads)
    return finish(first, sought, fine, pixels, quantile)


def same(first: ActivationStats, second: ActivationStats, told: object) -> None:
    for name in ActivationStats.__dataclass_fields__:
        one, other = np.asarray(getattr(first, name)), np.asarray(getattr(second, name))
        np.testing.assert_array_equal(one, other, err_msg=f"{name} {told}")
        assert one.dtype == other.dtype
        assert name == "pixels" or one.tobytes() == other.tobytes(), (name, told)


@pytest.mark.parametrize("outside", ["border", "zeros"])
@pytest.mark.parametrize("size", SIZES, ids=str)
def test_two_rounds_give_what_all_maps_at_once_give(size: tuple[int, int], outside: str) -> None:
    maps = make_maps(size, images=7)
    plan = plan_upsampling(size, GRID, outside)
    for quantile in QUANTILES:
        whole = measure_activations(maps, plan, quantile)
        for batch in (1, 3, 7):
            same(in_rounds(maps, plan, quantile, batch), whole, (quantile, batch))


def test_extreme_values_and_neighbours_in_different_halves() -> None:
    huge, tiny = np.finfo(np.float32).max / 4, np.float32(1e-42)
    below = np.nextafter(np.float32(2), np.float32(1))
    values = np.array(
        [[-huge, huge], [0.0, tiny], [-tiny, tiny], [-0.0, 0.0], [1.0, below],
         [np.inf, 1.0], [np.nan, 1.0], [-np.inf, -1.0], [-1.0, 1.0]], np.float32,
    )  # fmt: skip
    generator = np.random.default_rng(0)
    maps = values[:, generator.integers(0, 2, (6, 4, 4))].transpose(1, 0, 2, 3)
    maps = np.ascontiguousarray(maps)
    for outside in ("border", "zeros"):
        plan = plan_upsampling((4, 4), 8, outside)
        for quantile in (*QUANTILES, 0.25, 0.75):
            whole = measure_activations(maps, plan, quantile)
            same(in_rounds(maps, plan, quantile, 2, threads=2), whole, (outside, quantile))


def test_few_distinct_values_put_the_level_between_two_codes() -> None:
    maps = np.repeat(np.arange(8, dtype=np.float32), 2).reshape(4, 1, 2, 2) * 1000
    plan = plan_upsampling((2, 2), 2, "border")
    for quantile in np.linspace(0.01, 0.99, 99):
        whole = measure_activations(maps, plan, float(quantile))
        same(in_rounds(maps, plan, float(quantile), 1), whole, quantile)


def test_correlation_adds_up_batch_by_batch_to_the_same_bytes() -> None:
    for size in SIZES:
        maps = make_maps(size, images=23)
        whole = correlate_units(maps)
        for batch in (1, 5, 23):
            sums = CorrelationSums.of(*maps.shape[1:])
            for start in range(0, len(maps), batch):
                sums.add(maps[start : start + batch])
            assert sums.finish().tobytes() == whole.tobytes()
