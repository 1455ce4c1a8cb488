"""Classifier interventions, read top to bottom: which units does each class need?"""

from __future__ import annotations

import time
from collections.abc import Collection, Mapping
from dataclasses import replace

import numpy as np
import torch

from dissect_report.activations.decisions import decider_of
from dissect_report.activations.directions_tail import open_step, open_tail
from dissect_report.activations.interventions import check_units
from dissect_report.activations.layers import LayerInfo
from dissect_report.activations.linear_step import LinearStep
from dissect_report.activations.tail import Tail
from dissect_report.analysis.ablation.enough_images import check_images, list_ranking
from dissect_report.analysis.ablation.layer import LayerAblation
from dissect_report.analysis.ablation.passes import RemovalPass
from dissect_report.analysis.ablation.records import ranking_images, write_ablation
from dissect_report.analysis.ablation.removals import Nest, Outcome, Remover
from dissect_report.analysis.ablation.set_plans import plan_sets
from dissect_report.analysis.ablation.split_images import SplitImages, mean_maps, split_images
from dissect_report.analysis.ablation.targets import (
    Targets,
    check_names,
    choose_layers,
    choose_targets,
    set_sizes,
)
from dissect_report.analysis.cache import Cache, digest
from dissect_report.analysis.held_maps import hold_maps, read_images
from dissect_report.analysis.layer_numbers import levels_of
from dissect_report.analysis.setup import PIXEL_SHARE, Setup
from dissect_report.analysis.survey import Survey, survey_probe
from dissect_report.config import AblationConfig
from dissect_report.errors import FindingsError, LayerError, ModelError
from dissect_report.findings.ablation import Ablation
from dissect_report.findings.paths import RunPaths, layer_records
from dissect_report.findings.store import LoadedRun
from dissect_report.stats.classification import count_predictions
from dissect_report.stats.importance import lost_score, mean_fall, mean_margin, rank_units

#: Real images on which a tail is proved.
PROOF = 3

#: Values behind the layer held at a time on a CPU: more does not make it faster.
CPU_BYTES = 256 << 20


def run_ablation(
    setup: Setup,
    run: LoadedRun,
    maps: Mapping[str, np.ndarray] | None = None,
    done: Collection[str] = (),
) -> tuple[Ablation, ...]:
    """Removes units of the configured layers and writes what the classifier says then.

    Args:
        setup: the run's, as it was dissected.
        run: the dissection's findings.
        maps: by layer name the raw maps of the probe, float32 [image, unit, y, x], where they are at hand.
        done: names of layers whose findings are there.

    Returns:
        The findings of each other layer; none where the run has no ``[ablation]``.

    Raises:
        DissectError: one line saying what is wrong and what to do.
    """
    config = setup.run.ablation
    if config is None:
        return ()
    layers = [info for info in check(setup) if info.name not in done]
    ranking = _survey_ranking(setup, config)
    return tuple(
        _ablate_layer(setup, config, run, info, ranking, (maps or {}).get(info.name)) for info in layers
    )


def check(setup: Setup) -> tuple[LayerInfo, ...]:
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


def check_all(setup: Setup) -> None:
    """Refuses too few images as well, of which a forecast, on the first of them, knows nothing.

    Raises:
        DissectError: the first of it.
    """
    check(setup)
    if setup.run.ablation is not None:
        check_images(setup, setup.run.ablation)


def is_current(setup: Setup, run: LoadedRun) -> bool:
    """Whether what ``run_ablation`` would write is there, of this configuration, and nothing else."""
    return _found(run) == _wanted(setup)


def current(setup: Setup, run: LoadedRun) -> frozenset[str]:
    """Names of the layers whose findings hold, whatever else is there."""
    wanted, found = _wanted(setup), _found(run) or {}
    return frozenset(name for name, key in found.items() if wanted.get(name) == key)


