"""Strengths learned by gradient: against finite differences of a slow twin, on networks of a few numbers."""

from __future__ import annotations

import numpy as np
import pytest
import torch
from hypothesis import given, settings
from hypothesis import strategies as st

from dissect_report.activations.tail import Held
from dissect_report.analysis.generation.strengths import Recipe, learn_strengths, left_loss, painted_loss
from dissect_report.analysis.generation.unit_sets import UnitSet, by_lot, by_strength
from dissect_report.analysis.progress import Silent
from tests import reference_generation as slow

UNITS, SIDE, CONCEPTS = 5, 4, 3
BLOCKS = [(0, 2, 0, 2), (1, 3, 2, 4), (2, 4, 1, 2)]
LEVEL = np.array([1.5, 0.7, float("nan"), 2.0, -1.0])


def logits_of(maps: torch.Tensor) -> torch.Tensor:
    """[image, concept, 2 y, 2 x]: the maps mixed, bent, and doubled."""
    mix = torch.from_numpy(np.random.default_rng(2).standard_normal((CONCEPTS, UNITS))).to(maps)
    mixed = torch.tanh(torch.einsum("cu,buyx->bcyx", mix, maps)) * 3
    return mixed.repeat_interleave(2, 2).repeat_interleave(2, 3)


def answer(maps: torch.Tensor, _kept: object) -> torch.Tensor:
    return logits_of(maps).log_softmax(1)[:, 1]


def held(seed: int, images: int = 3, kind: torch.dtype = torch.float64) -> Held:
    values = np.random.default_rng(seed).standard_normal((images, UNITS, SIDE, SIDE))
    return Held(torch.from_numpy(values).to(kind), ())


def twin(maps: np.ndarray, block: tuple[int, int, int, int], strengths: np.ndarray, floor: float) -> float:
    def network(edited: np.ndarray) -> np.ndarray:
        return logits_of(torch.from_numpy(edited)[None])[0].numpy()

    return slow.effect_loss(network, maps, block, LEVEL, strengths, 1, floor)


@pytest.mark.parametrize("floor", [-2.0, -50.0])
def test_the_gradient_is_that_of_finite_differences(floor) -> None:
    own, step = held(3), 1e-5
    at = np.array([0.2, 0.6, 0.4, 0.9, 0.5])
    asked = torch.from_numpy(at).requires_grad_()
    losses = painted_loss(answer, own, BLOCKS, LEVEL, asked, floor)
    for image, block in enumerate(BLOCKS):
        maps = own.recorded[image].numpy()
        assert float(losses[image].detach()) == pytest.approx(twin(maps, block, at, floor), abs=1e-12)
    (found,) = torch.autograd.grad(losses.sum(), asked)
    for unit in range(UNITS):
        moved = [at + sign * step * np.eye(UNITS)[unit] for sign in (1, -1)]
        up, down = (
            sum(twin(own.recorded[k].numpy(), block, there, floor) for k, block in enumerate(BLOCKS))
            for there in moved
        )
        assert float(found[unit]) == pytest.approx((up - down) / (2 * step), abs=1e-6)
    assert float(found[2]) == 0, "a unit without a level is not moved"


def test_what_is_left_without_units_is_a_part_of_the_concepts_area() -> None:
    own, step = held(4), 1e-5
    at = torch.tensor([0.2, 0.6, 0.4, 0.9, 0.5], dtype=torch.float64, requires_grad=True)
    found = left_loss(answer, own, 0.25, at)
    maps = own.recorded * (1 - at.detach()[:, None, None])
    shares = logits_of(maps).softmax(1)[:, 1].mean((1, 2))
    assert found.tolist() == pytest.approx((shares / 0.25).tolist())
    (gradient,) = torch.autograd.grad(found.sum(), at)
    for unit in range(UNITS):
        change = step * torch.eye(UNITS, dtype=torch.float64)[unit]
        up, down = (
            float(left_loss(answer, own, 0.25, at.detach() + sign * change).sum()) for sign in (1, -1)
        )
        assert float(gradient[unit]) == pytest.approx((up - down) / (2 * step), abs=1e-6)
    assert left_loss(answer, own, 0.0, at).tolist() == [0, 0, 0]


def learn(seed: int = 0, recipe: Recipe | None = None, latents: range = range(10, 30)) -> np.ndarray:
    stored = held(5, 40, torch.float32)
    asked: list[int] = []

    def maps(indices: np.ndarray) -> Held:
        asked.extend(indices.tolist())
        return Held(stored.recorded[torch.from_numpy(indices)], ())

    found = learn_strengths(
        answer, maps, latents, BLOCKS, LEVEL, 0.3, np.full(UNITS, 0.5), recipe or Recipe(),
        np.random.default_rng(seed), Silent(),
    )  # fmt: skip
    assert set(asked) <= set(latents), "no latent that anything is reported of"
    return found


def test_what_is_learned_is_the_same_for_a_seed_and_lowers_the_loss() -> None:
    found = learn()
    assert np.array_equal(found, learn())
    assert not np.array_equal(found, learn(seed=1))
    assert found.shape == (UNITS,)
    assert (found >= 0).all()
    assert (found <= 1).all()
    assert found[2] == 0
    others = held(6, 3, torch.float32)

    def loss(strengths: np.ndarray) -> float:
        given = torch.from_numpy(strengths).float()
        return float(painted_loss(answer, others, BLOCKS, LEVEL, given, -4).sum())

    assert loss(found) < loss(np.full(UNITS, 0.5)) < loss(np.zeros(UNITS))


@pytest.mark.parametrize("at_once", [1, 2, 5])
def test_images_held_at_a_time_change_no_more_than_rounding(at_once) -> None:
    assert learn(recipe=Recipe(at_once=at_once)) == pytest.approx(learn(), abs=1e-4)


def test_a_penalty_leaves_it_to_fewer_units() -> None:
    assert (learn(recipe=Recipe(penalty=5)) == 0).all()
    assert learn(recipe=Recipe(penalty=0.3)).sum() < learn(recipe=Recipe(penalty=0)).sum()


@settings(max_examples=50, deadline=None)
@given(st.lists(st.floats(0, 1), min_size=1, max_size=12), st.integers(1, 8), st.integers(0, 5))
def test_sets_are_the_strongest_units_and_their_control_is_as_strong(strengths, most, seed) -> None:
    values = np.array(strengths)
    chosen = by_strength(values, most)
    expected = sorted((u for u in range(len(values)) if values[u] > 0), key=lambda u: (-values[u], u))[:most]
    assert list(chosen.units) == expected
    assert chosen.strengths == tuple(values[expected])
    alive = list(range(100, 100 + len(values)))
    lot = by_lot(chosen, alive, np.random.default_rng(seed))
    assert lot.strengths == chosen.strengths
    assert len(set(lot.units)) == len(chosen.units)
    assert set(lot.units) <= set(alive)
    assert len(by_lot(UnitSet((1, 2, 3), (1.0, 0.5, 0.2)), [7], np.random.default_rng(seed)).units) == 1
