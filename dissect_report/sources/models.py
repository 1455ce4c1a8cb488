"""From a source string to the network that is dissected, its class names and its digest."""

from __future__ import annotations

import dataclasses
from collections.abc import Mapping
from pathlib import Path
from typing import Any, cast

import torch
from torch import Tensor, nn

from dissect_report.config import ModelConfig
from dissect_report.errors import ModelError
from dissect_report.sources.checkpoints import Checkpoint, read_checkpoint
from dissect_report.sources.class_lists import read_class_names
from dissect_report.sources.factory import code_folder, load_factory
from dissect_report.sources.fitting import choose, load_weights, parts
from dissect_report.sources.named_tensors import Tree, leaves
from dissect_report.sources.progan import progan_from
from dissect_report.sources.shells import refuse_torchscript, undo_compilation
from dissect_report.sources.torchvision_models import build_torchvision, torchvision_categories

#: Names under which networks wrap their logits.
LOGIT_KEYS = ("out", "logits")


def load_model(config: ModelConfig, folder: Path, notes: list[str] | None = None) -> nn.Module:
    """The network in eval mode, on the CPU.

    Args:
        config: what the run says of its model.
        folder: relative sources are relative to it.
        notes: is told what a reader should know: what was taken of a weight file.

    Raises:
        ModelError: the factory fails or gives no network, or the weights do not fit.
        WeightsError: a weight file is missing, refused or damaged.
    """
    notes = [] if notes is None else notes
    if config.source.startswith("torchvision:"):
        model: Any = build_torchvision(config.source, ModelError)
    elif config.source.startswith("progan:"):
        path = folder / config.source.removeprefix("progan:")
        model = _progan(read_checkpoint(path, config.allow_pickle, folder), config.weights_key, notes)
    else:
        model = load_factory(config.source, folder, ModelError)()
    refuse_torchscript(model, config.source)
    if not isinstance(model, nn.Module):
        hint = ": its .module() gives one" if isinstance(model, torch.export.ExportedProgram) else ""
        raise ModelError(f"{config.source} gives a {type(model).__name__}, not a torch.nn.Module{hint}")
    model = undo_compilation(model)
    if config.weights:
        checkpoint = read_checkpoint(
            folder / config.weights, config.allow_pickle, code_folder(config.source, folder)
        )
        if taken := load_weights(model, checkpoint, config.weights_key):
            notes.append(taken)
    return cast(nn.Module, model).eval()


def _progan(checkpoint: Checkpoint, key: str, notes: list[str]) -> nn.Module:
    """The generator in the one part of a weight file that is one."""

    def made(part: Tree) -> nn.Module | None:
        try:
            return progan_from(dict(leaves(part))) if "layer1" in part else None
        except ModelError:
            return None

    found = parts(checkpoint, key, made)
    path, model = (
        choose(found, checkpoint.where) if found else ("", progan_from(dict(leaves(checkpoint.tree))))
    )
    if path:
        notes.append(f"{checkpoint.name}: the weights under {path!r} were taken")
    return model


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
