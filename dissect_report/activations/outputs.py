"""What a network puts out: logits or images, and when two outputs are the same but for arithmetic noise."""

from __future__ import annotations

from collections.abc import Callable
from typing import Any

import torch
from jaxtyping import Float
from torch import Tensor

from dissect_report.errors import ModelError
from dissect_report.sources.models import images, logits

Reader = Callable[[Any], Tensor]

#: Logits closer than this share of the largest are told apart by arithmetic noise, not by the network.
NOISE = 2e-5

#: The same for images: an eighth of a grey level. Their layers are many, and kernels differ by batch size.
IMAGE_NOISE = 1e-3


def read_logits(output: Any) -> Float[Tensor, "image class"]:
    """The logits in a network's output, float32.

    Raises:
        ModelError: it gives none, or of one class only.
    """
    scores = logits(output)
    if scores is None:
        raise ModelError("the network gives no row of class scores an image: interventions need a classifier")
    if scores.shape[1] < 2:
        raise ModelError("the network has one class only: removing units cannot change what it predicts")
    return scores.float()


def read_images(output: Any) -> Float[Tensor, "image 3 y x"]:
    """The images in a generator's output, float32, in its own range.

    Raises:
        ModelError: it gives none.
    """
    made = images(output)
    if made is None:
        raise ModelError("the generator gives no images [image, 3, y, x]")
    return made.float()


def agrees(scores: Tensor, truth: Tensor, addends: Tensor | None = None) -> bool:
    """Whether two sets of outputs, logits or images, are the same but for arithmetic noise.

    Args:
        scores: [image, class].
        truth: [image, class].
        addends: [image, class] logits that ``scores`` was subtracted from: their size sets the noise too.
    """
    if scores.shape != truth.shape:
        return False
    noise = NOISE if scores.ndim == 2 else IMAGE_NOISE
    scores, truth = scores.flatten(1), truth.flatten(1)
    scale = truth.abs().amax(1, keepdim=True)
    if addends is not None:
        scale = torch.maximum(scale, addends.abs().amax(1, keepdim=True))
    return bool(((scores - truth).abs() <= noise * scale.clamp_min(1e-12)).all())
