"""Logits too near to 0 to call are what the plain tail says on the image alone, whoever is asked."""

from __future__ import annotations

from dataclasses import replace
from functools import lru_cache

import numpy as np
import pytest
import torch
from hypothesis import HealthCheck, given, settings
from hypothesis import strategies as st
from tail_networks import Plain, made, photos
from torch import Tensor, nn

from dissect_report.activations.class_output import find_class_output
from dissect_report.activations.decisions import EachAlone, Largest, decider_of
from dissect_report.activations.layers import list_layers
from dissect_report.activations.linear_step import LinearStep, find_linear_step, plain_step
from dissect_report.activations.outputs import NOISE
from dissect_report.activations.tail import Held, Tail, split_tail
from dissect_report.analysis.ablation.experiment import _logit_scale
from dissect_report.analysis.ablation.near_ties import NearTies
from dissect_report.analysis.ablation.removals import Nest, Outcome, Remover
from dissect_report.config import ModelConfig
from dissect_report.findings.answers import unpack

IMAGES = photos(24, seed=4)
NESTS = (
    *(Nest(np.array([unit]), (1,)) for unit in range(6)),
    Nest(np.array([2, 0, 4, 1]), (1, 2, 4), True, True),
)
REMOVED = [
    [], *([unit] for unit in range(6)), [2], [2, 0], [2, 0, 4, 1],
    *([u for u in range(6) if u not in kept] for kept in ([2], [2, 0], [2, 0, 4, 1])),
]  # fmt: skip


def calibrated(classes: int, seed: int) -> tuple[Tail, Held, Remover]:
    """Every class's logit is 0 but for rounding on one image with one set removed: large numbers cancel."""
    network = made(Plain).eval()
    torch.manual_seed(seed)
    network[-1] = nn.Linear(10, classes)
    network[-1].weight.data *= 30
    layer = next(info for info in list_layers(network, photos(2)) if info.name == "2")
    config = ModelConfig(source="n", decision="sigmoid" if classes > 1 else "auto")
    output, _ = find_class_output(network, IMAGES, config)
    assert output is not None
    tail = split_tail(network, layer, photos(), ["fx"], output.read)
    generator = np.random.default_rng(seed)
    with torch.no_grad():
        held = tail.head(IMAGES)
        for index in range(classes):
            image, column = int(generator.integers(24)), int(generator.integers(len(REMOVED)))
            maps = held.recorded[image : image + 1].clone()
            maps[:, REMOVED[column] if classes > 1 else []] = 0.0
            network[-1].bias[index] -= tail.run(maps)[0, -classes:][index]
        scale = _logit_scale(tail, photos())
    remover = Remover(tail, plain_step(tail), torch.zeros(6), 1 << 24, decider_of(output), scale)
    return tail, held, remover


@lru_cache
def slow_scores(classes: int, seed: int) -> Tensor:
    """[image, column, class] by the plain tail, one image and one set at a time."""
    tail, held, _ = (EACH if classes > 1 else ONE)[seed]
    rows = []
    for image in range(len(IMAGES)):
        for units in REMOVED:
            maps = held.recorded[image : image + 1].clone()
            maps[:, units] = 0.0
            rows.append(tail.run(maps)[0])
    return torch.stack(rows).reshape(len(IMAGES), len(REMOVED), -1)


def step_of(tail: Tail) -> LinearStep:
    step = find_linear_step(tail, photos())
    assert step is not None
    return step


def run(remover: Remover, held: Held, order: np.ndarray, batch: int, labels: np.ndarray) -> Outcome:
    parts = [
        remover.predict(Held(held.recorded[some], ()), labels[some], NESTS)
        for some in (order[first : first + batch] for first in range(0, len(order), batch))
    ]
    back = np.argsort(order)
    predicted, margin = (
        np.concatenate([getattr(part, name) for part in parts])[back] for name in ("predicted", "margin")
    )
    return Outcome(predicted, margin, 0, sum(part.close for part in parts))


EACH = {seed: calibrated(90, seed) for seed in (0, 1)}
ONE = {seed: calibrated(1, seed) for seed in (0, 1, 2)}
BATCHES = {
    "plain": st.booleans(),
    "batch": st.integers(1, 24),
    "memory": st.sampled_from([1, 4000, 1 << 24]),
    "shuffle": st.integers(0, 100),
}


@settings(max_examples=10, deadline=None, suppress_health_check=list(HealthCheck))
@given(seed=st.sampled_from(list(EACH)), **BATCHES)
def test_each_class_near_0_is_the_plain_tail_s_on_the_image_alone(
    seed: int, plain: bool, batch: int, memory: int, shuffle: int
) -> None:
    tail, held, remover = EACH[seed]
    scores = slow_scores(90, seed)
    step = plain_step(tail) if plain else step_of(tail)
    labels = np.array([[image % 90, -1, 7] for image in range(24)])
    order = np.random.default_rng(shuffle).permutation(24)
    found = run(replace(remover, step=step, memory=memory), held, order, batch, labels)
    assert found.close >= 60
    np.testing.assert_array_equal(unpack(found.predicted, 90), (scores > 0).numpy())
    for place in (0, 2):
        own = torch.gather(scores, 2, torch.as_tensor(labels[:, None, place, None]).expand(-1, 13, -1))[
            ..., 0
        ]
        np.testing.assert_allclose(found.margin[:, :, place], own, atol=1e-3)
    assert not found.margin[:, :, 1].any()


@settings(max_examples=10, deadline=None, suppress_health_check=list(HealthCheck))
@given(seed=st.sampled_from(list(ONE)), **BATCHES)
def test_one_logit_near_0_is_the_plain_tail_s_on_the_image_alone(
    seed: int, plain: bool, batch: int, memory: int, shuffle: int
) -> None:
    tail, held, remover = ONE[seed]
    assert isinstance(remover.decider, Largest)
    scores = slow_scores(1, seed)
    assert scores.shape[2] == 2
    order = np.random.default_rng(shuffle).permutation(24)
    step = plain_step(tail) if plain else step_of(tail)
    found = run(replace(remover, step=step, memory=memory), held, order, batch, np.arange(24) % 2)
    assert found.close >= 1, "the intact image that was calibrated"
    np.testing.assert_array_equal(found.predicted, scores.numpy().argmax(2))
    signs = torch.tensor([-1.0, 1.0])[torch.arange(24) % 2]
    np.testing.assert_allclose(found.margin, scores[:, :, 1] * signs[:, None], atol=1e-3)


@pytest.mark.parametrize("drift", [0.0, NOISE / 5, 10 * NOISE])
def test_the_batch_decides_about_0_only_beyond_the_difference_that_was_measured(drift: float) -> None:
    logits = torch.linspace(-2 * NOISE, 2 * NOISE, 60)[torch.randperm(60)]

    def run_rows(images: Tensor, columns: Tensor) -> Tensor:
        off = drift if len(images) > 1 else 0.0
        return torch.stack([torch.full((len(images),), 9.0), logits[images] - off], 1)

    none = torch.zeros(60, dtype=torch.int64)
    scores = NearTies(run_rows, 60, decider=EachAlone(2)).settle(torch.arange(60), none, torch.ones(60))
    assert (scores[:, 1] > 0).tolist() == (logits > 0).tolist()
