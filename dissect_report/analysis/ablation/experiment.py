"""Classifier interventions, read top to bottom: which units does each class need?"""

from __future__ import annotations

import time
from collections.abc import Mapping
from dataclasses import dataclass, replace

import numpy as np
import torch

from dissect_report.activations.interventions import check_units
from dissect_report.activations.layers import LayerInfo
from dissect_report.activations.linear_step import find_linear_step, plain_step
from dissect_report.activations.tail import split_tail
from dissect_report.analysis.ablation.held_maps import HeldMaps, hold_maps, read_images
from dissect_report.analysis.ablation.layer import LayerAblation
from dissect_report.analysis.ablation.passes import RemovalPass
from dissect_report.analysis.ablation.records import write_ablation
from dissect_report.analysis.ablation.removals import Nest, Remover
from dissect_report.analysis.ablation.set_plans import plan_sets
from dissect_report.analysis.ablation.splits import (
    UNKNOWN,
    LabelledImages,
    class_labels,
    overlap_note,
    split_halves,
)
from dissect_report.analysis.ablation.targets import check_names, choose_layers, choose_targets, set_sizes
from dissect_report.analysis.cache import Cache, digest
from dissect_report.analysis.provenance import intervention_key, versions
from dissect_report.analysis.setup import PIXEL_SHARE, Setup
from dissect_report.analysis.survey import Survey, survey_probe
from dissect_report.config import AblationConfig
from dissect_report.errors import FindingsError, ModelError, ProbeError
from dissect_report.findings.ablation import Ablation
from dissect_report.findings.paths import RunPaths
from dissect_report.findings.store import LoadedRun
from dissect_report.sources.probe import list_probe
from dissect_report.stats.classification import count_predictions
from dissect_report.stats.importance import lost_score, mean_fall, mean_margin, rank_units

#: Real images on which a tail is proved.
PROOF = 3

#: Values behind the layer held at a time on a CPU: more does not make it faster.
CPU_BYTES = 256 << 20


def ablate(
    setup: Setup, run: LoadedRun, maps: Mapping[str, np.ndarray] | None = None
) -> tuple[Ablation, ...]:
    """Removes units of the configured layers and writes what the classifier says then.

    Args:
        setup: the run's, as it was dissected.
        run: the dissection's findings.
        maps: by layer name the raw maps of the probe, float32 [image, unit, y, x], where they are at hand.

    Returns:
        The findings of each layer; none where the run has no ``[ablation]``.

    Raises:
        DissectError: one line saying what is wrong and what to do.
    """
    config = setup.run.ablation
    if config is None:
        return ()
    layers = check_ablation(setup)
    ranking = _survey_ranking(setup, config)
    return tuple(
        _ablate_layer(setup, config, run, info, ranking, (maps or {}).get(info.name)) for info in layers
    )


def check_ablation(setup: Setup) -> tuple[LayerInfo, ...]:
    """The layers to change; refuses names that the network does not have, before anything is measured.

    Raises:
        ConfigError, LayerError, ModelError: the first of them.
    """
    config = setup.run.ablation
    if config is None:
        return ()
    if len(setup.network.classes) < 2:
        raise ModelError("[ablation] needs a classifier of at least two classes")
    check_names(config, setup.network.classes)
    layers = choose_layers(config, setup.network.chosen)
    for info in layers:
        for name, units in config.sets.items():
            check_units(info, units, f"[ablation.sets] {name}: ")
    return layers


def is_ablated(setup: Setup, run: LoadedRun) -> bool:
    """Whether everything that ``ablate`` would write is there, of this configuration, and nothing else."""
    config = setup.run.ablation
    layers = choose_layers(config, setup.network.chosen) if config else ()
    key = intervention_key(run.record.provenance.key, config)
    expected = {info.name for info in layers}
    try:
        found = {name: layer.ablation.key for name, layer in run.layers.items() if layer.ablation}
    except FindingsError:
        return False
    return found == dict.fromkeys(expected, key)


