"""Whether an image's numbers depend on that image alone, not on its companions or on earlier calls."""

from __future__ import annotations

from collections.abc import Callable, Mapping
from typing import Literal

import torch
from torch import Tensor

#: Answers to the very same batch differ by less than this share of their largest value.
REPEAT_NOISE = 2e-5

#: The same in another batch, for which other kernels may be chosen: they add up in another order.
BATCH_NOISE = 1e-4

#: Share of labels that may fall otherwise for it, where two concepts are as good as even.
EVEN_LABELS = 1e-3

#: Images asked for: as many as have companions of both kinds, those that stay and those that go.
COUNT = 3

#: What is asked: per thing measured, a tensor with a row an image.
Ask = Callable[[Tensor], Mapping[str, Tensor]]

#: What makes the difference: asking again, or asking in another batch.
Fault = Literal["again", "batch"]


def find_fault(ask: Ask, images: Tensor, size: int) -> tuple[Fault, str] | None:
    """Asks for the same images once more, and in between in another order, number and company.

    Three batches of at most three images, whatever the outcome.

    Args:
        ask: gives whole numbers for labels, floating-point ones for anything else.
        images: real inputs, or latents; ``COUNT`` of them where there are as many.
        size: images of a batch while measuring; where it is 1 the network may refuse more.

    Returns:
        What makes a difference, and in which answer it shows; None if nothing does.

    Raises:
        Exception: what ``ask`` raises for a batch of images as it is measured.
    """
    count = min(COUNT, len(images), size)
    first = ask(images[:count].clone())
    order, others = _ask_otherwise(ask, images, count)
    again = ask(images[:count].clone())
    if name := _differing(first, again, REPEAT_NOISE):
        return "again", name
    places = [place for place, index in enumerate(order) if index < count]
    before = {name: value[[order[place] for place in places]] for name, value in first.items()}
    now = {name: value[places] for name, value in others.items()}
    name = _differing(before, now, BATCH_NOISE) if others else ""
    return ("batch", name) if name else None


def _ask_otherwise(ask: Ask, images: Tensor, count: int) -> tuple[list[int], Mapping[str, Tensor]]:
    """Another batch with some of the first ``count`` images: their places in it, and the answers.

    Some networks take one number of images only: then in another order, or other images alone.
    """
    if count > 1:
        orders = [[count - 1, 0][: count - 1], [*range(1, count), 0]]
    else:
        orders = [[min(1, len(images) - 1), 0], [len(images) - 1]]
    for order in orders:
        try:
            return order, ask(images[order].clone())
        except Exception:  # the network's own code may raise anything at all for that number
            continue
    return [], {}


def _differing(first: Mapping[str, Tensor], second: Mapping[str, Tensor], noise: float) -> str:
    """The first answer whose numbers differ by more than ``noise``; "" if all agree."""
    return next((name for name in first if not alike(first[name], second[name], noise)), "")


def alike(first: Tensor, second: Tensor, noise: float) -> bool:
    """Whether two answers are the same but for arithmetic noise, as a share of the largest value in them."""
    if first.shape != second.shape:
        return False
    if not first.numel():
        return True
    if not first.is_floating_point():
        return bool((first != second).float().mean() <= EVEN_LABELS)
    first, second = first.double(), second.double()
    largest = torch.where(first.isfinite(), first, 0.0).abs().max()
    same = (first == second) | (first.isnan() & second.isnan())
    return bool((same | ((first - second).abs() <= noise * largest)).all())
