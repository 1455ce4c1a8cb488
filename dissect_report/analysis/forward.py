"""The two passes over the probe dataset: the model's and the segmenter's, each exactly once.

What they give goes into cached arrays. A run that was interrupted goes on at the last finished
batch, and batches always begin at the same images, so that the numbers do not know of it.
"""

from __future__ import annotations

from collections.abc import Callable, Mapping, Sequence
from dataclasses import dataclass

import numpy as np
import torch
from torch import Tensor, nn

from dissect_report.activations.class_output import ClassOutput
from dissect_report.activations.decisions import decider_of
from dissect_report.activations.layers import LayerInfo
from dissect_report.activations.recording import record
from dissect_report.activations.upsampling import Upsampling, upsample
from dissect_report.analysis.cache import Cache, CachedArray
from dissect_report.analysis.passes.batches import Batches
from dissect_report.analysis.passes.filling import fill
from dissect_report.analysis.passes.stages import Stages
from dissect_report.analysis.progress import Progress
from dissect_report.analysis.survey import Survey
from dissect_report.config import ModelConfig
from dissect_report.sources.probe import rgb
from dissect_report.sources.segmenters.merge import MergedSegmenter
from dissect_report.stats.topk import image_means


@dataclass(frozen=True)
class LayerSlice:
    """Units ``first`` up to ``last`` of a layer: what one cached array holds."""

    layer: LayerInfo
    first: int
    last: int
    map_size: tuple[int, int]

    @property
    def name(self) -> str:
        """File name of the array."""
        return f"{self.layer.file}.{self.first}-{self.last}.f32"


