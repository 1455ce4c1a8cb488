"""Assignments written as choices, against the assignment itself."""

from __future__ import annotations

from typing import Any

import pytest
import torch
from hypothesis import given, settings
from hypothesis import strategies as st

from dissect_report.exporting.assignments import WholeAssignments, assigned


@st.composite
def places(draw: st.DrawFn) -> tuple[list[int], Any]:
    shape = draw(st.lists(st.integers(1, 6), min_size=1, max_size=4))
    index: list[Any] = []
    for size in shape[: draw(st.integers(1, len(shape)))]:
        if draw(st.booleans()):
            index.append(draw(st.integers(-size, size - 1)))
        else:
            ends = st.one_of(st.none(), st.integers(-size - 1, size + 1))
            index.append(slice(draw(ends), draw(ends), draw(st.sampled_from([None, 1, 2, 3]))))
    if len(index) < len(shape) and draw(st.booleans()):
        index.append(Ellipsis)
    return shape, tuple(index)


@settings(deadline=None, max_examples=200)
@given(places())
def test_an_assignment_is_what_python_does(place: tuple[list[int], Any]):
    shape, index = place
    before = torch.randn(shape)
    truth = before.clone()
    value = torch.randn(truth[index].shape)
    if not value.numel():
        return
    truth[index] = value
    kept = before.clone()
    assert torch.equal(assigned(before, index, value), truth)
    assert torch.equal(before, kept)


@pytest.mark.parametrize("index", [(slice(None), slice(None), slice(0, None, 2), slice(1, None, 2)), 0])
def test_inside_the_mode_a_tensor_is_still_written_into(index: Any):
    x, value = torch.zeros(2, 3, 4, 6), torch.ones(())
    truth = x.clone()
    truth[index] = 1
    with WholeAssignments():
        x[index] = value
    assert torch.equal(x, truth)


def test_other_indices_are_left_to_torch():
    x, chosen = torch.zeros(4), torch.tensor([True, False, True, False])
    with WholeAssignments():
        x[chosen] = 2.0
    assert x.tolist() == [2, 0, 2, 0]
