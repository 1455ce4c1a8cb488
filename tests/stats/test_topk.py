"""Rankings of images: by maximum, then mean, then index, NaN last; bands by percentile; saturation."""

from __future__ import annotations

import itertools

import numpy as np
import pytest
import reference
from hypothesis import given, settings
from hypothesis import strategies as st

from dissect_report.stats import topk
from tests.activation_maps import KINDS

numbers = st.sampled_from([0.0, -1.0, 1.0, 2.5, 3.0, 6.0, float("nan"), float("inf")])
few = st.sampled_from([0.0, -0.0, 0.5, 0.25, 1e-30, float("nan"), float("inf")])
pairs = st.tuples(numbers, few)


def split(rows: list) -> tuple[np.ndarray, np.ndarray]:
    """Maxima and means out of pairs, float32."""
    both = np.array(rows, np.float32)
    return np.ascontiguousarray(both[..., 0]), np.ascontiguousarray(both[..., 1])


@given(st.lists(st.lists(pairs, min_size=3, max_size=3), min_size=1, max_size=30), st.integers(1, 40))
def test_top_images_equal_the_plain_ranking(rows, k):
    maxima, means = split(rows)
    found = topk.top_images(maxima, means, k)
    assert found.shape == (3, min(k, len(rows)))
    assert found.dtype == np.int32
    for unit in range(3):
        assert found[unit].tolist() == reference.ranking(maxima[:, unit], means[:, unit])[:k]


def test_of_a_clipped_unit_the_images_that_it_fills_come_first_wherever_they_lie():
    maps = np.zeros((40, 1, 4, 4), np.float32)
    maps[:, 0, 0, 0] = 6.0  # every image reaches the ceiling somewhere
    maps[[37, 12, 30], 0, 1:, :] = np.array([6.0, 4.0, 2.0], np.float32)[:, None, None]
    maxima, means = maps.max((2, 3)), topk.image_means(maps)
    assert topk.top_images(maxima, means, 4).tolist() == [[37, 12, 30, 0]]
    assert topk.bands(maxima[:, 0], means[:, 0], 0)["top"].tolist() == [37, 12, 30, 0]
    area = np.ones(40, np.int32)
    area[[12, 30, 5]] = 0
    assert topk.fires_without(maxima[:, 0], means[:, 0], area).tolist() == [12, 30, 5]
    assert topk.silent_images(maxima[:, 0], means[:, 0], 6.0, area).tolist()[:2] == [37, 0]
    assert topk.saturation(maxima).tolist() == [40]


@pytest.mark.parametrize("kind", KINDS)
def test_means_are_those_of_plain_loops_and_know_of_no_other_image_or_unit(kind):
    generator = np.random.default_rng(3)
    maps = np.asarray(KINDS[kind](generator, (9, 5, 7, 6)), np.float32)
    means = topk.image_means(maps)
    scale = np.abs(maps).max((2, 3))  # a sum that cancels is not known better than its terms
    assert (np.abs(means - reference.image_means(maps)) <= 1e-12 * scale + np.spacing(np.abs(means))).all()
    for images, units in [(slice(0, 1), slice(None)), (slice(3, 9), slice(4, 5)), (slice(2, 7), slice(1, 3))]:
        np.testing.assert_array_equal(topk.image_means(maps[images, units]), means[images, units])
        apart = np.ascontiguousarray(maps[images, units])
        np.testing.assert_array_equal(topk.image_means(apart), means[images, units])


@pytest.mark.parametrize("side", [1, 3, 97])
def test_means_of_small_and_large_maps_are_the_same_in_every_split(side):
    maps = np.random.default_rng(side).standard_normal((4, 3, side, side)).astype(np.float32) ** 9
    means = topk.image_means(maps)
    for image, unit in np.ndindex(4, 3):
        alone = np.ascontiguousarray(maps[image : image + 1, unit : unit + 1])
        assert topk.image_means(alone)[0, 0] == means[image, unit]


