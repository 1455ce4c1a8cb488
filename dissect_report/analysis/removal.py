"""Some units removed once: what the network says of the probe then."""

from __future__ import annotations

from collections.abc import Sequence
from dataclasses import dataclass

import numpy as np

from dissect_report.activations.decisions import decider_of
from dissect_report.activations.interventions import ablated
from dissect_report.activations.layers import select_layers
from dissect_report.analysis.ablation.splits import UNKNOWN, class_labels
from dissect_report.analysis.direction_fits import fit_directions
from dissect_report.analysis.progress import Progress, Silent
from dissect_report.analysis.setup import Setup, set_up
from dissect_report.config import Config, RunConfig
from dissect_report.errors import ModelError


@dataclass(frozen=True)
class Removed:
    """What removing some units did.

    Attributes:
        layer: whose units.
        units: that were set to 0 all over their maps.
        images: that were asked about: those with a known class, or all.
        accuracy: share of them whose class is said; without labels, that the intact network says too.
        intact: the same of the intact network.
        changed: images that are given another class.
        before: by image, the class that the intact network gives; None where it gives none.
        after: without the units.
    """

    layer: str
    units: tuple[int, ...]
    images: int
    accuracy: float
    intact: float
    changed: int
    before: tuple[str, ...]
    after: tuple[str, ...]

    def __repr__(self) -> str:
        return (
            f"<{len(self.units)} of {self.layer} removed: accuracy {self.intact:.3f} to {self.accuracy:.3f} "
            f"on {self.images} images, {self.changed} change>"
        )


def remove_units(
    config: Config,
    run: RunConfig,
    layer: str,
    units: Sequence[int],
    progress: Progress | None = None,
    threads: int = 1,
) -> Removed:
    """Runs the whole network twice over the probe, intact and without the units.

    Raises:
        DissectError: there is no such layer or unit, or the network does not give one class an image.
    """
    setup = fit_directions(set_up(config, run, progress or Silent(), threads))
    output, classes = setup.network.output, setup.network.classes
    if output is None or output.each or len(classes) < 2:
        raise ModelError("remove: needs a network that gives an image one of several classes")
    (info,) = select_layers(setup.network.layers, (layer,))
    before = _answers(setup)
    with ablated(setup.network.model, info, tuple(units)):
        after = _answers(setup)
    labels = class_labels(setup.survey.labels, classes)
    asked = labels != UNKNOWN
    truth, known = (labels, asked) if asked.any() else (before, np.ones(len(before), bool))
    return Removed(
        layer, tuple(int(unit) for unit in units), int(known.sum()),
        float((after == truth)[known].mean()), float((before == truth)[known].mean()),
        int((after != before).sum()),
        tuple(classes[answer] for answer in before), tuple(classes[answer] for answer in after),
    )  # fmt: skip


def _answers(setup: Setup) -> np.ndarray:
    """Int [image]: the class that the network gives each image as it stands."""
    output, survey = setup.network.output, setup.survey
    assert output is not None, "checked before"
    decide, found = decider_of(output), list[np.ndarray]()

    def work(start: int, stop: int) -> None:
        inputs = survey.inputs(start, stop, setup.run.model, setup.network.device)
        found.append(decide.answer(output.read(lambda: setup.network.model(inputs))))

    for _ in setup.batches.each(0, len(survey), work, "model"):
        pass
    return np.concatenate(found)
