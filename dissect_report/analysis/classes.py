"""What the classes of a network are called, which output holds them, and what a reader should know of it."""

from __future__ import annotations

from dataclasses import dataclass
from pathlib import Path

from torch import Tensor, nn

from dissect_report.activations.class_output import (
    ClassOutput,
    find_class_output,
    stays_between,
)
from dissect_report.config import ModelConfig, RunConfig
from dissect_report.errors import ModelError, ProbeError
from dissect_report.sources.knowledge import Knowledge
from dissect_report.sources.models import load_classes
from dissect_report.sources.names import number_twins
from dissect_report.sources.output_tensors import shapes_of
from dissect_report.sources.probe import list_probe

#: Names of the two classes that one logit tells apart, where nobody names them.
UNNAMED = ("no", "yes")


@dataclass(frozen=True)
class Classes:
    """The classes of a network.

    Attributes:
        names: of each; empty if it has none.
        output: where their scores are; None if it has none.
        notes: for the reader.
    """

    names: tuple[str, ...] = ()
    output: ClassOutput | None = None
    notes: tuple[str, ...] = ()


def find_classes(
    run: RunConfig, folder: Path, model: nn.Module, example: Tensor, known: Knowledge = Knowledge()
) -> Classes:
    """The classes of a network, by one forward pass.

    Raises:
        ModelError: which output holds them is not known, a list of names fits none, or units shall be
            removed from a network without classes.
    """
    listed = listed_names(run.model, folder, model, known)
    output, held = find_class_output(model, example, run.model, listed)
    if output is None:
        given = f"{run.model.source} gives {shapes_of(held) or 'no tensor'}: no row of scores an image"
        if run.model.classes:
            raise ModelError(f"[model] classes: {run.model.classes} has {len(listed)} names, but {given}")
        if run.ablation is not None:
            raise ModelError(
                f"[ablation] needs class scores: {given}; a factory can return class scores [image, class], "
                "or leave [ablation] out"
            )
        if listed:
            return Classes(notes=(f"the model's {len(listed)} class names are not used: {given}",))
        lost = [tensor for tensor in held.values() if tensor.ndim > 1 and len(tensor) != len(example)]
        return Classes(notes=(f"no classes are read: for {len(example)} images {given}",) * bool(lost))
    notes = list(_decision_notes(run, output))
    if run.model.decision != "argmax" and stays_between(model, example, output, held):
        notes.append(
            f"all scores of {run.model.source} lie between 0 and 1, but no sigmoid was seen to make them: if "
            "they are probabilities of independent classes, a factory should return what is before them"
        )
    names = listed
    if output.decision == "one logit":
        names, note = _two_names(run, folder, listed)
        notes.insert(0, note)
    return Classes(names or tuple(f"output_{index}" for index in range(output.width)), output, tuple(notes))


def listed_names(config: ModelConfig, folder: Path, model: nn.Module, known: Knowledge) -> tuple[str, ...]:
    """From the file of names or what the source knows, else the model's own ``classes`` or ``labels``."""
    named = load_classes(config, folder, known)
    for attribute in ("classes", "labels"):
        named = named or _names_in(getattr(model, attribute, None))
    return named


def _names_in(carried: object) -> tuple[str, ...]:
    """Names that a model carries; empty where the attribute of that name is something else."""
    listed = isinstance(carried, list | tuple) and all(isinstance(name, str) for name in carried)
    return number_twins(carried) if listed else ()  # type: ignore[arg-type]


def _decision_notes(run: RunConfig, output: ClassOutput) -> list[str]:
    if output.decision != "sigmoid":
        return []
    why = "the network ends in a sigmoid" if output.undone else '[model] decision = "sigmoid"'
    return [f"{why}: every class is decided by itself, yes above a probability of 0.5"]


def _two_names(run: RunConfig, folder: Path, listed: tuple[str, ...]) -> tuple[tuple[str, ...], str]:
    """What one logit tells apart, first the class below 0; and a note that says so."""
    names: tuple[str, ...]
    if len(listed) == 2:
        names, why = listed, ""
    elif listed:
        names, why = (f"not {listed[0]}", listed[0]), ""
    elif folders := _class_folders(run, folder):
        names, why = folders, " (the class folders in the order of their names)"
    else:
        names, why = UNNAMED, ""
    return names, f"the network gives one logit: above 0 it says {names[1]!r}, else {names[0]!r}{why}"


def _class_folders(run: RunConfig, folder: Path) -> tuple[str, ...]:
    """The names of the two class folders of the probe, sorted; empty where it is not clear which they are.

    Of folders in folders one level has two names, the others one or many: photos/cat, photos/dog.
    """
    try:
        items = list_probe(run.probe, folder, run.dissection.seed).items
    except ProbeError:  # said when the images are read
        return ()
    paths = [item.label.split("/") for item in items if item.label is not None]
    levels = [{path[level] for path in paths} for level in range(min(map(len, paths), default=0))]
    pairs = [sorted(names) for names in levels if len(names) == 2]
    return tuple(pairs[0]) if len(pairs) == 1 else ()
