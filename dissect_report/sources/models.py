"""From a source string to the network that is dissected, its class names and its digest."""

from __future__ import annotations

import hashlib
from collections.abc import Mapping
from pathlib import Path
from typing import Any

import torch
from torch import Tensor, nn

from dissect_report.config import ModelConfig
from dissect_report.errors import ModelError
from dissect_report.sources.class_lists import read_class_names
from dissect_report.sources.factory import load_factory
from dissect_report.sources.names import number_twins
from dissect_report.sources.progan import progan_from
from dissect_report.sources.torchvision_models import build_torchvision, torchvision_categories
from dissect_report.sources.weights import read_state_dict


def load_model(config: ModelConfig, folder: Path) -> nn.Module:
    """The network in eval mode, on the CPU.

    Args:
        config: what the run says of its model.
        folder: relative sources are relative to it.

    Raises:
        ModelError: the factory fails or gives no network, or the weights do not fit.
        WeightsError: a weight file is missing, refused or damaged.
    """
    if config.source.startswith("torchvision:"):
        model: Any = build_torchvision(config.source, ModelError)
    elif config.source.startswith("progan:"):
        path = folder / config.source.removeprefix("progan:")
        model = progan_from(read_state_dict(path, config.allow_pickle))
    else:
        model = load_factory(config.source, folder, ModelError)()
    if not isinstance(model, nn.Module):
        raise ModelError(f"{config.source} gives a {type(model).__name__}, not a torch.nn.Module")
    model = getattr(model, "_orig_mod", model)  # what torch.compile wraps: hooks and graphs need the module
    if config.weights:
        path = folder / config.weights
        load_weights(model, read_state_dict(path, config.allow_pickle), f"{path}")
    return in_float32(model).eval()


def in_float32(model: nn.Module) -> nn.Module:
    """The model in float32, as everything here is measured: half and double parameters are converted."""
    tensors = [*model.parameters(), *model.buffers()]
    odd = any(t.is_floating_point() and t.dtype != torch.float32 for t in tensors)
    return model.float() if odd else model


def load_weights(model: nn.Module, state: Mapping[str, Tensor], where: str) -> None:
    """Fills ``model`` with ``state``, all of it.

    Raises:
        ModelError: a name is missing or unexpected, or a shape differs: the first of them is named.
    """
    own = model.state_dict()
    missing = [name for name in own if name not in state]
    unexpected = [name for name in state if name not in own]
    if missing or unexpected:
        problems = []
        if missing:
            problems.append(f"{len(missing)} parameters are missing, first {missing[0]!r}")
        if unexpected:
            problems.append(f"{len(unexpected)} are unexpected, first {unexpected[0]!r}")
        raise ModelError(f"{where} does not fit the model: {'; '.join(problems)}")
    for name, value in own.items():
        if isinstance(value, Tensor) and value.shape != state[name].shape:
            shapes = f"{list(state[name].shape)}, the model has {list(value.shape)}"
            raise ModelError(f"{where} does not fit the model: {name!r} is {shapes}")
    try:
        model.load_state_dict(dict(state))
    except RuntimeError as error:
        raise ModelError(f"{where} does not fit the model: {' '.join(str(error).split())}") from None


def load_classes(config: ModelConfig, folder: Path) -> tuple[str, ...]:
    """The names of the model's outputs, twins numbered apart; empty where nobody names them.

    Raises:
        ModelError: the file is missing, not text, or no list of names.
    """
    if not config.classes:
        return number_twins(torchvision_categories(config.source, ModelError))
    path = folder / config.classes
    return number_twins(read_class_names(path))


def model_digest(model: nn.Module) -> str:
    """sha256, hexadecimal, over the sorted names, types, shapes and bytes of parameters and buffers."""
    digest = hashlib.sha256()
    for name, value in sorted(model.state_dict().items()):
        if isinstance(value, Tensor):
            digest.update(f"{name}\0{value.dtype}\0{list(value.shape)}\0".encode())
            plain = value.detach().cpu().contiguous().reshape(-1)
            digest.update(plain.view(torch.uint8).numpy().tobytes() if plain.numel() else b"")
        else:
            digest.update(f"{name}\0{value!r}\0".encode())
    return digest.hexdigest()
