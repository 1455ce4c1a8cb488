"""Levels, ranges and histograms: equal to sorting every upsampled pixel."""

from __future__ import annotations

import tracemalloc

import numpy as np
import pytest
import reference
from activation_maps import GRID, KINDS, SIZES, make_maps
from hypothesis import given, settings
from hypothesis import strategies as st

from dissect_report.activations import upsampling
from dissect_report.activations.upsampling import plan_upsampling
from dissect_report.stats import selection
from dissect_report.stats.levels import ActivationStats, measure_activations

QUANTILES = [0.01, 0.005, 0.3, 0.5, 0.999]


def same(first: ActivationStats, second: ActivationStats) -> None:
    for name in ActivationStats.__dataclass_fields__:
        np.testing.assert_array_equal(getattr(first, name), getattr(second, name), err_msg=name)


@pytest.mark.parametrize("outside", ["border", "zeros"])
@pytest.mark.parametrize("size", SIZES, ids=str)
def test_levels_equal_the_sorted_pixels_exactly(size, outside):
    maps = make_maps(size)
    pixels = reference.pixels(maps, GRID, outside)
    for quantile in QUANTILES:
        stats = measure_activations(maps, plan_upsampling(size, GRID, outside), quantile)
        expected = [reference.level(pixels[:, u], quantile) for u in range(maps.shape[1])]
        for kind, found, wanted in zip(KINDS, stats.level, expected, strict=True):
            assert found == wanted, (kind, quantile)


@pytest.mark.parametrize("outside", ["border", "zeros"])
@pytest.mark.parametrize("size", SIZES, ids=str)
def test_ranges_density_and_histogram_equal_the_plain_counts(size, outside):
    maps = make_maps(size)
    pixels = reference.pixels(maps, GRID, outside)
    stats = measure_activations(maps, plan_upsampling(size, GRID, outside), 0.01)
    np.testing.assert_array_equal(stats.minimum, maps.min(axis=(0, 2, 3)))
    np.testing.assert_array_equal(stats.maximum, maps.max(axis=(0, 2, 3)))
    np.testing.assert_array_equal(stats.positive_pixels, (pixels > 0).sum(axis=(0, 2, 3)))
    assert stats.pixels == pixels[:, 0].size
    assert (stats.histogram.sum(axis=1) == stats.pixels).all()
    assert (stats.low <= pixels.min(axis=(0, 2, 3))).all()
    assert (stats.high >= pixels.max(axis=(0, 2, 3))).all()


def test_the_histogram_has_64_bins_of_equal_width():
    maps = make_maps((5, 5), images=20)
    stats = measure_activations(maps, plan_upsampling((5, 5), GRID, "border"), 0.01)
    unit = list(KINDS).index("normal")
    values = reference.pixels(maps[:, [unit]], GRID, "border")
    expected, _ = np.histogram(values, bins=64, range=(stats.low[unit], stats.high[unit]))
    # A pixel within rounding of an edge may fall on either side of it.
    assert np.abs(np.cumsum(stats.histogram[unit]) - np.cumsum(expected)).max() <= 2


@pytest.mark.parametrize("many", [1, 7, 100])
@pytest.mark.parametrize("outside", ["border", "zeros"])
def test_a_range_that_holds_many_pixels_is_narrowed_without_changing_the_level(monkeypatch, many, outside):
    maps = make_maps((5, 5), images=9)
    plan = plan_upsampling((5, 5), GRID, outside)
    for quantile in QUANTILES:
        plain = measure_activations(maps, plan, quantile)
        with monkeypatch.context() as patch:
            patch.setattr(selection, "MANY_PIXELS", many)
            same(measure_activations(maps, plan, quantile), plain)


def test_narrowing_is_what_keeps_the_collected_pixels_few(monkeypatch):
    monkeypatch.setattr(selection, "MANY_PIXELS", 10)
    collected = []
    original = selection._collect

    def watch(pixels, span, active):
        collected.append(np.where(active, span.count, 0).max())
        return original(pixels, span, active)

    monkeypatch.setattr(selection, "_collect", watch)
    measure_activations(make_maps((5, 5), images=9), plan_upsampling((5, 5), GRID, "border"), 0.3)
    assert max(collected) <= 10