def plan_passes(
    layers: Sequence[LayerInfo], sizes: Sequence[tuple[int, int]], images: int, budget: int
) -> list[list[LayerSlice]]:
    """Groups of slices such that each group's activations fit the disk budget together.

    One group, and so one forward pass, when everything fits; a layer that does not fit alone is
    cut between units. A unit's numbers need all images at once, never all units: that is why a
    pass can be repeated for other units and give the same numbers.
    """
    groups: list[list[LayerSlice]] = [[]]
    left = budget
    for layer, size in zip(layers, sizes, strict=True):
        unit_bytes = size[0] * size[1] * 4 * images
        first = 0
        while first < layer.units:
            if groups[-1] and (first or unit_bytes * layer.units > left):
                groups.append([])
                left = budget
            last = min(layer.units, first + max(1, left // unit_bytes))
            groups[-1].append(LayerSlice(layer, first, last, size))
            left -= unit_bytes * (last - first)
            first = last
    return groups


def label_images(
    segmenter: MergedSegmenter,
    survey: Survey,
    grid: int,
    batches: Batches,
    cache: Cache,
    key: str,
    progress: Progress,
) -> np.ndarray:
    """uint16 [image, depth, y, x]: the merged segmentation of every image on the grid."""
    count = len(survey)

    def label(start: int, stop: int) -> np.ndarray:
        images = rgb(torch.from_numpy(survey.read(start, stop))).to(batches.device)
        return segmenter.label(images, survey.names[start:stop], grid)

    kept = cache.find("labels.u16", key, (count, -1, grid, grid), np.uint16)
    if kept is not None:
        return kept
    with torch.inference_mode():
        depth = label(0, 1).shape[1]
    stored = cache.open("labels.u16", key, (count, depth, grid, grid), np.uint16)
    values = stored.values

    def work(start: int, stop: int) -> None:
        values[start:stop] = label(start, stop)

    with progress.stage("segmenting", count, "images") as stage:
        fill([stored], count, batches.walk(work, "segmenter"), stage)
    return values


@dataclass(frozen=True)
class ModelPass:
    """What one pass of the model over the probe leaves behind, filled batch by batch.

    Attributes:
        slices: what is kept of which layer.
        shrink: for layers whose maps are larger than the grid, how they are sampled to it.
        maps: per slice, float32 [image, unit, y, x].
        maxima: per slice, float32 [image, unit] of the raw maps.
        means: per slice, float32 [image, unit] of the raw maps; what orders images of equal maximum.
        output: where the model gives its classes; None if it gives none.
        predicted: answers [image, ...], see ``findings.answers``; unused without classes.
    """

    slices: tuple[LayerSlice, ...]
    shrink: dict[str, Upsampling]
    maps: tuple[CachedArray, ...]
    maxima: tuple[CachedArray, ...]
    means: tuple[CachedArray, ...]
    output: ClassOutput | None
    predicted: CachedArray

    @property
    def arrays(self) -> tuple[CachedArray, ...]:
        """All of them."""
        return (*self.maps, *self.maxima, *self.means, self.predicted)

    def remember(self, batches: Batches, first_note: int) -> None:
        """Notes how the model was run: numbers that are read from the cache later were made so.

        Args:
            batches: that it was run in.
            first_note: of those that were made during the pass.
        """
        self.predicted.extra = {
            "size": batches.size,
            "notes": [*self.predicted.extra.get("notes", ()), *batches.notes[first_note:]],
        }
        self.predicted.save(self.predicted.filled)

    def recall(self, batches: Batches) -> None:
        """What an earlier pass noted holds of its numbers."""
        batches.size = min(batches.size, self.predicted.extra.get("size", batches.size))
        batches.notes += [n for n in self.predicted.extra.get("notes", ()) if n not in batches.notes]

    @property
    def layers(self) -> list[LayerInfo]:
        """Each once."""
        return list({part.layer.name: part.layer for part in self.slices}.values())

    def fill(self, start: int, stop: int, recorded: Mapping[str, Tensor], scores: Tensor | None) -> None:
        """Takes what a batch left in the recorder, and the class scores, if the model gives them."""
        for part, maps, peaks, means in zip(self.slices, self.maps, self.maxima, self.means, strict=True):
            tensor = recorded[part.layer.name][:, part.first : part.last]
            raw = tensor.cpu().numpy()
            peaks.values[start:stop] = tensor.amax((2, 3)).cpu().numpy()
            means.values[start:stop] = image_means(raw)
            maps.values[start:stop] = on_grid(raw, self.shrink.get(part.layer.name))
        if self.output is not None and scores is not None:
            self.predicted.values[start:stop] = decider_of(self.output).answer(scores)


def open_pass(
    slices: Sequence[LayerSlice],
    shrink: dict[str, Upsampling],
    count: int,
    cache: Cache,
    stages: Stages,
) -> ModelPass:
    """The arrays of a pass over ``count`` images, as far as they were filled under the same keys."""
    decider = decider_of(stages.output)

    def each(ending: str, side: Callable[[LayerSlice], tuple[int, ...]]) -> tuple[CachedArray, ...]:
        return tuple(
            cache.open(
                f"{s.name}{ending}", stages.maps(s.layer), (count, s.last - s.first, *side(s)), np.float32
            )
            for s in slices
        )

    return ModelPass(
        tuple(slices),
        shrink,
        each("", lambda part: part.map_size),
        each(".max", lambda _: ()),
        each(".mean", lambda _: ()),
        stages.output,
        cache.open("predicted", stages.answers(), (count, *decider.shape), decider.kind),
    )


def run_model(
    model: nn.Module,
    config: ModelConfig,
    passed: ModelPass,
    survey: Survey,
    batches: Batches,
    progress: Progress,
    stage_name: str,
) -> None:
    """One forward pass of the probe, recording every slice that is not filled yet.

    Where the answers are known, as in a pass made again for other units, it ends behind the last layer.
    """
    count, output = len(survey), passed.output
    whole = output is not None and not passed.predicted.complete
    passed.recall(batches)
    noted = len(batches.notes)

    def work(start: int, stop: int) -> None:
        with record(model, passed.layers) as recorder:
            inputs, scores = survey.inputs(start, stop, config, batches.device), None
            if whole and output is not None:
                scores = output.read(lambda: model(inputs))
            else:
                with recorder.stopping():
                    model(inputs)
            passed.fill(start, stop, recorder.take(), scores)

    with progress.stage(stage_name, count, "images") as stage:
        fill(passed.arrays, count, batches.walk(work, "model"), stage)
    if len(batches.notes) > noted:
        passed.remember(batches, noted)


def on_grid(maps: np.ndarray, plan: Upsampling | None) -> np.ndarray:
    """Raw maps as they are kept: sampled to the grid where there is a plan for it."""
    return maps if plan is None else upsample(maps, plan)
