"""How good the demo's networks are on scenes they never saw, and where that is written down."""

import json
from typing import Any

import numpy as np
import torch
from numpy.typing import NDArray
from torch import Tensor, nn

from dissect_report.demo.album import Album
from dissect_report.demo.concepts import CHANNELS, CONCEPTS
from dissect_report.demo.networks import MEAN, STD, TAUGHT_SIDE, WEIGHTS, SceneSegmenter
from dissect_report.demo.scenes import SCENE_CLASSES

REPORT = WEIGHTS / "report.json"
_BATCH = 16


def as_input(images: NDArray[np.uint8]) -> Tensor:
    """RGB in [0, 1], float32 [image, 3, y, x], from bytes."""
    return torch.from_numpy(np.array(images)).float().div_(255)


def confusions(network: nn.Module, scenes: Album) -> NDArray[np.int64]:
    """Scenes counted by true class (row) and predicted class (column), int64 [class, class]."""
    table = np.zeros((len(SCENE_CLASSES),) * 2, dtype=np.int64)
    for start in range(0, len(scenes), _BATCH):
        images = (as_input(scenes.images[start : start + _BATCH]) - MEAN[0]) / STD[0]
        with torch.no_grad():
            guesses = network(images.contiguous(memory_format=torch.channels_last)).argmax(dim=1).numpy()
        np.add.at(table, (scenes.classes[start : start + _BATCH], guesses), 1)
    return table


def overlaps(segmenter: SceneSegmenter, scenes: Album) -> dict[str, float | None]:
    """IoU of every concept over all scenes' pixels, by name; None for one neither drawn nor predicted."""
    counts = np.zeros((3, len(CONCEPTS) + 1), dtype=np.int64)
    for start in range(0, len(scenes), _BATCH):
        truth = np.asarray(scenes.labels[start : start + _BATCH])
        guess = segmenter.segment(as_input(scenes.images[start : start + _BATCH])).numpy()
        for row, ids in enumerate((truth, guess, truth[truth == guess])):
            counts[row] += np.bincount(ids.ravel(), minlength=counts.shape[1])
    found: dict[str, float | None] = {}
    for concept in CONCEPTS:
        drawn, predicted, both = (int(count) for count in counts[:, concept.id])
        union = drawn + predicted - both
        found[concept.name] = both / union if union else None
    return found


def classifier_features(network: nn.Sequential, images: NDArray[np.uint8]) -> NDArray[np.float64]:
    """What the classifier's last linear layer reads, float64 [image, unit]; images are enlarged for it."""
    before = network[: list(dict(network.named_children())).index("linear")]
    parts = []
    for start in range(0, len(images), _BATCH):
        small = (as_input(images[start : start + _BATCH]) - MEAN[0]) / STD[0]
        large = nn.functional.interpolate(small, size=(TAUGHT_SIDE, TAUGHT_SIDE), mode="bicubic")
        with torch.no_grad():
            parts.append(before(large.contiguous(memory_format=torch.channels_last)).double().numpy())
    features: NDArray[np.float64] = np.concatenate(parts)
    return features


def frechet_distance(first: NDArray[np.float64], second: NDArray[np.float64]) -> float:
    """Between normal distributions fitted to two sets of features [image, unit] (Heusel et al. 2017)."""
    means = first.mean(0) - second.mean(0)
    one, two = np.cov(first, rowvar=False), np.cov(second, rowvar=False)
    values, vectors = np.linalg.eigh(one)
    root = vectors * np.sqrt(np.maximum(values, 0)) @ vectors.T
    shared = np.sqrt(np.maximum(np.linalg.eigvalsh(root @ two @ root), 0)).sum()
    return float(means @ means + np.trace(one) + np.trace(two) - 2 * shared)


def concept_areas(segmenter: SceneSegmenter, images: NDArray[np.uint8]) -> NDArray[np.float64]:
    """Share of all pixels that carry each concept, float64 [concept + 1]."""
    counts, pixels = np.zeros(len(CONCEPTS) + 1), 0
    for start in range(0, len(images), _BATCH):
        ids = segmenter.segment(as_input(images[start : start + _BATCH])).numpy()
        counts += np.bincount(ids.ravel(), minlength=len(counts))
        pixels += ids[:, 0].size
    shares: NDArray[np.float64] = counts / pixels
    return shares


def category_means(found: dict[str, float | None]) -> dict[str, float]:
    """Mean IoU of each category's concepts that have one."""
    return {
        category: float(np.mean([value for concept in CONCEPTS if concept.category == category
                                 if (value := found[concept.name]) is not None]))
        for category in CHANNELS
    }  # fmt: skip


def write_down(section: str, facts: dict[str, Any]) -> None:
    """Puts one network's facts into weights/report.json, leaving the other's as they are."""
    report: dict[str, Any] = json.loads(REPORT.read_text()) if REPORT.is_file() else {}
    report[section] = facts
    REPORT.write_text(json.dumps(report, indent=1, sort_keys=True, allow_nan=False) + "\n")


def written_down(section: str) -> dict[str, Any]:
    """One network's facts, as they were written; none where there are none."""
    facts: dict[str, Any] = json.loads(REPORT.read_text()).get(section, {}) if REPORT.is_file() else {}
    return facts