@pytest.mark.parametrize("poison", [np.nan, np.inf, -np.inf])
def test_a_unit_that_is_not_finite_somewhere_is_flagged_and_leaves_the_others_alone(poison):
    maps = make_maps((5, 5))
    plan = plan_upsampling((5, 5), GRID, "border")
    plain = measure_activations(maps, plan, 0.01)
    poisoned = maps.copy()
    poisoned[3, 1, 2, 2] = poison
    stats = measure_activations(poisoned, plan, 0.01)
    assert stats.finite.tolist() == [u != 1 for u in range(len(KINDS))]
    assert np.isnan([stats.level[1], stats.minimum[1], stats.maximum[1]]).all()
    assert stats.positive_pixels[1] == 0
    assert not stats.histogram[1].any()
    others = stats.finite
    np.testing.assert_array_equal(stats.level[others], plain.level[others])
    np.testing.assert_array_equal(stats.histogram[others], plain.histogram[others])


def test_a_range_beyond_float32_counts_as_not_finite():
    maps = np.array([3e38, -3e38], np.float32).reshape(1, 1, 1, 2)
    stats = measure_activations(maps, plan_upsampling((1, 2), GRID, "border"), 0.01)
    assert not stats.finite[0]


@settings(max_examples=40, deadline=None)
@given(
    seed=st.integers(0, 10_000),
    images=st.integers(1, 6),
    size=st.sampled_from(SIZES),
    outside=st.sampled_from(["border", "zeros"]),
    quantile=st.floats(0.001, 0.999),
    values=st.integers(1, 9),
)
def test_any_maps_at_any_quantile_give_numpys_hazen_quantile(seed, images, size, outside, quantile, values):
    generator = np.random.default_rng(seed)
    palette = generator.standard_normal(values).astype(np.float32)
    maps = generator.choice(palette, size=(images, 3, *size))
    plan = plan_upsampling(size, GRID, outside)
    stats = measure_activations(maps, plan, quantile)
    for unit in range(3):
        assert stats.level[unit] == reference.level(upsampling.upsample(maps[:, unit], plan), quantile)


def test_neither_threads_nor_chunks_nor_the_order_of_images_change_anything(monkeypatch):
    maps = np.tile(make_maps((5, 5), images=11), (1, 6, 1, 1))
    plan = plan_upsampling((5, 5), GRID, "border")
    plain = measure_activations(maps, plan, 0.03)
    same(measure_activations(maps, plan, 0.03, threads=3), plain)
    same(measure_activations(maps[::-1], plan, 0.03), plain)
    monkeypatch.setattr(upsampling, "RING_FLOATS", 1)
    same(measure_activations(maps, plan, 0.03), plain)


def test_a_memory_map_gives_the_same_as_an_array(tmp_path):
    maps = make_maps((5, 5))
    np.save(tmp_path / "maps.npy", maps)
    plan = plan_upsampling((5, 5), GRID, "zeros")
    same(
        measure_activations(np.load(tmp_path / "maps.npy", mmap_mode="r"), plan, 0.01),
        measure_activations(maps, plan, 0.01),
    )


@pytest.mark.parametrize("quantile", [0.0, 1.0, -0.1, float("nan")])
def test_an_impossible_quantile_is_refused(quantile):
    with pytest.raises(ValueError, match="0 < quantile < 1"):
        measure_activations(make_maps((5, 5)), plan_upsampling((5, 5), GRID, "border"), quantile)


def test_no_images_are_refused():
    with pytest.raises(ValueError, match="needs an image"):
        measure_activations(make_maps((5, 5))[:0], plan_upsampling((5, 5), GRID, "border"), 0.01)


def test_memory_does_not_grow_with_the_number_of_images():
    def peak(images: int) -> int:
        maps = np.random.default_rng(0).random((images, 4, 14, 14)).astype(np.float32)
        tracemalloc.start()
        measure_activations(maps, plan_upsampling((14, 14), 56, "border"), 0.01)
        _, highest = tracemalloc.get_traced_memory()
        tracemalloc.stop()
        return highest

    peak(1)  # compiles
    # A chunk of ringed maps is 4 MB; all upsampled pixels of 5,000 images would be 250 MB.
    assert peak(5000) < 16e6
