"""A transformer, from a user's folder to findings: its counts are those of tokens laid out by hand."""

from __future__ import annotations

from pathlib import Path

import numpy as np
import pytest
import torch
from PIL import Image
from reference_ablation import balanced_accuracy_slowly
from reference_tokens import maps_by_hand
from token_networks import Transformer

from dissect_report import dissect
from dissect_report.analysis.layer_numbers import dissected_maps
from dissect_report.findings.store import LoadedRun
from tests import reference
from tests.ablation_site import draw_photos, set_up_site

GRID, QUANTILE = 16, 0.05
LAYERS = ("blocks.0.fc1", "blocks.1", "norm")

CONFIG = f"""
title = "Tokens"
[model]
source = "net.py:network"
layers = {list(LAYERS)}
mean = [0.5, 0.5, 0.5]
std = [0.5, 0.5, 0.5]
[probe]
images = "photos"
resize = 64
crop = 64
[[segmenter]]
source = "color"
[dissection]
quantile = {QUANTILE}
grid = {GRID}
[compute]
device = "cpu"
batch_size = 5
[ablation]
layers = ["blocks.1", "norm"]
set_sizes = [1, 2]
random_draws = 2
"""

CODE = f"""
import sys

sys.path.insert(0, {str(Path(__file__).parents[1])!r})
from token_networks import Transformer


def network():
    made = Transformer(turned=False).eval()
    made.classes = ("alley", "barn", "canyon", "diner")
    return made
"""


@pytest.fixture(scope="module")
def site(tmp_path_factory: pytest.TempPathFactory) -> tuple[Path, LoadedRun]:
    """One finished run."""
    folder = tmp_path_factory.mktemp("tokens")
    (folder / "net.py").write_text(CODE, encoding="utf-8")
    (folder / "dissect.toml").write_text(CONFIG, encoding="utf-8")
    draw_photos(folder / "photos", 24, True, seed=0)
    (run,) = dissect(folder / "dissect.toml")
    return folder, run


def labels_of(run: LoadedRun) -> np.ndarray:
    """Concept ids [image, channel, y, x], from the pictures of the segmentation."""
    colors = {tuple(bytes.fromhex(concept.color[1:])): concept.id for concept in run.record.concepts}
    paths = [run.paths.segmentation(image) for image in range(len(run.record.images))]
    pictures = [np.asarray(Image.open(path).convert("RGBA")) for path in paths]
    flat = np.stack(pictures).reshape(len(pictures), -1, GRID, GRID, 4)
    ids = [0 if pixel[3] == 0 else colors[tuple(pixel[:3])] for pixel in flat.reshape(-1, 4)]
    return np.array(ids).reshape(flat.shape[:4])


def test_recorded_maps_are_the_patch_tokens_of_a_plain_forward(site: tuple[Path, LoadedRun]) -> None:
    setup = set_up_site(site[0] / "dissect.toml")
    images = setup.survey.inputs(0, 5, setup.run.model, torch.device("cpu"))
    network, kept = Transformer(turned=False).eval(), {}
    for name, module in {"blocks.0.fc1": "blocks.0.act", "blocks.1": "blocks.1", "norm": "norm"}.items():
        network.get_submodule(module).register_forward_hook(
            lambda _m, _i, output, name=name: kept.update({name: output.numpy()})
        )
    with torch.no_grad():
        network(images)
    for name, maps in dissected_maps(setup).items():
        np.testing.assert_allclose(maps[:5], maps_by_hand(kept[name], 8, 8, 3), rtol=1e-4, atol=1e-5)


def test_levels_and_counts_are_the_slow_references(site: tuple[Path, LoadedRun]) -> None:
    folder, run = site
    ids, halves = labels_of(run), np.array([image.half for image in run.record.images])
    maps = dissected_maps(set_up_site(folder / "dissect.toml"))
    assert set(maps) == set(LAYERS)
    for name in LAYERS:
        layer, some = run.layers[name], maps[name][:, :3]
        assert layer.summary.map_size == (8, 8)
        assert layer.summary.recorded_as.endswith("(8 x 8 tokens behind 3 without a place)")
        values = reference.pixels(some, GRID, "border")
        levels = [reference.level(values[:, unit], QUANTILE) for unit in range(3)]
        np.testing.assert_allclose(layer.arrays["level"][:3], levels, rtol=1e-6)
        concepts = max(concept.id for concept in run.record.concepts)
        mask, intersection = reference.overlap(values, ids, halves, layer.arrays["level"][:3], concepts)
        np.testing.assert_array_equal(layer.arrays["mask"][:, :3], mask)
        np.testing.assert_array_equal(layer.arrays["intersection"][:, :3], intersection)


@pytest.mark.parametrize("name", ["blocks.1", "norm"])
def test_what_a_unit_costs_is_what_it_costs_removed_from_every_token(
    site: tuple[Path, LoadedRun], name: str
) -> None:
    folder, run = site
    arrays, setup = run.layers[name].ablation_arrays, set_up_site(folder / "dissect.toml")
    inputs = setup.survey.inputs(0, len(setup.survey), setup.run.model, torch.device("cpu"))
    inputs, truth = inputs[torch.from_numpy(arrays["evaluation"])], arrays["label"]
    network = Transformer(turned=False).eval()

    def accuracies(unit: int | None) -> list[float]:
        def clear(_module: object, _inputs: object, output: torch.Tensor) -> torch.Tensor:
            return output if unit is None else output.index_fill(2, torch.tensor([unit]), 0.0)

        handle = network.get_submodule(name).register_forward_hook(clear)
        with torch.no_grad():
            said = network(inputs).argmax(1).numpy()
        handle.remove()
        return [balanced_accuracy_slowly(said, truth, {place}) for place in range(4)]

    intact = accuracies(None)
    losses = np.array([np.subtract(intact, accuracies(unit)) for unit in range(24)]).T
    np.testing.assert_allclose(arrays["evaluation_loss"], losses, atol=1e-12)
    assert np.ptp(losses) > 0


def test_a_page_can_remove_units_of_what_the_linear_layer_reads(site: tuple[Path, LoadedRun]) -> None:
    layers = site[1].layers
    assert "pooled" in layers["norm"].ablation_arrays
    assert "pooled" not in layers["blocks.1"].ablation_arrays
