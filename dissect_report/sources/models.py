"""From a source string to the network that is dissected, its class names and its digest."""

from __future__ import annotations

from pathlib import Path
from typing import Any, cast

import torch
from torch import nn

from dissect_report.config import ModelConfig
from dissect_report.errors import ModelError
from dissect_report.sources.checkpoints import read_checkpoint
from dissect_report.sources.class_lists import read_class_names
from dissect_report.sources.factory import code_folder, load_factory
from dissect_report.sources.fitting import load_weights
from dissect_report.sources.names import number_twins
from dissect_report.sources.opening import find_opener
from dissect_report.sources.shells import refuse_torchscript, undo_compilation
from dissect_report.sources.torchvision_models import torchvision_categories


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
    opener = find_opener(config.source, "model", ModelError)
    if opener is not None:
        model: Any = opener(config, folder, notes)
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


def load_classes(config: ModelConfig, folder: Path) -> tuple[str, ...]:
    """The names of the model's outputs, twins numbered apart; empty where nobody names them.

    Raises:
        ModelError: the file is missing, not text, or no list of names.
    """
    if not config.classes:
        return number_twins(torchvision_categories(config.source, ModelError))
    path = folder / config.classes
    return number_twins(read_class_names(path))
