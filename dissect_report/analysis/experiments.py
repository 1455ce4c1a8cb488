"""Every experiment that changes units after a dissection, and what the dissection asks of one."""

from __future__ import annotations

from collections.abc import Callable, Mapping, Sequence
from dataclasses import dataclass

import numpy as np

from dissect_report.analysis.ablation import experiment as ablation
from dissect_report.analysis.ablation import forecast as ablation_forecast
from dissect_report.analysis.generation import cost as generation_cost
from dissect_report.analysis.generation import experiment as generation
from dissect_report.analysis.layer_numbers import dissected_maps
from dissect_report.analysis.painting import experiment as painting
from dissect_report.analysis.photo import experiment as photo
from dissect_report.analysis.setup import Setup
from dissect_report.config import Config
from dissect_report.findings.paths import RunPaths
from dissect_report.findings.store import LoadedRun


@dataclass(frozen=True)
class Experiment:
    """One experiment; a run whose configuration lacks its table goes through it untouched.

    Attributes:
        table: of the configuration that asks for it.
        check: refuses what cannot be done, before anything is measured.
        is_current: whether everything that ``run`` would write is there, and nothing else.
        forget: drops what an earlier configuration left.
        run: does it and writes its findings; the raw maps by layer name are float32 [image, unit, y, x].
        cost: lines of the forecast, from a trial on the first batch: of the site's configuration, the
            trial, the number of all images and their folder names.
    """

    table: str
    check: Callable[[Setup], object]
    is_current: Callable[[Setup, LoadedRun], bool]
    forget: Callable[[RunPaths], None]
    run: Callable[[Setup, LoadedRun, Mapping[str, np.ndarray]], object]
    cost: Callable[[Config, Setup, int, Sequence[str | None]], tuple[str, ...]]


EXPERIMENTS = (
    Experiment(
        "ablation", ablation.check, ablation.is_current, ablation.forget, ablation.run_ablation,
        ablation_forecast.cost,
    ),
    Experiment(
        "generation", generation.check, generation.is_current, generation.forget, generation.run_generation,
        generation_cost.cost,
    ),
    Experiment(
        "generation", painting.check, painting.is_current, painting.forget, painting.run_painting,
        painting.cost,
    ),
    Experiment("photo", photo.check, photo.is_current, photo.forget, photo.run_photo, photo.cost),
)  # fmt: skip


def check_experiments(setup: Setup) -> None:
    """Refuses what an experiment of the run cannot do, before anything is measured.

    Raises:
        DissectError: the first of them.
    """
    for experiment in EXPERIMENTS:
        experiment.check(setup)


def forget_experiments(paths: RunPaths) -> None:
    """Drops the findings of all experiments."""
    for experiment in EXPERIMENTS:
        experiment.forget(paths)


def run_experiments(setup: Setup, run: LoadedRun) -> bool:
    """Makes what the configuration asks for and is not there; whether anything was left to do."""
    stale = [experiment for experiment in EXPERIMENTS if not experiment.is_current(setup, run)]
    for experiment in stale:
        experiment.forget(setup.paths)
        experiment.run(setup, run, dissected_maps(setup))
    return bool(stale)
