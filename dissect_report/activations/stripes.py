"""A picture, or a map, with a stripe of it changed at a time."""

from __future__ import annotations

from collections.abc import Callable
from typing import Any

import torch
from jaxtyping import Float
from torch import Tensor

#: Share of the rows, or columns, that a stripe takes.
SHARE = 4

#: How often a picture comes: as it is, first rows, last rows, first columns, last columns changed, as it is.
VARIANTS = 6


def striped(base: Float[Tensor, "unit y x"], other: Float[Tensor, "unit y x"]) -> Tensor:
    """[VARIANTS, unit, y, x]: ``base`` with stripes of ``other``."""
    variants = base.repeat(VARIANTS, 1, 1, 1)
    for axis, first in ((1, 1), (2, 3)):
        width = max(1, base.shape[axis] // SHARE)
        variants[first].narrow(axis, 0, width).copy_(other.narrow(axis, 0, width))
        far = base.shape[axis] - width
        variants[first + 1].narrow(axis, far, width).copy_(other.narrow(axis, far, width))
    return variants


def draw_picture(like: Float[Tensor, "image unit y x"], seed: int) -> Float[Tensor, "unit y x"]:
    """A picture of blotches and grain, with the mean and spread that ``like`` has in each channel.

    Networks answer to both: grain alone says little to deep layers, blotches little to early ones.
    """
    noise = torch.randn(like.shape[1:], generator=torch.Generator().manual_seed(seed))
    rows, columns = (torch.fft.fftfreq(side) * side for side in like.shape[2:])
    distance = (rows[:, None].square() + columns[None, :].square()).sqrt().clamp_min(1)
    blotches = torch.fft.ifft2(torch.fft.fft2(noise) / distance).real
    mixed = 0.7 * _scaled(blotches) + 0.5 * noise
    values = like.detach().float().cpu()
    spread, mean = torch.std_mean(values, (0, 2, 3), correction=0)
    picture = _scaled(mixed) * spread[:, None, None] + mean[:, None, None]
    return picture.to(like)


def _scaled(values: Tensor) -> Tensor:
    spread, mean = torch.std_mean(values, (1, 2), keepdim=True, correction=0)
    return (values - mean) / spread.clamp_min(1e-12)


def each_batch(variants: Tensor, size: int, run: Callable[[Tensor], Any]) -> None:
    """Gives ``variants`` to ``run``, always ``size`` at a time: some networks take no other number."""
    for start in range(0, len(variants), size):
        part = variants[start : start + size]
        missing = variants[:1].expand(size - len(part), -1, -1, -1)
        run(torch.cat([part, missing]))  # a copy: the network may write into it


def disturbed(maps: Float[Tensor, "unit y x"], seed: int) -> Float[Tensor, "unit y x"]:
    """``maps`` with noise of their own strength on them."""
    noise = torch.randn(maps.shape, generator=torch.Generator().manual_seed(seed)).to(maps)
    return maps + noise * maps.std(correction=0)
