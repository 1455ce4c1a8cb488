"""Which concepts have a gradient: how an image must change to show more of them."""

from __future__ import annotations

from collections.abc import Callable

import torch
from jaxtyping import Float
from torch import Tensor

from dissect_report.errors import SegmenterError
from dissect_report.sources.segmenters.merge import MergedSegmenter
from dissect_report.sources.segmenters.network import NetworkSegmenter
from dissect_report.sources.segmenters.protocol import Segmenter

#: RGB in [0, 1] to the natural logarithm of a concept's probability at every pixel, [image, y, x].
LogProbability = Callable[[Float[Tensor, "image 3 y x"]], Float[Tensor, "image y x"]]


def log_probability_of(merged: MergedSegmenter, concept: int) -> LogProbability:
    """A concept's log-probability at every pixel of images, from which a gradient leads to them.

    Args:
        merged: the segmenters of a run.
        concept: its id in their merged catalogue.

    Raises:
        SegmenterError: its segmenter is no network; at the call: it fails, or gives whole ids.
    """
    owner = merged.owners[concept - 1]
    segmenter = merged.segmenters[owner]
    position = concept - sum(len(before.catalogue) for before in merged.segmenters[:owner])
    if not isinstance(segmenter, NetworkSegmenter):
        raise SegmenterError(f"{segmenter.source} is no network, so it has no gradient")
    return lambda images: segmenter.log_probability(images, position)


def gradient_obstacles(merged: MergedSegmenter, image: Float[Tensor, "1 3 y x"]) -> tuple[str, ...]:
    """Why each segmenter has no gradient, found by asking for one; "" where it has.

    Args:
        merged: the segmenters of a run.
        image: RGB in [0, 1].
    """
    return tuple(_obstacle(segmenter, image) for segmenter in merged.segmenters)


def _obstacle(segmenter: Segmenter, image: Tensor) -> str:
    if not isinstance(segmenter, NetworkSegmenter):
        return f"{segmenter.source} is no network, so it has no gradient"
    with torch.inference_mode(False), torch.enable_grad():
        asked = image.detach().clone().requires_grad_()
        try:
            found = segmenter.log_probability(asked, 1)
        except SegmenterError as error:
            return str(error)
        if not found.requires_grad:
            return f"{segmenter.source} keeps no gradient of its images"
        try:
            (gradient,) = torch.autograd.grad(found.sum(), asked, allow_unused=True)
        except RuntimeError as error:  # such as values that its own code has overwritten
            return f"{segmenter.source} has no gradient: {' '.join(str(error).split())}"
    if gradient is None:
        return f"{segmenter.source} keeps no gradient of its images"
    return "" if bool(torch.isfinite(gradient).all()) else f"{segmenter.source} has no finite gradient"
