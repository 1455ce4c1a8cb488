"""One training run: scenes in seeded order, AdamW, a checkpoint after every epoch."""

import math
import os
import time
from collections.abc import Callable, Iterator
from dataclasses import asdict, dataclass
from pathlib import Path

import numpy as np
import torch
from numpy.typing import NDArray
from torch import Tensor, nn

from dissect_report.demo.album import Album


@dataclass(frozen=True)
class Recipe:
    """All that decides a training run.

    Attributes:
        scenes, seed: how many scenes, and the seed of their set.
        unseen, unseen_seed: the same for the scenes the result is measured on.
        epochs, batch: passes over the scenes, and scenes a step.
        rate, decay: AdamW's peak learning rate (rising for 4 %, then a half cosine) and weight decay.
        order: seed of the weights, of the order of scenes and of their changes.
    """

    scenes: int = 8_000
    seed: int = 101
    unseen: int = 600
    unseen_seed: int = 202
    epochs: int = 3
    batch: int = 16
    rate: float = 3e-3
    decay: float = 0.02
    order: int = 1


@dataclass(frozen=True)
class Lesson:
    """One batch.

    Attributes:
        images, labels: uint8 [image, 3, y, x].
        classes: int64 [image].
        random: for further chance.
    """

    images: NDArray[np.uint8]
    labels: NDArray[np.uint8]
    classes: NDArray[np.int64]
    random: np.random.Generator


Loss = Callable[[nn.Module, Lesson], Tensor]


def batches(scenes: Album, recipe: Recipe, epoch: int) -> Iterator[Lesson]:
    """The scenes of an epoch in seeded order, every second one mirrored."""
    random = np.random.default_rng((recipe.order, epoch))
    order = random.permutation(len(scenes))
    for start in range(0, len(order) - recipe.batch + 1, recipe.batch):
        chosen = np.sort(order[start : start + recipe.batch])
        images, labels = scenes.images[chosen], scenes.labels[chosen]
        mirrored = random.random(len(chosen)) < 0.5
        images[mirrored], labels[mirrored] = images[mirrored, ..., ::-1], labels[mirrored, ..., ::-1]
        yield Lesson(images, labels, scenes.classes[chosen], random)


def fit(
    network: nn.Module, loss_of: Loss, scenes: Album, recipe: Recipe, checkpoint: Path, hours: float
) -> int:
    """Trains in place, from the checkpoint if there is one of the same recipe; saves one after every epoch.

    The learning rate falls with the steps done, or with the time spent where that is further on: then the
    run ends early, but cooled down.

    Returns:
        The number of steps taken, all runs together.
    """
    network.to(memory_format=torch.channels_last)  # type: ignore[call-overload]
    optimizer = torch.optim.AdamW(network.parameters(), lr=recipe.rate, weight_decay=recipe.decay)
    first, taken, spent = _resume(network, optimizer, recipe, checkpoint)
    steps, begun, running = recipe.epochs * (len(scenes) // recipe.batch), time.perf_counter() - spent, 2.0
    network.train()
    for epoch in range(first, recipe.epochs):
        for lesson in batches(scenes, recipe, epoch):
            spent = time.perf_counter() - begun
            done, late = (taken + 1) / (steps + 1), spent / (hours * 3600)
            if late >= 1:
                break
            for group in optimizer.param_groups:
                group["lr"] = recipe.rate * min(done / 0.04, 0.5 + 0.5 * math.cos(math.pi * max(done, late)))
            loss = loss_of(network, lesson)
            optimizer.zero_grad()
            loss.backward()  # type: ignore[no-untyped-call]
            nn.utils.clip_grad_norm_(network.parameters(), 2.0)
            optimizer.step()
            running += (loss.item() - running) * 0.02
            if taken % 100 == 0:
                print(f"epoch {epoch} step {taken} loss {running:.4f} {spent:.0f} s", flush=True)
            taken += 1
        state = {"epoch": epoch, "taken": taken, "spent": time.perf_counter() - begun}
        _save(network, optimizer, recipe, checkpoint, state)
    return taken


def _save(
    network: nn.Module,
    optimizer: torch.optim.Optimizer,
    recipe: Recipe,
    checkpoint: Path,
    state: dict[str, float],
) -> None:
    learnt = {"network": network.state_dict(), "optimizer": optimizer.state_dict()}
    torch.save({"recipe": asdict(recipe)} | learnt | state, checkpoint.with_suffix(".part"))
    os.replace(checkpoint.with_suffix(".part"), checkpoint)


def _resume(
    network: nn.Module, optimizer: torch.optim.Optimizer, recipe: Recipe, checkpoint: Path
) -> tuple[int, int, float]:
    """First epoch to do, steps taken and seconds spent before; loads the state of a like run."""
    if not checkpoint.is_file():
        return 0, 0, 0.0
    saved = torch.load(checkpoint, weights_only=True)
    if saved["recipe"] != asdict(recipe):
        return 0, 0, 0.0
    network.load_state_dict(saved["network"])
    optimizer.load_state_dict(saved["optimizer"])
    return saved["epoch"] + 1, saved["taken"], saved["spent"]
