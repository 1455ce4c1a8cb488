"""Every experiment that changes units after a dissection, and what the dissection asks of one."""

from __future__ import annotations

from collections.abc import Callable, Collection, Mapping, Sequence
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
from dissect_report.findings.store import LoadedRun, load_run


@dataclass(frozen=True)
class Experiment:
    """One experiment; a run whose configuration lacks its table goes through it untouched.

    Attributes:
        part: of the findings, see ``findings.parts``.
        table: of the configuration that asks for it.
        check: refuses what cannot be done, before anything is measured.
        is_current: whether everything that ``run`` would write is there, and nothing else.
        current: names of the layers of which that is true.
        forget: drops what an earlier configuration left, but in the folders of some layers.
        run: does it and writes its findings; the raw maps by layer name are float32 [image, unit, y, x]. Last
            come the names of layers that are current.
        cost: lines of the forecast, from a trial on the first batch: of the site's configuration, the
            trial, the number of all images and their folder names.
    """

    part: str
    table: str
    check: Callable[[Setup], object]
    is_current: Callable[[Setup, LoadedRun], bool]
    current: Callable[[Setup, LoadedRun], frozenset[str]]
    forget: Callable[[RunPaths, Collection[str]], None]
    run: Callable[[Setup, LoadedRun, Mapping[str, np.ndarray], Collection[str]], object]
    cost: Callable[[Config, Setup, int, Sequence[str | None]], tuple[str, ...]]


EXPERIMENTS = (
    Experiment(
        "ablation", "ablation", ablation.check_all, ablation.is_current, ablation.current, ablation.forget,
        ablation.run_ablation, ablation_forecast.cost,
    ),
    Experiment(
        "generation", "generation", generation.check, generation.is_current, generation.current,
        generation.forget, generation.run_generation, generation_cost.cost,
    ),
    Experiment(
        "painting", "generation", painting.check, painting.is_current, painting.current, painting.forget,
        painting.run_painting, painting.cost,
    ),
    Experiment(
        "photo", "photo", photo.check, photo.is_current, photo.current, photo.forget, photo.run_photo,
        photo.cost,
    ),
)  # fmt: skip


def check_experiments(setup: Setup) -> None:
    """Refuses what an experiment of the run cannot do, before anything is measured.

    Raises:
        DissectError: the first of them.
    """
    for experiment in EXPERIMENTS:
        experiment.check(setup)


def stale_experiments(setup: Setup, run: LoadedRun, broken: Collection[str | None] = ()) -> list[Experiment]:
    """Those whose findings are not what the configuration asks for.

    Args:
        broken: parts of the findings of which files do not hold.
    """
    return [one for one in EXPERIMENTS if one.part in broken or not one.is_current(setup, run)]


def run_experiments(
    setup: Setup, run: LoadedRun, broken: Collection[str | None], done: Callable[[], None]
) -> None:
    """Makes what the configuration asks for and is not there.

    What is there of a layer and holds stays; what is there of any other goes.

    Args:
        run: the dissection's findings; those of the experiments are written beside them.
        broken: parts of the findings of which files do not hold: they are made again.
        done: called after each.
    """
    for experiment in EXPERIMENTS:
        if experiment.part in broken:
            experiment.forget(run.paths, ())
    for experiment in EXPERIMENTS:
        run = load_run(run.paths.root)  # what one writes, the next may read
        current, whole = experiment.current(setup, run), experiment.is_current(setup, run)
        experiment.forget(run.paths, {run.layers[name].summary.folder for name in current})
        if not whole:
            experiment.run(setup, run, dissected_maps(setup), current)
            done()
