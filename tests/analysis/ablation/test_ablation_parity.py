"""The reference's ablated accuracies, from the stored activations of its own network and images."""

from __future__ import annotations

import csv
import importlib.util
import json
from dataclasses import dataclass
from pathlib import Path

import numpy as np
import pytest
import torch
from safetensors.torch import load_file

from dissect_report.activations.layers import list_layers
from dissect_report.activations.linear_step import find_linear_step, plain_step
from dissect_report.activations.tail import Held, split_tail
from dissect_report.analysis.ablation.removals import Nest, Remover
from dissect_report.config import IMAGENET_MEAN, IMAGENET_STD, ProbeConfig
from dissect_report.sources.probe import list_probe, prepare_input
from dissect_report.stats.classification import ClassCounts, count_predictions
from tests.beside import REFERENCE

pytestmark = pytest.mark.skipif(
    not REFERENCE.is_dir(), reason="the reference cases are not beside the repository"
)
UNITS, CLASSES = 48, 6


@dataclass
class Case:
    remover: Remover
    held: dict[str, Held]
    labels: dict[str, np.ndarray]
    reference: dict[str, np.ndarray]

    def counts(self, split: str, nests: list[Nest], order: np.ndarray | None = None) -> ClassCounts:
        """Counted in blocks of 50 images, added up."""
        held, labels, total = self.held[split], self.labels[split], None
        order = np.arange(len(labels)) if order is None else order
        for first in range(0, len(order), 50):
            some = order[first : first + 50]
            part = self.remover.predict(Held(held.recorded[some], ()), labels[some], nests)
            counts = count_predictions(part.predicted, labels[some], np.eye(CLASSES, dtype=bool))
            total = counts if total is None else total + counts
        return total


@pytest.fixture(scope="module")
def case() -> Case:
    folder = REFERENCE / "classifier"
    spec = importlib.util.spec_from_file_location("reference_models", REFERENCE / "reference_models.py")
    module = importlib.util.module_from_spec(spec)
    spec.loader.exec_module(module)
    network = module.TinyNet().eval()
    network.load_state_dict(load_file(folder / "tinynet.safetensors"))
    config = ProbeConfig(images=(), resize=256, crop=224)
    held, labels, tail = {}, {}, None
    for split in ("eval", "rank"):
        probe = list_probe(ProbeConfig((f"{folder}/images/{split}",)), Path("."), 0)
        names = sorted({item.label for item in probe.items})
        labels[split] = np.array([names.index(item.label) for item in probe.items])
        pixels = torch.from_numpy(np.stack([probe.load(index).pixels for index in range(len(probe))]))
        assert config.crop == pixels.shape[1]
        images = prepare_input(pixels, IMAGENET_MEAN, IMAGENET_STD, "cpu")
        if tail is None:
            layer = next(info for info in list_layers(network, images[:2]) if info.name == "conv3")
            tail = split_tail(network, layer, images[:5])
            step = find_linear_step(tail, images[:5])
        with torch.inference_mode():
            held[split] = tail.head(images)
    assert json.loads((folder / "order.json").read_text())
    remover = Remover(tail, step, torch.zeros(UNITS), 32 << 20)
    with np.load(folder / "reference.npz") as archive:
        return Case(remover, held, labels, {name: archive[name] for name in archive.files})


@pytest.mark.parametrize("split", ["eval", "rank"])
def test_every_unit_s_ablated_balanced_accuracy_is_the_reference_s(case: Case, split: str) -> None:
    counts = case.counts(split, [Nest(np.array([unit]), (1,)) for unit in range(UNITS)])
    theirs = case.reference[f"ablated_balanced_accuracy_{split}"].T
    assert theirs.size == 288
    assert len(np.unique(np.round(theirs, 6))) >= 30
    np.testing.assert_allclose(counts.balanced_accuracy[:, 1:], theirs, atol=1e-6, rtol=0)
    np.testing.assert_allclose(
        counts.balanced_accuracy[:, 0], case.reference[f"intact_{split}"][3], atol=1e-6
    )


def test_the_set_table_is_the_reference_s_under_its_own_order(case: Case) -> None:
    order = case.reference["importance_order"]
    sizes = (1, 2, 3, 4, 5, 20)
    counts = case.counts("eval", [Nest(order[c], sizes, True, True) for c in range(CLASSES)])
    with open(REFERENCE / "classifier/set_ablation.csv", encoding="utf-8") as stream:
        rows = list(csv.DictReader(stream))
    ours, theirs = [], []
    for row in rows:
        c, place = int(row["class"]), sizes.index(int(row["num_best"]))
        column = 1 + c * 2 * len(sizes) + place
        ours += [counts.balanced_accuracy[c, column], counts.balanced_accuracy[c, column + len(sizes)]]
        theirs += [float(row["ba_without_best_N"]), float(row["ba_with_only_best_N"])]
    assert len(theirs) == 72
    assert len(set(np.round(theirs, 6))) >= 28  # all that the table has
    np.testing.assert_allclose(ours, theirs, atol=1e-6, rtol=0)


def test_the_plain_tail_and_another_order_of_images_give_the_same_counts(case: Case) -> None:
    nests = [Nest(np.array([unit]), (1,)) for unit in range(UNITS)]
    fast = case.counts("rank", nests)
    plain = Case(
        Remover(case.remover.tail, plain_step(case.remover.tail), torch.zeros(UNITS), 4 << 20),
        case.held, case.labels, case.reference,
    )  # fmt: skip
    slow = plain.counts("rank", nests, np.random.default_rng(0).permutation(240))
    np.testing.assert_array_equal(fast.true_positives, slow.true_positives)
    np.testing.assert_array_equal(fast.predicted, slow.predicted)
    np.testing.assert_array_equal(fast.correct, slow.correct)
