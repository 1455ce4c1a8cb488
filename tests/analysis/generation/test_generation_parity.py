"""The reference's own numbers for a generator: its images, labels, IoUs, removals and insertions."""

from __future__ import annotations

from functools import cache
from pathlib import Path

import numpy as np
import pytest
import torch
from activation_maps import count
from safetensors.torch import load_file

from dissect_report.analysis.dissection import dissect
from dissect_report.analysis.generation.edits import Edit
from dissect_report.analysis.generation.experiment import open_pass
from dissect_report.analysis.generation.passes import EditPass
from dissect_report.analysis.generation.plans import lattice
from dissect_report.analysis.layer_numbers import dissected_maps
from dissect_report.analysis.map_plans import plan_maps
from dissect_report.sources.latents import draw_latents
from dissect_report.sources.progan import progan_from
from dissect_report.stats.effects import by_context
from dissect_report.stats.naming import iou_table
from tests.ablation_site import set_up_site
from tests.beside import REFERENCE

pytestmark = [
    pytest.mark.skipif(not REFERENCE.is_dir(), reason="the reference cases are not beside the repository"),
    pytest.mark.timeout(3000),  # a thousand images and more, on whatever machine this is
]
LATENTS, GRID = 40, 64
SEGMENTER = f"""
import sys
sys.path.insert(0, {str(REFERENCE)!r})
from reference_models import CONCEPTS, ColorSegmenter

class Wrapped:
    concepts = [(k, name, category) for k, (name, category) in enumerate(CONCEPTS) if k]

    def segment(self, images):
        return ColorSegmenter()(images.double() * 2 - 1)
"""
CONFIG = f"""
title = "Reference"
[model]
kind = "generator"
source = "progan:{REFERENCE}/generator/progan_small.safetensors"
latent_shape = [24]
layers = ["layer4"]
[probe]
latents = {LATENTS}
seed = 1
[[segmenter]]
source = "colors.py:Wrapped"
[dissection]
upsampling = "zeros"
"""


@pytest.fixture(scope="module")
def reference() -> dict[str, np.ndarray]:
    with np.load(REFERENCE / "generator" / "reference.npz") as arrays:
        return {name: arrays[name] for name in arrays.files}


@pytest.fixture(scope="module")
def site(tmp_path_factory):
    folder = tmp_path_factory.mktemp("reference")
    (folder / "colors.py").write_text(SEGMENTER)
    (folder / "dissect.toml").write_text(CONFIG)
    (run,) = dissect(folder / "dissect.toml", threads=1)
    return set_up_site(folder / "dissect.toml"), run


@pytest.fixture(scope="module")
def work(site) -> EditPass:
    setup, _ = site
    return open_pass(setup, setup.network.chosen[0], LATENTS, {}, memory=64 << 20)


def first_images() -> tuple[np.ndarray, np.ndarray, np.ndarray]:
    """The first four images: the reference's, ours, and ours in double precision; every fourth pixel."""
    generator = progan_from(load_file(REFERENCE / "generator" / "progan_small.safetensors"))
    with np.load(REFERENCE / "generator" / "images_of_first_4_latents.npz") as stored:
        latents, images = torch.from_numpy(stored["z"]), stored["images"]
    with torch.no_grad():
        drawn = generator(latents)[:, :, ::4, ::4].numpy()
        exact = generator.double()(latents.double())[:, :, ::4, ::4].numpy()
    return images, drawn, exact


@cache
def flips() -> int:
    """Grid pixels of 163,840 that may have another best colour than the reference's.

    0 where this processor's convolutions are rounded as the reference's were. Elsewhere images differ by
    as much as either differs from double precision, and a few of the segmenter's ties fall the other way.
    """
    images, drawn, _ = first_images()
    return 0 if np.abs(drawn - images).max() < 1e-5 else 3


def near(own: np.ndarray, given: np.ndarray) -> bool:
    """Mean fractions of 40 images' grid pixels that are the reference's, but for ``flips``."""
    return bool(np.abs(own - given).max() < 2e-6 + flips() / (LATENTS * GRID**2))


def test_the_generator_draws_the_references_images() -> None:
    images, drawn, exact = first_images()
    with np.load(REFERENCE / "generator" / "images_of_first_4_latents.npz") as stored:
        assert np.array_equal(draw_latents(4, [24], 1), stored["z"])
    rounding = np.abs(images - exact).max()
    assert rounding < 2e-4
    assert np.abs(drawn - exact).max() < 1.5 * rounding
    assert np.abs(drawn - images).max() < 1.5 * rounding


