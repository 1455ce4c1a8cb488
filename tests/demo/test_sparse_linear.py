"""The sparse last layer: optimal by its own conditions, and sparse where that costs nothing."""

from dataclasses import replace

import numpy as np
import pytest

from dissect_report.demo.networks import read_weights
from dissect_report.demo.sparse_linear import SparseRecipe, fit_sparse_linear

RECIPE = SparseRecipe(penalty=0.02, ridge=0.0, steps=2_000)


@pytest.fixture(scope="module")
def data() -> tuple[np.ndarray, np.ndarray]:
    """Three classes told apart by units 0, 1, 2 of 12; unit 3 repeats unit 0 with noise."""
    random = np.random.default_rng(5)
    classes = random.integers(0, 3, 400)
    features = random.normal(2, 3, (400, 12))
    features[np.arange(400), classes] += 9
    features[:, 3] = features[:, 0] + random.normal(0, 4, 400)
    return features, classes


def slope(features: np.ndarray, classes: np.ndarray, weights: np.ndarray, biases: np.ndarray) -> np.ndarray:
    """Of the mean cross entropy by standardised units' weights, [class, unit], by finite differences."""
    spread = features.std(0)

    def entropy(changed: np.ndarray) -> float:
        logits = features @ changed.T + biases
        top = logits.max(1, keepdims=True)
        return float(
            (np.log(np.exp(logits - top).sum(1)) + top[:, 0] - logits[range(len(classes)), classes]).mean()
        )

    slopes = np.empty(weights.shape)
    for place in np.ndindex(*weights.shape):
        moved = [weights.copy(), weights.copy()]
        for sign, changed in zip((1, -1), moved, strict=True):
            changed[place] += sign * 1e-5 / spread[place[1]]
        slopes[place] = (entropy(moved[0]) - entropy(moved[1])) / 2e-5
    return slopes


@pytest.mark.parametrize("ridge", [0.0, 0.03])
def test_no_weight_can_be_moved_to_lower_entropy_plus_penalties(
    data: tuple[np.ndarray, np.ndarray], ridge: float
) -> None:
    features, classes = data
    centred = features - features.mean(0)
    weights, biases = fit_sparse_linear(centred, classes, replace(RECIPE, ridge=ridge))
    slopes = slope(centred, classes, weights, biases) + ridge * weights * centred.std(0)
    read = weights != 0
    np.testing.assert_allclose(slopes[read], -RECIPE.penalty * np.sign(weights[read]), atol=2e-4)
    assert (np.abs(slopes[~read]) <= RECIPE.penalty + 2e-4).all()


def test_each_class_reads_its_own_unit_and_few_others(data: tuple[np.ndarray, np.ndarray]) -> None:
    features, classes = data
    weights, biases = fit_sparse_linear(features, classes, RECIPE)
    assert (weights.argmax(1) == [0, 1, 2]).all()
    assert (weights[:, 3:] == 0).mean() > 0.6
    assert ((features @ weights.T + biases).argmax(1) == classes).mean() > 0.8
    denser, _ = fit_sparse_linear(features, classes, replace(RECIPE, penalty=0.0001))
    assert (denser != 0).sum() > (weights != 0).sum()


def test_the_shipped_classifier_s_classes_read_some_units_and_not_all() -> None:
    weights = read_weights("classifier")["linear.weight"].numpy()
    assert ((weights != 0).sum(1) <= 0.6 * weights.shape[1]).all()
    assert (weights != 0).any(1).all()
