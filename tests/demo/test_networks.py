"""The demo's networks as they ship."""

import json
import re
from pathlib import Path

import numpy as np
import pytest
import torch
from numpy.typing import NDArray
from torch import nn

from dissect_report.demo import networks
from dissect_report.demo.album import Album, album
from dissect_report.demo.concepts import CHANNELS, CONCEPTS, concept_ids
from dissect_report.demo.growing import redrawn
from dissect_report.demo.hamlets import LATENT, draw_hamlet
from dissect_report.demo.networks import (
    GROUPS,
    WEIGHTS,
    SceneSegmenter,
    SegmenterNetwork,
    classifier_network,
    folded,
    scene_classifier,
    scene_generator,
    scene_segmenter,
)
from dissect_report.demo.quality import (
    as_input,
    category_means,
    classifier_features,
    concept_areas,
    confusions,
    overlaps,
)
from dissect_report.errors import ModelError
from dissect_report.sources.latents import draw_latents

UNSEEN_SEED = 303


@pytest.fixture(scope="module")
def unseen() -> Album:
    return album(200, UNSEEN_SEED)


def test_the_classifier_is_a_plain_stack_ending_in_pooling_and_a_linear_layer() -> None:
    network = scene_classifier()
    layers = list(network.named_children())
    convs = [place for place, (_, layer) in enumerate(layers) if isinstance(layer, nn.Conv2d)]
    assert 8 <= len(convs) <= 10
    assert all(re.fullmatch(r"conv\d_\d", layers[place][0]) for place in convs)
    assert all(isinstance(layers[place + 1][1], nn.ReLU) for place in convs)
    behind = [type(layer) for _, layer in layers[convs[-1] + 2 :]]
    assert behind == [nn.AdaptiveAvgPool2d, nn.Flatten, nn.Linear]
    assert not network.training
    last = nn.Sequential(*[layer for _, layer in layers[: convs[-1] + 1]])
    assert last(torch.zeros(1, 3, 128, 128)).shape == (1, 192, 16, 16)


@pytest.mark.parametrize("make", [classifier_network, SegmenterNetwork])
def test_folding_changes_no_output(make: type[SegmenterNetwork]) -> None:
    torch.manual_seed(3)
    trained = make(batch_norm=True)
    for module in trained.modules():
        if isinstance(module, nn.BatchNorm2d):
            module.running_mean = torch.randn(module.num_features)
            module.running_var = torch.rand(module.num_features) + 0.5
            nn.init.uniform_(module.weight, 0.5, 2.0)
            nn.init.normal_(module.bias)
    plain = folded(trained, make())
    images = torch.rand(2, 3, 32, 32)
    with torch.no_grad():
        torch.testing.assert_close(plain(images), trained.eval()(images), rtol=1e-3, atol=1e-3)
    assert not any(isinstance(module, nn.BatchNorm2d) for module in plain.modules())


def test_segmenting_is_the_argmax_of_each_group_of_logits() -> None:
    torch.manual_seed(4)
    network = SegmenterNetwork().eval()
    images = torch.rand(2, 3, 48, 32)
    with torch.no_grad():
        groups = network(images).split(GROUPS, dim=1)
    found = SceneSegmenter(network).segment(images)
    for channel, (group, category) in enumerate(zip(groups, CHANNELS, strict=True)):
        best = group.argmax(dim=1)
        expected = torch.where(best > 0, best + concept_ids(category)[0] - 1, 0)
        assert (found[:, channel] == expected).float().mean() > 0.999


@pytest.mark.parametrize("size", [(128, 128), (160, 128), (70, 101)])
def test_segmentations_have_the_images_size_and_the_channels_ids(size: tuple[int, int]) -> None:
    segmenter = scene_segmenter()
    found = segmenter.segment(torch.rand(2, 3, *size))
    assert found.dtype == torch.int64
    assert found.shape == (2, 3, *size)
    for channel, category in enumerate(CHANNELS):
        assert set(np.unique(found[:, channel].numpy()).tolist()) <= {0, *concept_ids(category)}
    assert segmenter.concepts == CONCEPTS


def test_the_classifier_knows_most_unseen_scenes_and_takes_some_for_their_neighbours(unseen: Album) -> None:
    table = confusions(scene_classifier(), unseen)
    assert table.sum() == len(unseen)
    assert 0.8 <= np.trace(table) / table.sum() <= 0.98


def _balanced(table: NDArray[np.int64]) -> NDArray[np.float64]:
    """(recall + specificity) / 2 of every class, from counts by true and predicted class."""
    right, true, named = np.diag(table), table.sum(1), table.sum(0)
    return (right / true + 1 - (named - right) / (table.sum() - true)) / 2


