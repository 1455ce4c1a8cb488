"""Stock networks of torchvision: "torchvision:NAME", with random weights, or "torchvision:NAME@WEIGHTS"."""

from __future__ import annotations

import inspect
import re
from collections.abc import Mapping
from dataclasses import replace
from pathlib import Path
from types import MappingProxyType
from typing import Any

import torch
from torch import nn

from dissect_report.config import ModelConfig
from dissect_report.errors import ModelError, SourceError, nearest
from dissect_report.sources.knowledge import Knowledge, Opened
from dissect_report.sources.making import same_dice, taking
from dissect_report.sources.torchvision_import import import_torchvision
from dissect_report.sources.weights import cache_folder, fetch, read_restricted

NONE: Mapping[str, Any] = MappingProxyType({})


def split_source(source: str) -> tuple[str, str]:
    """Name and weights name of "torchvision:NAME[@WEIGHTS]"; the weights may be ""."""
    name, _, weights = source.removeprefix("torchvision:").partition("@")
    return name, weights


def open_torchvision(config: ModelConfig, folder: Path, notes: list[str]) -> Opened:
    """The network of "torchvision:NAME[@WEIGHTS]". Raises as ``build_torchvision``."""
    network = build_torchvision(config.source, ModelError, config.args)
    known = torchvision_knowledge(config.source, ModelError)
    return Opened(network, replace(known, classes=()) if "num_classes" in config.args else known)


def build_torchvision(source: str, error: type[SourceError], args: Mapping[str, Any] = NONE) -> nn.Module:
    """The network in eval mode; random weights come from seed 0, published ones are downloaded once.

    Args:
        source: as the configuration names it.
        error: what to raise, by what the network is for.
        args: of the function that makes it.

    Raises:
        SourceError: of the class ``error``: no such network or weights, or arguments that it does not take.
        WeightsError: the weights cannot be had, or are not what their digest says.
    """
    torchvision = import_torchvision()
    name, _ = split_source(source)
    _check_name(torchvision, name, error)
    weights = find_weights(source, error)
    if "weights" in args:
        raise error(f"{source}: weights are named behind the network: torchvision:{name}@NAME")
    with same_dice(), taking(args, source, error):
        if weights is None:
            return _build_random(torchvision, name, args).eval()
        return _build_published(torchvision, name, weights, args).eval()


def _check_name(torchvision: Any, name: str, error: type[SourceError]) -> None:
    known = torchvision.models.list_models()
    if name not in known:
        raise error(f"torchvision has no model called {name!r}; {nearest(name, known)}")


def _build_random(torchvision: Any, name: str, args: Mapping[str, Any]) -> nn.Module:
    # A segmenter's builder would download a trained backbone unless told not to.
    builder = torchvision.models.get_model_builder(name)
    options = (
        {"weights_backbone": None} if "weights_backbone" in inspect.signature(builder).parameters else {}
    )
    model: nn.Module = torchvision.models.get_model(name, weights=None, **{**options, **args})
    return model


def _build_published(torchvision: Any, name: str, weights: Any, args: Mapping[str, Any]) -> nn.Module:
    """The builder loads the weights itself (it also adapts the network to them), from our cache."""
    place = cache_folder() / "torchvision"
    path = fetch(weights.url, published_prefix(weights.url), cache=place / "checkpoints")
    read_restricted(path)  # torchvision would unpickle anything: make sure that there are tensors only
    before = torch.hub.get_dir()
    torch.hub.set_dir(str(place))
    try:
        model: nn.Module = torchvision.models.get_model(name, weights=weights, progress=False, **args)
    finally:
        torch.hub.set_dir(before)
    return model


def published_prefix(url: str) -> str:
    """The digest's beginning that torchvision writes at the end of a file name, "resnet18-f37072fd.pth"."""
    found = re.search(r"-([0-9a-f]{8,})\.[^/]*$", url)
    return found[1] if found else ""


def find_weights(source: str, error: type[SourceError]) -> Any:
    """The weights entry that "torchvision:NAME@WEIGHTS" names; None without "@".

    Raises:
        SourceError: of the class ``error``: no such weights for this network.
    """
    name, weights_name = split_source(source)
    if not weights_name:
        return None
    torchvision = import_torchvision()
    if name not in torchvision.models.list_models():
        raise error(
            f"torchvision has no model called {name!r}; {nearest(name, torchvision.models.list_models())}"
        )
    known = {entry.name: entry for entry in torchvision.models.get_model_weights(name)}
    if weights_name not in {*known, "DEFAULT"}:
        hint = nearest(weights_name, known)
        raise error(f"torchvision's {name} has no weights called {weights_name!r}; {hint}")
    if weights_name == "DEFAULT":
        return torchvision.models.get_model_weights(name).DEFAULT
    return known[weights_name]


def torchvision_knowledge(source: str, error: type[SourceError]) -> Knowledge:
    """What published weights say of themselves; nothing for random ones. Raises as ``find_weights``."""
    weights = find_weights(source, error)
    if weights is None:
        return Knowledge()
    cut = weights.transforms()
    resize, crop = (_side(getattr(cut, name, None)) for name in ("resize_size", "crop_size"))
    return Knowledge(
        classes=tuple(weights.meta.get("categories") or ()),
        mean=tuple(getattr(cut, "mean", ())),
        std=tuple(getattr(cut, "std", ())),
        resize=resize if crop else 0,
        crop=crop if resize >= crop else 0,
        interpolation=getattr(getattr(cut, "interpolation", None), "value", ""),
    )


def _side(sizes: Any) -> int:
    """The one side of a square, or of a short side; 0 for anything else."""
    several = sizes if isinstance(sizes, list | tuple) else [sizes]
    return int(several[0]) if several and several[0] and len(set(several)) == 1 else 0