def _wanted(setup: Setup) -> dict[str, str]:
    """Keys of what ``run_ablation`` writes, by layer name."""
    config = setup.run.ablation
    layers = choose_layers(config, setup.network.chosen) if config else ()
    ranking = ranking_images(setup)
    return {info.name: setup.stages.ablation(info, ranking) for info in layers}


def _found(run: LoadedRun) -> dict[str, str] | None:
    """Keys of what is there; None where it cannot be read."""
    try:
        return {name: layer.ablation.key for name, layer in run.layers.items() if layer.ablation}
    except FindingsError:
        return None


def forget(paths: RunPaths, but: Collection[str] = ()) -> None:
    """Drops the records of an earlier configuration, until new ones are written.

    Args:
        but: folders of layers whose records stay.
    """
    for record in layer_records(paths, "ablation.json", but):
        for path in (record, paths.ablation_arrays(record.parent.name)):
            path.unlink(missing_ok=True)
        for picture in (record.parent / "flips").glob("*.webp"):
            picture.unlink()


def _survey_ranking(setup: Setup, config: AblationConfig) -> Survey | None:
    """The images that rank, where they are not a half of the probe."""
    if not config.rank_images:
        return None
    items = list_ranking(setup, config)
    cache = _ranking_cache(setup)
    cache.prepare()
    budget = int(setup.run.compute.cache_gb * PIXEL_SHARE * 1e9)
    return survey_probe(items, items.config, cache, budget, setup.threads, setup.progress)


def _ranking_cache(setup: Setup) -> Cache:
    return Cache(setup.cache.folder / "ranking")


def _ablate_layer(
    setup: Setup,
    config: AblationConfig,
    run: LoadedRun,
    info: LayerInfo,
    ranking: Survey | None,
    maps: np.ndarray | None,
) -> Ablation:
    watch = {"split": time.perf_counter()}
    work, images = _open_pass(setup, config, info, ranking, maps)
    targets = choose_targets(config, setup.network.classes, images.evaluation.labels)
    watch["single"] = time.perf_counter()
    first, second = _remove_each(work, info, images)
    watch["sets"] = time.perf_counter()
    fall = mean_fall(first.margin, images.ranking.labels, targets.members)
    order = _rank(first, images.ranking.labels, targets, fall)
    other_order = None
    if ranking is None:  # two halves of the probe: each ranks, and each confirms the other
        labels = images.evaluation.labels
        other_order = _rank(second, labels, targets, mean_fall(second.margin, labels, targets.members))
    units = run.layers[info.name].units
    alive = np.array([unit.unit for unit in units if not unit.dead], np.int64)
    random = _random_orders(alive, config.random_draws, setup.run.dissection.seed)
    sizes = set_sizes(config.set_sizes, info.units)
    combine = combines(work.remover.step)
    plan = plan_sets(order, random[: config.random_draws], sizes, config.sets, combine)
    title = "removing sets of units"
    sets = work.predict("sets", images.evaluation_maps, images.evaluation, plan.nests, title)
    watch["write"] = time.perf_counter()
    found = LayerAblation(
        info=info, targets=targets, images=images, alone_ranking=first, alone_evaluation=second, sets=sets,
        plan=plan, order=order, fall=fall, other_order=other_order, random=random, remover=work.remover,
        watch=watch,
        iou=np.array([np.nan if unit.iou is None else unit.iou for unit in units]),
    )  # fmt: skip
    return write_ablation(setup, config, run, found)


