"""Whether the images that rank and evaluate are there and enough, told before anything is measured."""

from __future__ import annotations

from dataclasses import replace

import numpy as np

from dissect_report.analysis.ablation.splits import UNKNOWN, class_labels, split_halves
from dissect_report.analysis.ablation.targets import choose_targets
from dissect_report.analysis.setup import Setup
from dissect_report.config import AblationConfig
from dissect_report.sources.probe import Probe, list_probe


def list_ranking(setup: Setup, config: AblationConfig) -> Probe:
    """The images of ``[ablation] rank_images``.

    Raises:
        ProbeError: a folder is missing or holds no image.
    """
    probe = replace(setup.run.probe, images=config.rank_images, limit=0, groups="")
    return list_probe(probe, setup.config.folder, setup.run.dissection.seed, setup.run.segmenters)


def check_images(setup: Setup, config: AblationConfig) -> None:
    """Refuses too few images: exactly where folders name their classes, else by their number.

    Raises:
        ConfigError: no class or group can have enough evaluation images.
        ProbeError: the ranking images are not there.
    """
    classes, survey = setup.network.classes, setup.survey
    labels = class_labels(survey.labels, classes)
    known = bool((labels != UNKNOWN).any())
    if config.rank_images:
        ranking = class_labels([item.label for item in list_ranking(setup, config).items], classes)
        known = known and bool((ranking != UNKNOWN).any())
    if not known:  # predictions will stand in: of one class, at most
        choose_targets(config, classes, np.zeros(len(survey), np.int64))
        return
    if not config.rank_images:
        labels = labels[split_halves(labels, survey.group_digests, setup.run.dissection.seed)[1]]
    choose_targets(config, classes, labels)
