from __future__ import annotations

import numpy as np
import pytest
import torch

from dissect_report.demo.concepts import CONCEPTS
from dissect_report.demo.networks import WEIGHTS
from dissect_report.demo.scenes import draw_scene
from dissect_report.demo.sources import open_demo
from dissect_report.sources.probe import rgb

pytestmark = pytest.mark.skipif(
    not (WEIGHTS / "segmenter.safetensors").is_file(), reason="the demo's weights have not been made"
)


def test_the_demo_brings_its_catalogue_and_its_quality() -> None:
    segmenter = open_demo()
    assert [concept.name for concept in segmenter.catalogue] == [concept.name for concept in CONCEPTS]
    assert set(segmenter.quality) == {concept.name for concept in CONCEPTS}
    assert open_demo().digest == segmenter.digest


def test_its_labels_on_a_scene_are_mostly_the_drawn_ones() -> None:
    scene = draw_scene(0, seed=1, size=128)
    images = rgb(torch.from_numpy(np.array(scene.image))[None])
    found = open_demo().label(images, ["x"], 32)[0].numpy()
    drawn = scene.labels[:, 2::4, 2::4]
    assert found.shape == drawn.shape == (3, 32, 32)
    assert (found == drawn).mean() > 0.7
