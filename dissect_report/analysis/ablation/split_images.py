"""The images that rank and those that evaluate, with their labels and their maps."""

from __future__ import annotations

from dataclasses import dataclass

import numpy as np
import torch

from dissect_report.analysis.ablation.held_maps import HeldMaps
from dissect_report.analysis.ablation.passes import RemovalPass
from dissect_report.analysis.ablation.splits import (
    UNKNOWN,
    LabelledImages,
    class_labels,
    overlap_note,
    split_halves,
    stray_folders,
)
from dissect_report.analysis.setup import Setup
from dissect_report.analysis.survey import Survey
from dissect_report.errors import ProbeError


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
    if ranking is None or rank_labels is None:
        first, second = split_halves(labels, survey.digests, setup.run.dissection.seed)
        source, rank_labels = survey, labels
    else:
        first, second = np.flatnonzero(rank_labels != UNKNOWN), np.flatnonzero(labels != UNKNOWN)
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
        labels = _intact(work, survey, own, "intact")
        rank_labels = None if ranking is None else _intact(work, ranking, other, "intact.ranking")
    elif missing := int((labels == UNKNOWN).sum()):
        near = stray_folders(survey.labels, classes)
        named = f" ({near})" if near else ""
        notes.append(f"{missing} probe images lie in no folder named like a class: left out{named}")
        setup.progress.note(f"[ablation]: {notes[-1]}")
    return labels, rank_labels, stand_in


def _intact(work: RemovalPass, survey: Survey, maps: HeldMaps, name: str) -> np.ndarray:
    """The intact network's class of every image."""
    everything = LabelledImages(survey, np.arange(len(survey)), np.zeros(len(survey), np.int64))
    outcome = work.predict(name, maps, everything, [], "asking the intact network")
    return np.asarray(outcome.predicted[:, 0]).astype(np.int64)


def mean_maps(images: SplitImages, units: int, device: torch.device, size: int) -> torch.Tensor:
    """Mean of every unit's map over the ranking images, [unit].

    Args:
        size: images at a time.
    """
    total = torch.zeros(units, dtype=torch.float64, device=device)
    for first in range(0, len(images.ranking), size):
        held = images.ranking_maps.block(images.ranking.indices[first : first + size])
        total += held.recorded.double().mean((2, 3)).sum(0)
    return (total / len(images.ranking)).float()
