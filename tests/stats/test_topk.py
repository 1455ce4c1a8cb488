"""Rankings of images: ties to the lower index, NaN last, bands by percentile."""

from __future__ import annotations

import numpy as np
import reference
from hypothesis import given, settings
from hypothesis import strategies as st

from dissect_report.stats import topk

numbers = st.sampled_from([0.0, -1.0, 1.0, 2.5, 3.0, float("nan"), float("inf")])


@given(st.lists(st.lists(numbers, min_size=3, max_size=3), min_size=1, max_size=30), st.integers(1, 40))
def test_top_images_equal_the_plain_ranking(rows, k):
    maxima = np.array(rows, np.float32)
    found = topk.top_images(maxima, k)
    assert found.shape == (3, min(k, len(rows)))
    assert found.dtype == np.int32
    for unit in range(3):
        assert found[unit].tolist() == reference.ranking(maxima[:, unit])[:k]


@settings(deadline=None)
@given(st.lists(numbers, min_size=1, max_size=300), st.integers(0, 5))
def test_bands_hold_images_of_their_percentiles(values, seed):
    maxima = np.array(values, np.float32)
    found = topk.bands(maxima, seed)
    order = reference.ranking(maxima)
    assert list(found) == ["top", "95-99", "75-95", "50-75", "random"]
    assert found["top"].tolist() == order[:4]
    for name in reference.BANDS:
        inside = reference.in_band(maxima, name)
        assert set(found[name].tolist()) <= inside
        assert len(set(found[name].tolist())) == min(4, len(inside))
    assert len(set(found["random"].tolist())) == min(4, len(values))
    for images in found.values():
        assert [order.index(image) for image in images] == sorted(order.index(image) for image in images)


def test_a_bands_images_spread_over_all_its_ranks():
    maxima = np.arange(1000, dtype=np.float32)
    found = topk.bands(maxima, seed=0)
    assert found["95-99"].tolist() == [989, 976, 963, 950]
    assert found["75-95"].tolist() == [949, 883, 816, 750]
    assert found["50-75"].tolist() == [749, 666, 583, 500]


def test_random_images_follow_the_seed_and_nothing_else():
    generator = np.random.default_rng(0)
    first, second = (generator.random(100).astype(np.float32) for _ in range(2))
    drawn = [set(topk.bands(maxima, 7)["random"].tolist()) for maxima in (first, second)]
    assert drawn[0] == drawn[1]
    assert drawn[0] != set(topk.bands(first, 8)["random"].tolist())


@given(
    st.lists(st.tuples(numbers, st.integers(0, 3)), min_size=1, max_size=40), st.sampled_from([0.0, 1.0, 2.5])
)
def test_where_it_is_wrong_equals_the_plain_lists(rows, level):
    maxima = np.array([row[0] for row in rows], np.float32)
    area = np.array([row[1] for row in rows], np.int32)
    assert topk.silent_images(maxima, level, area).tolist() == reference.silent(maxima, level, area, 8)
    assert topk.fires_without(maxima, area).tolist() == reference.fires_without(maxima, area, 8)


def test_a_unit_without_a_level_is_silent_nowhere():
    maxima, area = np.ones(3, np.float32), np.array([0, 1, 2], np.int32)
    assert topk.silent_images(maxima, float("nan"), area).size == 0
