from __future__ import annotations

import hashlib
from collections import Counter
from pathlib import Path

import numpy as np
import pytest
import torch
from PIL import Image

from dissect_report.config import ProbeConfig
from dissect_report.errors import ProbeError
from dissect_report.sources.probe import ProbeItem, list_probe, prepare_input, rgb, sample_items


def fill(folder: Path, *names: str, color: str = "red") -> Path:
    for name in names:
        (folder / name).parent.mkdir(parents=True, exist_ok=True)
        Image.new("RGB", (40, 30), color).save(folder / name)
    return folder


def names(config: ProbeConfig, folder: Path, seed: int = 0) -> list[str]:
    return [item.name for item in list_probe(config, folder, seed).items]


def test_images_are_listed_by_name_with_their_folders_as_label(tmp_path: Path) -> None:
    fill(tmp_path / "photos", "sea/b.PNG", "sea/deep/a.jpeg", "a.jpg", "alley/z.webp")
    (tmp_path / "photos" / "sea" / "notes.txt").touch()
    fill(tmp_path / "photos", "sea/.hidden.png", ".cache/x.png")
    items = list_probe(ProbeConfig(images=("photos",)), tmp_path, 0).items
    assert [(item.name, item.label) for item in items] == [
        ("a.jpg", None),
        ("alley/z.webp", "alley"),
        ("sea/b.PNG", "sea"),
        ("sea/deep/a.jpeg", "sea/deep"),
    ]


def test_several_folders_are_told_apart_only_where_their_names_collide(tmp_path: Path) -> None:
    fill(tmp_path / "one", "a.png"), fill(tmp_path / "two", "b.png")
    assert names(ProbeConfig(images=("one", "two")), tmp_path) == ["a.png", "b.png"]
    fill(tmp_path / "two", "a.png")
    assert names(ProbeConfig(images=("one", "two")), tmp_path) == ["one/a.png", "two/a.png", "two/b.png"]
    fill(tmp_path / "below" / "one", "a.png")
    assert names(ProbeConfig(images=("one", "below/one")), tmp_path) == ["one-1/a.png", "one-2/a.png"]


def test_folders_behind_links_are_read_and_loops_are_not_endless(tmp_path: Path) -> None:
    fill(tmp_path / "elsewhere", "a.png")
    (tmp_path / "photos").mkdir()
    (tmp_path / "photos" / "sea").symlink_to(tmp_path / "elsewhere")
    (tmp_path / "elsewhere" / "loop").symlink_to(tmp_path / "photos")
    assert names(ProbeConfig(images=("photos",)), tmp_path) == ["sea/a.png"]


@pytest.mark.parametrize(
    ("images", "words"),
    [
        (("none",), "none: no such folder"),
        (("empty",), "empty: not one image"),
        (("demo", "x"), "'demo' stands"),
    ],
)
def test_folders_without_images_are_named(tmp_path: Path, images: tuple[str, ...], words: str) -> None:
    (tmp_path / "empty").mkdir()
    with pytest.raises(ProbeError, match=words):
        list_probe(ProbeConfig(images=images), tmp_path, 0)


def many() -> list[ProbeItem]:
    return [
        ProbeItem(f"{label}/{n:03}", label, None)
        for label, size in (("a", 60), ("b", 30), ("c", 10))
        for n in range(size)
    ]


def test_a_sample_is_seeded_stratified_and_in_order() -> None:
    items = many()
    sample = sample_items(items, 20, seed=1)
    assert Counter(item.label for item in sample) == {"a": 12, "b": 6, "c": 2}
    assert sample == sorted(sample, key=lambda item: item.name)
    assert sample == sample_items(items, 20, seed=1)
    assert sample != sample_items(items, 20, seed=2)


@pytest.mark.parametrize("limit", [1, 2, 3, 7, 50, 99, 100])
def test_a_sample_has_exactly_the_size_asked_for(limit: int) -> None:
    assert len(sample_items(many(), limit, seed=0)) == limit


def test_no_limit_and_a_large_one_take_everything() -> None:
    assert sample_items(many(), 0, seed=0) == sample_items(many(), 1000, seed=0) == many()


