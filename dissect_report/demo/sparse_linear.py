"""The classifier's last layer, fitted so that every class reads some units and not all.

The elastic net of Wong, Santurkar and Madry (2021, "Leveraging sparse linear layers for debuggable deep
networks"). Without a penalty few single units of a small drawn world matter; with an L1 penalty alone most
classes (8 of 10 at 0.01) hang on so few units that without 20 of 192 they are never named. With both, some
classes still do and some have others to fall back on; for those, hardly any single unit matters. The two
penalties were chosen by what removing units does on the demo's own probe scenes.
"""

from dataclasses import dataclass

import numpy as np
import torch
from jaxtyping import Float, Int64
from numpy.typing import NDArray
from torch import nn

from dissect_report.demo.album import Album
from dissect_report.demo.quality import classifier_features


@dataclass(frozen=True)
class SparseRecipe:
    """All that decides the last layer.

    Attributes:
        scenes, seed: how many scenes it is fitted on, and the seed of their set.
        penalty: on the sum of absolute weights of standardised units, beside the mean cross entropy.
        ridge: on half the sum of their squares.
        steps: of accelerated proximal gradient descent.
    """

    scenes: int = 3_000
    seed: int = 101
    penalty: float = 0.002
    ridge: float = 0.012
    steps: int = 3_000


def fit_sparse_linear(
    features: Float[np.ndarray, "image unit"], classes: Int64[np.ndarray, " image"], recipe: SparseRecipe
) -> tuple[NDArray[np.float64], NDArray[np.float64]]:
    """Weights [class, unit] and biases [class] of least mean cross entropy plus penalties.

    By FISTA (Beck and Teboulle 2009).

    Args:
        features: float64; they are standardised for the fit, and the result applies to them as they are.
        classes: 0 .. the number of classes - 1, each at least once.
    """
    mean, spread = features.mean(0), features.std(0) + 1e-9
    inputs, truth = (features - mean) / spread, np.eye(classes.max() + 1)[classes]
    step = 1 / (np.linalg.norm(inputs, 2) ** 2 / (2 * len(inputs)) + 1 + recipe.ridge)
    weights, biases = np.zeros((inputs.shape[1], truth.shape[1])), np.zeros(truth.shape[1])
    ahead, ahead_biases, pace = weights, biases, 1.0
    for _ in range(recipe.steps):
        wrong = (_softmax(inputs @ ahead + ahead_biases) - truth) / len(inputs)
        moved = ahead - step * (inputs.T @ wrong + recipe.ridge * ahead)
        shrunk = np.sign(moved) * np.maximum(np.abs(moved) - step * recipe.penalty, 0)
        shifted = ahead_biases - step * wrong.sum(0)
        next_pace = (1 + np.sqrt(1 + 4 * pace * pace)) / 2
        push, pace = (pace - 1) / next_pace, next_pace
        ahead, ahead_biases = shrunk + push * (shrunk - weights), shifted + push * (shifted - biases)
        weights, biases = shrunk, shifted
    return (weights / spread[:, None]).T, biases - (mean / spread) @ weights


def _softmax(logits: NDArray[np.float64]) -> NDArray[np.float64]:
    powers = np.exp(logits - logits.max(1, keepdims=True))
    shares: NDArray[np.float64] = powers / powers.sum(1, keepdims=True)
    return shares


def make_sparse(network: nn.Sequential, scenes: Album, recipe: SparseRecipe) -> list[int]:
    """Gives the network a sparse last layer; returns the number of units that each class reads."""
    features = classifier_features(network, scenes.images)
    weights, biases = fit_sparse_linear(features, scenes.classes, recipe)
    linear = network.get_submodule("linear")
    assert isinstance(linear, nn.Linear)
    linear.weight.data = torch.from_numpy(weights).float()
    linear.bias.data = torch.from_numpy(biases).float()
    return [int(number) for number in (weights != 0).sum(1)]