def forget_ablations(paths: RunPaths) -> None:
    """Drops the records of an earlier configuration, until new ones are written."""
    for record in paths.root.glob("*/ablation.json"):
        for path in (record, paths.ablation_arrays(record.parent.name)):
            path.unlink(missing_ok=True)
        for picture in (record.parent / "flips").glob("*.webp"):
            picture.unlink()


def _survey_ranking(setup: Setup, config: AblationConfig) -> Survey | None:
    """The images that rank, where they are not a half of the probe."""
    if not config.rank_images:
        return None
    probe = replace(setup.run.probe, images=config.rank_images, limit=0)
    cache = _ranking_cache(setup)
    cache.prepare()
    budget = int(setup.run.compute.cache_gb * PIXEL_SHARE * 1e9)
    items = list_probe(probe, setup.config.folder, setup.run.dissection.seed)
    return survey_probe(items, probe, cache, budget, setup.threads, setup.progress)


def _ranking_cache(setup: Setup) -> Cache:
    return Cache(setup.cache.folder / "ranking")


@dataclass(frozen=True, eq=False)
class _Images:
    """The two splits with their maps."""

    ranking: LabelledImages
    evaluation: LabelledImages
    ranking_maps: HeldMaps
    evaluation_maps: HeldMaps
    stand_in: bool
    notes: tuple[str, ...]


def _ablate_layer(
    setup: Setup,
    config: AblationConfig,
    run: LoadedRun,
    info: LayerInfo,
    ranking: Survey | None,
    maps: np.ndarray | None,
) -> Ablation:
    watch = {"split": time.perf_counter()}
    proof = read_images(setup, setup.survey, 0, min(PROOF, len(setup.survey)))
    tail = split_tail(setup.network.model, info, proof)
    step = find_linear_step(tail, proof) or plain_step(tail)
    own = hold_maps(setup, tail, setup.survey, setup.cache, maps)
    other = own if ranking is None else hold_maps(setup, tail, ranking, _ranking_cache(setup), None)
    memory = int(config.memory_gb * 1e9)
    if setup.network.device.type == "cpu":
        memory = min(memory, CPU_BYTES)
    nothing = torch.zeros(info.units, device=setup.network.device)
    key = digest(
        "removals", setup.network.digest, info.recorded_as, tail.path, step.label, config.replacement,
        setup.batches.size, setup.network.device.type, setup.run.probe, setup.run.model.mean,
        setup.run.model.std, versions(),
    )  # fmt: skip
    work = RemovalPass(Remover(tail, step, nothing, memory), setup.cache, key, setup.progress)
    images = _split_images(setup, work, ranking, own, other, info.name)
    if config.replacement == "mean":
        work = replace(work, remover=replace(work.remover, replacement=_mean_maps(images, setup, info)))
    targets = choose_targets(config, setup.network.classes, images.evaluation.labels)
    units = run.layers[info.name].units
    watch["single"] = time.perf_counter()
    singles = [Nest(np.array([unit]), (1,)) for unit in range(info.units)]
    alone = {
        side: work.predict(
            f"{info.name}.{side}", held, chosen, singles, f"removing single units, {side} images"
        )
        for side, chosen, held in (
            ("ranking", images.ranking, images.ranking_maps),
            ("evaluation", images.evaluation, images.evaluation_maps),
        )
    }
    watch["sets"] = time.perf_counter()
    counts = count_predictions(alone["ranking"].predicted, images.ranking.labels, targets.members)
    fall = mean_fall(alone["ranking"].margin, images.ranking.labels, targets.members)
    scale = mean_margin(alone["ranking"].margin, images.ranking.labels, targets.members)
    order = rank_units(lost_score(counts), fall, scale)
    alive = np.array([unit.unit for unit in units if not unit.dead], np.int64)
    generator = np.random.default_rng([setup.run.dissection.seed, 5])
    random = np.stack([generator.permutation(alive) for _ in range(config.random_draws)] or [alive[:0]])
    sizes = set_sizes(config.set_sizes, info.units)
    live = step.units_weight is not None and step.units_weight.shape[2] == 1
    plan = plan_sets(order, random[: config.random_draws], sizes, config.sets, not live)
    sets = work.predict(
        f"{info.name}.sets", images.evaluation_maps, images.evaluation, plan.nests, "removing sets of units"
    )
    watch["write"] = time.perf_counter()
    found = LayerAblation(
        info=info, targets=targets, ranking=images.ranking, evaluation=images.evaluation,
        alone_ranking=alone["ranking"], alone_evaluation=alone["evaluation"], sets=sets, plan=plan,
        order=order, fall=fall, random=random, tail=tail, step=step, remover=work.remover,
        iou=np.array([np.nan if unit.iou is None else unit.iou for unit in units]),
        maps=images.evaluation_maps, stand_in=images.stand_in, notes=(*images.notes, *targets.notes),
        watch=watch,
    )  # fmt: skip
    return write_ablation(setup, config, run, found)