def test_an_image_is_loaded_as_its_crop_with_the_digest_of_the_file(tmp_path: Path) -> None:
    fill(tmp_path / "photos", "a.png", color="#102030")
    probe = list_probe(ProbeConfig(images=("photos",), resize=20, crop=16), tmp_path, 0)
    loaded = probe.load(0)
    assert loaded.pixels.shape == (16, 16, 3)
    assert loaded.pixels.dtype == np.uint8
    assert (loaded.pixels == (0x10, 0x20, 0x30)).all()
    assert loaded.digest == hashlib.sha256((tmp_path / "photos" / "a.png").read_bytes()).hexdigest()


def test_an_unreadable_image_is_named_with_the_reason(tmp_path: Path) -> None:
    fill(tmp_path / "photos", "sea/a.png", "sea/b.png")
    (tmp_path / "photos" / "sea" / "a.png").write_bytes(b"junk")
    probe = list_probe(ProbeConfig(images=("photos",)), tmp_path, 0)
    with pytest.raises(ProbeError, match=r"^sea/a\.png: not an image$"):
        probe.load(0)
    (tmp_path / "photos" / "sea" / "b.png").unlink()
    with pytest.raises(ProbeError, match=r"^sea/b\.png: cannot be read"):
        probe.load(1)


def test_the_fingerprint_follows_names_and_files(tmp_path: Path) -> None:
    fill(tmp_path / "photos", "a.png")
    config = ProbeConfig(images=("photos",))
    prints = {list_probe(config, tmp_path, 0).fingerprint}
    fill(tmp_path / "photos", "a.png", color="blue")
    prints.add(list_probe(config, tmp_path, 0).fingerprint)
    fill(tmp_path / "photos", "b.png")
    prints.add(list_probe(config, tmp_path, 0).fingerprint)
    assert len(prints) == 3
    assert list_probe(config, tmp_path, 0).fingerprint in prints


def test_drawn_scenes_are_a_probe_of_their_own() -> None:
    from dissect_report.demo.scenes import SCENE_CLASSES, draw_scene

    config = ProbeConfig(images=("demo",), resize=48, crop=48, limit=2 * len(SCENE_CLASSES))
    probe = list_probe(config, Path("/nowhere"), 0)
    assert len(probe) == config.limit
    assert Counter(item.label for item in probe.items) == dict.fromkeys(SCENE_CLASSES, 2)
    assert [item.name for item in probe.items] == sorted(item.name for item in probe.items)
    item, loaded = probe.items[3], probe.load(3)
    assert item.scene is not None
    scene = draw_scene(item.scene, 1, 48)
    assert item.name == f"{SCENE_CLASSES[scene.scene_class]}/{item.scene:04d}"
    assert np.array_equal(loaded.pixels, scene.image)
    assert loaded.digest == hashlib.sha256(scene.image.tobytes()).hexdigest()
    assert len(list_probe(ProbeConfig(images=("demo",)), Path("/nowhere"), 0)) == 1000


def test_a_photo_in_colour_is_normalised_per_channel() -> None:
    pixels = torch.tensor([0, 51, 255], dtype=torch.uint8).expand(1, 2, 2, 3)
    images = prepare_input(pixels, (0.5, 0.2, 0.0), (0.5, 1.0, 2.0), "cpu")
    assert images.shape == (1, 3, 2, 2)
    assert images[0, :, 0, 0].tolist() == pytest.approx([-1.0, 0.0, 0.5])
    assert rgb(pixels)[0, :, 1, 1].tolist() == pytest.approx([0, 0.2, 1])


def test_one_mean_means_one_grey_channel_as_pillow_mixes_it() -> None:
    pixels = np.random.default_rng(0).integers(0, 256, (1, 64, 64, 3), np.uint8)
    images = prepare_input(torch.from_numpy(pixels), (0.0,), (1.0,), "cpu")
    grey = np.asarray(Image.fromarray(pixels[0]).convert("L"))
    assert images.shape == (1, 1, 64, 64)
    assert np.array_equal((images[0, 0] * 255).round().numpy(), grey)