def test_every_label_of_the_intact_images_is_the_references(site) -> None:
    setup, _ = site
    with np.load(REFERENCE / "generator" / "segmentation.npz") as stored:
        labels = stored["labels"]
    own = setup.cache.find("labels.u16", setup.stages.labels(), labels.shape, np.uint16)
    assert (own != labels).sum() <= 3 * flips()


def test_ious_at_the_references_levels_are_its_own(site, reference) -> None:
    setup, run = site
    info = setup.network.chosen[0]
    maps = dissected_maps(setup)["layer4"]
    labels = setup.cache.find("labels.u16", setup.stages.labels(), (LATENTS, 3, GRID, GRID), np.uint16)
    halves = np.zeros(LATENTS, np.uint8)
    plan = plan_maps(setup)[info.name].to_grid
    found = count(maps, labels, halves, reference["thresholds"], 91, plan)
    area = run.layers["layer4"].arrays["concept"].sum(0)
    iou = iou_table(found.mask.sum(0), area, found.intersection.sum(0)).T
    assert len(np.unique(reference["iou"][1:])) >= 30
    union = found.mask.sum(0)[None] + area[1:, None] - found.intersection.sum(0).T[1:]
    assert (np.abs(iou[1:] - reference["iou"][1:]) * union)[
        union > 0
    ].max() < 1e-6 * union.max() + 2 * flips()


def fractions(pixels: np.ndarray) -> np.ndarray:
    return pixels.astype(np.float64).mean(0) / GRID**2


def test_areas_with_every_unit_removed_are_the_references(work, reference) -> None:
    edits = [Edit(()), *(Edit((unit,)) for unit in range(24))]
    areas = fractions(work.run("alone", "removing units", LATENTS, edits).pixels)
    assert near(areas[0, 1:], reference["segfrac_baseline_mean"][1:])
    assert len(np.unique(reference["segfrac_unit_ablation"])) >= 30
    assert near(areas[1:, 1:], reference["segfrac_unit_ablation"][:, 1:])
    assert near((areas[1:] - areas[0])[:, 1:], reference["segfrac_unit_delta"][:, 1:])


def sweep_rows(work: EditPass, reference: dict[str, np.ndarray], rows: list[int]) -> None:
    units = reference["sweep_units"].astype(int).tolist()
    table = reference["sweep_delta"][rows]
    edits = [Edit(()), *(Edit(tuple(units[: int(count)])) for count in table[:, 0])]
    areas = fractions(work.run(f"sweep{len(rows)}", "sweep", LATENTS, edits).pixels)
    assert len(np.unique(table[:, 1:])) >= 30
    assert near((areas[1:] - areas[0])[:, 1:], table[:, 2:])


def test_the_sweep_loses_what_the_references_lost(work, reference) -> None:
    sweep_rows(work, reference, [0, 1, 3, 7, 11, 19])


@pytest.mark.slow
def test_the_whole_sweep_loses_what_the_references_lost(work, reference) -> None:
    sweep_rows(work, reference, list(range(30)))


@pytest.mark.slow
def test_insertions_add_what_the_references_added_in_every_context(work, reference) -> None:
    units = tuple(reference["insert_units"].astype(int).tolist())
    values = tuple(reference["insert_values"].astype(float).tolist())
    shape, places = lattice((8, 8), GRID, 8)
    assert shape == (8, 8)
    edits = [Edit(()), *(Edit(units, values, place.block) for place in places)]
    pixels = work.run("places", "inserting", LATENTS, edits).pixels.astype(np.float64)
    added = pixels[:, 1:] - pixels[:, :1]
    with np.load(REFERENCE / "generator" / "segmentation.npz") as stored:
        intact = stored["labels"]
    labels = np.stack([intact[:, :, y, x] for y, x in (place.middle for place in places)], 1)
    table = by_context(added.reshape(-1, added.shape[2]), labels.reshape(-1, 3).astype(np.int64))
    order = np.argsort(reference["insert_conds"][:, 0])
    assert np.array_equal(table.concepts, reference["insert_conds"][order, 0])
    assert np.array_equal(table.places, reference["insert_conds"][order, 1])
    away = np.abs(table.mean - reference["insert_delta_mean"][order])[:, 1:]
    assert (away < 0.05 + flips() / table.places[:, None]).all()


def test_the_config_names_a_run_after_its_weights(site) -> None:
    _, run = site
    assert run.record.name == Path("progan_small").name
    assert run.record.generator.latent_shape == (24,)
