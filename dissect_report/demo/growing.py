"""The generator's training: hamlets redrawn from their latents, from 8x8 to 64x64 pixels by stages."""

import copy
import os
import time
from collections import OrderedDict
from dataclasses import asdict, dataclass
from math import cos, pi
from pathlib import Path

import numpy as np
import torch
from numpy.typing import NDArray
from torch import Tensor, nn
from torch.nn import functional

from dissect_report.demo.generator import ALONE, hamlet_generator, output
from dissect_report.demo.hamlets import CELLS, LATENT, draw_hamlet
from dissect_report.demo.networks import MEAN, STD, SegmenterNetwork
from dissect_report.sources.latents import draw_latents


@dataclass(frozen=True)
class Stage:
    """A part of the training: images of a side, so many steps of so many images."""

    side: int
    steps: int
    batch: int


@dataclass(frozen=True)
class GrowingRecipe:
    """All that decides the generator's training.

    Attributes:
        hamlets, seed: how many hamlets, and the seed of their latents.
        unseen, unseen_seed: the same for those the result is measured on.
        widths: units of the generator's layers.
        stages: from small images to large.
        fade: share of a stage during which the new layers are blended in.
        sparse: weight of `crowding` of the plan.
        noise: on the plan, as a part of its root mean square, so that no unit tells things by halves.
        rate: Adam's, falling as a half cosine over all steps.
        average: of the weights from step to step; the averaged generator is shipped.
        order: seed of the weights and of the order of hamlets.
    """

    hamlets: int = 20_000
    seed: int = 101
    unseen: int = 1_000
    unseen_seed: int = 202
    widths: tuple[int, ...] = (192, 160, 160, 96, 128, 128, 96, 64, 48, 32, 16)
    stages: tuple[Stage, ...] = (
        Stage(8, 3000, 32),
        Stage(16, 1000, 24),
        Stage(32, 1000, 16),
        Stage(64, 2500, 16),
    )
    fade: float = 0.2
    sparse: float = 0.1
    noise: float = 0.1
    rate: float = 2e-3
    average: float = 0.998
    order: int = 1


def hamlet_album(number: int, seed: int, folder: Path, size: int = 64) -> NDArray[np.uint8]:
    """Hamlets of the first latents of a seed, uint8 [image, 3, y, x]; drawn once, then read from `folder`."""
    path = folder / f"hamlets-{size}-{seed}-{number}.npy"
    if not path.is_file():
        folder.mkdir(parents=True, exist_ok=True)
        latents = draw_latents(number, (LATENT,), seed)
        images = np.stack([draw_hamlet(latent, size).transpose(2, 0, 1) for latent in latents])
        with path.with_suffix(".part").open("wb") as file:
            np.save(file, images)
        os.replace(path.with_suffix(".part"), path)
    drawn: NDArray[np.uint8] = np.load(path, mmap_mode="r")
    return drawn


def redrawn(generator: nn.Module, latents: NDArray[np.float32]) -> NDArray[np.uint8]:
    """What the generator makes of latents, uint8 [image, 3, y, x]."""
    parts = []
    with torch.no_grad():
        for start in range(0, len(latents), 50):
            images = generator(torch.from_numpy(latents[start : start + 50])).clamp(-1, 1)
            parts.append(((images + 1) * 127.5).round().to(torch.uint8).numpy())
    made: NDArray[np.uint8] = np.concatenate(parts)
    return made