def _open_pass(
    setup: Setup, config: AblationConfig, info: LayerInfo, ranking: Survey | None, maps: np.ndarray | None
) -> tuple[RemovalPass, SplitImages]:
    """The classifier cut behind the layer, ready to predict without units, and the images to do it on."""
    remover = open_remover(setup, config, info)
    tail = remover.tail
    own = hold_maps(setup, tail, setup.survey, setup.cache, maps)
    other = own if ranking is None else hold_maps(setup, tail, ranking, _ranking_cache(setup), None)
    key = setup.stages.removals(info, tail.path, remover.step.label, setup.batches.size)
    work = RemovalPass(remover, setup.cache, key, setup.progress)
    images = split_images(setup, work, ranking, own, other)
    if config.replacement == "mean":
        values = mean_maps(images, info, setup.network.device, setup.batches.size)
    elif config.replacement == "quantile":
        values = _quantile_values(setup, info, config.replacement_quantile)
    else:
        values = remover.replacement
    # What the values depend on, such as other images or another upsampling, is in the values themselves.
    key = digest(key, values.cpu().numpy().tobytes().hex())
    work = replace(work, remover=replace(remover, replacement=values), key=key)
    return work, images


def _quantile_values(setup: Setup, info: LayerInfo, quantile: float) -> torch.Tensor:
    """float32 [unit]: what this fraction of each unit's grid pixels exceeds."""
    values = levels_of(setup, info, quantile)
    if broken := np.flatnonzero(~np.isfinite(values)).tolist():
        raise LayerError(
            f"{info.name}: unit {broken[0]} is not finite, so no quantile can stand in for it; "
            'set [ablation] replacement = "zero"'
        )
    return torch.from_numpy(values.astype(np.float32)).to(setup.network.device)


def open_remover(setup: Setup, config: AblationConfig, info: LayerInfo) -> Remover:
    """The classifier cut behind the layer; removed units become 0."""
    output = setup.network.output
    assert output is not None, "checked when the network was opened"
    proof = read_images(setup, setup.survey, 0, min(PROOF, len(setup.survey)))
    tail = open_tail(setup.network.model, info, proof, read=output.read)
    step = open_step(tail, proof)
    memory = int(config.memory_gb * 1e9)
    if setup.network.device.type == "cpu":
        memory = min(memory, CPU_BYTES)
    scale = 0.0 if output.decision == "argmax" else _logit_scale(tail, proof)
    empty = torch.zeros(info.units, device=setup.network.device)
    return Remover(tail, step, empty, memory, decider_of(output), scale)


def _logit_scale(tail: Tail, images: torch.Tensor) -> float:
    """The largest logit with none, each half and all of the units removed: the size of what adds up."""
    with torch.inference_mode():
        held = tail.head(images)
        units = torch.arange(tail.layer.units, device=images.device)
        found = []
        for kept in (units >= 0, units % 2 == 0, units % 2 == 1, units < 0):
            maps = held.recorded * kept.view(1, -1, 1, 1)
            found.append(float(tail.run(maps, held.kept).abs().max()))
    return max(found)


def combines(step: LinearStep) -> bool:
    """Whether all combinations of a class's best units are tried: a page cannot work them out by itself."""
    return step.units_weight is None or step.units_weight.shape[2] != 1


def _remove_each(work: RemovalPass, info: LayerInfo, images: SplitImages) -> tuple[Outcome, Outcome]:
    """Every unit removed alone, on the ranking and on the evaluation images."""
    singles = [Nest(np.array([unit]), (1,)) for unit in range(info.units)]
    title = "removing single units, {} images"
    return (
        work.predict(
            "ranking", images.ranking_maps, images.ranking, singles, title.format("ranking")
        ),
        work.predict(
            "evaluation", images.evaluation_maps, images.evaluation, singles,
            title.format("evaluation"),
        ),
    )  # fmt: skip


def _rank(alone: Outcome, labels: np.ndarray, targets: Targets, fall: np.ndarray) -> np.ndarray:
    """int64 [target, unit], most important first."""
    counts = count_predictions(alone.predicted, labels, targets.members)
    return rank_units(lost_score(counts), fall, mean_margin(alone.margin, labels, targets.members))


def _random_orders(alive: np.ndarray, draws: int, seed: int) -> np.ndarray:
    """int64 [draw, unit] of the units that are not dead; a row of none where nothing is drawn."""
    generator = np.random.default_rng([seed, 5])
    return np.stack([generator.permutation(alive) for _ in range(draws)] or [alive[:0]])
