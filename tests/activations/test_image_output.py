"""Which output of a generator holds the images."""

from __future__ import annotations

from typing import Any

import pytest
import torch

from dissect_report.activations.outputs import ImageOutput, agrees, find_image_output
from dissect_report.config import ModelConfig
from dissect_report.errors import ModelError

IMAGES = torch.rand(2, 3, 8, 8)
MAPS = torch.rand(2, 16, 8, 8)


def found(given: Any, **said: Any) -> ImageOutput | None:
    return find_image_output(given, ModelConfig(source="gen.py:made", kind="generator", **said))[0]


@pytest.mark.parametrize(
    ("output", "name"),
    [(IMAGES, ""), ((MAPS, IMAGES), "1"), ({"w": torch.rand(2, 9), "made": [IMAGES]}, "made.0")],
)
def test_what_looks_like_images_is_taken(output: Any, name: str) -> None:
    chosen = found(output)
    assert chosen == ImageOutput(name)
    assert torch.equal(chosen.read(lambda: output), IMAGES)


def test_one_channel_is_grey() -> None:
    grey = IMAGES[:, :1].double()
    chosen = found({"out": grey})
    assert torch.equal(chosen.take({"out": grey}), grey.float().expand(-1, 3, -1, -1))


def test_several_are_refused_with_the_key_that_chooses() -> None:
    output = {"small": IMAGES[..., :4, :4], "large": IMAGES}
    with pytest.raises(ModelError, match=r"small \[2, 3, 4, 4\], large \[2, 3, 8, 8\].* output = 'small'"):
        found(output)
    assert found(output, output="large") == ImageOutput("large")
    assert torch.equal(found(output, output=1).take(output), IMAGES)


def test_what_holds_no_images_is_refused() -> None:
    assert found(MAPS) is None
    with pytest.raises(ModelError, match=r"output = 'w' is no output of gen.py:made that holds images"):
        found({"w": MAPS, "made": IMAGES}, output="w")
    with pytest.raises(ModelError, match="gives no images"):
        ImageOutput("made").take({"made": MAPS})


def test_a_logit_near_0_is_compared_by_the_size_of_the_batch_s_logits() -> None:
    truth = torch.tensor([[0.0, 1e-6], [0.0, 5.0]])
    assert agrees(truth + 1e-6, truth)
    assert not agrees(truth + 1e-3, truth)
