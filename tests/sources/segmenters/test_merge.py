from __future__ import annotations

from collections.abc import Sequence
from pathlib import Path

import numpy as np
import pytest
import torch
from torch import Tensor

from dissect_report.config import ProbeConfig, SegmenterConfig
from dissect_report.errors import SegmenterError
from dissect_report.sources.concepts import Concept
from dissect_report.sources.segmenters.merge import MergedSegmenter, open_segmenters

IMAGES = torch.zeros(1, 3, 4, 4)


class Fixed:
    """Gives the same labels for every image."""

    def __init__(self, labels: list[list[int]], *names: str, category: str = "object") -> None:
        self.source, self.digest = f"fixed {names}", "d"
        self.catalogue = tuple(Concept(10 * k, name, category) for k, name in enumerate(names))
        self.quality: dict[str, float | None] = {}
        self.labels = torch.tensor(labels)
        self.moved: object = None

    def to(self, device: torch.device | str) -> None:
        self.moved = device

    def label(self, images: Tensor, names: Sequence[str], grid: int) -> Tensor:
        return self.labels[None, :, None, :].expand(len(images), -1, grid, -1)


def test_ids_are_appended_and_every_nought_stays_nought() -> None:
    merged = MergedSegmenter([Fixed([[0, 1], [2, 0]], "a", "b"), Fixed([[0, 3]], "c", "d", "e")])
    assert merged.depth == 0
    labels = merged.label(IMAGES, ["x"], 2)
    assert labels.dtype == np.uint16
    assert labels[0, :, 0].tolist() == [[0, 1], [2, 0], [0, 5]]
    assert merged.depth == 3
    assert [(concept.id, concept.name) for concept in merged.catalogue] == list(enumerate("abcde", start=1))
    assert merged.owners == (0, 0, 1, 1, 1)


def test_a_name_that_is_taken_gets_its_category_or_the_number_of_its_segmenter() -> None:
    merged = MergedSegmenter(
        [Fixed([[0]], "sky", "orange"), Fixed([[0]], "orange", category="color"), Fixed([[0]], "sky")]
    )
    assert [concept.name for concept in merged.catalogue] == [
        "sky",
        "orange",
        "orange (color)",
        "sky (object)",
    ]


@pytest.mark.parametrize("stray", [3, -1])
def test_an_id_outside_a_catalogue_names_segmenter_and_id(stray: int) -> None:
    with pytest.raises(SegmenterError, match=f"fixed .*the id {stray} is outside its 2 concepts"):
        MergedSegmenter([Fixed([[stray, 0]], "a", "b")]).label(IMAGES, ["x"], 2)


def test_more_concepts_than_a_label_holds_are_refused() -> None:
    crowd = Fixed([[0]], *map(str, range(40_000)))
    with pytest.raises(SegmenterError, match="80000 concepts together; at most 65535"):
        MergedSegmenter([crowd, crowd])


def test_the_number_of_channels_may_not_change() -> None:
    fixed = Fixed([[0, 1]], "a")
    merged = MergedSegmenter([fixed])
    merged.label(IMAGES, ["x"], 2)
    fixed.labels = torch.tensor([[0, 1], [0, 1]])
    with pytest.raises(SegmenterError, match="2 label channels, 1 before"):
        merged.label(IMAGES, ["x"], 2)


def test_moving_reaches_every_segmenter_and_gives_the_whole_back() -> None:
    parts = [Fixed([[0]], "a"), Fixed([[0]], "b")]
    merged = MergedSegmenter(parts)
    assert merged.to("meta") is merged
    assert [part.moved for part in parts] == ["meta", "meta"]


def test_the_digest_depends_on_the_parts_and_their_order() -> None:
    one, two = Fixed([[0]], "a"), Fixed([[0]], "b")
    assert MergedSegmenter([one, two]).digest != MergedSegmenter([two, one]).digest


def test_no_segmenter_is_one_too_few(tmp_path: Path) -> None:
    with pytest.raises(SegmenterError, match="at least one"):
        open_segmenters([], ProbeConfig(), tmp_path)


def test_the_ade_segmenter_of_the_zoo_merges_with_the_colors(zoo: Path) -> None:
    configs = [
        SegmenterConfig(source="zoo.py:ade31_segmenter", concepts="ade31_labels.txt"),
        SegmenterConfig(source="color"),
    ]
    merged = open_segmenters(configs, ProbeConfig(images=("photos",)), zoo)
    labels = merged.label(torch.rand(1, 3, 64, 64), ["x"], 16)
    assert labels.shape == (1, 2, 16, 16)
    assert len(merged.catalogue) == 42
    assert labels[:, 0].max() <= 31
    assert labels[:, 1].min() > 31
    without = open_segmenters([SegmenterConfig(source="zoo.py:ade31_segmenter")], ProbeConfig(), zoo)
    assert without.catalogue == merged.catalogue[:31]
