"""The network of a run, opened and looked over: which layers it has, which are chosen."""

from __future__ import annotations

import dataclasses
from collections.abc import Mapping, Sequence
from contextlib import suppress
from dataclasses import dataclass
from pathlib import Path

import torch
from torch import Tensor, nn

from dissect_report.activations.class_output import ClassOutput
from dissect_report.activations.layers import LayerInfo, list_layers, select_layers
from dissect_report.activations.outputs import ImageOutput, find_image_output
from dissect_report.activations.stages import find_stages
from dissect_report.activations.untouched import untouched
from dissect_report.analysis.cache import digest
from dissect_report.analysis.classes import Classes, find_classes, listed_names
from dissect_report.analysis.direction_layers import add_directions
from dissect_report.analysis.first_forward import run_first
from dissect_report.analysis.provenance import choose_device
from dissect_report.analysis.recognition import sample
from dissect_report.config import RunConfig
from dissect_report.errors import LayerError, ModelError, WeightsError
from dissect_report.findings.records import OutputSample
from dissect_report.sources.dependencies import dependency_digest
from dissect_report.sources.factory import source_digest
from dissect_report.sources.identity import digest_of
from dissect_report.sources.knowledge import Knowledge, settle
from dissect_report.sources.models import open_model
from dissect_report.sources.output_tensors import shapes_of


@dataclass(frozen=True)
class Network:
    """A model ready to be measured.

    Attributes:
        run: its configuration, with what the source knows of it.
        model: in eval mode, on ``device``.
        device: where it runs.
        layers: every module, in execution order, and behind it those of directions among its units.
        chosen: those that the configuration asks for.
        classes: names of its outputs; empty if it gives no classes.
        conditions: number and name of the classes that a conditional generator's latents take in turn.
        output: where the class scores are and how they decide; None if it gives no classes.
        images: where a generator's images are; None for a classifier.
        weights: sha256 of every number within its reach.
        digest: of the weights, the user's code that makes the model, and the files that it declares.
        side: of its images in pixels: those it takes, or makes.
        notes: what a reader should know of how it was opened.
        outputs: on the noise that it was opened with: it is known again by them.
    """

    run: RunConfig
    model: nn.Module
    device: torch.device
    layers: tuple[LayerInfo, ...]
    chosen: tuple[LayerInfo, ...]
    classes: tuple[str, ...]
    conditions: tuple[tuple[int, str], ...]
    output: ClassOutput | None
    images: ImageOutput | None
    weights: str
    digest: str
    side: int
    notes: tuple[str, ...]
    outputs: tuple[OutputSample, ...]


def open_network(run: RunConfig, folder: Path) -> Network:
    """The model of a run, its layers found by one forward pass of noise.

    Raises:
        ModelError, WeightsError, LayerError, ConfigError: what the configuration names cannot be used.
    """
    device = choose_device(run.compute.device)
    depends = dependency_digest(run.model.depends, folder, "[model] depends", ModelError)
    notes: list[str] = []
    opened = open_model(run.model, folder, notes)
    run, loaded = settle(run, opened.known, notes), opened.network.to(device)
    weights = digest_of(loaded)  # before it runs: a forward may leave things behind
    names = _class_names(run, folder, loaded, opened.known)
    first = run_first(loaded, run, device, names)
    model = first.model
    infos = list_layers(model, first.example, run.is_generator, run.model.tokens)
    found, made, side = Classes(), None, run.probe.crop
    if run.is_generator:
        made, side = _find_images(run, first.output, len(first.example))
    else:
        with untouched(model):
            found = find_classes(run, folder, model, first.example, opened.known)
    chosen = choose_layers(run.model.layers, model, infos)
    layers, chosen = add_directions(run.model.directions, infos, chosen, folder, device)
    fed = [] if first.feeding is None else [dataclasses.asdict(first.feeding)]
    fed += [{"calls": run.model.calls}] if run.model.calls else []
    return Network(
        run=run,
        model=model,
        device=device,
        layers=layers,
        chosen=chosen,
        classes=found.names,
        conditions=tuple((k, names[k] if names else f"class {k}") for k in first.classes),
        output=found.output,
        images=made,
        notes=(*notes, *first.notes, *found.notes),
        weights=weights,
        digest=digest(weights, source_digest(run.model.source, folder), depends, *fed),
        side=side,
        outputs=sample(first.output),
    )


def choose_layers(
    patterns: Sequence[str], model: nn.Module, infos: Sequence[LayerInfo]
) -> tuple[LayerInfo, ...]:
    """The layers that names and globs ask for; without any, the outputs of the network's stages.

    Raises:
        LayerError: see ``select_layers``.
    """
    return select_layers(infos, patterns) if patterns else find_stages(model, infos)


def _find_images(run: RunConfig, output: object, latents: int) -> tuple[ImageOutput, int]:
    """Where a generator's images are, and their side in pixels.

    Raises:
        ModelError: it makes no square images.
    """
    found, held = find_image_output(output, run.model)
    given = f"{run.model.source} gives {_said(output, held)}"
    if found is None:
        raise ModelError(
            f"{given}, not images [image, 3, y, x]; a factory can wrap it, or is it a classifier "
            '([model] kind = "classifier")?'
        )
    made = found.take(output)
    if len(made) != latents:
        raise ModelError(f"{given} for {latents} latents: a generator makes one image a latent")
    if made.shape[2] != made.shape[3]:
        raise ModelError(f"{given}: images must be square; pad them in a factory")
    return found, int(made.shape[2])


def _class_names(run: RunConfig, folder: Path, model: nn.Module, known: Knowledge) -> tuple[str, ...]:
    """Of the classes that a conditional generator makes; empty where nobody names them."""
    return listed_names(run.model, folder, model, known) if run.probe.classes else ()


def _said(output: object, held: Mapping[str, Tensor]) -> str:
    return shapes_of(held) or f"a {type(output).__name__}"


def survey_layers(
    run: RunConfig, folder: Path, notes: list[str] | None = None
) -> list[tuple[LayerInfo, bool]]:
    """Every layer in execution order, dissectable or not, and whether the configuration chooses it.

    Args:
        notes: is told what a reader should know of how the network was opened.
    """
    device, notes = choose_device(run.compute.device), [] if notes is None else notes
    opened = open_model(run.model, folder, notes)
    run = settle(run, opened.known, notes)
    loaded = opened.network.to(device)
    first = run_first(loaded, run, device, _class_names(run, folder, loaded, opened.known))
    infos = list_layers(first.model, first.example, run.is_generator, run.model.tokens)
    chosen: set[str] = set()
    asked: list[tuple[str, ...]] = [(pattern,) for pattern in run.model.layers]
    for patterns in asked or [()]:
        with suppress(LayerError):  # whoever lists them looks for the right name
            chosen |= {info.name for info in choose_layers(patterns, first.model, infos)}
    some = [info for info in infos if info.name in chosen]
    listed: Sequence[LayerInfo] = infos
    taken: Sequence[LayerInfo] = some
    with suppress(LayerError, WeightsError):
        listed, taken = add_directions(run.model.directions, infos, some, folder, device)
    names = {info.name for info in taken}
    return [(info, info.name in names) for info in listed]