def test_classes_differ_in_what_they_need(unseen: Album) -> None:
    network = scene_classifier()
    assert isinstance(network, nn.Sequential)
    features, linear = classifier_features(network, unseen.images), network.get_submodule("linear")
    weights, biases = (value.detach().double().numpy() for value in (linear.weight, linear.bias))

    def without(units: NDArray[np.int64]) -> NDArray[np.float64]:
        kept = features.copy()
        kept[:, units] = 0  # what removing them from conv5_2 leaves of its means
        table = np.zeros((len(weights),) * 2, dtype=np.int64)
        np.add.at(table, (unseen.classes, (kept @ weights.T + biases).argmax(1)), 1)
        return _balanced(table)

    intact = without(np.empty(0, dtype=np.int64))
    lost = np.array([intact - without(np.array([unit])) for unit in range(weights.shape[1])])
    best = [np.argsort(-lost[:, place], kind="stable")[:20] for place in range(len(weights))]
    left = np.array([without(units)[place] for place, units in enumerate(best)])
    random = np.random.default_rng(1)
    drawn = np.mean([without(random.permutation(len(lost))[:20]) for _ in range(20)], axis=0)
    assert np.mean(left) < np.mean(drawn) - 0.1
    assert np.mean(drawn) > np.mean(intact) - 0.1
    assert np.ptp(left) > 0.05
    assert (left > 0.5).sum() >= 5


def test_the_segmenter_finds_most_of_what_is_drawn(unseen: Album) -> None:
    some = Album(unseen.images[:80], unseen.labels[:80], unseen.classes[:80])
    found = overlaps(scene_segmenter(), some)
    means = category_means(found)
    assert means["object"] > 0.6
    assert means["part"] > 0.45
    assert means["material"] > 0.6
    assert (found["sky"] or 0) > 0.9


def test_overlap_of_a_perfect_guess_is_1_and_undefined_without_pixels() -> None:
    scenes = album(10, 5, size=64)

    class Oracle(SceneSegmenter):
        def segment(self, images: torch.Tensor) -> torch.Tensor:
            known = {
                image.tobytes(): labels for image, labels in zip(scenes.images, scenes.labels, strict=True)
            }
            keys = (images * 255).round().to(torch.uint8).numpy()
            return torch.from_numpy(np.stack([known[key.tobytes()] for key in keys])).long()

    found = overlaps(Oracle(SegmenterNetwork()), scenes)
    drawn = set(np.unique(scenes.labels).tolist())
    assert {concept.name for concept in CONCEPTS if found[concept.name] == 1.0} == {
        concept.name for concept in CONCEPTS if concept.id in drawn
    }
    assert all(found[concept.name] is None for concept in CONCEPTS if concept.id not in drawn)


def test_bytes_become_numbers_from_0_to_1() -> None:
    values = as_input(np.array([[[[0, 255]]]], dtype=np.uint8))
    assert values.flatten().tolist() == [0.0, 1.0]


def test_the_weights_are_small_enough_to_ship() -> None:
    sizes = {path.stem: path.stat().st_size for path in WEIGHTS.glob("*.safetensors")}
    assert set(sizes) == {"classifier", "generator", "segmenter", "transformer"}
    assert sizes["generator"] <= 4_000_000
    assert sizes["transformer"] <= 1_000_000
    assert sum(sizes.values()) <= 8_000_000


def test_the_generator_draws_the_hamlets_that_unseen_latents_say() -> None:
    latents = draw_latents(40, (LATENT,), UNSEEN_SEED)
    drawn = np.stack([draw_hamlet(latent).transpose(2, 0, 1) for latent in latents])
    made = redrawn(scene_generator(), latents)
    assert made.shape == drawn.shape == (40, 3, 64, 64)
    apart = np.abs(made.astype(int) - drawn).mean()
    assert apart < 20
    assert apart < np.abs(np.roll(made, 1, 0).astype(int) - drawn).mean() / 2  # each its own hamlet
    report = json.loads((WEIGHTS / "report.json").read_text())["generator"]
    assert apart / 255 == pytest.approx(report["mean_difference"], rel=0.3)
    segmenter = scene_segmenter()
    areas = [concept_areas(segmenter, images) for images in (drawn, made)]
    for name in ("sky", "meadow", "house", "church", "tree"):
        concept = next(c.id for c in CONCEPTS if c.name == name)
        assert areas[1][concept] > areas[0][concept] / 4, name


def test_the_report_beside_the_weights_names_every_concept_and_what_made_it() -> None:
    report = json.loads((WEIGHTS / "report.json").read_text())
    assert set(report["segmenter"]["iou"]) == {concept.name for concept in CONCEPTS}
    assert 0.85 <= report["classifier"]["accuracy"] <= 0.95
    for part in ("classifier", "segmenter"):
        assert report[part]["recipe"]["seed"] != report[part]["recipe"]["unseen_seed"]
        assert report[part]["versions"]["torch"]


def test_missing_weights_are_named_with_the_remedy(tmp_path: Path, monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.setattr(networks, "WEIGHTS", tmp_path)
    with pytest.raises(ModelError, match=r"classifier\.safetensors .* reinstall, or run python -m"):
        scene_classifier()


def test_scenes_smaller_than_the_taught_ones_are_enlarged_and_still_recognised() -> None:
    scenes = album(40, 202, None, 128)
    images = torch.nn.functional.avg_pool2d(torch.from_numpy(scenes.images).float() / 255, 2)
    found = scene_segmenter().segment(images)
    assert found.shape == (40, 3, 128, 128)
    truth = torch.from_numpy(scenes.labels).long()
    assert float((found[:, 0] == truth[:, 0]).float().mean()) > 0.85
