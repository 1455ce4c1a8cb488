"""Scenes whose accidents are the numbers of a latent, and the generator's training on them."""

from __future__ import annotations

from dataclasses import replace

import numpy as np
import torch

from dissect_report.demo.generator import ALONE, hamlet_generator, hamlet_generator_from
from dissect_report.demo.growing import (
    Growing,
    GrowingRecipe,
    Likeness,
    Stage,
    crowding,
    grow,
    hamlet_album,
    redrawn,
)
from dissect_report.demo.hamlets import CELL, CELLS, GROUND, LATENT, SCENE, Dials, Latent, draw_hamlet
from dissect_report.demo.networks import SegmenterNetwork
from dissect_report.demo.quality import frechet_distance
from dissect_report.sources.latents import draw_latents

TINY = GrowingRecipe(
    hamlets=12,
    unseen=4,
    widths=(8, 8, 8, 8, 8, 6, 6),
    stages=(Stage(8, 4, 4), Stage(16, 6, 4)),
    fade=0.5,
)


def test_the_same_latent_draws_the_same_hamlet_and_a_near_one_a_near_hamlet() -> None:
    first, second = draw_latents(2, (LATENT,), 4)
    picture = draw_hamlet(first, 32)
    assert picture.shape == (32, 32, 3)
    assert np.array_equal(picture, draw_hamlet(first, 32))
    near = np.abs(draw_hamlet(first + np.float32(0.01), 32).astype(int) - picture).mean()
    far = np.abs(draw_hamlet(second, 32).astype(int) - picture).mean()
    assert near < far / 4


def another_cell(latent: np.ndarray, other: np.ndarray, row: int, column: int) -> np.ndarray:
    """The first latent with one cell's numbers of the second."""
    mixed = latent.copy()
    cells = mixed[SCENE:].reshape(CELL, CELLS, CELLS)
    cells[:, row, column] = other[SCENE:].reshape(CELL, CELLS, CELLS)[:, row, column]
    return mixed


def test_a_cells_numbers_change_what_stands_there_and_nothing_far_away() -> None:
    changed = 0
    for first, second in draw_latents(24, (2, LATENT), 5):
        mixed = draw_hamlet(another_cell(first, second, 5, 3)).astype(int)
        differs = np.abs(mixed - draw_hamlet(first)).max(axis=2) > 40  # night's lights glow further, faintly
        assert not differs[:16].any()
        assert not differs[:, :8].any()
        assert not differs[:, 56:].any()
        changed += bool(differs[32:48, 20:36].any())
    assert changed > 8


def test_nothing_stands_in_the_sky() -> None:
    first, second = draw_latents(2, (LATENT,), 6)
    for row in range(GROUND[0]):
        assert np.array_equal(draw_hamlet(another_cell(first, second, row, 3)), draw_hamlet(first))


def test_up_to_the_plan_a_cell_is_worked_out_alone() -> None:
    torch.manual_seed(0)
    plan = hamlet_generator((8,) * 5)[: ALONE + 1]
    first, second = draw_latents(2, (LATENT,), 7)
    mixed = another_cell(first, second, 2, 6)
    with torch.no_grad():
        maps, edited, other = plan(torch.from_numpy(np.stack((first, mixed, second))))
    differs = (maps != edited).any(0)
    assert differs[2, 6]
    assert differs.sum() == 1
    assert not torch.allclose(edited, other)


def test_crowding_is_small_where_few_units_say_a_cell_whatever_their_scale() -> None:
    one, all_alike = torch.zeros(1, 16, 2, 2), torch.ones(1, 16, 2, 2)
    one[:, 3] = 7
    assert abs(crowding(one).item() - 1 / 4) < 1e-6
    assert abs(crowding(one / 100).item() - 1 / 4) < 1e-4
    assert abs(crowding(all_alike).item() - 1) < 1e-6


def test_dials_show_their_numbers_and_then_the_middle() -> None:
    dials = Dials([0.25, 0.75])
    assert [dials.between(0, 4) for _ in range(4)] == [1, 3, 2, 2]
    latent = Latent(np.array([-9, 0, 9], np.float32))
    assert [round(latent.dials(1).between(0, 1), 3) for _ in range(3)] == [0, 0.5, 1]


def test_the_exported_generator_is_the_grown_one_and_a_blend_lies_before_it(tmp_path) -> None:
    hamlets = hamlet_album(TINY.hamlets, 1, tmp_path, 16)
    segmenter = SegmenterNetwork()
    torch.manual_seed(0)
    whole = grow(hamlets, Likeness(segmenter), TINY, tmp_path / "whole.pt")
    generator = hamlet_generator_from(whole)
    made = redrawn(generator, draw_latents(3, (LATENT,), 1))
    assert made.shape == (3, 3, 16, 16)
    growing = Growing(TINY)
    growing.load_state_dict(
        {f"layers.{k}": v for k, v in whole.items() if k.startswith("la")}
        | {k.replace("output_16x16", "outputs.16"): v for k, v in whole.items() if k.startswith("output")}
        | {k: v for k, v in growing.state_dict().items() if k.startswith("outputs.8")}
    )
    latents = torch.from_numpy(draw_latents(3, (LATENT,), 1))
    with torch.no_grad():
        assert torch.allclose(growing(latents, 16, 1.0), generator(latents), atol=1e-5)
        half = growing(latents, 16, 0.5)
    assert not torch.allclose(half, generator(latents), atol=1e-3)


def test_hamlets_are_drawn_once_and_read_again(tmp_path) -> None:
    first = hamlet_album(3, 1, tmp_path, 16)
    stamp = next(tmp_path.glob("*.npy")).stat().st_mtime_ns
    again = hamlet_album(3, 1, tmp_path, 16)
    assert np.array_equal(first, again)
    assert next(tmp_path.glob("*.npy")).stat().st_mtime_ns == stamp
    assert np.array_equal(first[1], draw_hamlet(draw_latents(3, (LATENT,), 1)[1], 16).transpose(2, 0, 1))


def test_a_longer_recipe_does_not_take_up_anothers_checkpoint(tmp_path) -> None:
    hamlets = hamlet_album(TINY.hamlets, 1, tmp_path, 16)
    torch.manual_seed(0)
    likeness = Likeness(SegmenterNetwork())
    first = grow(hamlets, likeness, TINY, tmp_path / "g.pt")
    other = grow(hamlets, likeness, replace(TINY, rate=1e-3), tmp_path / "g.pt")
    assert any(not torch.equal(first[key], other[key]) for key in first)


def test_the_frechet_distance_is_that_of_two_normal_distributions() -> None:
    random = np.random.default_rng(0)
    first = random.normal(size=(4000, 3)) * [1.0, 2.0, 3.0]
    second = random.normal(size=(4000, 3)) * [1.0, 2.0, 5.0] + [1.0, 0.0, 0.0]
    # independent axes: squared distance of means and of standard deviations
    assert abs(frechet_distance(first, second) - (1 + 4)) < 0.4
    assert abs(frechet_distance(first, first)) < 1e-6
