"""From predictions with units removed to the records of a layer's ablation."""

from __future__ import annotations

import time
from dataclasses import replace
from typing import Any

import numpy as np

from dissect_report.analysis.ablation.layer import LayerAblation
from dissect_report.analysis.ablation.live import live_arrays
from dissect_report.analysis.ablation.set_table import set_rows, spread_over_classes
from dissect_report.analysis.privacy import unplaced
from dissect_report.analysis.setup import Setup
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
from dissect_report.findings.answers import carried, first_said, own_margin, said
from dissect_report.findings.records import SCHEMA_VERSION
from dissect_report.findings.store import LoadedRun, number, write_arrays, write_record
from dissect_report.sources.probe import list_probe
from dissect_report.stats.class_changes import class_changes, class_shares
from dissect_report.stats.classification import ClassCounts, count_predictions
from dissect_report.stats.confirmation import Confirmed, Ranked, confirm, rank_correlation
from dissect_report.stats.importance import group_by_serving, lost_accuracy, lost_score
from dissect_report.stats.paired_intervals import Change

#: Units, confusions and pictures listed for a target.
LISTED = 10
CONFUSIONS = 5
FLIPS = 6


def ranking_images(setup: Setup) -> str:
    """Digest of the images that rank, where they are not the probe's; else ""."""
    config = setup.run.ablation
    if config is None or not config.rank_images:
        return ""
    probe = replace(setup.run.probe, images=config.rank_images, limit=0, groups="")
    return list_probe(probe, setup.config.folder, setup.run.dissection.seed, setup.run.segmenters).fingerprint


def write_ablation(setup: Setup, config: AblationConfig, run: LoadedRun, found: LayerAblation) -> Ablation:
    """Writes the record, the arrays and the pictures of one layer.

    Raises:
        StorageError: no space or no permission.
    """
    members = found.targets.members
    ranking = count_predictions(found.alone_ranking.predicted, found.images.ranking.labels, members)
    alone = count_predictions(found.alone_evaluation.predicted, found.evaluation.labels, members)
    confirmed = _confirm(found, ranking, alone)
    classes = np.arange(len(members)) < found.targets.classes
    enough = (ranking.positives >= ENOUGH_IMAGES) & classes
    served = confirmed.serves[classes].sum(0)
    known = np.isfinite(found.iou)
    alike = rank_correlation(found.iou[known], served[known].astype(np.float64), setup.run.dissection.seed)
    live, difference = live_arrays(
        found.remover.step, found.remover, found.images.evaluation_maps, found.evaluation, alone
    )
    targets = tuple(_target(found, t, ranking, alone, confirmed) for t in range(len(members)))
    rows = [row for t in range(len(members)) for row in set_rows(found, t, lost_score(ranking)[t])]
    folder = run.layers[found.info.name].summary.folder
    write_arrays(run.paths.ablation_arrays(folder), _arrays(found, ranking, alone, served, confirmed) | live)
    record = Ablation(
        key=setup.stages.ablation(found.info, ranking_images(setup)),
        accuracy=number(alone.accuracy[0]),
        targets=targets,
        rows=tuple(rows),
        serving=tuple(ServingBar(**vars(group)) for group in group_by_serving(served, found.iou)),
        serving_correlation=number(alike[0]),
        serving_p=number(alike[1]),
        left_out=int(found.targets.asked - enough.sum()),
        spread=spread_over_classes(targets, rows, found.targets.classes),
        live=bool(live),
        live_difference=difference,
        command=run.record.provenance.command,
        **_circumstances(config, found, setup.network.output.decision if setup.network.output else "argmax"),
    )
    write_record(run.paths.ablation(folder), unplaced(record, setup.config, setup.run))
    return record


def _arrays(
    found: LayerAblation, ranking: ClassCounts, alone: ClassCounts, served: np.ndarray, confirmed: Confirmed
) -> dict[str, np.ndarray]:
    """``ablation.npz``."""
    return {
        "ranking_loss": lost_accuracy(ranking),
        "evaluation_loss": lost_accuracy(alone),
        "fall": found.fall,
        "order": found.order,
        "random_order": found.random,
        "served": served,
        "confirmed_loss": confirmed.loss,
        "iou": found.iou,
        "evaluation": found.evaluation.indices,
        "label": found.evaluation.labels,
        "predicted": np.asarray(found.alone_evaluation.predicted[:, 0]),
    }


