"""What the paper's segmenters are made of, against slow twins: no weights and no shared folder needed."""

from __future__ import annotations

import numpy as np
import pytest
import torch
import torch.nn.functional as F
from hypothesis import given
from hypothesis import strategies as st
from hypothesis.extra.numpy import arrays

from dissect_report.errors import SegmenterError
from dissect_report.sources.segmenters.paper.labels import part_labels
from dissect_report.sources.segmenters.paper.pooling import (
    convolve_enlarged,
    enlarged,
    precise_pooling,
    precise_weights,
)
from dissect_report.sources.segmenters.paper.quadrants import quadrants
from dissect_report.sources.segmenters.paper.vocabulary import read_vocabulary, vocabulary_of
from tests.perceptual_networks import LABELS, slow_quadrants

WORDS = vocabulary_of(LABELS)
NAMES = {concept.name: concept.id for concept in WORDS.concepts}


@given(st.integers(1, 12), st.integers(1, 7))
def test_precise_pooling_is_the_integral_of_hats(cells: int, bins: int) -> None:
    points = (np.arange(bins * 500) + 0.5) * cells / (bins * 500)
    hats = np.maximum(0, 1 - np.abs(points[:, None] - np.arange(cells)))
    slow = hats.reshape(bins, 500, cells).mean(1)
    assert np.abs(precise_weights(cells, bins).numpy() - slow).max() < 2e-5 * cells


def test_nothing_lies_beyond_the_last_cell() -> None:
    assert precise_weights(8, 1).sum().item() == pytest.approx(1 - 1 / 16)
    assert precise_weights(8, 3).sum(1).tolist() == pytest.approx([1, 1, 1 - 3 / 16])
    maps = torch.ones(1, 2, 8, 8)
    assert precise_pooling(maps, 1)[0, 0].item() == pytest.approx((1 - 1 / 16) ** 2)


@given(st.integers(1, 6), st.integers(1, 6), st.integers(1, 4), st.integers(0, 99))
def test_a_convolution_of_an_enlarged_map_can_be_done_on_the_small_one(
    height: int, width: int, times: int, seed: int
) -> None:
    dice = torch.Generator().manual_seed(seed)
    maps = torch.randn(2, 3, height, width, generator=dice, dtype=torch.float64)
    kernel = torch.randn(4, 3, 3, 3, generator=dice, dtype=torch.float64)
    size = (height * times, width * times)
    plain = F.conv2d(enlarged(maps, size), kernel, padding=1)
    assert torch.allclose(convolve_enlarged(maps, kernel, size), plain, atol=1e-5)


@given(arrays(np.int64, st.tuples(st.integers(1, 12), st.integers(1, 12)), elements=st.integers(0, 3)))
def test_quadrants_are_those_of_every_connected_piece(objects: np.ndarray) -> None:
    fast, slow = quadrants(objects, WORDS), slow_quadrants(objects, WORDS.count)
    assert all(np.array_equal(one, other) for one, other in zip(fast, slow, strict=True))


def test_the_last_piece_has_quadrants_too() -> None:
    objects = np.zeros((4, 6), np.int64)
    objects[:, 4:] = NAMES["cow"]
    upright, lying = quadrants(objects, WORDS)
    assert upright[:, 5].tolist() == [NAMES["cow-t"]] * 2 + [NAMES["cow-b"]] * 2
    assert lying[0].tolist() == [0] * 4 + [NAMES["cow-l"], NAMES["cow-r"]]


def test_ids_are_objects_quadrants_materials_and_parts_that_are_no_objects() -> None:
    assert [concept.id for concept in WORDS.concepts] == list(range(1, 31))
    assert (NAMES["wall"], NAMES["wall-t"], NAMES["wall-l"], NAMES["wall-b"], NAMES["wall-r"]) == (
        1,
        6,
        11,
        16,
        21,
    )
    assert (NAMES["brick"], NAMES["fur"]) == (26, 27)
    assert {name: NAMES[name] for name in WORDS.new_parts} == {"roof": 28, "leg": 29, "head": 30}
    assert [(owner, ids.tolist()) for owner, _, ids in WORDS.owners] == [
        (3, [0, 4, 28, 29]),
        (5, [0, 29, 30]),
    ]
    kinds = {concept.name: concept.category for concept in WORDS.concepts}
    assert (kinds["door"], kinds["door-b"], kinds["fur"], kinds["roof"]) == (
        "object",
        "part",
        "material",
        "part",
    )


def test_parts_count_only_where_their_owner_is() -> None:
    objects = np.array([[NAMES["house"], NAMES["cow"], NAMES["sky"], 0]])
    channels = np.array([[[1, 1, 1, 1]], [[2, 2, 2, 2]]])
    assert part_labels(objects, channels, WORDS).tolist() == [[NAMES["door"], NAMES["head"], 0, 0]]


@pytest.mark.parametrize(
    ("text", "why"),
    [
        ("{", "cannot be read"),
        ("[]", "expected object, material"),
        ('{"object": ["-", "a"], "material": ["-"]}', "object_part"),
        ('{"object": ["-", "a"], "material": ["-"], "object_part": {"b": ["-"]}}', "'b', which is no object"),
    ],
)
def test_a_table_of_names_of_another_form_is_refused(tmp_path: object, text: str, why: str) -> None:
    path = tmp_path / "labels.json"  # type: ignore[operator]
    path.write_text(text)
    with pytest.raises(SegmenterError, match=why):
        read_vocabulary(path)


def test_what_is_kept_between_calls_serves_a_gradient_whoever_called_first() -> None:
    kernel = torch.ones(1, 1, 3, 3)
    with torch.inference_mode():  # sides that no other test asks for
        precise_pooling(torch.ones(1, 1, 17, 13), 5)
        convolve_enlarged(torch.ones(1, 1, 17, 13), kernel, (37, 29))
    maps = torch.ones(1, 1, 17, 13, requires_grad=True)
    pooled, enlarged_ = precise_pooling(maps, 5), convolve_enlarged(maps, kernel, (37, 29))
    (pooled.sum() + enlarged_.sum()).backward()
    assert maps.grad is not None
    assert maps.grad.any()