class Growing(nn.Module):
    """The generator with an output for every stage, so that one can be blended into the next."""

    def __init__(self, recipe: GrowingRecipe) -> None:
        super().__init__()
        whole = hamlet_generator(recipe.widths)
        self.layers = nn.Sequential(OrderedDict(list(whole.named_children())[:-1]))
        self.outputs = nn.ModuleDict(
            {str(stage.side): output(recipe.widths[_layers(stage.side) - 1]) for stage in recipe.stages}
        )

    def plan(self, latents: Tensor) -> Tensor:
        """Maps of the last layer of single cells, [image, unit, 8, 8]."""
        maps: Tensor = self.layers[: ALONE + 1](latents)
        return maps

    def drawn(self, maps: Tensor, side: int, blend: float) -> Tensor:
        """RGB in [-1, 1], [image, 3, side, side], of such maps, the last doubling weighted by `blend`."""
        before = maps
        for number in range(ALONE + 1, _layers(side) + 1):
            maps = self.layers.get_submodule(f"layer{number}")(maps)
            if maps.shape[-1] == side // 2:
                before = maps
        images: Tensor = self.outputs[str(side)](maps)
        if blend < 1 and str(side // 2) in self.outputs:
            smaller = functional.interpolate(self.outputs[str(side // 2)](before), scale_factor=2)
            images = smaller + (images - smaller) * blend
        return images

    def forward(self, latents: Tensor, side: int, blend: float) -> Tensor:
        """RGB in [-1, 1], [image, 3, side, side], the last doubling weighted by `blend`."""
        return self.drawn(self.plan(latents), side, blend)

    def exported(self) -> dict[str, Tensor]:
        """The state dict of the whole generator with its last output."""
        side, last = list(self.outputs.items())[-1]
        state: dict[str, Tensor] = self.layers.state_dict()
        return state | {f"output_{side}x{side}.{key}": value for key, value in last.state_dict().items()}


def _layers(side: int) -> int:
    """How many layers make maps of a side."""
    return ALONE + 1 + 2 * ((side // CELLS).bit_length() - 1)


def crowding(maps: Tensor) -> Tensor:
    """How many units say a cell: mean over root mean square, 0 .. 1, whatever the scale.

    Units that are never both on are units that can be told apart; which of them stands for what is left open.
    """
    return (maps.abs().mean(1) / (maps.square().mean(1) + 1e-8).sqrt()).mean()


def attention(drawn: Tensor) -> Tensor:
    """What a pixel counts, [image, 1, y, x]: 1 in a plain sky, several times that where things stand.

    Without it the sky, which is most of a scene, is learnt first and houses stay a blur.
    """
    detail = (drawn - _blurred(drawn)).abs().mean(1, keepdim=True)
    return 1 + 12 * _blurred(detail)


def _blurred(maps: Tensor) -> Tensor:
    return functional.avg_pool2d(maps, 5, 1, 2, count_include_pad=False)


class Likeness(nn.Module):
    """How far redrawn scenes are from the drawn ones, to the eye and to the segmenter's first layers."""

    LEAST = 64
    """Side from which on the segmenter is asked: smaller things mean nothing to it."""

    def __init__(self, segmenter: SegmenterNetwork) -> None:
        super().__init__()
        self.blocks = segmenter.encoder[:4].requires_grad_(False).eval()

    def forward(self, redrawn: Tensor, drawn: Tensor) -> Tensor:
        """A loss; both are RGB in [-1, 1]."""
        away, weight = redrawn - drawn, 4 * attention(drawn)
        loss = (weight * away.abs()).mean() + (weight * away.square()).mean()
        if drawn.shape[-1] < self.LEAST:
            return loss
        with torch.no_grad():
            aims = self._seen(drawn)
        for first, second in zip(self._seen(redrawn), aims, strict=True):
            loss = loss + 0.25 * (first - second).abs().mean() / (second.abs().mean() + 1e-3)
        return loss

    def _seen(self, images: Tensor) -> list[Tensor]:
        maps = ((images + 1) / 2 - MEAN[0]) / STD[0]
        maps, found = maps.contiguous(memory_format=torch.channels_last), []
        for depth, block in enumerate(self.blocks):
            maps = block(functional.max_pool2d(maps, 2) if depth else maps)
            found.append(maps.float())
        return found


def grow(
    hamlets: NDArray[np.uint8], likeness: Likeness, recipe: GrowingRecipe, checkpoint: Path
) -> dict[str, Tensor]:
    """Trains through all stages, from the checkpoint if there is one of the same recipe.

    Args:
        hamlets: of ``hamlet_album``.
        likeness: the loss.
        recipe: what to do.
        checkpoint: written every 250 steps.

    Returns:
        The averaged generator's state dict.
    """
    training = _Training(recipe, likeness, checkpoint)
    training.resume()
    latents = draw_latents(recipe.hamlets, (LATENT,), recipe.seed)
    ends = np.cumsum([stage.steps for stage in recipe.stages])
    while training.taken < ends[-1]:
        place = int(np.searchsorted(ends, training.taken, side="right"))
        stage = recipe.stages[place]
        within = (training.taken - (ends[place] - stage.steps)) / stage.steps
        rate = recipe.rate * (0.01 + 0.99 * (0.5 + 0.5 * cos(pi * training.taken / ends[-1])))
        training.step(hamlets, latents, stage, 1.0 if place == 0 else min(within / recipe.fade, 1.0), rate)
        if training.taken % 250 == 0:
            training.save()
    averaged: Growing = training.averaged
    return averaged.exported()


class _Training:
    """The generator, its optimizer, and where they stand."""

    _PARTS = ("generator", "averaged", "optimizer")

    def __init__(self, recipe: GrowingRecipe, likeness: Likeness, checkpoint: Path) -> None:
        self.recipe, self.likeness, self.checkpoint = recipe, likeness, checkpoint
        self.generator = Growing(recipe).to(memory_format=torch.channels_last)  # type: ignore[call-overload]
        self.averaged = copy.deepcopy(self.generator).requires_grad_(False)
        self.optimizer = torch.optim.Adam(self.generator.parameters(), lr=recipe.rate, betas=(0.9, 0.99))
        self.taken, self.spent, self.begun, self.running = 0, 0.0, time.perf_counter(), 0.0

    def step(
        self,
        hamlets: NDArray[np.uint8],
        latents: NDArray[np.float32],
        stage: Stage,
        blend: float,
        rate: float,
    ) -> None:
        """One batch of hamlets, chosen by the step's number."""
        for group in self.optimizer.param_groups:
            group["lr"] = rate
        random = np.random.default_rng((self.recipe.order, self.taken))
        chosen = np.sort(random.integers(0, len(hamlets), stage.batch))
        drawn = torch.from_numpy(hamlets[chosen]).float() / 127.5 - 1
        drawn = functional.avg_pool2d(drawn, drawn.shape[-1] // stage.side)
        with torch.autocast("cpu", dtype=torch.bfloat16):
            plan = self.generator.plan(torch.from_numpy(latents[chosen]))
            size = self.recipe.noise * plan.detach().square().mean(1, keepdim=True).sqrt()
            shaken = plan + size * torch.from_numpy(random.standard_normal(plan.shape, dtype=np.float32))
            redrawn = self.generator.drawn(shaken, stage.side, blend).float()
            loss = self.likeness(redrawn, drawn)
        few = crowding(plan.float())
        loss = loss + self.recipe.sparse * few
        self.optimizer.zero_grad()
        loss.backward()
        self.optimizer.step()
        self._note(loss.item(), few.item(), stage.side, blend)

    def _note(self, loss: float, few: float, side: int, blend: float) -> None:
        self.taken += 1
        weight = min(self.recipe.average, 1 - 1 / (self.taken + 1))
        with torch.no_grad():
            pairs = zip(self.averaged.parameters(), self.generator.parameters(), strict=True)
            for mean, value in pairs:
                mean.lerp_(value, 1 - weight)
        self.running += (loss - self.running) * 0.02
        if self.taken % 100 == 0:
            spent = self.spent + time.perf_counter() - self.begun
            where = f"{side} px step {self.taken} blend {blend:.2f}"
            print(f"{where} loss {self.running:.4f} crowding {few:.3f} {spent:.0f} s", flush=True)

    def save(self) -> None:
        """Writes all that a later call needs to go on."""
        parts = {name: getattr(self, name).state_dict() for name in self._PARTS}
        where = {"recipe": asdict(self.recipe), "taken": self.taken, "running": self.running}
        spent = self.spent + time.perf_counter() - self.begun
        torch.save(parts | where | {"spent": spent}, self.checkpoint.with_suffix(".part"))
        os.replace(self.checkpoint.with_suffix(".part"), self.checkpoint)

    def resume(self) -> None:
        """Takes up a like run where its checkpoint left it."""
        if not self.checkpoint.is_file():
            return
        saved = torch.load(self.checkpoint, weights_only=True)
        if saved["recipe"] != asdict(self.recipe):
            return
        for name in self._PARTS:
            getattr(self, name).load_state_dict(saved[name])
        self.taken, self.spent, self.running = saved["taken"], saved["spent"], saved["running"]
