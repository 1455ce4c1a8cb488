"""What a network puts out: images, and when two outputs are the same but for arithmetic noise."""

from __future__ import annotations

from collections.abc import Callable, Mapping
from dataclasses import dataclass
from typing import Any

import torch
from jaxtyping import Float
from torch import Tensor

from dissect_report.config import ModelConfig
from dissect_report.errors import ModelError
from dissect_report.sources.output_tensors import shapes_of, tensor_at, tensors_in

#: Runs a network, or a part of one, and takes logits or images out of what it gives.
Reader = Callable[[Callable[[], Any]], Tensor]

#: Logits closer than this share of the largest are told apart by arithmetic noise, not by the network.
NOISE = 2e-5

#: The same for images: an eighth of a grey level. Their layers are many, and kernels differ by batch size.
IMAGE_NOISE = 1e-3


@dataclass(frozen=True)
class ImageOutput:
    """Where a generator's images stand in its output.

    Attributes:
        name: dotted, of the tensor; "" if it is the output itself.
    """

    name: str = ""

    def read(self, run: Callable[[], Any]) -> Float[Tensor, "image 3 y x"]:
        """The images of what ``run`` gives, float32, in its own range.

        Raises:
            ModelError: it gives none.
        """
        return self.take(run())

    def take(self, output: Any) -> Float[Tensor, "image 3 y x"]:
        """The images in an output; one channel is grey and is given three times.

        Raises:
            ModelError: it holds none.
        """
        made = tensor_at(output, self.name)
        if made is None or not _is_image(made):
            raise ModelError("the generator gives no images [image, 3, y, x]")
        return (made.expand(-1, 3, -1, -1) if made.shape[1] == 1 else made).float()


def find_image_output(output: Any, config: ModelConfig) -> tuple[ImageOutput | None, Mapping[str, Tensor]]:
    """The images in a generator's output, and everything that it gives, by name.

    Raises:
        ModelError: several outputs look like images, or ``[model] output`` is none.
    """
    held = tensors_in(output)
    if config.output != "":
        made = tensor_at(output, str(config.output))
        if made is None or not _is_image(made):
            raise ModelError(
                f"[model] output = {config.output!r} is no output of {config.source} that holds images "
                f"[image, 3, y, x]: it gives {shapes_of(held) or 'no tensor'}"
            )
        return ImageOutput(str(config.output)), held
    fitting = {name: tensor for name, tensor in held.items() if _is_image(tensor)}
    if len(fitting) > 1:
        first = next(iter(fitting))
        raise ModelError(
            f"{config.source} gives several outputs that look like images, {shapes_of(fitting)}: say which, "
            f"such as [model] output = {first if first.isdecimal() else repr(first)}"
        )
    return (ImageOutput(next(iter(fitting))) if fitting else None), held


def any_image(output: Any) -> Tensor | None:
    """The first tensor of a generator's output that looks like images; None without one."""
    return next((tensor for tensor in tensors_in(output).values() if _is_image(tensor)), None)


def _is_image(tensor: Tensor) -> bool:
    return tensor.ndim == 4 and tensor.shape[1] in (1, 3) and tensor.is_floating_point()


def agrees(scores: Tensor, truth: Tensor, addends: Tensor | None = None) -> bool:
    """Whether two sets of outputs, logits or images, are the same but for arithmetic noise.

    Noise goes with the size of an image's logits, and with those of the batch: a single logit may lie
    near 0 as a difference of large numbers.

    Args:
        scores: [image, class].
        truth: [image, class].
        addends: [image, class] logits that ``scores`` was subtracted from: their size sets the noise too.
    """
    if scores.shape != truth.shape:
        return False
    noise = NOISE if scores.ndim == 2 else IMAGE_NOISE
    scores, truth = scores.flatten(1), truth.flatten(1)
    scale = truth.abs().amax(1, keepdim=True).clamp_min(float(truth.abs().mean()))
    if addends is not None:
        scale = torch.maximum(scale, addends.abs().amax(1, keepdim=True))
    return bool(((scores - truth).abs() <= noise * scale.clamp_min(1e-12)).all())
