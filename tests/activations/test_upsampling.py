"""The bilinear rule, against the obvious loops, torch's own interpolation and the documented gains."""

from __future__ import annotations

import inspect

import numpy as np
import pytest
import reference
import torch

from dissect_report.activations.upsampling import (
    CellPlaces,
    add_ring,
    plan_upsampling,
    ringed_chunks,
    upsample,
)

SIZES = [(14, 14), (7, 7), (56, 56), (61, 90), (1, 9), (9, 1), (1, 1), (13, 27)]


@pytest.mark.parametrize("outside", ["border", "zeros"])
@pytest.mark.parametrize("size", SIZES, ids=str)
def test_every_pixel_equals_the_plain_loops_to_the_last_bit(size, outside):
    maps = np.random.default_rng(0).standard_normal((2, *size)).astype(np.float32)
    values = upsample(maps, plan_upsampling(size, 32, outside))
    for map_, value in zip(maps, values, strict=True):
        np.testing.assert_array_equal(value, reference.upsample(map_, 32, outside))


@pytest.mark.parametrize("size", SIZES, ids=str)
def test_border_is_torchs_interpolation(size):
    maps = np.random.default_rng(1).standard_normal((1, 3, *size)).astype(np.float32)
    expected = torch.nn.functional.interpolate(
        torch.from_numpy(maps).double(), size=(56, 56), mode="bilinear"
    )
    np.testing.assert_allclose(upsample(maps, plan_upsampling(size, 56, "border")), expected, atol=2e-6)


def test_zeros_attenuates_the_outer_half_cell_by_the_documented_gains():
    row = upsample(np.ones((14, 14), np.float32), plan_upsampling((14, 14), 56, "zeros"))
    assert row[28, :4].tolist() == [0.625, 0.875, 1, 1]
    assert row[0, 0] == pytest.approx(0.391, abs=5e-4)


@pytest.mark.parametrize("outside", ["border", "zeros"])
@pytest.mark.parametrize(("offset", "scale"), [(31.0, 16.0), (0.0, 16.0), (-20.0, 4.0), (100.0, 3.7)])
def test_convolution_registration_equals_the_plain_loops(offset, scale, outside):
    map_ = np.random.default_rng(2).standard_normal((11, 13)).astype(np.float32)
    places = CellPlaces(offset=(offset, offset + 2), scale=(scale, scale), side=(224, 224))
    values = upsample(map_, plan_upsampling((11, 13), 56, outside, places))
    cells = [(offset, scale, 224), (offset + 2, scale, 224)]
    np.testing.assert_array_equal(values, reference.upsample(map_, 56, outside, cells))


def test_a_cell_appears_where_convolution_registration_puts_it():
    places = CellPlaces(offset=(31.5, 31.5), scale=(16.0, 16.0), side=(224, 224))
    map_ = np.zeros((11, 11), np.float32)
    map_[3, 3] = 1
    values = upsample(map_, plan_upsampling((11, 11), 224, "border", places))
    # Cell 3 sits at pixel 31.5 + 3 * 16 = 79.5, between pixels 79 and 80.
    assert values[79, 79] == values[80, 80] == values.max()


def test_registration_of_evenly_spread_cells_is_the_centre_rule():
    map_ = np.random.default_rng(3).standard_normal((14, 14)).astype(np.float32)
    places = CellPlaces(offset=(7.5, 7.5), scale=(16.0, 16.0), side=(224, 224))
    with_cells = upsample(map_, plan_upsampling((14, 14), 56, "border", places))
    np.testing.assert_array_equal(with_cells, upsample(map_, plan_upsampling((14, 14), 56, "border")))


@pytest.mark.parametrize("outside", ["border", "zeros"])
@pytest.mark.parametrize("size", [(14, 14), (3, 70), (57, 5)], ids=str)
def test_no_pixel_leaves_the_range_of_its_four_cells(size, outside):
    generator = np.random.default_rng(4)
    # Neighbours a few units in the last place apart are where rounding could overshoot.
    base = np.float32(generator.choice([1.0, -3.7, 1e-30, 1e30, 16777216.0], size=(200, *size)))
    steps = generator.integers(0, 4, base.shape)
    for _ in range(3):
        base = np.where(steps > 0, np.nextafter(base, np.float32(np.inf)), base)
        steps = steps - 1
    plan = plan_upsampling(size, 48, outside)
    values = upsample(base, plan)
    for _, ringed in ringed_chunks(base[:, None], plan):
        rows, columns = plan.y.index[:, None], plan.x.index[None, :]
        corners = np.stack([ringed[:, 0, rows + i, columns + j] for i in (0, 1) for j in (0, 1)])
        assert (values[: len(ringed)] <= corners.max(axis=0)).all()
        assert (values[: len(ringed)] >= corners.min(axis=0)).all()
        values = values[len(ringed) :]


@pytest.mark.parametrize("size", SIZES, ids=str)
def test_the_starts_list_every_target_of_a_cell_and_no_other(size):
    for axis in (plan_upsampling(size, 40, "border").y, plan_upsampling(size, 40, "zeros").x):
        found = [axis.index[axis.starts[r] : axis.starts[r + 1]] for r in range(axis.size + 1)]
        assert all((part == r).all() for r, part in enumerate(found))
        assert sum(map(len, found)) == 40
        assert ((axis.weight >= 0) & (axis.weight < 1)).all()


def test_chunks_cover_every_image_once():
    maps = np.arange(40 * 3 * 150 * 150, dtype=np.float32).reshape(40, 3, 150, 150)
    plan = plan_upsampling((150, 150), 56, "border")
    chunks = list(ringed_chunks(maps, plan))
    assert len(chunks) > 1
    assert [first for first, _ in chunks] == np.cumsum([0, *(len(ringed) for _, ringed in chunks)])[
        :-1
    ].tolist()
    np.testing.assert_array_equal(np.concatenate([r[:, :, 1:-1, 1:-1] for _, r in chunks]), maps)


@pytest.mark.parametrize("size", [(1, 1), (3, 5), (60, 9)], ids=str)
def test_a_ring_repeats_the_edge_or_holds_zeros(size):
    maps = np.random.default_rng(5).standard_normal((2, 3, *size)).astype(np.float32)
    around = ((0, 0), (0, 0), (1, 1), (1, 1))
    for outside, mode in (("border", "edge"), ("zeros", "constant")):
        plan = plan_upsampling(size, 40, outside)
        np.testing.assert_array_equal(add_ring(maps[:, 1:], plan), np.pad(maps[:, 1:], around, mode=mode))


def test_maps_of_another_size_are_refused_by_both_sizes():
    with pytest.raises(ValueError, match="maps of 7x7 do not fit a plan for 14x14"):
        upsample(np.zeros((7, 7), np.float32), plan_upsampling((14, 14), 56, "border"))


@pytest.mark.parametrize(
    ("size", "grid", "outside"), [((0, 3), 8, "zeros"), ((3, 3), 0, "zeros"), ((3, 3), 8, "?")]
)
def test_impossible_plans_are_refused(size, grid, outside):
    with pytest.raises(ValueError, match=r"sizes must be positive|is not a rule"):
        # Unwrapped: where types are checked, "?" does not even reach the function.
        inspect.unwrap(plan_upsampling)(size, grid, outside)
