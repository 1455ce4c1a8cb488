"""The same numbers as the reference implementation, where its definitions are ours (upsampling ``zeros``)."""

from __future__ import annotations

import importlib.util
import json

import numpy as np
import pytest
import torch
from activation_maps import count
from PIL import Image
from safetensors.torch import load_file

from dissect_report.activations.upsampling import plan_upsampling
from dissect_report.stats.levels import measure_activations
from dissect_report.stats.naming import iou_table
from dissect_report.stats.overlap import count_concepts
from dissect_report.stats.topk import image_means, top_images
from tests.beside import REFERENCE

FOLDER = REFERENCE / "classifier"
MEAN, STD = (0.485, 0.456, 0.406), (0.229, 0.224, 0.225)

pytestmark = pytest.mark.skipif(
    not FOLDER.is_dir(), reason="../shared/reference is not beside the repository"
)

PLAN = plan_upsampling((14, 14), 56, "zeros")


@pytest.fixture(scope="module")
def expected():
    return np.load(FOLDER / "reference.npz")


@pytest.fixture(scope="module")
def maps():
    """Post-ReLU maps of conv3 for the images in the reference's order.

    Convolved in float64: the rounding of a float32 convolution differs from machine to machine and moves
    levels near zero by up to 4e-6 of themselves, which says nothing about the arithmetic tested here.
    """
    spec = importlib.util.spec_from_file_location("reference_models", REFERENCE / "reference_models.py")
    module = importlib.util.module_from_spec(spec)
    spec.loader.exec_module(module)
    net = module.TinyNet()
    net.load_state_dict(load_file(FOLDER / "tinynet.safetensors"))
    net = torch.nn.Sequential(*list(net.double().eval().children())[:6])
    files = [name for name, _ in json.loads((FOLDER / "order.json").read_text())["files"]]
    batches = []
    with torch.no_grad():
        for start in range(0, len(files), 20):
            pictures = [Image.open(FOLDER / "images/eval" / name) for name in files[start : start + 20]]
            crops = [np.asarray(picture.convert("RGB"))[16:240, 16:240] for picture in pictures]
            pixels = torch.from_numpy(np.stack(crops)).permute(0, 3, 1, 2).double() / 255
            mean, std = (torch.tensor(values, dtype=torch.float64).view(1, 3, 1, 1) for values in (MEAN, STD))
            batches.append(net((pixels - mean) / std).float().numpy())
    return np.concatenate(batches)


def test_levels_are_the_exact_ones(maps):
    found = measure_activations(maps, PLAN, 0.01, threads=2).level
    np.testing.assert_allclose(found, np.load(FOLDER / "exact_level.npy"), rtol=1e-6, atol=0)


def test_ious_at_the_references_own_levels_agree(maps, expected):
    labels = np.load(FOLDER / "segmentation.npz")["labels"].astype(np.uint16)
    concepts = len(expected["iou"]) - 1
    halves = (np.arange(len(labels)) % 2).astype(np.uint8)
    overlap = count(maps, labels, halves, expected["level"].astype(np.float64), concepts, PLAN)
    counts = count_concepts(labels, halves, concepts)
    table = iou_table(overlap.mask.sum(axis=0), counts.concept.sum(axis=0), overlap.intersection.sum(axis=0))
    # The reference writes 0 where a union is empty.
    np.testing.assert_allclose(np.nan_to_num(table[:, 1:]), expected["iou"].T[:, 1:], rtol=0, atol=5e-6)
    assert np.nanmax(table) > 0.05


def test_the_values_of_the_top_images_are_equal(maps, expected):
    maxima = maps.max(axis=(2, 3))
    images = top_images(maxima, image_means(maps), 100)
    values = np.take_along_axis(maxima.T, images, axis=1)
    np.testing.assert_allclose(values, expected["top_values"], rtol=2e-6, atol=2e-6)
