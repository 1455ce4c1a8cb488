"""Which units are put into images for each concept, and on which latents that is learned."""

from __future__ import annotations

import dataclasses

import numpy as np
import torch

from dissect_report.activations.tail import Tail
from dissect_report.analysis.cache import digest
from dissect_report.analysis.generating import unit_range
from dissect_report.analysis.generation.gradient_check import learning_latents
from dissect_report.analysis.generation.layer import LayerEdits
from dissect_report.analysis.generation.passes import EditPass
from dissect_report.analysis.generation.plans import best_units
from dissect_report.analysis.generation.strengths import Answer, Recipe, learn_strengths
from dissect_report.analysis.generation.unit_sets import ConceptSets, UnitSet, by_lot, by_strength
from dissect_report.analysis.passes.filling import fill, in_blocks
from dissect_report.analysis.setup import Setup
from dissect_report.config import GenerationConfig
from dissect_report.sources.segmenters.gradient import log_probability_of

#: A gradient holds what lies behind the layer, not only its largest value: so many times that.
HELD = 8


def choose_sets(
    setup: Setup, config: GenerationConfig, layer: LayerEdits, work: EditPass
) -> list[ConceptSets]:
    """The sets of every concept.

    Raises:
        ModelError: memory runs out.
    """
    most, seed = min(config.insert_units, layer.info.units), setup.run.dissection.seed
    learned = _learned(setup, config, layer, work) if config.choose_by == "effect" else None
    found = []
    for row, concept in enumerate(layer.concepts):
        chosen = {"iou": UnitSet(best_units(layer.iou, concept.id)[:most])}
        if learned is not None:
            chosen = {"effect": by_strength(learned[row], most), **chosen}
        first = next(iter(chosen.values()))
        generator = np.random.default_rng([seed, 8, concept.id])
        alive = layer.alive.tolist()
        lots = [by_lot(first, alive, generator) for _ in range(config.random_draws)]
        places = [by_lot(first, alive, generator) for _ in layer.places if config.random_draws]
        shown = generator.integers(len(layer.places), size=layer.shown)
        found.append(ConceptSets(chosen, tuple(lots), tuple(places), tuple(map(int, shown))))
    return found


def _learned(setup: Setup, config: GenerationConfig, layer: LayerEdits, work: EditPass) -> np.ndarray:
    """float64 [concept, unit] strengths; a concept that was finished before is not learned again."""
    latents = learning_latents(config, len(setup.survey))
    memory = work.editor.memory // max(1, HELD * work.editor.tail.row_bytes)
    recipe = Recipe(steps=config.choose_steps, at_once=int(np.clip(memory, 1, Recipe.latents)))
    blocks = [place.block for place in layer.places]
    facts = (dataclasses.replace(recipe, at_once=0), latents, blocks)
    key = digest(
        "strengths", work.key, repr(facts), [c.id for c in layer.concepts], setup.run.dissection.seed,
        layer.level.tobytes().hex(), layer.iou.tobytes().hex(),
    )  # fmt: skip
    shape = (len(layer.concepts), layer.info.units)
    kept = setup.cache.open(f"strengths.{layer.info.file}.f64", key, shape, np.float64)
    title = f"learning which units of {layer.info.name} draw each concept"
    with setup.progress.stage(title, len(layer.concepts) * recipe.steps, "steps") as stage:

        def learn(row: int, _: int) -> None:
            concept = layer.concepts[row].id
            area = layer.concepts[row].pixels / (len(setup.survey) * layer.pixels)
            kept.values[row] = learn_strengths(
                _answer(setup, work.editor.tail, concept), work.maps.block, latents,
                blocks, layer.level, area, start_at(layer.iou[:, concept]), recipe,
                np.random.default_rng([setup.run.dissection.seed, 11, concept]), stage,
            )  # fmt: skip

        walk = in_blocks(1, learn)
        fill([kept], len(layer.concepts), walk, stage, recipe.steps, seconds=0, tells=True)
    learned: np.ndarray = np.array(kept.values)
    return learned


def _answer(setup: Setup, tail: Tail, concept: int) -> Answer:
    log_probability = log_probability_of(setup.segmenter, concept)

    def answer(maps: torch.Tensor, kept: object) -> torch.Tensor:
        images = tail.follow(maps, kept)  # type: ignore[arg-type]
        return log_probability(unit_range(setup, images))

    return answer


def start_at(iou: np.ndarray) -> np.ndarray:
    """Strengths to begin with: a little for every unit, more for those that match the concept best.

    Args:
        iou: float64 [unit] with the concept; NaN = undefined.
    """
    known = np.nan_to_num(iou)
    start: np.ndarray = 0.05 + 0.5 * known / (known.max(initial=0) or 1)
    return start
