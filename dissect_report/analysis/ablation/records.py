"""From predictions with units removed to the records of a layer's ablation."""

from __future__ import annotations

import time
from dataclasses import replace
from typing import Any

import numpy as np

from dissect_report.analysis.ablation.layer import LayerAblation
from dissect_report.analysis.ablation.live import live_arrays
from dissect_report.analysis.ablation.set_table import set_rows, spread_over_classes
from dissect_report.analysis.cache import digest
from dissect_report.analysis.provenance import intervention_key
from dissect_report.analysis.setup import Setup
from dissect_report.analysis.sprites import sprite
from dissect_report.config import AblationConfig
from dissect_report.findings.ablation import (
    ENOUGH_IMAGES,
    Ablation,
    Combination,
    Confusion,
    Flip,
    ServingBar,
    Target,
    UnitLoss,
)
from dissect_report.findings.disk import write_atomically
from dissect_report.findings.records import SCHEMA_VERSION
from dissect_report.findings.store import LoadedRun, number, write_arrays, write_record
from dissect_report.sources.probe import list_probe
from dissect_report.stats.bootstrap import bootstrap_changes, draw_weights
from dissect_report.stats.classification import ClassCounts, count_predictions
from dissect_report.stats.importance import (
    classes_served,
    group_by_serving,
    lost_accuracy,
    lost_score,
)

#: Units, confusions and pictures listed for a target.
LISTED = 10
CONFUSIONS = 5
FLIPS = 6


def ablation_key(setup: Setup, key: str) -> str:
    """Digest of everything that the ablation depends on: the images that rank are not in the run's key."""
    config = setup.run.ablation
    if config is None or not config.rank_images:
        return intervention_key(key, config)
    probe = replace(setup.run.probe, images=config.rank_images, limit=0)
    ranking = list_probe(probe, setup.config.folder, setup.run.dissection.seed, setup.run.segmenters)
    return digest(intervention_key(key, config), ranking.fingerprint)


def write_ablation(setup: Setup, config: AblationConfig, run: LoadedRun, found: LayerAblation) -> Ablation:
    """Writes the record, the arrays and the pictures of one layer.

    Raises:
        StorageError: no space or no permission.
    """
    weights = draw_weights(len(found.evaluation), setup.run.dissection.seed)
    members = found.targets.members
    ranking = count_predictions(found.alone_ranking.predicted, found.images.ranking.labels, members)
    alone = count_predictions(found.alone_evaluation.predicted, found.evaluation.labels, members)
    enough = (ranking.positives >= ENOUGH_IMAGES) & (np.arange(len(members)) < found.targets.classes)
    served = classes_served(found.order[enough], lost_score(ranking)[enough])
    live, difference = live_arrays(
        found.remover.step, found.remover, found.images.evaluation_maps, found.evaluation, alone
    )
    targets = tuple(_target(found, t, ranking, alone, weights) for t in range(len(members)))
    rows = [row for t in range(len(members)) for row in set_rows(found, t, weights)]
    folder = run.layers[found.info.name].summary.folder
    write_arrays(run.paths.ablation_arrays(folder), _arrays(found, ranking, alone, served) | live)
    for place, target in enumerate(targets):
        if target.flips:
            picture = sprite(setup.survey.tiles, [flip.image for flip in target.flips])
            write_atomically(run.paths.flips(folder, place), picture)
    record = Ablation(
        key=ablation_key(setup, run.record.provenance.key),
        accuracy=number(alone.accuracy[0]),
        targets=targets,
        rows=tuple(rows),
        serving=tuple(ServingBar(**vars(group)) for group in group_by_serving(served, found.iou)),
        left_out=int(found.targets.asked - enough.sum()),
        spread=spread_over_classes(targets, rows, found.targets.classes),
        live=bool(live),
        live_difference=difference,
        command=run.record.provenance.command,
        **_circumstances(config, found),
    )
    write_record(run.paths.ablation(folder), record)
    return record


def _arrays(
    found: LayerAblation, ranking: ClassCounts, alone: ClassCounts, served: np.ndarray
) -> dict[str, np.ndarray]:
    """``ablation.npz``."""
    return {
        "ranking_loss": lost_accuracy(ranking),
        "evaluation_loss": lost_accuracy(alone),
        "fall": found.fall,
        "order": found.order,
        "random_order": found.random,
        "served": served,
        "iou": found.iou,
        "evaluation": found.evaluation.indices,
        "label": found.evaluation.labels,
        "predicted": np.asarray(found.alone_evaluation.predicted[:, 0]),
    }