def _circumstances(config: AblationConfig, found: LayerAblation, decision: str) -> dict[str, Any]:
    """How the predictions were made: fields of ``Ablation``."""
    images = found.images
    pairs = (len(images.ranking) + len(images.evaluation)) * found.info.units
    ends = [*list(found.watch.values())[1:], time.perf_counter()]
    return {
        "schema_version": SCHEMA_VERSION,
        "layer": found.info.name,
        "labels": "intact predictions" if images.stand_in else "labels",
        "decision": decision,
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


def _confirm(found: LayerAblation, ranking: ClassCounts, alone: ClassCounts) -> Confirmed:
    """Both halves rank and confirm; images that only rank are confirmed by the probe alone."""
    lost = [lost_accuracy(counts) for counts in (ranking, alone)]
    directions = [(Ranked(found.order, lost[0], ranking.positives), lost[1])]
    if found.other_order is not None:
        directions.append((Ranked(found.other_order, lost[1], alone.positives), lost[0]))
    return confirm(directions)


def _target(
    found: LayerAblation, target: int, ranking: ClassCounts, alone: ClassCounts, confirmed: Confirmed
) -> Target:
    member = found.targets.members[target]
    best = found.order[target][:LISTED]
    others = [unit for unit in np.flatnonzero(confirmed.serves[target]).tolist() if unit not in best]
    units = _unit_losses(found, target, [*best.tolist(), *others], ranking, confirmed)
    shares = class_shares(
        np.asarray(found.alone_evaluation.predicted[:, :1]), found.evaluation.labels, member
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
        recall_interval=_interval(shares.recall),
        balanced_interval=_interval(shares.balanced),
        ranking_balanced_accuracy=number(ranking.balanced_accuracy[target, 0]),
        units=units,
        confusions=_confusions(found, member),
        flips=_flips(found, target),
        combinations=_combinations(found, target),
    )


def _interval(share: Change) -> tuple[float, float] | None:
    return None if np.isnan(share.value[0]) else (float(share.low[0]), float(share.high[0]))


def _unit_losses(
    found: LayerAblation, target: int, units: list[int], ranking: ClassCounts, confirmed: Confirmed
) -> tuple[UnitLoss, ...]:
    member, labels = found.targets.members[target], found.evaluation.labels
    predicted = np.asarray(found.alone_evaluation.predicted[:, [0, *(1 + unit for unit in units)]])
    change = class_changes(predicted, labels, member)
    lost = lost_accuracy(ranking)[target]
    return tuple(
        UnitLoss(
            unit=int(unit),
            ranking_loss=number(lost[unit]),
            evaluation_loss=number(-change.balanced.value[place]),
            low=number(-change.balanced.high[place]),
            high=number(-change.balanced.low[place]),
            fall=float(found.fall[target, unit]),
            recall_lost=number(-change.recall.value[place]),
            specificity_lost=number(-change.specificity.value[place]),
            confirmed_loss=number(confirmed.loss[target, unit]),
            alarms=_alarms(predicted[:, [0, place]], labels, member),
        )
        for place, unit in enumerate(units, 1)
    )


def _alarms(predicted: np.ndarray, labels: np.ndarray, member: np.ndarray) -> tuple[Confusion, ...]:
    """Images of other classes that are given the target in the second column only, by their class."""
    if predicted.ndim > 2:
        return ()
    taken = ~member[labels] & ~member[predicted[:, 0]] & member[predicted[:, 1]]
    counts = np.bincount(labels[taken], minlength=len(member))
    order = np.argsort(-counts, kind="stable")
    return tuple(Confusion(int(name), int(counts[name])) for name in order if counts[name])


def _confusions(found: LayerAblation, member: np.ndarray) -> tuple[Confusion, ...]:
    answers = np.asarray(found.alone_evaluation.predicted)
    if answers.ndim > 2:  # an image that is not given the class need not be given another
        return ()
    taken = answers[carried(found.evaluation.labels, member), 0]
    counts = np.bincount(taken[~member[taken]], minlength=len(member))
    order = np.argsort(-counts, kind="stable")[:CONFUSIONS]
    return tuple(Confusion(int(name), int(counts[name])) for name in order if counts[name])


def _flips(found: LayerAblation, target: int) -> tuple[Flip, ...]:
    """Images rightly classified that the network gives up, those that go with the fewest units first."""
    member, sizes = found.targets.members[target], found.plan.flips
    if not sizes:
        return ()
    columns = [0, *(found.plan.best[target][size][0] for size in sizes)]
    answers, labels = np.asarray(found.sets.predicted[:, columns]), found.evaluation.labels
    recognised = said(answers, member)
    flipped = ~recognised[:, 1:]
    first = np.where(flipped.any(1), flipped.argmax(1), len(sizes))
    places = np.flatnonzero(carried(labels, member) & recognised[:, 0] & flipped.any(1))
    margin = own_margin(found.sets.margin[:, [0, columns[-1]]], labels, member)
    fall = margin[:, 1] - margin[:, 0]
    chosen = sorted(places, key=lambda place: (first[place], fall[place], place))[:FLIPS]
    shown = first_said(answers, member)
    return tuple(
        Flip(int(found.evaluation.indices[p]), int(shown[p, 0]), tuple(shown[p, 1:].tolist())) for p in chosen
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
