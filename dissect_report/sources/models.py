"""From a source string to the network that is dissected, its class names and its digest."""

from __future__ import annotations

from pathlib import Path
from typing import Any, cast

import torch
from torch import nn

from dissect_report.config import ModelConfig
from dissect_report.errors import ModelError
from dissect_report.sources.checkpoints import Checkpoint, read_checkpoint
from dissect_report.sources.class_lists import read_class_names
from dissect_report.sources.factory import code_folder, load_factory
from dissect_report.sources.fitting import choose, load_weights, parts
from dissect_report.sources.in_memory import SCHEME, held
from dissect_report.sources.named_tensors import Tree, leaves
from dissect_report.sources.names import number_twins
from dissect_report.sources.paper.files import SCHEME as PAPER
from dissect_report.sources.paper.networks import BUILDERS, load_paper_network
from dissect_report.sources.paper.photos import place_names
from dissect_report.sources.progan import progan_from
from dissect_report.sources.shells import refuse_torchscript, undo_compilation
from dissect_report.sources.torchvision_models import build_torchvision, torchvision_categories


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
    elif config.source.startswith(PAPER):
        model = load_paper_network(config.source)
    elif config.source.startswith(SCHEME):
        found = held(config.source, ModelError)
        model = found if isinstance(found, nn.Module) or not callable(found) else found()
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
    """The names of the model's outputs, twins numbered apart; empty where nobody names them.

    Raises:
        ModelError: the file is missing, not text, or no list of names.
    """
    if not config.classes and config.source in BUILDERS:
        return place_names()
    if not config.classes:
        return number_twins(torchvision_categories(config.source, ModelError))
    path = folder / config.classes
    return number_twins(read_class_names(path))
