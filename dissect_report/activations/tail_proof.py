"""Whether a tail gives what the network gives, and whether anything depends on where it starts."""

from __future__ import annotations

from collections.abc import Callable
from typing import TYPE_CHECKING

import torch
from torch import Tensor

from dissect_report.activations.outputs import agrees
from dissect_report.errors import DissectError, LayerError

if TYPE_CHECKING:
    from dissect_report.activations.tail import Tail


def reproduces(
    tail: Tail, images: Tensor, intact: Tensor, recorded: Tensor, run: Callable[[Tensor], Tensor]
) -> bool:
    """Whether the tail starts from the recorded maps and gives the network's own logits.

    For the whole batch and for a part of it.

    Args:
        run: the network; in coarse number types its logits differ with the batch that an image stands in.
    """
    held = tail.head(images)
    if not agrees(held.recorded.flatten(1), recorded.flatten(1)):
        return False
    part = len(images) - 1
    try:
        whole = tail.run(held.recorded, held.kept)
        fewer = tail.run(held.recorded[:part], [value[:part] for value in held.kept])
        alone = tail.run(held.recorded[:1], [value[:1] for value in held.kept])
    except DissectError:
        raise
    except Exception:  # a graph made for one batch size: the network's own code, it may raise anything at all
        return False
    same = agrees(whole, intact) and all(
        agrees(made, intact[: len(made)]) or _reproduces_batch(tail, images[: len(made)], run)
        for made in (fewer, alone)
    )
    return same and (intact.ndim > 2 or bool((whole.argmax(1) == intact.argmax(1)).all()))


def _reproduces_batch(tail: Tail, images: Tensor, run: Callable[[Tensor], Tensor]) -> bool:
    """Whether the tail gives the network's own logits of just these images."""
    held = tail.head(images)
    return agrees(tail.run(held.recorded, held.kept), run(images))


def check_dependence(tail: Tail, images: Tensor) -> None:
    """Refuses a layer whose maps nothing depends on."""
    held = tail.head(images)
    intact = tail.run(held.recorded, held.kept)
    generator = torch.Generator().manual_seed(0)
    noise = torch.randn(held.recorded.shape, generator=generator).to(held.recorded)
    others = noise * (held.recorded.std() + 1)
    if all(bool((tail.run(maps, held.kept) == intact).all()) for maps in (others, others.abs() * 10)):
        raise LayerError(
            f"nothing in the network's output depends on layer {tail.layer.name!r}: choose another layer"
        )
