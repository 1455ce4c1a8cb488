"""Layers whose units are directions among those of another, as ``[[model.directions]]`` asks for them."""

from __future__ import annotations

import dataclasses
from collections.abc import Callable, Sequence
from dataclasses import replace
from pathlib import Path

import torch

from dissect_report.activations.directions import (
    Dictionary,
    DirectionsReading,
    Latents,
    jump_relu,
    relu,
    top_k,
)
from dissect_report.activations.layers import LayerInfo, select_layers
from dissect_report.analysis.cache import digest
from dissect_report.config import DirectionsConfig
from dissect_report.errors import LayerError
from dissect_report.findings.paths import direction_files
from dissect_report.sources.dictionaries import DictionaryFile, read_dictionary

#: Parts of nmf where no count is given.
PARTS = 16

#: Images at most on which directions are fitted.
MOST_IMAGES = 500


def add_directions(
    configs: Sequence[DirectionsConfig],
    infos: Sequence[LayerInfo],
    chosen: Sequence[LayerInfo],
    folder: Path,
    device: torch.device,
) -> tuple[tuple[LayerInfo, ...], tuple[LayerInfo, ...]]:
    """All layers and the chosen ones, with those of directions behind the layers that they read.

    What a layer's directions are compared with is chosen along: the layer itself.

    Args:
        configs: the tables.
        infos: the network's own layers.
        chosen: of these.
        folder: that files are relative to.
        device: where the network runs.

    Raises:
        LayerError, WeightsError: a table asks for what the layer, or the file, has not.
    """
    if not configs:
        return tuple(infos), tuple(chosen)
    bases = [_base(config, infos) for config in configs]
    names = [config.layer_name for config in configs]
    if taken := {info.name for info in infos} & set(names):
        raise LayerError(f"[[model.directions]]: the network has a layer {taken.pop()!r}; set name")
    files = direction_files(names, [info.file for info in infos])
    found: dict[str, list[LayerInfo]] = {}
    for config, base, name, file in zip(configs, bases, names, files, strict=True):
        found.setdefault(base.name, []).append(_describe(config, base, name, file, folder, device))
    wanted = {info.name for info in (*chosen, *bases)}
    return _insert(infos, found), _insert([info for info in infos if info.name in wanted], found)


def _insert(infos: Sequence[LayerInfo], found: dict[str, list[LayerInfo]]) -> tuple[LayerInfo, ...]:
    return tuple(each for info in infos for each in (info, *found.get(info.name, ())))


def _base(config: DirectionsConfig, infos: Sequence[LayerInfo]) -> LayerInfo:
    """The layer that directions are among the units of.

    Raises:
        LayerError: there is none of that name, or it cannot be dissected.
    """
    found = select_layers(infos, (config.layer,))
    if len(found) > 1 or found[0].name != config.layer:
        raise LayerError(f"[[model.directions]] layer = {config.layer!r}: name one layer, not a glob")
    return found[0]


def _describe(
    config: DirectionsConfig, base: LayerInfo, name: str, file: str, folder: Path, device: torch.device
) -> LayerInfo:
    dictionary, units, said = None, config.count or base.units, ""
    seed, most = config.seed, f"fitted on {MOST_IMAGES} images at most, seed {config.seed}"
    if config.kind == "dictionary":
        held = read_dictionary(config, folder, base.units)
        dictionary, units = as_dictionary(held, device), len(held.encoder)
        mark = digest(held.digest, dataclasses.asdict(config))[:12]
        said = f"{units:,} latents of {Path(config.file).name} ({held.said}; {mark})"
    elif config.kind == "rotation":
        said = f"random rotation, seed {seed}"
    elif config.kind == "pca":
        if units > base.units:
            raise LayerError(
                f"[[model.directions]] count = {units}: layer {base.name!r} has {base.units} units, "
                "and no more principal directions"
            )
        said = f"{units} principal directions, {most}"
    else:
        units = config.count or PARTS
        said = f"{units} non-negative parts, {most}"
    said = f"{base.recorded_as} -> {said}"
    return replace(
        base, name=name, kind=config.kind, units=units, file=file, recorded_as=said, same_as="",
        reading=DirectionsReading.of(base.reading, dictionary), base=base,
    )  # fmt: skip


def as_dictionary(held: DictionaryFile, device: torch.device) -> Dictionary:
    """What a file holds, ready to run."""
    activate: Callable[[torch.Tensor], torch.Tensor] = relu
    if held.activation == "top-k":
        activate = top_k(held.k)
    elif held.activation == "none":
        activate = _as_it_is
    elif held.threshold is not None:
        activate = jump_relu(held.threshold.to(device))
    decoder = None if held.decoder is None else held.decoder.to(device)
    return Latents(held.encoder.to(device), held.bias.to(device), held.pre_bias.to(device), activate, decoder)


def _as_it_is(latents: torch.Tensor) -> torch.Tensor:
    return latents
