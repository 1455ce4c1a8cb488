"""Training: seeded, resumable, careful with rare concepts."""

from dataclasses import replace
from pathlib import Path

import numpy as np
import pytest
import torch
from torch import nn

from dissect_report.demo.album import Album, album
from dissect_report.demo.concepts import CONCEPTS, label
from dissect_report.demo.fitting import Lesson, Recipe, batches, fit
from dissect_report.demo.losses import blurred, classifier_loss, pixel_shares, segmenter_loss
from dissect_report.demo.networks import SegmenterNetwork, classifier_network

RECIPE = Recipe(scenes=16, epochs=2, batch=8)


@pytest.fixture(scope="module")
def scenes() -> Album:
    return album(16, 11, size=32)


def fresh() -> nn.Module:
    torch.manual_seed(1)
    return classifier_network(batch_norm=True)


def same(one: nn.Module, other: nn.Module) -> bool:
    return all(
        torch.equal(first, second)
        for first, second in zip(one.state_dict().values(), other.state_dict().values(), strict=True)
    )


def test_a_run_that_was_stopped_goes_on_as_if_it_had_not_been(scenes: Album, tmp_path: Path) -> None:
    whole, stopped, resumed = fresh(), fresh(), fresh()
    assert fit(whole, classifier_loss, scenes, RECIPE, tmp_path / "whole.pt", hours=1) == 4
    calls = 0

    def interrupted(network: nn.Module, lesson: Lesson) -> torch.Tensor:
        nonlocal calls
        calls += 1
        if calls == 3:
            raise KeyboardInterrupt
        return classifier_loss(network, lesson)

    with pytest.raises(KeyboardInterrupt):
        fit(stopped, interrupted, scenes, RECIPE, tmp_path / "part.pt", hours=1)
    assert fit(resumed, classifier_loss, scenes, RECIPE, tmp_path / "part.pt", hours=1) == 4
    assert same(whole, resumed)


def test_a_checkpoint_of_another_recipe_is_not_resumed(scenes: Album, tmp_path: Path) -> None:
    network = fresh()
    fit(network, classifier_loss, scenes, RECIPE, tmp_path / "c.pt", hours=1)
    assert fit(fresh(), classifier_loss, scenes, replace(RECIPE, rate=1e-4), tmp_path / "c.pt", hours=1) == 4


def test_no_time_means_no_steps(scenes: Album, tmp_path: Path) -> None:
    network = fresh()
    assert fit(network, classifier_loss, scenes, RECIPE, tmp_path / "c.pt", hours=1e-12) == 0
    assert same(network, fresh())


def test_mirroring_moves_labels_with_their_image(scenes: Album) -> None:
    mirrored = 0
    for lesson in batches(scenes, RECIPE, 0):
        for image, labels in zip(lesson.images, lesson.labels, strict=True):
            match = [place for place in range(16) if np.array_equal(scenes.images[place], image)]
            if match:
                np.testing.assert_array_equal(labels, scenes.labels[match[0]])
                continue
            (place,) = [
                place for place in range(16) if np.array_equal(scenes.images[place], image[..., ::-1])
            ]
            np.testing.assert_array_equal(labels[..., ::-1], scenes.labels[place])
            mirrored += 1
    assert 0 < mirrored < 16


def test_rarer_concepts_are_learnt_from_more_often() -> None:
    shares = pixel_shares(album(60, 12, size=64).labels)
    assert shares.shape == (len(CONCEPTS) + 1,)
    assert shares[0] == 0
    assert shares[label("sky")[0]] < shares[label("tree")[0]] < shares[label("", "mast")[1]] <= 1


def test_the_segmenters_loss_is_that_of_a_uniform_guess_before_training(scenes: Album) -> None:
    network = SegmenterNetwork()
    with torch.no_grad():
        network.head.weight.zero_()
    lesson = Lesson(scenes.images, scenes.labels, scenes.classes, np.random.default_rng(0))
    loss = segmenter_loss(np.ones(len(CONCEPTS) + 1, dtype=np.float32))(network, lesson)
    expected = np.mean(np.log([48, 25, 17]))
    assert loss.item() == pytest.approx(expected, rel=1e-3)


def test_an_album_on_disk_is_the_album_in_memory(tmp_path: Path) -> None:
    drawn, kept = album(4, 7, size=32), album(4, 7, tmp_path, size=32)
    again = album(4, 7, tmp_path, size=32)
    for one in (kept, again):
        np.testing.assert_array_equal(one.images, drawn.images)
        np.testing.assert_array_equal(one.labels, drawn.labels)
        np.testing.assert_array_equal(one.classes, drawn.classes)


def test_some_images_are_seen_as_coarse_as_the_generator_s_and_the_others_as_they_are() -> None:
    images = torch.rand(40, 3, 16, 16)
    seen = blurred(images, np.random.default_rng(2), 0.5)
    same = torch.tensor([torch.equal(one, other) for one, other in zip(seen, images, strict=True)])
    assert 10 < int(same.sum()) < 30
    coarse = torch.nn.functional.avg_pool2d(images[~same], 2)
    expected = torch.nn.functional.interpolate(coarse, scale_factor=2, mode="bicubic").clamp(0, 1)
    torch.testing.assert_close(seen[~same], expected)
    assert torch.equal(blurred(images, np.random.default_rng(2), 0.0), images)
