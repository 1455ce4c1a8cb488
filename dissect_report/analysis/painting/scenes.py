"""The scenes that a reader paints in: their maps, as coarse as does not show."""

from __future__ import annotations

from collections.abc import Sequence
from dataclasses import dataclass

import numpy as np
import torch
from torch import Tensor

from dissect_report.activations.tail import Held, Tail
from dissect_report.analysis.painting.parity import Runner
from dissect_report.exporting.tails import KEPT, named_inputs
from dissect_report.findings.painting import SAMPLED
from dissect_report.sources.segmenters.protocol import cell_pixels

#: Differences of an exported image that nobody sees, in 255ths of the output range.
MOST_DIFFERENCE = 1.0


@dataclass(frozen=True, eq=False)
class Scenes:
    """Scenes as they are kept.

    Attributes:
        arrays: of ``painting.npz``.
        precision: "float16" or "float32".
        difference: largest of an exported image, in 255ths of the output range.
    """

    arrays: dict[str, np.ndarray]
    precision: str
    difference: float

    @property
    def shapes(self) -> tuple[tuple[int, ...], ...]:
        """Of what passes by the layer, for one image."""
        names = (f"{KEPT}{place}" for place in range(len(self.arrays)))
        return tuple(self.arrays[name].shape[1:] for name in names if name in self.arrays)


def keep_scenes(
    tail: Tail,
    run: Runner,
    scenes: Sequence[Held],
    edits: Sequence[Tensor],
    output_range: tuple[float, float],
) -> Scenes:
    """Keeps the maps of ``scenes``: as halves, unless an image shows it.

    Args:
        tail: what the graph was made of.
        run: the graph.
        scenes: intact, one image each.
        edits: edited maps of the first scene, [1, unit, y, x].
    """
    with torch.inference_mode():
        intact = [tail.run(held.recorded, held.kept).float().cpu().numpy() for held in scenes]
    for precision in ("float16", "float32"):
        kept = [_as(precision, held) for held in scenes]
        pairs = [(held, truth) for held, truth in zip(kept, intact, strict=True)]
        for maps in edits:
            with torch.inference_mode():
                truth = tail.run(maps, scenes[0].kept).float().cpu().numpy()
            pairs.append((Held(_as(precision, Held(maps, ())).recorded, kept[0].kept), truth))
        worst = max(_difference(run(named_inputs(held)), truth, output_range) for held, truth in pairs)
        if worst <= MOST_DIFFERENCE:
            break
    names = list(named_inputs(scenes[0]))
    values = [list(named_inputs(held).values()) for held in kept]
    arrays = {
        name: np.concatenate([row[place].cpu().numpy() for row in values]).astype(
            precision if place == 0 else np.float32
        )
        for place, name in enumerate(names)
    }
    return Scenes(arrays | {"samples": _samples(intact)}, precision, worst)


def _as(precision: str, held: Held) -> Held:
    if precision == "float32":
        return held
    return Held(held.recorded.half().float(), held.kept)


def _difference(made: np.ndarray, truth: np.ndarray, output_range: tuple[float, float]) -> float:
    """The largest that a reader could see, in 255ths of the range."""
    low, high = output_range
    apart = np.abs(np.clip(made, low, high) - np.clip(truth, low, high))
    return float(apart.max() / (high - low) * 255) if np.isfinite(made).all() else float("inf")


def _samples(images: Sequence[np.ndarray]) -> np.ndarray:
    rows, columns = (cell_pixels(images[0].shape[axis], SAMPLED) for axis in (2, 3))
    return np.concatenate([image[:, :, rows[:, None], columns[None, :]] for image in images]).astype(
        np.float32
    )
