"""The generator's training: against the adversary, from 8x8 to 64x64 pixels, a stage at a time."""

import copy
import os
import time
from collections import OrderedDict
from dataclasses import asdict, dataclass
from pathlib import Path

import numpy as np
import torch
from numpy.typing import NDArray
from torch import Tensor, nn
from torch.nn import functional

from dissect_report.demo.adversary import (
    Adversary,
    SceneEncoder,
    drawn_loss,
    fooling_loss,
    likeness_loss,
    surplus,
)
from dissect_report.sources.progan import progan


@dataclass(frozen=True)
class GrowingRecipe:
    """All that decides the generator's training.

    Attributes:
        scenes, seed: how many drawn scenes, and the seed of their set.
        latent, widths: the generator's form.
        stages: side of the images and steps, from small to large.
        fade: share of a stage during which the new layers are blended in.
        batch: images a step.
        rate, adversary_rate: Adam's, constant until the last stage, where they fall to a tenth.
        average: of the weights from step to step; the averaged generator is shipped.
        likeness, surplus, fooling: weights of the generator's three losses.
        order: seed of weights, latents and the order of scenes.
    """

    scenes: int = 24_000
    seed: int = 101
    latent: int = 128
    widths: tuple[int, ...] = (160, 160, 160, 160, 128, 128, 80, 64, 40, 24)
    stages: tuple[tuple[int, int], ...] = ((8, 400), (16, 1000), (32, 2000), (64, 3500))
    fade: float = 0.3
    batch: int = 16
    rate: float = 2e-3
    adversary_rate: float = 1e-3
    average: float = 0.998
    likeness: float = 1.0
    surplus: float = 0.004
    fooling: float = 0.3
    order: int = 1


