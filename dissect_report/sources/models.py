"""From a source string to the network that is dissected, its class names and its digest."""

from __future__ import annotations

from pathlib import Path
from typing import Any

import torch
from torch import nn

from dissect_report.config import ModelConfig
from dissect_report.errors import ModelError
from dissect_report.sources.checkpoints import read_checkpoint
from dissect_report.sources.class_lists import read_class_names
from dissect_report.sources.factory import code_folder, load_factory
from dissect_report.sources.fitting import load_weights
from dissect_report.sources.knowledge import Knowledge, Opened
from dissect_report.sources.names import number_twins
from dissect_report.sources.opening import find_opener
from dissect_report.sources.shells import refuse_torchscript, undo_compilation


def load_model(config: ModelConfig, folder: Path, notes: list[str] | None = None) -> nn.Module:
    """The network in eval mode, on the CPU. See ``open_model``."""
    return open_model(config, folder, notes).network


def open_model(config: ModelConfig, folder: Path, notes: list[str] | None = None) -> Opened:
    """The network in eval mode, on the CPU, and what its source knows of it.

    Args:
        config: what the run says of its model.
        folder: relative sources are relative to it.
        notes: is told what a reader should know: what was taken of a weight file.

    Raises:
        ModelError: the factory fails or gives no network, or the weights do not fit.
        WeightsError: a weight file is missing, refused or damaged.
    """
    notes = [] if notes is None else notes
    opener = find_opener(config, "model", ModelError)
    if opener is not None:
        made: Any = opener(config, folder, notes)
    else:
        made = load_factory(config.source, folder, ModelError)(**config.args)
    model, known = (made.network, made.known) if isinstance(made, Opened) else (made, Knowledge())
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
    return Opened(model.eval(), known)


def load_classes(config: ModelConfig, folder: Path, known: Knowledge) -> tuple[str, ...]:
    """The names of the model's outputs, twins numbered apart; empty where nobody names them.

    Args:
        known: what the source knows, where the configuration names no file.

    Raises:
        ModelError: the file is missing, not text, or no list of names.
    """
    if not config.classes:
        return number_twins(known.classes)
    path = folder / config.classes
    return number_twins(read_class_names(path))
