"""Which output of a segmenting network holds the labels: logits, whole ids, or a yes/no channel."""

from __future__ import annotations

from typing import Any

import numpy as np
import pytest
import torch
import torch.nn.functional as F
from torch import Tensor, nn

from dissect_report.errors import SegmenterError
from dissect_report.sources.concepts import Concept, check_catalogue, name_channels
from dissect_report.sources.segmenters.network import NetworkSegmenter

IMAGES = torch.rand(2, 3, 16, 16, generator=torch.Generator().manual_seed(0))
PAIR = (Concept(1, "a", "object"), Concept(2, "b", "object"))
ROAD = check_catalogue(name_channels(["road"], 0), 0, "test")


class Made(nn.Module):
    def __init__(self, wrap: Any, channels: int = 3) -> None:
        super().__init__()
        torch.manual_seed(0)
        self.conv, self.wrap = nn.Conv2d(3, channels, 3, padding=1), wrap
        nn.init.normal_(self.conv.weight, std=3)

    def forward(self, images: Tensor) -> Any:
        return self.wrap(self.conv(images))


def labels(wrap: Any, catalogue: Any = PAIR, channels: int = 3, **said: Any) -> Tensor:
    segmenter = NetworkSegmenter("net.py:seg", Made(wrap, channels), catalogue, **said)
    return segmenter.label(IMAGES, ["x", "y"], 8)


def fine(channels: int = 3, times: float = 1.0) -> Tensor:
    logits = Made(None, channels).conv(IMAGES) * times
    return F.interpolate(logits, (8, 8), mode="bilinear", align_corners=False)


@pytest.mark.parametrize(
    "wrap",
    [
        lambda x: x,
        lambda x: x[:, 0],
        lambda x: {"mask": x, "score": x.mean((1, 2, 3))},
        torch.sigmoid,
        lambda x: torch.sigmoid(x).squeeze(1),
        lambda x: (x.mean((2, 3)), [x]),
    ],
)
def test_one_channel_says_yes_above_0_on_the_grid(wrap: Any) -> None:
    assert torch.equal(labels(wrap, ROAD, 1), (fine(1) > 0).long())
    listed = check_catalogue(name_channels(["nothing", "road"]), 0, "test")
    assert torch.equal(labels(wrap, listed, 1), (fine(1) > 0).long())


@pytest.mark.parametrize("depth", [False, True])
@pytest.mark.parametrize("kind", [torch.int64, torch.uint8, torch.int32])
def test_whole_ids_from_forward_are_ids(depth: bool, kind: torch.dtype) -> None:
    found = labels(lambda x: x.argmax(1, keepdim=depth).to(kind))
    assert torch.equal(found, Made(None).conv(IMAGES).argmax(1, keepdim=True)[:, :, 1::2, 1::2])
    as_array = labels(lambda x: x.argmax(1).to(kind).numpy())
    assert isinstance(np.asarray(as_array), np.ndarray)
    assert torch.equal(as_array, found)


def test_a_yes_no_mask_may_be_bool() -> None:
    found = labels(lambda x: x[:, 0] > 0, ROAD, 1)
    assert torch.equal(found, (Made(None, 1).conv(IMAGES) > 0).long()[:, :, 1::2, 1::2])


def test_channels_out_of_a_sigmoid_are_each_decided_by_themselves() -> None:
    found = labels(torch.sigmoid)
    above = fine() > 0
    assert found.shape == (2, 3, 8, 8)
    for channel in range(3):
        assert torch.equal(found[:, channel], above[:, channel].long() * channel)


def test_the_output_that_fits_the_list_is_taken() -> None:
    plain = fine().argmax(1, keepdim=True)
    assert torch.equal(labels(lambda x: (x.mean((2, 3)), x, x[:, :2])), plain)
    assert torch.equal(labels(lambda x: {"aux": x * -1, "out": x}), plain)
    assert torch.equal(labels(lambda x: {"logits": x, "ids": x.argmax(1)}), plain)
    assert torch.equal(labels(lambda x: (x * -1, x), output=1), plain)
    assert torch.equal(labels(lambda x: {"a": [x * -1, x]}, output="a.1"), plain)


@pytest.mark.parametrize(
    ("wrap", "said", "words"),
    [
        (
            lambda x: (x, x * 2),
            {},
            r"several outputs that fit .* 0 \[2, 3, 16, 16\], 1 .* such as output = 0",
        ),
        (lambda x: {"p": x, "q": x * 2}, {}, "such as output = 'p' in"),
        (
            lambda x: {"p": x},
            {"output": "q"},
            r"output = 'q': net.py:seg gives p \[2, 3, 16, 16\]; known are: p",
        ),
        (lambda x: x.argmax(1).float(), {}, r"gives \[2, 16, 16\], not logits .* `segment`"),
        (lambda x: x[:, 0] > 0, {}, r"gives \[2, 16, 16\], not logits"),
        (lambda x: (x[:, :2], x.mean((2, 3))), {}, "gives 2 channels, its list of concepts names 3 ids"),
        (lambda x: x.argmax(1)[:1], {}, r"gives \[1, 16, 16\], not logits .* of 2 images"),
        (lambda x: x.argmax(1) + 7, {}, "the id 8 is not in the catalogue"),
    ],
)
def test_what_fits_not_or_twice_is_one_clear_line(wrap: Any, said: Any, words: str) -> None:
    with pytest.raises(SegmenterError, match=words) as caught:
        labels(wrap, **said)
    assert "\n" not in str(caught.value)