def test_a_mean_that_is_not_finite_is_passed_on():
    maps = np.ones((3, 1, 2, 2), np.float32)
    maps[0, 0, 0, 0], maps[1, 0, 0, 0] = np.nan, np.inf
    assert topk.image_means(maps)[:, 0].tolist() == [pytest.approx(np.nan, nan_ok=True), np.inf, 1.0]


@pytest.mark.parametrize("side", [1, 2, 3, 5])
def test_a_maximum_is_the_largest_cell_wherever_it_stands_and_nan_where_one_is(side):
    generator = np.random.default_rng(side)
    for place, odd in itertools.product(range(side * side), (np.nan, np.inf, -np.inf, 9.0, 0.0)):
        maps = -generator.random((3, 2, side, side)).astype(np.float32) - 1
        maps[1, 1].flat[place] = odd
        maps[2, 0] = -np.inf
        maxima, means = topk.image_extremes(maps)
        np.testing.assert_array_equal(maxima, maps.max((2, 3)))
        assert np.isnan(means[1, 1]) == np.isnan(odd)


def test_infinities_of_both_signs_have_a_maximum_and_no_mean():
    maps = np.array([np.inf, -np.inf, 0, 1], np.float32).reshape(1, 1, 2, 2)
    maxima, means = topk.image_extremes(maps)
    assert maxima[0, 0] == np.inf
    assert np.isnan(means[0, 0])


@given(st.lists(numbers, min_size=1, max_size=30))
def test_saturation_counts_the_images_at_the_maximum(values):
    maxima = np.array(values, np.float32)[:, None]
    assert topk.saturation(maxima).tolist() == [reference.saturation(maxima[:, 0])]


@settings(deadline=None)
@given(st.lists(pairs, min_size=1, max_size=300), st.integers(0, 5))
def test_bands_hold_images_of_their_percentiles(rows, seed):
    maxima, means = split(rows)
    found = topk.bands(maxima, means, seed)
    order = reference.ranking(maxima, means)
    assert list(found) == ["top", "95-99", "75-95", "50-75", "random"]
    assert found["top"].tolist() == order[:4]
    for name in reference.BANDS:
        inside = reference.in_band(maxima, means, name)
        assert set(found[name].tolist()) <= inside
        assert len(set(found[name].tolist())) == min(4, len(inside))
    assert len(set(found["random"].tolist())) == min(4, len(rows))
    for images in found.values():
        assert [order.index(image) for image in images] == sorted(order.index(image) for image in images)


def test_a_bands_images_spread_over_all_its_ranks():
    maxima = np.arange(1000, dtype=np.float32)
    found = topk.bands(maxima, maxima / 2, seed=0)
    assert found["95-99"].tolist() == [989, 976, 963, 950]
    assert found["75-95"].tolist() == [949, 883, 816, 750]
    assert found["50-75"].tolist() == [749, 666, 583, 500]


def test_random_images_follow_the_seed_and_nothing_else():
    generator = np.random.default_rng(0)
    first, second, means = (generator.random(100).astype(np.float32) for _ in range(3))
    drawn = [set(topk.bands(maxima, means, 7)["random"].tolist()) for maxima in (first, second)]
    assert drawn[0] == drawn[1]
    assert drawn[0] != set(topk.bands(first, means, 8)["random"].tolist())


@given(
    st.lists(st.tuples(numbers, few, st.integers(0, 3)), min_size=1, max_size=40),
    st.sampled_from([0.0, 1.0, 2.5, 6.0]),
)
def test_where_it_is_wrong_equals_the_plain_lists(rows, level):
    maxima, means = split([row[:2] for row in rows])
    area = np.array([row[2] for row in rows], np.int32)
    slow = reference.silent(maxima, means, level, area, 8)
    assert topk.silent_images(maxima, means, level, area).tolist() == slow
    assert topk.fires_without(maxima, means, area).tolist() == reference.fires_without(maxima, means, area, 8)


def test_a_unit_without_a_level_is_silent_nowhere():
    maxima, area = np.ones(3, np.float32), np.array([0, 1, 2], np.int32)
    assert topk.silent_images(maxima, maxima, float("nan"), area).size == 0