def _circumstances(config: AblationConfig, found: LayerAblation) -> dict[str, Any]:
    """How the predictions were made: fields of ``Ablation``."""
    images = found.images
    pairs = (len(images.ranking) + len(images.evaluation)) * found.info.units
    ends = [*list(found.watch.values())[1:], time.perf_counter()]
    return {
        "schema_version": SCHEMA_VERSION,
        "layer": found.info.name,
        "labels": "intact predictions" if images.stand_in else "labels",
        "replacement": config.replacement,
        "replacement_quantile": config.replacement_quantile if config.replacement == "quantile" else None,
        "path": found.remover.tail.path,
        "shortcut": found.remover.step.label,
        "unchanged": (found.alone_ranking.unchanged + found.alone_evaluation.unchanged) / pairs,
        "close": found.alone_ranking.close + found.alone_evaluation.close + found.sets.close,
        "sets": dict(config.sets),
        "set_sizes": found.plan.sizes,
        "flip_sizes": found.plan.flips,
        "ranking_images": len(images.ranking),
        "evaluation_images": len(images.evaluation),
        "notes": found.notes,
        "seconds": {
            stage: round(end - start, 3)
            for (stage, start), end in zip(found.watch.items(), ends, strict=True)
        },
    }


def _target(
    found: LayerAblation, target: int, ranking: ClassCounts, alone: ClassCounts, weights: np.ndarray
) -> Target:
    member = found.targets.members[target]
    evaluation, best = found.evaluation, found.order[target][:LISTED]
    columns = [0, *(1 + best)]
    ends = bootstrap_changes(
        found.alone_evaluation.predicted[:, columns], evaluation.labels, member[None], weights
    )
    lost = [lost_accuracy(counts)[target] for counts in (ranking, alone)]
    units = tuple(
        UnitLoss(
            int(unit),
            number(lost[0][unit]),
            number(lost[1][unit]),
            number(-ends.high[0, place]),
            number(-ends.low[0, place]),
            float(found.fall[target, unit]),
        )
        for place, unit in enumerate(best, 1)
    )
    return Target(
        name=found.targets.names[target],
        kind="class" if target < found.targets.classes else "group",
        classes=tuple(np.flatnonzero(member).tolist()),
        ranking_images=int(ranking.positives[target]),
        evaluation_images=int(alone.positives[target]),
        recall=number(alone.recall[target, 0]),
        specificity=number(alone.specificity[target, 0]),
        balanced_accuracy=number(alone.balanced_accuracy[target, 0]),
        ranking_balanced_accuracy=number(ranking.balanced_accuracy[target, 0]),
        units=units,
        confusions=_confusions(found, member),
        flips=_flips(found, target),
        combinations=_combinations(found, target),
    )


def _confusions(found: LayerAblation, member: np.ndarray) -> tuple[Confusion, ...]:
    said = found.alone_evaluation.predicted[member[found.evaluation.labels], 0]
    counts = np.bincount(said[~member[said]], minlength=len(member))
    order = np.argsort(-counts, kind="stable")[:CONFUSIONS]
    return tuple(Confusion(int(name), int(counts[name])) for name in order if counts[name])


def _flips(found: LayerAblation, target: int) -> tuple[Flip, ...]:
    """Images rightly classified that the network gives up, those that go with the fewest units first."""
    member, sizes = found.targets.members[target], found.plan.flips
    if not sizes:
        return ()
    columns = [found.plan.best[target][size][0] for size in sizes]
    before, after = found.sets.predicted[:, 0], found.sets.predicted[:, columns]
    right = member[found.evaluation.labels] & member[before]
    flipped = ~member[after]
    first = np.where(flipped.any(1), flipped.argmax(1), len(sizes))
    fall = found.sets.margin[:, columns[-1]] - found.sets.margin[:, 0]
    places = np.flatnonzero(right & flipped.any(1))
    chosen = sorted(places, key=lambda place: (first[place], fall[place], place))[:FLIPS]
    return tuple(
        Flip(int(found.evaluation.indices[p]), int(before[p]), tuple(after[p].tolist())) for p in chosen
    )


def _combinations(found: LayerAblation, target: int) -> tuple[Combination, ...]:
    if not found.plan.combinations:
        return ()
    own = {(): 0, **found.plan.combinations[target]}
    counts = found.count(target, list(own.values()))
    return tuple(
        Combination(units, number(counts.balanced_accuracy[0, k]), number(counts.accuracy[k]))
        for k, units in enumerate(own)
    )
