"""How far each unit is to be moved so that a concept appears: strengths learned by gradient.

As in GAN dissection (Bau et al., 2019): strengths between 0 and 1 for all units of a layer at once, learned
through the rest of the generator and the segmenter for the largest average causal effect: the concept is to
appear where units are moved to their levels by their strengths, and to go where they are moved to 0 by them.
A penalty on the sum of the strengths leaves it to few units.
"""

from __future__ import annotations

from collections.abc import Callable, Sequence
from dataclasses import dataclass
from functools import partial

import numpy as np
import torch
from jaxtyping import Float, Float64
from torch import Tensor
from torch.nn import functional

from dissect_report.activations.tail import Held
from dissect_report.analysis.passes.batches import out_of_memory
from dissect_report.analysis.progress import Stage
from dissect_report.errors import ModelError

Block = tuple[int, int, int, int]

#: Edited maps, and what passes by the layer, to a concept's log-probability at every pixel, [image, y, x].
Answer = Callable[[Float[Tensor, "image unit y x"], Sequence[Tensor]], Float[Tensor, "image y x"]]


@dataclass(frozen=True)
class Recipe:
    """How strengths are learned.

    Attributes:
        steps: of learning.
        latents: images a step that units are put into.
        without: images a step that units are taken from.
        rate: of Adam.
        penalty: on the sum of the strengths, in nats.
        floor: a pixel's log-probability below it counts as this much: pixels that cannot show the concept
            do not decide.
        at_once: images whose gradient is held at a time; no more than rounding depends on it.
    """

    steps: int = 25
    latents: int = 5
    without: int = 3
    rate: float = 0.1
    penalty: float = 0.02
    floor: float = -4.0
    at_once: int = 8

    @property
    def images(self) -> int:
        """A step."""
        return self.latents + self.without


@dataclass(frozen=True)
class Descent:
    """Adam (Kingma and Ba, 2015), at its authors' settings.

    Attributes:
        rate: largest change a step, about.
        mean: running mean of the gradient, written into.
        square: running mean of its square, written into.
    """

    rate: float
    mean: Tensor
    square: Tensor

    def change(self, gradient: Tensor, step: int) -> Tensor:
        """What to subtract in a step, counted from 1."""
        self.mean.lerp_(gradient, 0.1)
        self.square.lerp_(gradient.square(), 0.001)
        spread = (self.square / (1 - 0.999**step)).sqrt() + 1e-8
        return self.rate * (self.mean / (1 - 0.9**step)) / spread


def learn_strengths(
    answer: Answer, maps: Callable[[np.ndarray], Held], latents: Sequence[int], blocks: Sequence[Block],
    level: Float64[np.ndarray, " unit"], area: float, start: Float64[np.ndarray, " unit"], recipe: Recipe,
    generator: np.random.Generator, stage: Stage,
) -> Float64[np.ndarray, " unit"]:  # fmt: skip
    """Strengths that make a concept appear where units are put in by them, and go where they are taken out.

    Every step paints one block, drawn by lot, into each of some images, drawn by lot, and takes the units
    from the whole of some others.

    Args:
        answer: the concept's log-probability in the images made of edited maps.
        maps: of some latents.
        latents: to learn on.
        blocks: to paint: first row, last row (not included), first column, last column.
        level: value each unit is moved to; one whose level is NaN keeps strength 0.
        area: the concept's mean share of an image.
        start: strengths to begin with.
        recipe: how.
        generator: of the lots.
        stage: advanced by steps.

    Returns:
        Strengths in [0, 1].

    Raises:
        ModelError: memory runs out with a single image.
    """
    able = np.isfinite(level)
    strengths = torch.tensor(np.where(able, start, 0), dtype=torch.float32)
    descent = Descent(recipe.rate, torch.zeros_like(strengths), torch.zeros_like(strengths))
    many = min(recipe.images, len(latents))
    put = min(recipe.latents, many)
    for step in range(1, recipe.steps + 1):
        chosen = generator.choice(np.asarray(latents), many, replace=False)
        chosen = np.concatenate((np.sort(chosen[:put]), np.sort(chosen[put:])))
        painted = [blocks[int(k)] for k in generator.integers(len(blocks), size=put)]
        gradient = torch.full_like(strengths, recipe.penalty)
        for first in range(0, put, recipe.at_once):
            part = slice(first, min(first + recipe.at_once, put))
            held = maps(chosen[part])
            loss = partial(painted_loss, answer, held, painted[part], level, floor=recipe.floor)
            gradient += _gradient(loss, strengths, held) / put
        for first in range(put, many, recipe.at_once):
            held = maps(chosen[first : first + recipe.at_once])
            gradient += _gradient(partial(left_loss, answer, held, area), strengths, held) / (many - put)
        strengths -= descent.change(torch.where(torch.from_numpy(able), gradient, 0), step)
        strengths.clamp_(0, 1)
        stage.advance(1)
    return strengths.numpy().astype(np.float64)


def _gradient(loss: Callable[[Tensor], Tensor], strengths: Tensor, held: Held) -> Tensor:
    """Of the summed losses of some images, on the CPU; the penalty is not in it."""
    with torch.inference_mode(False), torch.enable_grad():
        asked = strengths.detach().clone().to(held.recorded.device).requires_grad_()
        try:
            (found,) = torch.autograd.grad(loss(asked).sum(), asked)
        except (RuntimeError, MemoryError) as error:
            if not out_of_memory(error):
                raise
            raise ModelError(
                "[generation] choose_by: out of memory for a gradient; lower memory_gb, or use another device"
            ) from error
    return found.cpu()


def painted_loss(
    answer: Answer, held: Held, painted: Sequence[Block], level: np.ndarray,
    strengths: Float[Tensor, " unit"], floor: float,
) -> Float[Tensor, " image"]:  # fmt: skip
    """Minus the concept's mean log-probability over the painted pixels of each image.

    Args:
        answer: the concept's log-probability in the images made of edited maps.
        held: of the images.
        painted: the block of each.
        level: value each unit is moved to; NaN: not moved.
        strengths: how far.
        floor: lower log-probabilities count as this much.
    """
    maps = held.recorded.detach().clone()
    where = maps.new_zeros(len(maps), 1, *maps.shape[2:])
    for place, (top, bottom, left, right) in enumerate(painted):
        where[place, :, top:bottom, left:right] = 1
    able = torch.from_numpy(np.isfinite(level)).to(maps.device)
    values = torch.from_numpy(np.nan_to_num(level)).to(maps)[:, None, None]
    moved = torch.where(able, strengths.to(maps), 0)[:, None, None] * where
    found = answer(maps + (values - maps) * moved, [value.clone() for value in held.kept]).clamp(min=floor)
    pixels = functional.interpolate(where, found.shape[1:], mode="nearest")[:, 0].to(found)
    return -(found * pixels).sum((1, 2)) / pixels.sum((1, 2)).clamp(min=1)


def left_loss(
    answer: Answer, held: Held, area: float, strengths: Float[Tensor, " unit"]
) -> Float[Tensor, " image"]:
    """The concept's mean probability without the units, as a part of its mean area.

    Args:
        answer: the concept's log-probability in the images made of edited maps.
        held: of the images.
        area: the concept's mean share of an image; none where it is 0.
        strengths: how far each unit is moved to 0.
    """
    maps = held.recorded.detach().clone()
    found = answer(maps * (1 - strengths.to(maps)[:, None, None]), [value.clone() for value in held.kept])
    return found.exp().mean((1, 2)) * (1 / area if area else 0.0)
