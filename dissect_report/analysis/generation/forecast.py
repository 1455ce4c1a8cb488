"""How long edits will take, measured on one batch, and what to lower."""

from __future__ import annotations

import time
from collections.abc import Sequence

import numpy as np

from dissect_report.activations.layers import LayerInfo
from dissect_report.analysis.forecast_words import duration
from dissect_report.analysis.generation.edits import Edit
from dissect_report.analysis.generation.passes import EditPass
from dissect_report.analysis.generation.plans import (
    DEFAULT_CONCEPTS,
    check_layers,
    counts_below,
    lattice,
    match_names,
)
from dissect_report.analysis.generation.strengths import Recipe
from dissect_report.config import GenerationConfig
from dissect_report.findings.paths import TILE

#: The stage in which nothing is kept.
LEARNING = "learning strengths"

#: A gradient through generator and segmenter takes as long as so many images made and segmented.
GRADIENT = 3

#: What a reader can lower, largest effect first.
REMEDY = (
    "[generation] concepts, latents, unit_latents, unit_places, insert_latents, places, removed, unit_effects"
)


def measure_edit(work: EditPass) -> float:
    """Seconds of one edited image, made and segmented: the second of two batches."""
    editor, held = work.editor, work.maps.block(np.array([0]))
    edits = [Edit((unit % held.recorded.shape[1],)) for unit in range(editor.batch)]
    begun = 0.0
    for _ in range(2):
        begun = time.perf_counter()
        editor.segment(held, edits, 0)
    return (time.perf_counter() - begun) / len(edits)


def count_edits(
    config: GenerationConfig, info: LayerInfo, latents: int, concepts: int, units: int, grid: int
) -> dict[str, int]:
    """Edited images by stage; identical edits, which are made once, are counted twice."""
    places, spots = (
        len(lattice(info.map_size, grid, most)[1]) for most in (config.places, config.unit_places)
    )
    sizes, chosen = len(counts_below(config.removed, info.units)), 1 + (config.choose_by == "effect")
    sets = sizes * (1 + chosen + config.random_draws) + 2 * (chosen + config.random_draws)
    control = int(config.random_draws > 0)
    return {
        "single units": units * (2 * min(config.unit_latents, latents) + spots),
        "sets of units": concepts * sets * latents,
        "insertions": concepts * places * (chosen + control) * min(config.insert_latents, latents),
    } | learning(config, concepts)


def learning(config: GenerationConfig, concepts: int) -> dict[str, int]:
    """Images that strengths are learned on, each as the ``GRADIENT`` images that it takes as long as."""
    if config.choose_by != "effect":
        return {}
    return {LEARNING: GRADIENT * concepts * config.choose_steps * Recipe().images}


def edit_bytes(counts: dict[str, int], concepts: int) -> int:
    """Bytes of the cache: two counts a concept of every edited image, and the pictures of single units."""
    made = sum(number for name, number in counts.items() if name != LEARNING)
    return made * (concepts + 1) * 8 + counts["single units"] * TILE**2 * 3


def stage_lines(layer: str, counts: dict[str, int], seconds: float, disk: int | None = None) -> str:
    """One line for the reader.

    Args:
        layer: that is edited.
        counts: images by stage.
        seconds: an image.
        disk: bytes of the cache, where they are told.
    """
    stages = ", ".join(f"{name} {duration(count * seconds)}" for name, count in counts.items())
    total = sum(counts.values())
    return (
        f"edits at {layer}: at most {total:,} images, {duration(total * seconds)} ({stages})"
        f"{'' if disk is None else f', {disk / 1e9:.2f} GB of cache'}; "
        f"to lower it: {REMEDY}"
    )


def likely_layer(config: GenerationConfig, chosen: tuple[LayerInfo, ...]) -> LayerInfo:
    """The first layer that will be changed; before the dissection, the middle one where none is named.

    Raises:
        LayerError: an unknown layer, or none whose maps can be changed.
    """
    able = check_layers(config, chosen)
    return able[0 if config.layers else len(able) // 2]


def expected_concepts(config: GenerationConfig, names: Sequence[str]) -> int:
    """Before the dissection: those named of the catalogue's, else as many as are tried at most.

    Raises:
        ConfigError: a name that is no concept.
    """
    named = {name for pattern in config.concepts for name in match_names(pattern, names)}
    return len(named) or DEFAULT_CONCEPTS
