"""Whether units can be chosen by effect: is there a gradient, are there latents to learn on?"""

from __future__ import annotations

import torch

from dissect_report.activations.directions_tail import open_tail
from dissect_report.activations.layers import LayerInfo
from dissect_report.analysis.generating import made_images, unit_range
from dissect_report.analysis.generation.plans import match_names
from dissect_report.analysis.setup import Setup
from dissect_report.config import GenerationConfig
from dissect_report.errors import ConfigError
from dissect_report.sources.segmenters.gradient import gradient_obstacles

#: Latents that strengths are learned on, at least.
FEWEST = 8

#: What a reader may do who cannot have it.
OTHERWISE = 'or set choose_by = "iou"'

REFUSAL = '[generation] choose_by = "effect"'


def learning_latents(config: GenerationConfig, probe: int) -> range:
    """Those that strengths are learned on: behind all that anything is reported of; none by IoU.

    Args:
        config: the table.
        probe: latents that there are.
    """
    first = min(config.latents, probe)
    return range(first, min(first + config.choose_latents, probe) if config.choose_by == "effect" else first)


def check_choice(setup: Setup, config: GenerationConfig, info: LayerInfo, probe: int) -> None:
    """Refuses to choose by effect where there is no gradient or no latent is left to learn on.

    Args:
        setup: the run's.
        config: the table.
        info: the layer, or one of those that may be changed.
        probe: latents that there are.

    Raises:
        ConfigError: saying what is missing.
    """
    if config.choose_by != "effect":
        return
    reported = min(config.latents, probe)
    if len(learning_latents(config, probe)) < FEWEST:
        raise ConfigError(
            f"{REFUSAL}: of {probe} latents {reported} are reported, too few are left to learn on; raise "
            f"[probe] latents to {reported + config.choose_latents}, lower [generation] latents, {OTHERWISE}"
        )
    _check_segmenters(setup, config)
    _check_generator(setup, info)


def _check_segmenters(setup: Setup, config: GenerationConfig) -> None:
    obstacles, owners = _obstacles(setup), setup.segmenter.owners
    concepts = {concept.name: concept.id for concept in setup.segmenter.catalogue}
    asked = {name for pattern in config.concepts for name in match_names(pattern, list(concepts))}
    for name in sorted(asked, key=concepts.__getitem__):
        if obstacle := obstacles[owners[concepts[name] - 1]]:
            raise ConfigError(
                f"{REFUSAL}: concept {name!r}: {obstacle}; leave it out of [generation] concepts, {OTHERWISE}"
            )
    if not asked and all(obstacles):
        raise ConfigError(f"{REFUSAL}: {obstacles[0]}; add a [[segmenter]] that is a network, {OTHERWISE}")


def with_gradient(setup: Setup) -> frozenset[int]:
    """Ids of the concepts whose segmenter has a gradient."""
    obstacles = _obstacles(setup)
    pairs = zip(setup.segmenter.catalogue, setup.segmenter.owners, strict=True)
    return frozenset(concept.id for concept, owner in pairs if not obstacles[owner])


def _obstacles(setup: Setup) -> tuple[str, ...]:
    inputs = setup.survey.inputs(0, 1, setup.run.model, setup.network.device)
    with torch.no_grad():
        image = unit_range(setup, made_images(setup, setup.network.model(inputs), range(1)))
    return gradient_obstacles(setup.segmenter, image)


def _check_generator(setup: Setup, info: LayerInfo) -> None:
    assert setup.network.images is not None, "the network is a generator"
    proof = setup.survey.inputs(0, 2, setup.run.model, setup.network.device)
    tail = open_tail(setup.network.model, info, proof, read=setup.network.images.read)
    held = tail.head(proof)
    maps = held.recorded.detach().clone().requires_grad_()
    images = tail.follow(maps, held.kept)
    lost = f"no gradient leads through {setup.run.model.source} back to layer {info.name!r}"
    try:
        found = torch.autograd.grad(images.sum(), maps)[0] if images.requires_grad else None
    except RuntimeError as error:  # such as values that its own code has overwritten
        raise ConfigError(f'{REFUSAL}: {lost}: {error}; set choose_by = "iou"') from error
    if found is None or not bool(torch.isfinite(found).all()) or not bool(found.any()):
        raise ConfigError(f'{REFUSAL}: {lost}; set choose_by = "iou"')
