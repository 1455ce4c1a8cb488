"""The paper's segmenters with weights drawn by a rule, small ones as files, and their slow obvious twins."""

from __future__ import annotations

import hashlib
import json
from typing import Any

import numpy as np
import torch
from torch import nn

from dissect_report.sources.fetching.places import place_of
from dissect_report.sources.paper.files import COLOR, UPP, PaperSource
from dissect_report.sources.segmenters.paper.coloring import color_net
from dissect_report.sources.segmenters.paper.parsing import perceptual_net
from dissect_report.sources.segmenters.paper.vocabulary import vocabulary_of

#: Of which the class means are taken out, so that no class wins everywhere.
DECIDING = (
    "scene_head.2.weight", "object_head.1.weight", "part_head.1.weight", "material_head.1.weight",
    "conv_last.4.weight", "conv_last_deepsup.weight",
)  # fmt: skip

#: A small table of names: a part that is an object, a part of two objects, an owner after its part.
LABELS: dict[str, Any] = {
    "object": ["-", "wall", "sky", "house", "door", "cow"],
    "material": ["-", "brick", "fur"],
    "scene": ["field"],
    "part": ["-", "door", "leg", "roof"],
    "object_part": {"cow": ["-", "leg", "head"], "house": ["-", "door", "roof", "leg"]},
}
TERMS = {
    "labels": [{"name": name} for name in ("black", "red", "white")],
    "imageformat": {"byteorder": "RGB", "mean": [0.5, 0.4, 0.3], "stdev": [0.2, 0.3, 0.4]},
}


def draw_weights(part: nn.Module, **instead: torch.Tensor) -> None:
    """Weights from each key's own seed, so that every layer passes on as much as comes in."""
    state = {key: _drawn(key, tuple(value.shape)) for key, value in part.state_dict().items()}
    part.load_state_dict(state | {key.replace("__", "."): value for key, value in instead.items()})


def _drawn(key: str, shape: tuple[int, ...]) -> torch.Tensor:
    if key.endswith("num_batches_tracked"):
        return torch.tensor(0)
    seed = int.from_bytes(hashlib.sha256(key.encode()).digest()[:4], "little")
    drawn = np.random.RandomState(seed).standard_normal(shape)
    if len(shape) == 4:
        drawn *= np.sqrt(1 / np.prod(shape[1:])) / (64 if key == "conv1.weight" else 1)
        drawn = (drawn - drawn.mean(1, keepdims=True)) * 8 if key in DECIDING else drawn
    elif key.endswith("running_var"):
        drawn = np.exp(0.2 * drawn)
    else:
        drawn = 0.1 * drawn + (key.endswith(".weight"))
    return torch.from_numpy(drawn.astype(np.float32))


def write_upp(labels: dict[str, Any] = LABELS) -> None:
    """A small network as the published files, where the user's cache keeps them."""
    words = vocabulary_of(labels)
    network = perceptual_net(len(words.objects), words.part_channels, len(words.materials), 2, 4)
    _write(UPP, network, labels)


def write_color() -> None:
    """The same of the color network."""
    _write(COLOR, color_net(3, (0, 0, 0), (1, 1, 1), 2, 4), TERMS)


def _write(source: PaperSource, network: Any, labels: dict[str, Any]) -> None:
    encoder, decoder, table = (place_of(file.url) for file in source.files)
    encoder.parent.mkdir(parents=True)
    for part, path in ((network.encoder, encoder), (network.decoder, decoder)):
        draw_weights(part)
        torch.save(part.state_dict(), path, _use_new_zipfile_serialization=False)  # as they were published
    table.write_text(json.dumps(labels))


def slow_quadrants(objects: np.ndarray, count: int) -> tuple[np.ndarray, np.ndarray]:
    """Pieces by walking from pixel to pixel, then every pixel by itself."""
    height, width = objects.shape
    upright, lying, seen = np.zeros_like(objects), np.zeros_like(objects), np.zeros(objects.shape, bool)
    for y, x in np.argwhere(objects > 0).tolist():
        if seen[y, x]:
            continue
        piece, todo = [], [(y, x)]
        seen[y, x] = True
        while todo:
            row, column = todo.pop()
            piece.append((row, column))
            for r in range(max(0, row - 1), min(height, row + 2)):
                for c in range(max(0, column - 1), min(width, column + 2)):
                    if not seen[r, c] and objects[r, c] == objects[y, x]:
                        seen[r, c] = True
                        todo.append((r, c))
        rows, columns = [r for r, _ in piece], [c for _, c in piece]
        middle, centre = (min(rows) + max(rows) + 1) // 2, (min(columns) + max(columns) + 1) // 2
        for row, column in piece:
            upright[row, column] = objects[y, x] + count * (3 if row >= middle else 1)
            lying[row, column] = objects[y, x] + count * (4 if column >= centre else 2)
    return upright, lying
