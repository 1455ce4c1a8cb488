"""What a source knows of its network besides: names of classes, and how its pictures are made ready."""

from __future__ import annotations

from collections.abc import Mapping
from dataclasses import dataclass, replace
from typing import Any

from torch import nn

from dissect_report.config import RunConfig
from dissect_report.config.keys import Unsaid
from dissect_report.config.probe import CROP
from dissect_report.errors import ConfigError


@dataclass(frozen=True)
class Knowledge:
    """What comes before the defaults of a configuration, and behind what it says. Empty: nobody knows.

    Attributes:
        classes: names of the network's outputs.
        mean: of its input in [0, 1], one a channel.
        std: likewise.
        resize: side in pixels before the crop.
        crop: side in pixels of what it takes.
        resize_mode: "short_side" or "squash".
        interpolation: Pillow's rule of resizing.
    """

    classes: tuple[str, ...] = ()
    mean: tuple[float, ...] = ()
    std: tuple[float, ...] = ()
    resize: int = 0
    crop: int = 0
    resize_mode: str = ""
    interpolation: str = ""


@dataclass(frozen=True)
class Opened:
    """A network, and what its source knows of it."""

    network: nn.Module
    known: Knowledge = Knowledge()


def settle(run: RunConfig, known: Knowledge, notes: list[str]) -> RunConfig:
    """The run with what its network's source knows instead of what nobody said.

    Args:
        run: as configured.
        known: of its network.
        notes: is told what was taken.

    Raises:
        ConfigError: what is said and what is known cannot be together.
    """
    if run.is_generator:
        return run
    model = _taken(run.model, {"mean": known.mean, "std": known.std})
    probe = _taken(run.probe, _sides(run, known))
    if not replace(run.probe, **probe).holds_crop:
        raise ConfigError(CROP)
    taken = {**model, **probe}
    if known.classes and not run.model.classes:
        taken = {"classes": f"{len(known.classes)} names", **taken}
    if taken:
        said = ", ".join(f"{name} {_words(value)}" for name, value in taken.items())
        notes.append(f"{run.model.source} says of itself: {said}; [model] and [probe] can say otherwise")
    return replace(run, model=replace(run.model, **model), probe=replace(run.probe, **probe))


def _taken(table: Any, known: Mapping[str, Any]) -> dict[str, Any]:
    """Of what is known, that which the table does not say."""
    return {
        name: value for name, value in known.items() if value and isinstance(getattr(table, name), Unsaid)
    }


def _sides(run: RunConfig, known: Knowledge) -> dict[str, Any]:
    """How pictures are cut; with a crop of the user's the side before it keeps its proportion."""
    resize, crop = known.resize, run.probe.crop
    if known.crop and not isinstance(crop, Unsaid):
        resize = max(crop, round(resize * crop / known.crop))
    if not isinstance(run.probe.resize, Unsaid) and run.probe.resize < known.crop:
        known = replace(known, crop=run.probe.resize)
    return {
        "resize": resize, "crop": known.crop, "resize_mode": known.resize_mode,
        "interpolation": known.interpolation,
    }  # fmt: skip


def _words(value: Any) -> str:
    return f"[{', '.join(f'{part:.4g}' for part in value)}]" if isinstance(value, tuple) else str(value)
