"""The drawn world: seeded, labelled, varied."""

import subprocess
import sys

import numpy as np
import pytest
from numpy.typing import NDArray

from dissect_report.demo.concepts import CHANNELS, CONCEPTS, concept_ids, label
from dissect_report.demo.scenes import SCENE_CLASSES, Scene, draw_scene

NAMES = {concept.id: concept.name for concept in CONCEPTS}


@pytest.fixture(scope="module")
def scenes() -> list[Scene]:
    return [draw_scene(index, seed=3) for index in range(240)]


def test_the_catalogue_is_dense_named_once_and_rich_enough() -> None:
    assert [concept.id for concept in CONCEPTS] == list(range(1, len(CONCEPTS) + 1))
    assert len({concept.name for concept in CONCEPTS}) == len(CONCEPTS)
    assert len(concept_ids("object")) >= 20
    assert len(concept_ids("part")) >= 12
    assert len(concept_ids("material")) >= 8
    assert len(SCENE_CLASSES) >= 8


def test_the_same_seed_and_index_give_the_same_bytes() -> None:
    first, second = draw_scene(7, seed=5), draw_scene(7, seed=5)
    assert first.image.tobytes() == second.image.tobytes()
    assert first.labels.tobytes() == second.labels.tobytes()


@pytest.mark.parametrize(("index", "seed"), [(7, 6), (17, 5)])
def test_another_seed_or_index_of_the_same_class_gives_another_scene(index: int, seed: int) -> None:
    one, other = draw_scene(7, seed=5), draw_scene(index, seed=seed)
    assert one.scene_class == other.scene_class
    assert (one.image != other.image).mean() > 0.5
    assert (one.labels[0] != other.labels[0]).mean() > 0.02


@pytest.mark.parametrize("size", [64, 128, 100])
def test_image_and_labels_have_the_size_asked_for(size: int) -> None:
    scene = draw_scene(2, seed=1, size=size)
    assert scene.image.shape == (size, size, 3)
    assert scene.image.dtype == np.uint8
    assert scene.labels.shape == (3, size, size)
    assert scene.labels.dtype == np.uint8


def test_a_scene_is_the_same_scene_at_half_the_size() -> None:
    large, small = draw_scene(6, seed=2, size=128), draw_scene(6, seed=2, size=64)
    agreement = (large.labels[0, ::2, ::2] == small.labels[0]).mean()
    assert agreement > 0.93


def test_classes_go_round(scenes: list[Scene]) -> None:
    assert [scene.scene_class for scene in scenes[:25]] == [index % len(SCENE_CLASSES) for index in range(25)]


def test_each_channel_holds_only_its_own_category_and_zero(scenes: list[Scene]) -> None:
    for channel, category in enumerate(CHANNELS):
        found = set(np.unique(np.stack([scene.labels[channel] for scene in scenes])).tolist())
        assert found <= {0, *concept_ids(category)}


def test_every_concept_is_drawn(scenes: list[Scene]) -> None:
    found = set(np.unique(np.stack([scene.labels for scene in scenes])).tolist())
    assert {NAMES[number] for number in set(NAMES) - found} == set()


def test_every_pixel_belongs_to_an_object(scenes: list[Scene]) -> None:
    assert all((scene.labels[0] > 0).all() for scene in scenes)


OWNERS = {
    "treetop": {"tree", "pine", "palm"},
    "hull": {"boat"},
    "sail": {"boat"},
    "wheel": {"car", "tractor"},
    "blade": {"windmill"},
    "canopy": {"parasol"},
    "peak": {"mountain"},
    "window": {"house", "church", "barn", "skyscraper", "lighthouse", "windmill", "car", "tractor"},
    "head": {"person", "sheep", "cow", "camel"},
    "torso": {"person", "sheep", "cow", "camel"},
}


@pytest.mark.parametrize("part", sorted(OWNERS))
def test_a_part_lies_on_its_own_objects_only(scenes: list[Scene], part: str) -> None:
    number = label("", part)[1]
    objects = np.concatenate([scene.labels[0][scene.labels[1] == number] for scene in scenes])
    assert len(objects)
    assert {NAMES[value] for value in np.unique(objects).tolist()} <= OWNERS[part]


def test_a_part_never_covers_all_of_the_objects_of_a_class_of_things(scenes: list[Scene]) -> None:
    trees = sum(int((scene.labels[0] == label("tree")[0]).sum()) for scene in scenes)
    crowns = sum(
        int(((scene.labels[0] == label("tree")[0]) & (scene.labels[1] == label("", "treetop")[1])).sum())
        for scene in scenes
    )
    assert 0.5 * trees < crowns < trees


def _hue_histogram(scene: Scene) -> NDArray[np.float64]:
    coarse = (scene.image // 64).astype(int)
    codes = coarse[..., 0] * 16 + coarse[..., 1] * 4 + coarse[..., 2]
    shares: NDArray[np.float64] = np.bincount(codes.ravel(), minlength=64) / codes.size
    return shares


def test_colors_alone_do_not_tell_the_class(scenes: list[Scene]) -> None:
    histograms = np.stack([_hue_histogram(scene) for scene in scenes])
    classes = np.array([scene.scene_class for scene in scenes])
    half = len(scenes) // 2
    means = np.stack(
        [histograms[:half][classes[:half] == number].mean(axis=0) for number in range(len(SCENE_CLASSES))]
    )
    guesses = np.abs(histograms[half:, None] - means).sum(axis=2).argmin(axis=1)
    assert (guesses == classes[half:]).mean() < 0.75


def test_classes_share_objects(scenes: list[Scene]) -> None:
    shared = 0
    for number in concept_ids("object"):
        homes = {scene.scene_class for scene in scenes if (scene.labels[0] == number).any()}
        shared += len(homes) > 1
    assert shared >= 20


TELLING = {
    "village": "church",
    "ski resort": "chairlift",
    "harbor": "pier",
    "forest": "mushroom",
    "desert": "cactus",
    "farm": "barn",
    "beach": "parasol",
    "garden": "fountain",
}


@pytest.mark.parametrize("name", sorted(TELLING))
def test_what_tells_a_class_is_not_always_in_the_picture(scenes: list[Scene], name: str) -> None:
    number = label(TELLING[name])[0]
    own = [(scene.labels[0] == number).any() for scene in scenes if SCENE_CLASSES[scene.scene_class] == name]
    assert 0.1 < np.mean(own) < 0.95


@pytest.mark.parametrize("thing", ["church", "barn", "boat", "skyscraper", "pier", "parasol", "lake", "palm"])
def test_what_tells_a_class_is_met_in_others_too(scenes: list[Scene], thing: str) -> None:
    number = label(thing)[0]
    homes = {scene.scene_class for scene in scenes if (scene.labels[0] == number).any()}
    assert len(homes) >= 2


def test_the_light_varies(scenes: list[Scene]) -> None:
    brightness = [scene.image.mean() for scene in scenes]
    assert min(brightness) < 80
    assert max(brightness) > 190


@pytest.mark.parametrize("wrong", [{"index": -1}, {"index": 0, "seed": -1}, {"index": 0, "size": 8}])
def test_what_cannot_be_drawn_is_refused_by_name(wrong: dict[str, int]) -> None:
    with pytest.raises(ValueError, match="draw_scene needs index >= 0"):
        draw_scene(**wrong)


def test_drawing_needs_no_torch() -> None:
    drawing = "from dissect_report.demo.scenes import draw_scene; draw_scene(0)"
    code = f"import sys; {drawing}; sys.exit('torch' in sys.modules)"
    assert subprocess.run([sys.executable, "-c", code], check=False).returncode == 0
