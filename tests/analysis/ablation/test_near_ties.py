"""What is too close to call is what the plain tail says on the image alone, whoever is asked."""

from __future__ import annotations

from collections.abc import Sequence
from dataclasses import dataclass, field

import numpy as np
import pytest
import torch
from hypothesis import HealthCheck, given, settings
from hypothesis import strategies as st
from tail_networks import Plain, Residual, made, photos
from torch import Tensor, nn

from dissect_report.activations.layers import LayerInfo, list_layers
from dissect_report.activations.linear_step import LinearStep, find_linear_step, plain_step
from dissect_report.activations.outputs import NOISE
from dissect_report.activations.tail import GraphTail, Held, Path, Tail, split_tail
from dissect_report.analysis.ablation.near_ties import COMPARED, NearTies
from dissect_report.analysis.ablation.removals import Nest, Outcome, Remover

COPIES = 12
IMAGES = photos(24, seed=4)
NESTS = (
    *(Nest(np.array([unit]), (1,)) for unit in range(6)),
    Nest(np.array([2, 0, 4, 1]), (1, 2, 4), True, True),
    Nest(np.array([5, 3, 1, 0, 2, 4]), (3, 6), True, True),
)


@dataclass(eq=False)
class Asked:
    """A tail that remembers how many images it was asked about at a time."""

    tail: GraphTail
    rows: list[int] = field(default_factory=list)

    @property
    def layer(self) -> LayerInfo:
        return self.tail.layer

    @property
    def path(self) -> Path:
        return self.tail.path

    @property
    def row_bytes(self) -> int:
        return self.tail.row_bytes

    def head(self, images: Tensor) -> Held:
        return self.tail.head(images)

    def run(self, recorded: Tensor, kept: Sequence[Tensor] = ()) -> Tensor:
        return self.tail.run(recorded, kept)

    def consume(self, recorded: Tensor, kept: Sequence[Tensor]) -> Tensor:
        self.rows.append(len(recorded))
        return self.tail.consume(recorded, kept)


def nearly_equal_classes(kind: type[nn.Module], spread: float) -> nn.Module:
    """Every class has copies whose logits differ from its own a little, now up, now down."""
    network = made(kind).eval()
    last = [module for module in network.modules() if isinstance(module, nn.Linear)][-1]
    generator = torch.Generator().manual_seed(1)
    with torch.no_grad():
        weight, bias = last.weight, last.bias - network(IMAGES.clone()).mean(0)
        noise = torch.randn((COPIES * len(weight), weight.shape[1]), generator=generator) * spread
        last.weight = nn.Parameter(weight.repeat(COPIES, 1) + noise)
        last.bias = nn.Parameter(bias.repeat(COPIES))
    return network


def split(spread: float, kind: type[nn.Module] = Plain, layer_name: str = "2") -> tuple[GraphTail, Held]:
    network = nearly_equal_classes(kind, spread)
    layer = next(info for info in list_layers(network, photos(2)) if info.name == layer_name)
    tail = split_tail(network, layer, photos(), ["fx"])
    assert isinstance(tail, GraphTail)
    with torch.no_grad():
        return tail, tail.head(IMAGES)


def step_of(tail: GraphTail) -> LinearStep:
    step = find_linear_step(tail, photos())
    assert step is not None
    return step


TAIL, HELD = split(1e-7)  # as far apart as arithmetic is inexact
STEP = step_of(TAIL)


def replaced_units(nest: Nest) -> list[list[int]]:
    removed = [nest.units[:size].tolist() for size in nest.sizes]
    return removed + [[unit for unit in range(6) if unit not in some] for some in removed if nest.kept]


def slow_predictions(value: float) -> np.ndarray:
    """By the plain tail, one image and one set at a time."""
    sets = [[], *(units for nest in NESTS for units in replaced_units(nest))]
    predicted = np.zeros((len(IMAGES), len(sets)), np.int32)
    for image in range(len(IMAGES)):
        for column, units in enumerate(sets):
            maps = HELD.recorded[image : image + 1].clone()
            maps[:, units] = value
            predicted[image, column] = int(TAIL.run(maps).argmax())
    return predicted


SLOW = {value: slow_predictions(value) for value in (0.0, 0.3)}


def run(tail: Tail, step: LinearStep, value: float, memory: int, order: np.ndarray, batch: int) -> Outcome:
    remover = Remover(tail, step, torch.full((6,), value), memory)
    labels = np.arange(len(IMAGES)) % 5
    parts = [
        remover.predict(Held(HELD.recorded[some], ()), labels[some], NESTS)
        for some in (order[first : first + batch] for first in range(0, len(order), batch))
    ]
    back = np.argsort(order)
    predicted, margin = (
        np.concatenate([getattr(part, name) for part in parts])[back] for name in ("predicted", "margin")
    )
    return Outcome(predicted, margin, 0, sum(part.close for part in parts))


