"""No count knows of batches, order, memory or path; each prediction is a full forward pass's."""

from __future__ import annotations

from functools import cache

import numpy as np
import pytest
import torch
from hypothesis import HealthCheck, given, settings
from hypothesis import strategies as st
from reference_ablation import predict_slowly
from tail_networks import Plain, Pooled, Residual, made, photos
from torch import nn

from dissect_report.activations.layers import list_layers
from dissect_report.activations.linear_step import find_linear_step, plain_step
from dissect_report.activations.tail import Held, Tail, split_tail
from dissect_report.analysis.ablation.removals import Nest, Outcome, Remover
from dissect_report.stats.classification import count_predictions

CASES = {
    "pooling + linear": (Pooled, "0", "1"),
    "fully connected": (Plain, "2", "3"),
    "convolution": (Plain, "0", "1"),
    "skip connection": (Residual, "block1.conv2", "block1.conv2"),
}
IMAGES = photos(24, seed=4)
LABELS = np.arange(24) % 4


def lively(kind: type[nn.Module]) -> nn.Module:
    """A network whose mean logits are all equal, so that its predictions differ between images."""
    network = made(kind).eval()
    last = [module for module in network.modules() if isinstance(module, nn.Linear)][-1]
    with torch.no_grad():
        last.bias -= network(IMAGES.clone()).mean(0)
    return network.train()


def nests_of(units: int) -> list[Nest]:
    order = np.random.default_rng(1).permutation(units)
    return [
        *(Nest(np.array([unit]), (1,)) for unit in range(units)),
        Nest(order, (1, 2, 4), True, True),
        Nest(order[::-1].copy(), (3, units), False, True),
    ]


def sets_of(nests: list[Nest], units: int) -> list[list[int]]:
    """The replaced units of each column, intact first."""
    sets: list[list[int]] = [[]]
    for nest in nests:
        removed = [nest.units[:size].tolist() for size in nest.sizes]
        if nest.removed:
            sets += removed
        if nest.kept:
            sets += [[unit for unit in range(units) if unit not in some] for some in removed]
    return sets


@cache
def tail_of(name: str, path: str) -> Tail:
    kind, layer_name, _ = CASES[name]
    network = lively(kind)
    layer = next(info for info in list_layers(network, photos(2)) if info.name == layer_name)
    return split_tail(network, layer, photos(), [path])


def remover_of(
    name: str, path: str = "fx", plain: bool = False, memory: int = 1 << 20, value: float = 0.0
) -> Remover:
    tail = tail_of(name, path)
    step = None if plain else find_linear_step(tail, photos())
    assert plain or path != "fx" or (step is None) == (name == "skip connection")
    return Remover(tail, step or plain_step(tail), torch.full((tail.layer.units,), value), memory)


def run(remover: Remover, order: np.ndarray, batch: int) -> Outcome:
    nests = nests_of(remover.tail.layer.units)
    with torch.no_grad():
        held = remover.tail.head(IMAGES)
    predicted, margin = [], []
    for first in range(0, len(order), batch):
        some = order[first : first + batch]
        part = remover.predict(
            Held(held.recorded[some], tuple(kept[some] for kept in held.kept)), LABELS[some], nests
        )
        predicted.append(part.predicted)
        margin.append(part.margin)
    back = np.argsort(order)
    return Outcome(np.concatenate(predicted)[back], np.concatenate(margin)[back], 0, 0)


@pytest.mark.parametrize("value", [0.0, 0.3])
@pytest.mark.parametrize("name", CASES)
def test_every_prediction_is_that_of_a_full_forward_pass(name: str, value: float) -> None:
    remover = remover_of(name, value=value)
    kind, _, hooked = CASES[name]
    network = lively(kind)
    module: nn.Module = dict(network.named_modules())[hooked]
    found = run(remover, np.arange(len(IMAGES)), 24)
    sets = sets_of(nests_of(remover.tail.layer.units), remover.tail.layer.units)
    assert found.predicted.shape == (len(IMAGES), len(sets))
    for column, removed in enumerate(sets):
        slow = predict_slowly(network, module, IMAGES, removed, value)
        assert found.predicted[:, column].tolist() == slow, removed
    assert len(np.unique(found.predicted)) > 1
    assert (found.predicted[:, 1:] != found.predicted[:, :1]).any()


BASE: dict[str, Outcome] = {}


@settings(max_examples=8, deadline=None, suppress_health_check=list(HealthCheck))
@given(
    name=st.sampled_from(sorted(CASES)),
    path=st.sampled_from(["fx", "export", "full"]),
    plain=st.booleans(),
    batch=st.integers(1, 24),
    memory=st.sampled_from([1, 40000, 1 << 24]),
    seed=st.integers(0, 100),
)
def test_batch_size_order_memory_and_path_change_no_count(
    name: str, path: str, plain: bool, batch: int, memory: int, seed: int
) -> None:
    base = BASE.get(name) or BASE.setdefault(name, run(remover_of(name), np.arange(len(IMAGES)), 24))
    order = np.random.default_rng(seed).permutation(len(IMAGES))
    other = run(remover_of(name, path, plain, memory), order, batch)
    members = np.eye(int(max(base.predicted.max(), other.predicted.max(), 4)) + 1, dtype=bool)
    first, second = (count_predictions(o.predicted, LABELS, members) for o in (base, other))
    np.testing.assert_array_equal(first.true_positives, second.true_positives)
    np.testing.assert_array_equal(first.predicted, second.predicted)
    np.testing.assert_array_equal(first.correct, second.correct)
    np.testing.assert_allclose(base.margin, other.margin, atol=1e-4)


def test_a_unit_that_is_zero_on_an_image_changes_nothing_there_to_the_bit() -> None:
    remover = remover_of("fully connected")
    with torch.no_grad():
        held = remover.tail.head(IMAGES)
    held.recorded[:, 2] = 0.0
    held.recorded[:7, 4] = 0.0
    found = remover.predict(held, LABELS, [Nest(np.array([unit]), (1,)) for unit in (2, 4)])
    assert found.unchanged >= 24 + 7
    assert np.array_equal(found.margin[:, 1], found.margin[:, 0])
    assert np.array_equal(found.margin[:7, 2], found.margin[:7, 0])


def test_logits_closer_than_noise_are_decided_by_the_plain_tail() -> None:
    network = made(Pooled)
    with torch.no_grad():
        network[4].weight[3] = network[4].weight[1]  # classes 1 and 3 differ by one part in ten million
        network[4].bias[3] = network[4].bias[1] * (1 + 1e-7)
        network[4].bias[1] += 3
        network[4].bias[3] += 3
    layer = next(info for info in list_layers(network, photos(2)) if info.name == "0")
    tail = split_tail(network, layer, photos())
    step = find_linear_step(tail, photos())
    assert step is not None
    remover = Remover(tail, step, torch.zeros(8), 1 << 20)
    with torch.no_grad():
        held = tail.head(IMAGES)
    found = remover.predict(held, LABELS, [Nest(np.array([unit]), (1,)) for unit in range(8)])
    assert found.close > 100
    for unit in range(8):
        assert found.predicted[:, 1 + unit].tolist() == predict_slowly(network, network[1], IMAGES, [unit])
