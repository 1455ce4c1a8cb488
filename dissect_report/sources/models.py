"""From a source string to the network that is dissected, its class names and its digest."""

from __future__ import annotations

import dataclasses
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
from dissect_report.sources.progan import progan_from
from dissect_report.sources.torchvision_models import build_torchvision, torchvision_categories
from dissect_report.sources.weights import read_state_dict

#: Names under which networks wrap their logits.
LOGIT_KEYS = ("out", "logits")


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
    """The names of the model's outputs; empty where nobody names them.

    Raises:
        ModelError: the file is missing, not text, or no list of names.
    """
    if not config.classes:
        return torchvision_categories(config.source, ModelError)
    path = folder / config.classes
    names = read_class_names(path)
    if twice := next((name for name in names if names.count(name) > 1), None):
        raise ModelError(f"{path}: {twice!r} stands twice: every class needs a name of its own")
    return names


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


def unwrap(output: Any) -> Tensor | None:
    """The tensor meant in a network's output: itself, that of a known name in a dict, else the first."""
    return next(iter(_tensors(output)), None)


def _tensors(output: Any) -> list[Tensor]:
    """The tensors that may be meant: a single one where the output is it or names it."""
    if isinstance(output, Tensor):
        return [output]
    if dataclasses.is_dataclass(output) and not isinstance(output, type | Mapping):
        output = {field.name: getattr(output, field.name) for field in dataclasses.fields(output)}
    if isinstance(output, Mapping):
        for key in LOGIT_KEYS:
            if isinstance(output.get(key), Tensor):
                return [output[key]]
        output = tuple(output.values())
    return [item for item in output if isinstance(item, Tensor)] if isinstance(output, tuple | list) else []


def check_scores(output: Any, source: str) -> None:
    """Refuses an output in which nothing says which tensor holds the classes.

    Raises:
        ModelError: several of them are rows of different lengths.
    """
    shapes = [list(item.shape) for item in _tensors(output) if item.ndim == 2 and item.is_floating_point()]
    if len({shape[1] for shape in shapes}) > 1:
        listed = ", ".join(map(str, shapes))
        raise ModelError(
            f"{source} gives several outputs, {listed}: a factory can return the one that holds the classes, "
            'or a dict that calls it "logits"'
        )


def logits(output: Any) -> Tensor | None:
    """[batch, class] from a classifier's output; None if it gives no classes.

    Maps of one cell, [batch, class, 1, 1], are flattened.
    """
    scores = unwrap(output)
    if scores is not None and scores.ndim > 2 and scores.shape[2:].numel() == 1:
        scores = scores.flatten(1)
    return scores if scores is not None and scores.ndim == 2 and scores.is_floating_point() else None


def images(output: Any) -> Tensor | None:
    """[batch, 3, y, x] from a generator's output; None if it gives no images.

    One channel is grey and is given three times.
    """
    made = unwrap(output)
    if made is None or made.ndim != 4 or made.shape[1] not in (1, 3) or not made.is_floating_point():
        return None
    return made.expand(-1, 3, -1, -1) if made.shape[1] == 1 else made