@settings(max_examples=12, deadline=None, suppress_health_check=list(HealthCheck))
@given(
    value=st.sampled_from([0.0, 0.3]),
    plain=st.booleans(),
    batch=st.integers(1, 24),
    memory=st.sampled_from([1, 4000, 40000, 1 << 24]),
    seed=st.integers(0, 100),
)
def test_among_near_ties_every_prediction_is_the_plain_tail_s_on_the_image_alone(
    value: float, plain: bool, batch: int, memory: int, seed: int
) -> None:
    order = np.random.default_rng(seed).permutation(len(IMAGES))
    found = run(TAIL, plain_step(TAIL) if plain else STEP, value, memory, order, batch)
    assert found.close > 200
    assert len(np.unique(found.predicted)) > 10
    np.testing.assert_array_equal(found.predicted, SLOW[value])


def test_less_than_two_thirds_of_the_near_ties_are_run_alone() -> None:
    tail, _ = split(5e-5)
    asked = Asked(tail)
    found = run(asked, step_of(tail), 0.0, 1 << 24, np.arange(24), 24)
    assert found.close > 50
    assert asked.rows.count(1) < found.close * 2 / 3


def test_sets_that_leave_the_same_are_asked_about_once() -> None:
    asked = Asked(TAIL)
    held = Held(HELD.recorded.clone(), ())
    held.recorded[:, [1, 3]] = 0.0
    nests = [Nest(np.array(units), (len(units),), False, True) for units in ([1], [3], [1, 3])]
    remover = Remover(asked, STEP, torch.zeros(6), 1 << 24)
    found = remover.predict(held, np.zeros(24, np.int64), nests)
    bare = TAIL.run(torch.zeros_like(held.recorded[:1]))
    assert (found.predicted[:, 1:] == int(bare.argmax())).all()
    assert len(np.unique(found.margin[:, 1:])) == 1
    assert found.close >= 3 * 24
    intact = found.close - 3 * 24
    assert sum(asked.rows) <= 2 * intact + 1


def test_what_passes_by_the_layer_tells_images_apart_with_every_unit_replaced() -> None:
    tail, held = split(1e-7, Residual, "block1.conv2")
    assert held.kept
    remover = Remover(tail, plain_step(tail), torch.zeros(6), 1 << 24)
    found = remover.predict(held, np.ones(24, np.int64), [Nest(np.arange(6), (6,))])
    assert found.close > 40
    nothing = torch.zeros_like(held.recorded[:1])
    scores = torch.cat([tail.run(nothing, [value[k : k + 1] for value in held.kept]) for k in range(24)])
    assert found.predicted[:, 1].tolist() == scores.argmax(1).tolist()
    assert len(np.unique(found.margin[:, 1])) > 20
    np.testing.assert_allclose(found.margin[:, 1], scores[:, 1] - scores.amax(1), atol=1e-5)


@dataclass
class Drifting:
    """Two classes, ``gaps`` apart; in a batch every logit is off by ``drift``, against the truth."""

    gaps: Tensor
    drift: float
    alone: int = 0

    def __call__(self, images: Tensor, columns: Tensor) -> Tensor:
        assert columns.tolist() == [0] * len(images)
        scores = torch.stack([torch.ones(len(images)), 1 - self.gaps[images]], 1)
        if len(images) == 1:
            self.alone += 1
            return scores
        return scores + torch.tensor([-self.drift, self.drift])


@pytest.mark.parametrize("drift", [0.0, 1e-7, NOISE / 20, NOISE / 5, NOISE, 10 * NOISE])
def test_the_batch_decides_only_beyond_the_difference_that_was_measured(drift: float) -> None:
    gaps = torch.linspace(-2 * NOISE, 2 * NOISE, 60)[torch.randperm(60)]
    run = Drifting(gaps, drift)
    none = torch.zeros(60, dtype=torch.int64)
    scores = NearTies(run, 60).settle(torch.arange(60), none, torch.ones(60))
    assert scores.argmax(1).tolist() == (gaps < 0).long().tolist()
    assert (run.alone < 20) == (drift <= NOISE / 20)
    assert run.alone >= COMPARED


def test_a_handful_of_near_ties_is_run_alone() -> None:
    gaps = torch.full((COMPARED,), 2 * NOISE)
    run = Drifting(gaps, 10.0)
    none = torch.zeros(COMPARED, dtype=torch.int64)
    scores = NearTies(run, 60).settle(torch.arange(COMPARED), none, torch.ones(COMPARED))
    assert run.alone == COMPARED
    assert scores.argmax(1).tolist() == [0] * COMPARED
