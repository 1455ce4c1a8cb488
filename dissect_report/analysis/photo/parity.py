"""Whether the exported classifier says what the network says, on real images and with units removed."""

from __future__ import annotations

from collections.abc import Sequence
from dataclasses import dataclass

import numpy as np
import torch
from torch import Tensor

from dissect_report.activations.interventions import ablated
from dissect_report.activations.layers import LayerInfo
from dissect_report.activations.recording import record
from dissect_report.analysis.setup import Setup
from dissect_report.exporting.networks import network_inputs
from dissect_report.exporting.running import Run
from dissect_report.sources.probe import prepare_input

#: Differences of logits and maps, as a share of their range, that a reader may meet.
MOST_DIFFERENCE = 0.01


@dataclass(frozen=True, eq=False)
class Answer:
    """What the network says of one photo.

    Attributes:
        scores: float32 [1, class] logits.
        maps: float32 [1, unit, y, x] as the run records them.
    """

    scores: np.ndarray
    maps: np.ndarray


@dataclass(frozen=True)
class Difference:
    """The largest of a graph's answers, as shares of the range of what the network itself says."""

    scores: float = 0.0
    maps: float = 0.0

    @property
    def worst(self) -> float:
        """The larger one."""
        return max(self.scores, self.maps)


def ask_network(setup: Setup, layer: LayerInfo, pixels: np.ndarray) -> Answer:
    """What the run itself would record of a crop, uint8 [y, x, 3]."""
    network, images = setup.network, _input(setup, pixels)
    assert network.output is not None, "checked before anything is measured"
    with record(network.model, [layer]) as recorder:
        scores = network.output.read(lambda: network.model(images))
        maps = recorder.take()[layer.name]
    return Answer(scores.cpu().numpy(), maps.cpu().numpy())


def ask_without(setup: Setup, layer: LayerInfo, pixels: np.ndarray, units: Sequence[int]) -> np.ndarray:
    """Logits, float32 [1, class], with units of the layer set to zero, as ``[ablation]`` removes them."""
    network, images = setup.network, _input(setup, pixels)
    assert network.output is not None, "checked before anything is measured"
    with ablated(network.model, layer, units):
        return network.output.read(lambda: network.model(images)).cpu().numpy()


def _input(setup: Setup, pixels: np.ndarray) -> Tensor:
    model = setup.run.model
    given = torch.from_numpy(np.array(pixels))[None]
    return prepare_input(given, model.mean, model.std, setup.network.device)


def compare(
    setup: Setup, layer: LayerInfo, run: Run, crops: Sequence[np.ndarray], answers: Sequence[Answer]
) -> Difference:
    """How far a graph's answers lie from the network's: intact, and of the first crop without half the units.

    Args:
        run: the graph: logits and maps.
        crops: uint8 [y, x, 3] each.
        answers: the network's, of each.
    """
    found = Difference()
    for pixels, answer in zip(crops, answers, strict=True):
        scores, maps = run(network_inputs(pixels, layer.units))
        apart = Difference(_apart(scores, answer.scores), _apart(maps, answer.maps))
        found = Difference(max(found.scores, apart.scores), max(found.maps, apart.maps))
    half = range(0, layer.units, 2)
    scores, _ = run(network_inputs(crops[0], layer.units, half))
    without = _apart(scores, ask_without(setup, layer, crops[0], half))
    return Difference(max(found.scores, without), found.maps)


def _apart(made: np.ndarray, truth: np.ndarray) -> float:
    """The largest difference as a share of the range; infinite where one is no number and the other is."""
    if made.shape != truth.shape or (np.isfinite(made) != np.isfinite(truth)).any():
        return float("inf")
    whole = np.isfinite(truth)
    if not whole.any():
        return 0.0
    span = float(truth[whole].max() - truth[whole].min()) or float(np.abs(truth[whole]).max()) or 1.0
    return float(np.abs(made[whole] - truth[whole]).max()) / span
