"""Every experiment that the site shows, in the order in which pages show them."""

from __future__ import annotations

from dissect_report.report.ablation.experiment import AblationExperiment
from dissect_report.report.experiment import Experiment
from dissect_report.report.generation.experiment import GenerationExperiment
from dissect_report.report.painting.experiment import PaintingExperiment
from dissect_report.report.photo.experiment import PhotoExperiment

_PHOTO = PhotoExperiment()

EXPERIMENTS: tuple[Experiment, ...] = (
    AblationExperiment(others=(_PHOTO,)),
    GenerationExperiment(),
    PaintingExperiment(),
    _PHOTO,
)
