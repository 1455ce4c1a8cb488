"""Groups, blocks and halves of a probe: by content, never parted, even."""

from __future__ import annotations

import hashlib

import numpy as np
import pytest
from hypothesis import given, settings
from hypothesis import strategies as st

from dissect_report.stats import grouping
from dissect_report.stats.grouping import MOST_BLOCKS, group_images


def digests(count: int) -> list[str]:
    return [hashlib.sha256(f"{n}".encode()).hexdigest() for n in range(count)]


def test_images_on_their_own_are_halved_by_the_rank_of_their_content():
    texts = digests(7)
    found = group_images(None, texts)
    order = sorted(range(7), key=lambda n: texts[n])
    assert found.group.tolist() == list(range(7))
    assert [found.block[n] for n in order] == list(range(7))
    assert [found.half[n] for n in order] == [0, 0, 0, 0, 1, 1, 1]
    assert (found.groups, found.blocks) == (7, 7)


@settings(max_examples=60, deadline=None)
@given(names=st.lists(st.sampled_from("abcdefgh"), min_size=1, max_size=40), most=st.integers(1, 9))
def test_no_part_ever_splits_a_group(names, most):
    with pytest.MonkeyPatch.context() as patch:
        patch.setattr(grouping, "MOST_BLOCKS", most)
        found = group_images(names, digests(len(names)))
    assert found.groups == len(set(names))
    assert found.blocks == min(most, found.groups)
    for part in (found.group, found.block, found.half):
        assert all(len({part[i] for i, other in enumerate(names) if other == name}) == 1 for name in names)
    sizes = np.bincount([found.half[names.index(name)] for name in set(names)], minlength=2)
    assert 0 <= sizes[0] - sizes[1] <= 1


def test_neither_names_nor_the_order_of_files_move_an_image():
    texts = digests(12)
    names = list("aabbccddeeff")
    found = group_images(names, texts)
    order = np.random.default_rng(0).permutation(12)
    other = group_images([names[i].upper() for i in order], [texts[i] for i in order])
    np.testing.assert_array_equal(other.block, found.block[order])
    np.testing.assert_array_equal(other.half, found.half[order])


def test_many_groups_share_blocks_evenly():
    found = group_images(None, digests(1234))
    assert found.blocks == MOST_BLOCKS
    sizes = np.bincount(found.block)
    assert sizes.min() >= 2
    assert sizes.max() <= 3