def _split_images(
    setup: Setup, work: RemovalPass, ranking: Survey | None, own: HeldMaps, other: HeldMaps, layer: str
) -> _Images:
    """Labels for every image, by its folder or else by the intact network; then who ranks, who evaluates."""
    classes, survey = setup.network.classes, setup.survey
    labels = class_labels(survey.labels, classes)
    rank_labels = None if ranking is None else class_labels(ranking.labels, classes)
    known = [labels] if rank_labels is None else [labels, rank_labels]
    stand_in = any(not (part != UNKNOWN).any() for part in known)
    notes: list[str] = []
    if stand_in:
        stray = next((label for part in (survey, ranking) if part for label in part.labels if label), None)
        why = f"no folder is named like a class (one is {stray!r})" if stray else "no class labels"
        notes.append(f"{why}: the intact network's predictions stand in for them")
        if stray:
            setup.progress.note(f"[ablation]: {notes[-1]}; [model] classes names the outputs")
        labels = _intact(work, survey, own, f"{layer}.intact")
        rank_labels = None if ranking is None else _intact(work, ranking, other, f"{layer}.intact.ranking")
    elif missing := int((labels == UNKNOWN).sum()):
        notes.append(f"{missing} probe images lie in no folder named like a class: left out")
        setup.progress.note(f"[ablation]: {notes[-1]}")
    if ranking is None or rank_labels is None:
        first, second = split_halves(labels, survey.digests, setup.run.dissection.seed)
        source = survey
        rank_labels = labels
    else:
        first, second = np.flatnonzero(rank_labels != UNKNOWN), np.flatnonzero(labels != UNKNOWN)
        source = ranking
        if note := overlap_note(ranking, survey):
            notes.append(note)
            setup.progress.note(note)
    if not len(first) or not len(second):
        raise ProbeError("[ablation]: too few images to rank on some and evaluate on others")
    return _Images(
        LabelledImages(source, first, rank_labels[first]), LabelledImages(survey, second, labels[second]),
        other, own, stand_in, tuple(notes),
    )  # fmt: skip


def _intact(work: RemovalPass, survey: Survey, maps: HeldMaps, name: str) -> np.ndarray:
    """The intact network's class of every image."""
    everything = LabelledImages(survey, np.arange(len(survey)), np.zeros(len(survey), np.int64))
    outcome = work.predict(name, maps, everything, [], "asking the intact network")
    return np.asarray(outcome.predicted[:, 0]).astype(np.int64)


def _mean_maps(images: _Images, setup: Setup, info: LayerInfo) -> torch.Tensor:
    """Mean of every unit's map over the ranking images, [unit]."""
    total = torch.zeros(info.units, dtype=torch.float64, device=setup.network.device)
    size = setup.batches.size
    for first in range(0, len(images.ranking), size):
        held = images.ranking_maps.block(images.ranking.indices[first : first + size])
        total += held.recorded.double().mean((2, 3)).sum(0)
    return (total / len(images.ranking)).float()
