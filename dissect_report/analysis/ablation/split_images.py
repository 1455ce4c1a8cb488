"""The images that rank and those that evaluate, with their labels and their maps."""

from __future__ import annotations

from dataclasses import dataclass

import numpy as np
import torch

from dissect_report.activations.layers import LayerInfo
from dissect_report.analysis.ablation.passes import RemovalPass
from dissect_report.analysis.ablation.splits import (
    UNKNOWN,
    LabelledImages,
    class_labels,
    overlap_note,
    split_halves,
    stray_folders,
)
from dissect_report.analysis.held_maps import HeldMaps
from dissect_report.analysis.setup import Setup
from dissect_report.analysis.survey import Survey
from dissect_report.errors import ProbeError
from dissect_report.findings.answers import NONE, list_classes, unpack


@dataclass(frozen=True, eq=False)
class SplitImages:
    """The two splits with their maps.

    Attributes:
        ranking: images that rank.
        evaluation: images that evaluate.
        ranking_maps: of the ranking images' survey.
        evaluation_maps: of the evaluation images' survey.
        stand_in: whether predictions stand in for labels.
        notes: for the reader.
    """

    ranking: LabelledImages
    evaluation: LabelledImages
    ranking_maps: HeldMaps
    evaluation_maps: HeldMaps
    stand_in: bool
    notes: tuple[str, ...]


def split_images(
    setup: Setup, work: RemovalPass, ranking: Survey | None, own: HeldMaps, other: HeldMaps
) -> SplitImages:
    """Labels for every image, by its folder or else by the intact network; then who ranks, who evaluates.

    Args:
        ranking: the images that rank, where they are not a half of the probe.
        own: maps of the probe.
        other: maps of the ranking images.

    Raises:
        ProbeError: too few images.
    """
    survey, notes = setup.survey, list[str]()
    labels, rank_labels, stand_in = _labels(setup, work, ranking, own, other, notes)
    known = _strata(labels, setup, stand_in)
    if ranking is None or rank_labels is None:
        first, second = split_halves(known, survey.group_digests, setup.run.dissection.seed)
        source, rank_labels = survey, labels
    else:
        rankable = _strata(rank_labels, setup, stand_in)
        first, second = np.flatnonzero(rankable != UNKNOWN), np.flatnonzero(known != UNKNOWN)
        source = ranking
        if note := overlap_note(ranking, survey):
            notes.append(note)
            setup.progress.note(note)
    if not len(first) or not len(second):
        raise ProbeError("[ablation]: too few images to rank on some and evaluate on others")
    return SplitImages(
        LabelledImages(source, first, rank_labels[first]), LabelledImages(survey, second, labels[second]),
        other, own, stand_in, tuple(notes),
    )  # fmt: skip


def _labels(
    setup: Setup,
    work: RemovalPass,
    ranking: Survey | None,
    own: HeldMaps,
    other: HeldMaps,
    notes: list[str],
) -> tuple[np.ndarray, np.ndarray | None, bool]:
    """Of the probe, of the ranking images, and whether predictions stand in; ``notes`` is added to."""
    classes, survey = setup.network.classes, setup.survey
    labels = class_labels(survey.labels, classes)
    rank_labels = None if ranking is None else class_labels(ranking.labels, classes)
    known = [labels] if rank_labels is None else [labels, rank_labels]
    stand_in = any(not (part != UNKNOWN).any() for part in known)
    if stand_in:
        stray = next(
            (near for part in (survey, ranking) if part and (near := stray_folders(part.labels, classes))), ""
        )
        why = f"no folder is named like a class ({stray})" if stray else "no class labels"
        notes.append(f"{why}: the intact network's predictions stand in for them")
        if stray:
            setup.progress.note(f"[ablation]: {notes[-1]}; [model] classes names the outputs")
        labels = _intact(setup, work, survey, own, "intact")
        if ranking is not None:
            rank_labels = _intact(setup, work, ranking, other, "intact.ranking")
        return labels, rank_labels, stand_in
    if missing := int((labels == UNKNOWN).sum()):
        near = stray_folders(survey.labels, classes)
        named = f" ({near})" if near else ""
        notes.append(f"{missing} probe images lie in no folder named like a class: left out{named}")
        setup.progress.note(f"[ablation]: {notes[-1]}")
    if _each(setup):
        notes.append(
            "a folder gives its images one class: every other image counts as without that class, whatever "
            "else it shows"
        )
        labels, rank_labels = labels[:, None], None if rank_labels is None else rank_labels[:, None]
    return labels, rank_labels, stand_in


def _each(setup: Setup) -> bool:
    """Whether every class is decided by itself."""
    return setup.network.output is not None and setup.network.output.each


def _strata(labels: np.ndarray, setup: Setup, stand_in: bool) -> np.ndarray:
    """int64 [image]: what the halves share evenly, UNKNOWN for images that are left out.

    That is the class; of several the rarest. Images that the network gives no class are one more kind.
    """
    if labels.ndim == 1:
        return labels
    classes = len(setup.network.classes)
    images = np.bincount(labels[labels >= 0], minlength=classes)
    count = np.append(images, len(labels) + 1)[labels]
    rarest = labels[np.arange(len(labels)), count.argmin(1)]
    return np.where(rarest == NONE, classes, rarest) if stand_in else rarest


def _intact(setup: Setup, work: RemovalPass, survey: Survey, maps: HeldMaps, name: str) -> np.ndarray:
    """The intact network's class, or classes, of every image."""
    labels = np.zeros((len(survey), 1) if _each(setup) else len(survey), np.int64)
    everything = LabelledImages(survey, np.arange(len(survey)), labels)
    outcome = work.predict(name, maps, everything, [], "asking the intact network")
    answers = np.asarray(outcome.predicted[:, 0])
    if not _each(setup):
        return answers.astype(np.int64)
    return list_classes(unpack(answers, len(setup.network.classes)))


def mean_maps(images: SplitImages, layer: LayerInfo, device: torch.device, size: int) -> torch.Tensor:
    """Mean of every unit's map over the ranking images, [unit].

    Args:
        size: images at a time.
    """
    total = torch.zeros(layer.units, dtype=torch.float64, device=device)
    for first in range(0, len(images.ranking), size):
        held = images.ranking_maps.block(images.ranking.indices[first : first + size])
        total += layer.reading.maps(held.recorded).double().mean((2, 3)).sum(0)
    return (total / len(images.ranking)).float()
