"""Networks of timm: "timm:NAME", with published weights unless ``args`` says otherwise."""

from __future__ import annotations

import math
import re
from collections.abc import Mapping, Sequence
from pathlib import Path
from typing import Any

from torch import nn

from dissect_report.config import ModelConfig
from dissect_report.errors import ModelError, nearest
from dissect_report.schemes import rest_of
from dissect_report.sources.concepts import first_names
from dissect_report.sources.knowledge import Knowledge, Opened
from dissect_report.sources.making import load_package, same_dice, taking

#: Names that are places: a repository of the hub's, or a folder.
HUB, FOLDER = re.compile(r"hf[-_]hub:"), "local-dir:"

REMEDY = (
    "download it where there is a network (timm.create_model(NAME, pretrained=True)) and bring the cache of "
    "the hub, name a folder (timm:local-dir:FOLDER) or a file ([model] weights), or take random weights: "
    "[model.args] pretrained = false"
)


def open_timm(config: ModelConfig, folder: Path, notes: list[str]) -> Opened:
    """The network of "timm:NAME", "timm:hf-hub:ORG/NAME" or "timm:local-dir:FOLDER".

    Raises:
        ModelError: timm is missing, or has no such network, or it does not take the arguments.
        WeightsError: the weights cannot be had.
    """
    timm = load_package("timm", config.source, ModelError)
    name = rest_of(config.source)
    args = {"pretrained": not config.weights, **config.args}
    if name.startswith(FOLDER):
        name = FOLDER + str((folder / name.removeprefix(FOLDER)).resolve())
    elif not HUB.match(name):
        _check_name(timm, name)
    with same_dice(), taking(args, config.source, ModelError, REMEDY):
        model = timm.create_model(name, **args)
    if not args["pretrained"] and not config.weights:
        notes.append(f"{config.source}: its weights are random (seed 0)")
    return Opened(model, _knowledge(timm, model, args))


def _check_name(timm: Any, name: str) -> None:
    architecture, _, tag = name.partition(".")
    if not timm.is_model(architecture):
        raise ModelError(
            f"timm has no model called {architecture!r}; {nearest(architecture, timm.list_models())}"
        )
    tags = [known.partition(".")[2] for known in timm.list_pretrained(f"{architecture}.*")]
    if tag and tag not in tags:
        raise ModelError(f"timm's {architecture} has no weights called {tag!r}; {nearest(tag, tags)}")


def _knowledge(timm: Any, model: nn.Module, args: Mapping[str, Any]) -> Knowledge:
    """By the data configuration of its weights."""
    asked = {key: args[key] for key in ("img_size", "in_chans") if isinstance(args.get(key), int)}
    known = timm.data.resolve_data_config(asked, pretrained_cfg=model.pretrained_cfg, model=model)
    channels, height, width = known["input_size"]
    channels = args.get("in_chans", channels)
    side = height if height == width else 0
    return Knowledge(
        classes=_class_names(timm, model) if args["pretrained"] else (),
        mean=_per_channel(known["mean"], channels),
        std=_per_channel(known["std"], channels),
        resize=math.floor(side / known["crop_pct"]) if side else 0,
        crop=side,
        resize_mode="squash" if known.get("crop_mode") == "squash" else "short_side",
        interpolation=known["interpolation"],
    )


def _per_channel(values: Sequence[float], channels: int) -> tuple[float, ...]:
    """As many as the network has channels; of one grey channel the mean of three colours'."""
    return (sum(values) / len(values),) if channels == 1 else tuple(map(float, values))


def _class_names(timm: Any, model: nn.Module) -> tuple[str, ...]:
    """Those that came with the weights, else ImageNet's of as many; empty for a head of another size."""
    known: Any = model.pretrained_cfg
    count = getattr(model, "num_classes", 0)
    if count != known.get("num_classes"):
        return ()
    listed = known.get("label_descriptions") or known.get("label_names") or ()
    subset = timm.data.infer_imagenet_subset(model)
    if not listed and subset:
        listed = timm.data.ImageNetInfo(subset).label_descriptions()
    if isinstance(listed, Mapping):
        listed = [listed[name] for name in known.get("label_names") or listed]
    return tuple(first_names(list(listed), other=", ")) if len(listed) == count else ()