class Growing(nn.Module):
    """The generator with an output for every stage, so that one can be blended into the next."""

    def __init__(self, recipe: GrowingRecipe) -> None:
        super().__init__()
        whole = progan(recipe.latent, recipe.widths)
        self.layers = nn.Sequential(OrderedDict(list(whole.named_children())[:-1]))
        self.outputs = nn.ModuleDict()
        for side, _ in recipe.stages:
            part = progan(recipe.latent, recipe.widths[: 2 * side.bit_length() - 4])
            self.outputs[str(side)] = list(part.children())[-1]

    def forward(self, latents: Tensor, side: int, blend: float) -> Tensor:
        """RGB [image, 3, side, side], the last doubling weighted by `blend`."""
        maps, before = self.layers[0](latents), latents
        for number in range(1, 2 * side.bit_length() - 3):
            maps = self.layers.get_submodule(f"layer{number}")(maps)
            if maps.shape[-1] == side // 2:
                before = maps
        images: Tensor = self.outputs[str(side)](maps)
        if blend < 1 and str(side // 2) in self.outputs:
            smaller = functional.interpolate(self.outputs[str(side // 2)](before), scale_factor=2)
            images = smaller + (images - smaller) * blend
        return images

    def exported(self) -> dict[str, Tensor]:
        """The state dict of the whole generator with its last output."""
        side, output = list(self.outputs.items())[-1]
        state = self.layers.state_dict()
        return state | {f"output_{side}x{side}.{key}": value for key, value in output.state_dict().items()}


def drawn_at(images: NDArray[np.uint8], side: int, blend: float) -> Tensor:
    """Drawn scenes as the adversary sees them at a stage: RGB in [-1, 1], [image, 3, side, side]."""
    full = torch.from_numpy(images).float() / 127.5 - 1
    reduced = functional.avg_pool2d(full, full.shape[-1] // side)
    if blend < 1:
        coarse = functional.interpolate(functional.avg_pool2d(reduced, 2), scale_factor=2)
        reduced = coarse + (reduced - coarse) * blend
    return reduced


def grow(
    scenes: NDArray[np.uint8], adversary: Adversary, recipe: GrowingRecipe, checkpoint: Path
) -> dict[str, Tensor]:
    """Trains through all stages, from the checkpoint if there is one of the same recipe.

    Args:
        scenes: uint8 [image, 3, y, x].
        adversary: with fresh judges.
        recipe: what to do.
        checkpoint: written every 250 steps.

    Returns:
        The averaged generator's state dict.
    """
    generator = Growing(recipe).to(memory_format=torch.channels_last)  # type: ignore[call-overload]
    training = _Training(generator, adversary, recipe, checkpoint)
    training.resume()
    ends = np.cumsum([steps for _, steps in recipe.stages])
    while training.taken < ends[-1]:
        stage = int(np.searchsorted(ends, training.taken, side="right"))
        side, steps = recipe.stages[stage]
        within = (training.taken - (ends[stage] - steps)) / steps
        cooled = 1.0 if stage < len(ends) - 1 or within < 0.4 else 1 - 0.9 * (within - 0.4) / 0.6
        training.step(scenes, side, 1.0 if stage == 0 else min(within / recipe.fade, 1.0), cooled)
        if training.taken % 250 == 0:
            training.save()
    return training.averaged.exported()


def _short() -> torch.autocast:
    """Arithmetic of 16 bits where it does no harm."""
    return torch.autocast("cpu", dtype=torch.bfloat16)


def _plain(verdicts: list[Tensor]) -> list[Tensor]:
    return [each.float() for each in verdicts]


class _Training:
    """Both networks, their optimizers, and where they stand."""

    def __init__(
        self, generator: Growing, adversary: Adversary, recipe: GrowingRecipe, checkpoint: Path
    ) -> None:
        self.generator, self.adversary = generator, adversary
        self.recipe, self.checkpoint = recipe, checkpoint
        self.averaged = copy.deepcopy(generator).requires_grad_(False)
        self.encoder = SceneEncoder(recipe.latent)
        self.making = torch.optim.Adam(
            [
                {"params": generator.parameters(), "rate": recipe.rate},
                {"params": self.encoder.parameters(), "rate": recipe.adversary_rate},
            ],
            betas=(0.0, 0.99),
        )
        self.judging = torch.optim.Adam(
            [{"params": adversary.judges.parameters(), "rate": recipe.adversary_rate}], betas=(0.0, 0.99)
        )
        self.taken, self.spent, self.begun = 0, 0.0, time.perf_counter()
        self.losses = [0.0] * 4

    def step(self, scenes: NDArray[np.uint8], side: int, blend: float, cooled: float) -> None:
        """One step of the adversary, one of the generator."""
        random = np.random.default_rng((self.recipe.order, self.taken))
        for group in (*self.making.param_groups, *self.judging.param_groups):
            group["lr"] = group["rate"] * cooled
        chosen = np.sort(random.integers(0, len(scenes), self.recipe.batch))
        images = scenes[chosen]
        mirrored = random.random(len(chosen)) < 0.5
        images[mirrored] = images[mirrored, ..., ::-1]
        with torch.no_grad(), _short():
            truth = self.adversary.look(drawn_at(images, side, blend))
        self.adversary.judges.requires_grad_(True)
        with torch.no_grad(), _short():
            made = self.adversary.look(self._make(truth, random, side, blend)[0])
        with _short():
            lost = drawn_loss(_plain(self.adversary(truth)), _plain(self.adversary(made)))
        self._descend(self.judging, lost)
        self.adversary.judges.requires_grad_(False)
        with _short():
            images_made, mean, spread = self._make(truth, random, side, blend)
            seen = self.adversary.look(images_made)
            half = len(mean)
            like = likeness_loss([each[:half] for each in seen], [each[:half] for each in truth])
            fooled = fooling_loss(_plain(self.adversary(seen)))
        recipe, more = self.recipe, surplus(mean, spread)
        self._descend(self.making, recipe.likeness * like + recipe.surplus * more + recipe.fooling * fooled)
        self._note((lost, fooled, like, more), side, blend)

    def _make(
        self, truth: list[Tensor], random: np.random.Generator, side: int, blend: float
    ) -> tuple[Tensor, Tensor, Tensor]:
        """Images of as many latents as scenes: half guessed from scenes, half drawn; and the guesses."""
        shape = (self.recipe.batch, self.recipe.latent)
        noise = torch.from_numpy(random.standard_normal(shape, dtype=np.float32))
        half = len(noise) // 2
        mean, spread = self.encoder(truth[-1][:half])
        guessed = mean + (spread / 2).exp() * noise[:half]
        return self.generator(torch.cat((guessed, noise[half:])), side, blend).float(), mean, spread

    @staticmethod
    def _descend(optimizer: torch.optim.Optimizer, loss: Tensor) -> None:
        optimizer.zero_grad()
        loss.backward()  # type: ignore[no-untyped-call]
        optimizer.step()

    def _note(self, losses: tuple[Tensor, ...], side: int, blend: float) -> None:
        self.taken += 1
        weight = min(self.recipe.average, 1 - 1 / (self.taken + 1))
        with torch.no_grad():
            pairs = zip(self.averaged.parameters(), self.generator.parameters(), strict=True)
            for mean, value in pairs:
                mean.lerp_(value, 1 - weight)
        for place, loss in enumerate(losses):
            self.losses[place] += (loss.item() - self.losses[place]) * 0.02
        if self.taken % 100 == 0:
            pairs_said = zip(("adversary", "fooling", "likeness", "surplus"), self.losses, strict=True)
            said = " ".join(f"{name} {value:.3f}" for name, value in pairs_said)
            spent = self.spent + time.perf_counter() - self.begun
            print(f"{side} px step {self.taken} blend {blend:.2f} {said} {spent:.0f} s", flush=True)

    def save(self) -> None:
        """Writes all that a later call needs to go on."""
        parts = {name: getattr(self, name).state_dict() for name in self._PARTS}
        where = {"recipe": asdict(self.recipe), "taken": self.taken, "losses": self.losses}
        spent = self.spent + time.perf_counter() - self.begun
        torch.save(parts | where | {"spent": spent}, self.checkpoint.with_suffix(".part"))
        os.replace(self.checkpoint.with_suffix(".part"), self.checkpoint)

    _PARTS = ("generator", "averaged", "encoder", "adversary", "making", "judging")

    def resume(self) -> None:
        """Takes up a like run where its checkpoint left it."""
        if not self.checkpoint.is_file():
            return
        saved = torch.load(self.checkpoint, weights_only=True)
        if saved["recipe"] != asdict(self.recipe):
            return
        for name in self._PARTS:
            getattr(self, name).load_state_dict(saved[name])
        self.taken, self.spent, self.losses = saved["taken"], saved["spent"], saved["losses"]
