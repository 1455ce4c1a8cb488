from __future__ import annotations

import math

import numpy as np
import pytest
from hypothesis import given
from hypothesis import strategies as st

from dissect_report.stats.effects import by_context, rank_by, removed_portion
from tests import reference_generation as slow


@given(st.lists(st.tuples(st.integers(0, 50), st.integers(0, 50)), min_size=1, max_size=20))
def test_portions_are_ratios_of_sums(pairs: list[tuple[int, int]]) -> None:
    intact, edited = (np.array(values) for values in zip(*pairs, strict=True))
    found = float(removed_portion(intact, edited))
    if intact.sum() == 0:
        assert math.isnan(found)
    else:
        assert found == pytest.approx(slow.portion_removed(intact.tolist(), edited.tolist()))


def test_a_latent_with_much_of_the_concept_weighs_more() -> None:
    assert float(removed_portion(np.array([90, 10]), np.array([0, 10]))) == pytest.approx(0.9)


@given(st.data())
def test_contexts_count_each_label_of_a_place_once(data: st.DataObject) -> None:
    number = data.draw(st.integers(1, 30))
    labels = np.array(data.draw(st.lists(st.lists(st.integers(0, 4), min_size=2, max_size=2),
                                         min_size=number, max_size=number)))  # fmt: skip
    added = np.array(data.draw(st.lists(st.floats(-5, 5), min_size=number, max_size=number)))
    table = by_context(added[:, None], labels)
    expected = slow.context_rows(added.tolist(), labels.tolist())
    assert table.concepts.tolist() == sorted(expected)
    for row, concept in enumerate(table.concepts.tolist()):
        places, mean, spread = expected[concept]
        assert (table.places[row], table.mean[row, 0]) == (places, pytest.approx(mean))
        if spread is None:
            assert math.isnan(table.variance[row, 0])
        else:
            assert table.variance[row, 0] == pytest.approx(spread)


def test_ranks_are_stable_and_leave_the_undefined_to_the_end() -> None:
    scores = np.array([0.2, np.nan, 0.5, 0.2, 0.5])
    assert rank_by(scores, range(5)) == (2, 4, 0, 3, 1)
    assert rank_by(scores, [4, 3, 0]) == (4, 0, 3)
