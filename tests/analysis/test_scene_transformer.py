"""The transformer that comes with the package: its counts are those of its tokens, reshaped by hand."""

from __future__ import annotations

from pathlib import Path

import numpy as np
import pytest
import torch
from PIL import Image
from reference_tokens import maps_by_hand

from dissect_report import dissect
from dissect_report.demo.vision_transformer import scene_transformer
from dissect_report.findings.store import LoadedRun
from tests import reference
from tests.ablation_site import set_up_site

IMAGES, GRID, EXTRA, SIDE, UNITS = 10, 32, 3, 16, 2
#: Layer -> the module whose output it is recorded as.
LAYERS = {"norm": "norm"}

CONFIG = f"""
title = "The shipped transformer"
[model]
source = "dissect_report.demo.vision_transformer:scene_transformer"
layers = {list(LAYERS)}
mean = [0.5, 0.5, 0.5]
std = [0.25, 0.25, 0.25]
[probe]
images = "demo"
limit = {IMAGES}
resize = 128
crop = 128
[[segmenter]]
source = "color"
[compute]
device = "cpu"
batch_size = 5
"""


@pytest.fixture(scope="module")
def site(tmp_path_factory: pytest.TempPathFactory) -> tuple[Path, LoadedRun]:
    """One finished run."""
    folder = tmp_path_factory.mktemp("shipped")
    (folder / "dissect.toml").write_text(CONFIG, encoding="utf-8")
    (run,) = dissect(folder / "dissect.toml")
    return folder, run


def tokens_of(folder: Path) -> dict[str, np.ndarray]:
    """What the modules put out, [image, token, unit], in a forward pass of batches as they were measured."""
    setup = set_up_site(folder / "dissect.toml")
    network, kept = scene_transformer(), {name: [] for name in LAYERS}
    for name, module in LAYERS.items():
        network.get_submodule(module).register_forward_hook(
            lambda _m, _i, output, name=name: kept[name].append(output.numpy())
        )
    with torch.no_grad():
        for start in range(0, IMAGES, 5):
            network(setup.survey.inputs(start, start + 5, setup.run.model, torch.device("cpu")))
    return {name: np.concatenate(parts) for name, parts in kept.items()}


def test_its_counts_are_those_of_tokens_reshaped_by_hand(site: tuple[Path, LoadedRun]) -> None:
    folder, run = site
    colors = {tuple(bytes.fromhex(c.color[1:])): c.id for c in run.record.concepts}
    halves = np.array([image.half for image in run.record.images])
    pictures = [
        np.asarray(Image.open(run.paths.segmentation(image)).convert("RGBA")) for image in range(IMAGES)
    ]
    flat = np.stack(pictures).reshape(-1, 4)
    ids = np.array([colors[tuple(pixel[:3])] if pixel[3] else 0 for pixel in flat])
    ids = ids.reshape(IMAGES, -1, GRID, GRID)
    concepts = max(concept.id for concept in run.record.concepts)
    for name, tokens in tokens_of(folder).items():
        layer = run.layers[name]
        assert (layer.summary.map_size, layer.summary.extra_tokens) == ((SIDE, SIDE), EXTRA)
        maps = maps_by_hand(tokens[:, :, :UNITS], SIDE, SIDE, EXTRA)
        values = reference.pixels(maps, GRID, "border")
        levels = [reference.level(values[:, unit], 0.01) for unit in range(UNITS)]
        np.testing.assert_allclose(layer.arrays["level"][:UNITS], levels, rtol=1e-4)
        # another forward rounds its last bits otherwise: pixels at the level may fall to either side
        mask, intersection = reference.overlap(values, ids, halves, np.array(levels), concepts)
        np.testing.assert_allclose(layer.arrays["mask"][:, :UNITS], mask, atol=2)
        np.testing.assert_allclose(layer.arrays["intersection"][:, :UNITS], intersection, atol=2)
        assert mask.sum() > 0
