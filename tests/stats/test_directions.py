from __future__ import annotations

import numpy as np
import pytest
from hypothesis import given
from hypothesis import strategies as st

from dissect_report.stats.directions import (
    nonnegative_parts,
    principal_directions,
    random_rotation,
    skew_positive,
)


@given(st.integers(1, 12), st.integers(0, 5))
def test_a_rotation_is_orthogonal_and_the_seed_s(channels: int, seed: int) -> None:
    rows = random_rotation(channels, seed)
    np.testing.assert_allclose(rows @ rows.T, np.eye(channels), atol=1e-12)
    np.testing.assert_array_equal(rows, random_rotation(channels, seed))


def test_rotations_point_everywhere_alike() -> None:
    first = np.array([random_rotation(3, seed)[0] for seed in range(400)])
    np.testing.assert_allclose(first.mean(0), 0, atol=0.1)
    np.testing.assert_allclose((first**2).mean(0), 1 / 3, atol=0.05)


def test_principal_directions_are_those_along_which_most_varies() -> None:
    rng = np.random.default_rng(0)
    axes = random_rotation(5, 3)
    sample = (rng.standard_normal((4000, 5)) * [5, 3, 2, 1, 0.5]) @ axes + rng.random(5)
    found = principal_directions(sample, 3)
    np.testing.assert_allclose(np.abs(found @ axes.T), np.eye(3, 5), atol=0.1)
    np.testing.assert_allclose(found @ found.T, np.eye(3), atol=1e-12)


def test_non_negative_parts_are_those_that_the_sample_was_made_of() -> None:
    rng = np.random.default_rng(1)
    parts = np.eye(3, 6) + np.eye(3, 6, k=3)
    parts /= np.linalg.norm(parts, axis=1, keepdims=True)
    weights = rng.random((500, 3)) * (rng.random((500, 3)) < 0.5) * [3, 2, 1]
    found = nonnegative_parts(weights @ parts, 3, 0)
    assert (found >= 0).all()
    np.testing.assert_allclose(found, parts, atol=1e-3)  # the one that carries most first
    np.testing.assert_array_equal(found, nonnegative_parts(weights @ parts, 3, 0))


@pytest.mark.parametrize("sample", [np.zeros((5, 4)), np.ones((2, 4))])
def test_more_parts_than_there_is_to_find_are_finite(sample: np.ndarray) -> None:
    found = nonnegative_parts(sample, 6, 0)
    assert found.shape == (6, 4)
    assert np.isfinite(found).all()


@given(st.integers(0, 50))
def test_of_two_signs_the_one_with_the_longer_tail_above_is_taken(seed: int) -> None:
    rng = np.random.default_rng(seed)
    rows, sample = random_rotation(4, seed), rng.exponential(size=(200, 4))
    along = sample @ skew_positive(rows, sample).T
    assert (((along - along.mean(0)) ** 3).mean(0) >= 0).all()
    np.testing.assert_array_equal(skew_positive(-rows, sample), skew_positive(rows, sample))
