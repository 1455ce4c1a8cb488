"""Whether an image's numbers depend on that image alone, not on its companions or on earlier calls."""

from __future__ import annotations

import pickle
import random
from collections.abc import Callable, Iterator, Mapping, Sequence
from contextlib import contextmanager
from typing import Any, Literal

import numpy as np
import torch
from torch import Tensor, nn

from dissect_report.activations.modes import watchable

#: Answers to the very same batch differ by less than this share of their largest value.
REPEAT_NOISE = 2e-5

#: The same in another batch, for which other kernels may be chosen: they add up in another order, and on a
#: GPU they may compute a convolution in another way.
BATCH_NOISE = 1e-4
GPU_NOISE = 1e-3

#: The same of a network that computes in fewer digits, in units of its last one.
LAST_DIGITS = 8

#: Share of labels that may fall otherwise for it, where two concepts are as good as even.
EVEN_LABELS = 1e-3

#: Images asked for: as many as have companions of both kinds, those that stay and those that go.
COUNT = 3

#: How often the same batch comes again where random numbers are drawn: few dropouts are missed by chance.
REPEATS = 10

#: What is asked: per thing measured, a tensor with a row an image.
Ask = Callable[[Tensor], Mapping[str, Tensor]]

#: What makes the difference: asking again, or asking in another batch.
Fault = Literal["again", "batch"]


def find_fault(
    ask: Ask, images: Tensor, size: int, networks: Sequence[nn.Module] = ()
) -> tuple[Fault, str] | None:
    """Asks for the same images once more, and in between in another order, number and company.

    Three batches of at most three images; a few more where random numbers are drawn that may, or may not,
    make a difference.

    Args:
        ask: gives whole numbers for labels, floating-point ones for anything else.
        images: real inputs, or latents; ``COUNT`` of them where there are as many.
        size: images of a batch while measuring; where it is 1 the network may refuse more.
        networks: that are asked, to see in how many digits they compute.

    Returns:
        What makes a difference, and in which answer it shows; None if nothing does.

    Raises:
        Exception: what ``ask`` raises for a batch of images as it is measured.
    """
    count = min(COUNT, len(images), size)
    state = _random_state(images)
    with _noting_digits(networks) as digits:
        first = ask(images[:count].clone())
    drawn = _random_state(images) != state
    order, others = _ask_otherwise(ask, images, count)
    for _ in range(REPEATS if drawn else 1):
        name = _differing(first, ask(images[:count].clone()), REPEAT_NOISE)
        if name is not None:
            return "again", name
    places = [place for place, index in enumerate(order) if index < count]
    before = {name: value[[order[place] for place in places]] for name, value in first.items()}
    now = {name: value[places] for name, value in others.items()}
    noise = max(
        BATCH_NOISE if images.device.type == "cpu" else GPU_NOISE, LAST_DIGITS * max(digits, default=0)
    )
    name = _differing(before, now, noise) if others else None
    return None if name is None else ("batch", name)


@contextmanager
def _noting_digits(networks: Sequence[nn.Module]) -> Iterator[list[float]]:
    """Inside, a forward pass notes the last digit of everything that modules put out, relative to 1."""
    digits: list[float] = []

    def note(_module: nn.Module, _inputs: Any, output: Any) -> None:
        if isinstance(output, Tensor) and output.is_floating_point():
            digits.append(torch.finfo(output.dtype).eps)

    handles = [m.register_forward_hook(note) for network in networks for _, m in watchable(network)]
    try:
        yield digits
    finally:
        for handle in handles:
            handle.remove()


def _random_state(images: Tensor) -> tuple[bytes, ...]:
    """Of the generators that everybody shares: what draws from them leaves them otherwise."""
    states = [torch.get_rng_state()]
    if images.is_cuda:
        states.append(torch.cuda.get_rng_state(images.device))
    return (*(bytes(s.numpy()) for s in states), pickle.dumps((np.random.get_state(), random.getstate())))


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


def _differing(first: Mapping[str, Tensor], second: Mapping[str, Tensor], noise: float) -> str | None:
    """The first answer whose numbers differ by more than ``noise``; None if all agree."""
    return next((name for name in first if not alike(first[name], second[name], noise)), None)


def alike(first: Tensor, second: Tensor, noise: float) -> bool:
    """Whether two answers are the same but for arithmetic noise, as a share of the largest value in them."""
    if first.shape != second.shape:
        return False
    if not first.numel():
        return True
    if not first.is_floating_point():
        return bool((first != second).float().mean() <= EVEN_LABELS)
    if torch.equal(first, second):  # what asking again mostly gives, found out at the price of one reading
        return True
    first, second = first.detach(), second.detach()
    apart, largest = (first.float() - second.float()).abs().max(), first.abs().max().float()
    if apart.isfinite() and largest.isfinite():
        return float(apart) <= noise * float(largest)
    first, second = first.double(), second.double()
    largest = torch.where(first.isfinite(), first, 0.0).abs().max()
    same = (first == second) | (first.isnan() & second.isnan())
    return bool((same | ((first - second).abs() <= noise * largest)).all())
