"""What a ``dissect.toml`` cannot mean, whatever its types: one line for each impossible value."""

from __future__ import annotations

import re
from pathlib import Path
from typing import TYPE_CHECKING, Any

from dissect_report.errors import ConfigError

if TYPE_CHECKING:
    from dissect_report.config import AblationConfig, GenerationConfig, RunConfig


def check_run(run: RunConfig, where: str) -> None:
    """Refuses impossible values, one clear line each.

    Raises:
        ConfigError: the first of them.
    """
    probe, dissection, compute = run.probe, run.dissection, run.compute
    checks = [
        (bool(run.model.source), "[model] source is missing: file.py:factory or torchvision:NAME"),
        (bool(run.model.layers), "[model] layers is empty: name at least one layer or glob"),
        (
            bool(run.probe.images) or run.is_generator,
            '[probe] images is missing: a folder of pictures (or is [model] kind = "generator"?)',
        ),
        (all(run.probe.images), '[probe] images is empty: name a folder ("." is the folder of this file)'),
        (bool(run.segmenters), "[[segmenter]] is missing: concepts need at least one"),
        (all(s.source for s in run.segmenters), "[[segmenter]] source is missing"),
        (len(run.model.mean) == len(run.model.std), "[model] mean and std differ in length"),
        (len(run.model.mean) in (1, 3), "[model] mean has one value a channel: one or three"),
        (all(value > 0 for value in run.model.std), "[model] std must be above 0"),
        (probe.crop > 0 and probe.resize >= probe.crop, "[probe] resize must be at least crop, crop above 0"),
        (probe.limit >= 0, "[probe] limit must be 0 (all images) or more"),
        (0 < dissection.quantile < 1, "[dissection] quantile must lie between 0 and 1"),
        (0 <= dissection.iou_threshold < 1, "[dissection] iou_threshold must be at least 0 and below 1"),
        (0 <= dissection.grid <= 1024, "[dissection] grid must be 0 (automatic) or at most 1024"),
        (dissection.seed >= 0, "[dissection] seed must be 0 or more"),
        (1 <= dissection.top_images <= 100, "[dissection] top_images must be 1 to 100"),
        (compute.batch_size > 0, "[compute] batch_size must be above 0"),
        (compute.cache_gb >= 0, "[compute] cache_gb must be 0 or more"),
    ]
    if run.ablation is not None:
        checks += _ablation_checks(run.ablation)
    if run.is_generator:
        checks += _generator_checks(run)
    elif run.generation is not None:
        checks += [(False, '[generation] is for [model] kind = "generator"')]
    if run.generation is not None:
        checks += _generation_checks(run.generation)
    for holds, message in checks:
        if not holds:
            raise ConfigError(f"{where}: {message}")


def _ablation_checks(ablation: AblationConfig) -> list[tuple[bool, str]]:
    sizes = [str(size) for size in ablation.set_sizes]
    return [
        (
            all(re.fullmatch(r"[1-9]\d*|(100|\d{1,2})(\.\d+)?%", size) for size in sizes),
            '[ablation] set_sizes are numbers of units from 1, or shares of them such as "4%"',
        ),
        (ablation.random_draws >= 0, "[ablation] random_draws must be 0 or more"),
        (
            0 < ablation.replacement_quantile < 1,
            "[ablation] replacement_quantile must lie between 0 and 1",
        ),
        (ablation.memory_gb > 0, "[ablation] memory_gb must be above 0"),
        (all(ablation.sets.values()), "[ablation.sets] a set is empty: name at least one unit"),
        (all(ablation.class_groups.values()), "[ablation.class_groups] a group is empty: name a class"),
    ]


def _generator_checks(run: RunConfig) -> list[tuple[bool, str]]:
    model, probe = run.model, run.probe
    ordered = len(model.output_range) == 2 and model.output_range[0] < model.output_range[1]
    return [
        (not probe.images, "[probe] images: a generator is measured on latents = N, not on images"),
        (bool(model.latent_shape), "[model] latent_shape is missing: the shape of one latent, e.g. [512]"),
        (all(side > 0 for side in model.latent_shape), "[model] latent_shape has a side that is not above 0"),
        (ordered, "[model] output_range is two numbers, black and white, e.g. [-1.0, 1.0]"),
        (probe.latents >= 2, "[probe] latents must be at least 2"),
        (0 <= probe.seed < 2**32, "[probe] seed must lie between 0 and 4294967295"),
        (run.ablation is None, "[ablation] needs a classifier; a generator's table is [generation]"),
        (
            run.dissection.registration == "center",
            '[dissection] registration = "convolution" is for classifiers; leave it out',
        ),
    ]


def _generation_checks(generation: GenerationConfig) -> list[tuple[bool, str]]:
    return [
        (
            bool(generation.removed) and min(generation.removed) >= 0,
            "[generation] removed is a list of numbers of units, e.g. [0, 1, 2, 4, 8, 20]",
        ),
        (generation.insert_units >= 1, "[generation] insert_units must be at least 1"),
        (0 < generation.insert_quantile < 1, "[generation] insert_quantile must lie between 0 and 1"),
        (2 <= generation.places <= 8, "[generation] places must be 2 to 8"),
        (0 <= generation.unit_places <= 8, "[generation] unit_places must be 0 to 8"),
        (generation.latents >= 2, "[generation] latents must be at least 2"),
        (generation.unit_latents >= 2, "[generation] unit_latents must be at least 2"),
        (generation.insert_latents >= 1, "[generation] insert_latents must be at least 1"),
        (generation.grid_latents >= 1, "[generation] grid_latents must be at least 1"),
        (generation.random_draws >= 0, "[generation] random_draws must be 0 or more"),
        (generation.memory_gb > 0, "[generation] memory_gb must be above 0"),
    ]


def run_name(given: Any, source: str, where: str) -> str:
    """The run's folder name: as given, or what the model source ends with.

    Raises:
        ConfigError: the name is not one that a folder and an address can carry.
    """
    last = re.sub(r"@.*", "", source).rpartition(":")[2]
    if not given and source and ":" not in source:
        raise ConfigError(f"{where}: [model] source = {source!r} names no factory: file.py:factory")
    name = given or (Path(last).stem if source.startswith("progan:") else last) or "run"
    if not isinstance(name, str) or not re.fullmatch(r"[A-Za-z0-9][A-Za-z0-9._-]*", name):
        raise ConfigError(f"{where}: run name {name!r} must be letters, digits, '.', '_' and '-'")
    if name in ("assets", "concepts", "classes", "experiments", "search", "index", "compare"):
        raise ConfigError(f"{where}: the site has a page of its own called {name!r}; name the run otherwise")
    return name
