"""The network of a run, opened and looked over: which layers it has, which are chosen."""

from __future__ import annotations

from collections.abc import Sequence
from contextlib import suppress
from dataclasses import dataclass
from pathlib import Path

import torch
from torch import nn

from dissect_report.activations.layers import LayerInfo, list_layers, select_layers
from dissect_report.analysis.cache import digest
from dissect_report.analysis.first_forward import run_first
from dissect_report.analysis.provenance import choose_device
from dissect_report.analysis.recognition import sample
from dissect_report.config import ModelConfig, RunConfig
from dissect_report.errors import LayerError, ModelError
from dissect_report.findings.records import OutputSample
from dissect_report.sources.dependencies import dependency_digest
from dissect_report.sources.factory import source_digest
from dissect_report.sources.identity import digest_of
from dissect_report.sources.models import check_scores, images, load_classes, load_model, logits


@dataclass(frozen=True)
class Network:
    """A model ready to be measured.

    Attributes:
        model: in eval mode, on ``device``.
        device: where it runs.
        layers: every module, in execution order.
        chosen: those that the configuration asks for.
        classes: names of its outputs; empty if it gives no classes.
        weights: sha256 of every number within its reach.
        digest: of the weights, the user's code that makes the model, and the files that it declares.
        side: of its images in pixels: those it takes, or makes.
        notes: what a reader should know of how it was opened.
        outputs: on the noise that it was opened with: it is known again by them.
    """

    model: nn.Module
    device: torch.device
    layers: tuple[LayerInfo, ...]
    chosen: tuple[LayerInfo, ...]
    classes: tuple[str, ...]
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
    loaded = load_model(run.model, folder, notes).to(device)
    weights = digest_of(loaded)  # before it runs: a forward may leave things behind
    first = run_first(loaded, run, device)
    model, output = first.model, first.output
    infos = list_layers(model, first.example, run.is_generator)
    if not run.is_generator:
        check_scores(output, run.model.source)
    scores = None if run.is_generator else logits(output)
    return Network(
        model=model,
        device=device,
        layers=infos,
        chosen=select_layers(infos, run.model.layers),
        classes=_class_names(run.model, folder, model, scores),
        weights=weights,
        digest=digest(weights, source_digest(run.model.source, folder), depends),
        side=_image_side(output, run.model.source, len(first.example))
        if run.is_generator
        else run.probe.crop,
        notes=(*notes, *first.notes),
        outputs=sample(output),
    )


def _image_side(output: object, source: str, latents: int) -> int:
    """Side of a generator's images in pixels.

    Raises:
        ModelError: it makes no square images.
    """
    made = images(output)
    shape = list(getattr(output, "shape", []))
    given = f"{source} gives " + (f"{shape}" if shape else f"a {type(output).__name__}")
    if made is None:
        raise ModelError(
            f"{given}, not images [image, 3, y, x]; a factory can wrap it, or is it a classifier "
            '([model] kind = "classifier")?'
        )
    if len(made) != latents:
        raise ModelError(f"{given} for {latents} latents: a generator makes one image a latent")
    if made.shape[2] != made.shape[3]:
        raise ModelError(f"{given}: images must be square; pad them in a factory")
    return int(made.shape[2])


def _class_names(
    config: ModelConfig, folder: Path, model: nn.Module, scores: torch.Tensor | None
) -> tuple[str, ...]:
    """From the file of names, else the model's own ``classes`` or ``labels``, else output_0 ..."""
    if scores is None or scores.ndim != 2:
        return ()
    named: Sequence[str] = load_classes(config, folder)
    for attribute in ("classes", "labels"):
        named = named or _names_in(getattr(model, attribute, None))
    outputs = scores.shape[1]
    if named and len(named) != outputs:
        where = config.classes or "the model's own list"
        raise ModelError(
            f"[model] classes: {where} has {len(named)} names, the model gives {outputs} outputs"
        )
    return tuple(map(str, named)) or tuple(f"output_{index}" for index in range(outputs))


def _names_in(carried: object) -> tuple[str, ...]:
    """Names that a model carries; empty where the attribute of that name is something else."""
    listed = isinstance(carried, list | tuple) and all(isinstance(name, str) for name in carried)
    return tuple(carried) if listed else ()  # type: ignore[arg-type]


def survey_layers(run: RunConfig, folder: Path) -> list[tuple[LayerInfo, bool]]:
    """Every layer in execution order, dissectable or not, and whether the configuration chooses it."""
    device = choose_device(run.compute.device)
    first = run_first(load_model(run.model, folder).to(device), run, device)
    infos = list_layers(first.model, first.example, run.is_generator)
    chosen: set[str] = set()
    for pattern in run.model.layers:
        with suppress(LayerError):  # whoever lists them looks for the right name
            chosen |= {info.name for info in select_layers(infos, (pattern,))}
    return [(info, info.name in chosen) for info in infos]
