"""The two passes over the probe dataset: the model's and the segmenter's, each exactly once.

What they give goes into cached arrays. A run that was interrupted goes on at the last finished
batch, and batches always begin at the same images, so that the numbers do not know of it.
"""

from __future__ import annotations

from collections.abc import Mapping, Sequence
from dataclasses import dataclass
from typing import Protocol

import numpy as np
import torch
from torch import Tensor, nn

from dissect_report.activations.class_output import ClassOutput
from dissect_report.activations.decisions import decider_of
from dissect_report.activations.layers import LayerInfo
from dissect_report.activations.recording import record
from dissect_report.activations.upsampling import Upsampling, upsample
from dissect_report.analysis.cache import Cache, CachedArray
from dissect_report.analysis.map_plans import MapPlan
from dissect_report.analysis.passes.batches import Batches
from dissect_report.analysis.passes.filling import Fillable, fill
from dissect_report.analysis.passes.stages import Stages
from dissect_report.analysis.progress import Progress
from dissect_report.analysis.survey import Survey
from dissect_report.config import ModelConfig
from dissect_report.sources.probe import rgb
from dissect_report.sources.segmenters.merge import MergedSegmenter
from dissect_report.stats.blocks import over_blocks
from dissect_report.stats.topk import image_extremes


def maps_name(layer: LayerInfo) -> str:
    """Of the array that keeps the layer's maps; those of its maxima and means begin with it."""
    return f"{layer.file}.f32"


def plan_groups(
    layers: Sequence[LayerInfo], unit_bytes: Sequence[int], budget: int
) -> list[list[tuple[LayerInfo, int, int]]]:
    """Groups of units, each a layer with the first and behind the last of them, that fit a budget together.

    A layer that does not fit alone is cut between units; the others are not.
    """
    groups: list[list[tuple[LayerInfo, int, int]]] = [[]]
    left = budget
    for layer, each in zip(layers, unit_bytes, strict=True):
        first = 0
        while first < layer.units:
            if groups[-1] and (first or each * layer.units > left):
                groups.append([])
                left = budget
            last = min(layer.units, first + max(1, left // each))
            groups[-1].append((layer, first, last))
            left -= each * (last - first)
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


#: Maxima, means and kept maps of a batch of one layer.
Reduced = tuple[np.ndarray, np.ndarray, np.ndarray]


def reduce_maps(maps: Tensor, shrink: Upsampling | None, threads: int = 1) -> Reduced:
    """Of a batch's raw maps what passes keep: float32 [image, unit] twice, and [image, unit, y, x].

    Args:
        maps: as they stand in the network, which writes into them afterwards.
        shrink: how larger ones are sampled to the grid.
        threads: that look at different images at the same time: the network waits, and so do its threads.
    """
    raw = maps.cpu().numpy()
    side = raw.shape[2:] if shrink is None else (shrink.grid, shrink.grid)
    kept = np.empty((*raw.shape[:2], *side), np.float32)
    maxima, means = (np.empty(raw.shape[:2], np.float32) for _ in range(2))

    def reduce(images: slice) -> None:
        maxima[images], means[images] = image_extremes(raw[images])
        kept[images] = on_grid(raw[images], shrink)

    over_blocks(len(raw), 1, reduce, threads)
    return maxima, means, kept


class Recording(Protocol):
    """What a pass of the model over the probe leaves behind, filled batch by batch."""

    @property
    def output(self) -> ClassOutput | None:
        """Where the model gives its classes; None if it gives none."""

    @property
    def predicted(self) -> CachedArray:
        """Answers [image, ...], see ``findings.answers``; unused without classes."""

    @property
    def arrays(self) -> tuple[Fillable, ...]:
        """Everything that is filled."""

    @property
    def layers(self) -> list[LayerInfo]:
        """What is recorded."""

    def reduce(self, layer: LayerInfo, maps: Tensor) -> Reduced:
        """Of a batch's maps of one layer what is kept; seen before the network goes on."""

    def fill(self, start: int, stop: int, recorded: Mapping[str, Reduced], scores: Tensor | None) -> None:
        """Takes what a batch left in the recorder, and the class scores, if the model gives them."""


@dataclass(frozen=True)
class ModelPass:
    """A pass that keeps all maps.

    Attributes:
        layers: what is recorded.
        shrink: for layers whose maps are larger than the grid, how they are sampled to it.
        maps: per layer, float32 [image, unit, y, x].
        maxima: per layer, float32 [image, unit] of the raw maps.
        means: per layer, float32 [image, unit] of the raw maps; what orders images of equal maximum.
        output: where the model gives its classes; None if it gives none.
        predicted: answers [image, ...], see ``findings.answers``; unused without classes.
        threads: that reduce maps at the same time.
    """

    layers: list[LayerInfo]
    shrink: dict[str, Upsampling | None]
    maps: tuple[CachedArray, ...]
    maxima: tuple[CachedArray, ...]
    means: tuple[CachedArray, ...]
    output: ClassOutput | None
    predicted: CachedArray
    threads: int

    @property
    def arrays(self) -> tuple[CachedArray, ...]:
        """All of them."""
        return (*self.maps, *self.maxima, *self.means, self.predicted)

    def reduce(self, layer: LayerInfo, maps: Tensor) -> Reduced:
        """Of a batch's maps of one layer what is kept; seen before the network goes on."""
        return reduce_maps(maps, self.shrink[layer.name], self.threads)

    def fill(self, start: int, stop: int, recorded: Mapping[str, Reduced], scores: Tensor | None) -> None:
        """Takes what a batch left in the recorder, and the class scores, if the model gives them."""
        for layer, maps, maxima, means in zip(self.layers, self.maps, self.maxima, self.means, strict=True):
            found = recorded[layer.name]
            maxima.values[start:stop], means.values[start:stop], maps.values[start:stop] = found
        if self.output is not None and scores is not None:
            self.predicted.values[start:stop] = decider_of(self.output).answer(scores)


def open_pass(
    layers: Sequence[LayerInfo],
    plans: Mapping[str, MapPlan],
    count: int,
    cache: Cache,
    stages: Stages,
    threads: int,
) -> ModelPass:
    """The arrays of a pass over ``count`` images, as far as they were filled under the same keys."""

    def open_maps(info: LayerInfo) -> CachedArray:
        shape = (count, info.units, *plans[info.name].map_size)
        return cache.open(maps_name(info), stages.maps(info), shape, np.float32)

    return ModelPass(
        list(layers),
        {info.name: plans[info.name].shrink for info in layers},
        tuple(open_maps(info) for info in layers),
        open_peaks(cache, stages, layers, count, "max"),
        open_peaks(cache, stages, layers, count, "mean"),
        stages.output,
        open_answers(cache, stages, count),
        threads,
    )


def open_peaks(
    cache: Cache, stages: Stages, layers: Sequence[LayerInfo], count: int, name: str
) -> tuple[CachedArray, ...]:
    """Per layer one number of every raw map, float32 [image, unit]: its ``max`` or its ``mean``."""
    return tuple(
        cache.open(f"{maps_name(info)}.{name}", stages.maps(info), (count, info.units), np.float32)
        for info in layers
    )


def open_answers(cache: Cache, stages: Stages, count: int) -> CachedArray:
    """What the model says of every image."""
    decider = decider_of(stages.output)
    return cache.open("predicted", stages.answers(), (count, *decider.shape), decider.kind)


def remember(predicted: CachedArray, batches: Batches, first_note: int) -> None:
    """Notes how the model was run: numbers that are read from the cache later were made so.

    Args:
        predicted: of the pass.
        batches: that it was run in.
        first_note: of those that were made during the pass.
    """
    notes = [*predicted.extra.get("notes", ()), *batches.notes[first_note:]]
    predicted.extra = {"size": batches.size, "notes": notes}
    predicted.save(predicted.filled)


def recall(predicted: CachedArray, batches: Batches) -> None:
    """What an earlier pass noted holds of its numbers."""
    batches.size = min(batches.size, predicted.extra.get("size", batches.size))
    batches.notes += [note for note in predicted.extra.get("notes", ()) if note not in batches.notes]


def run_model(
    model: nn.Module,
    config: ModelConfig,
    passed: Recording,
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
    recall(passed.predicted, batches)
    noted = len(batches.notes)

    def work(start: int, stop: int) -> None:
        with record(model, passed.layers, make=passed.reduce) as recorder:
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
        remember(passed.predicted, batches, noted)


def on_grid(maps: np.ndarray, plan: Upsampling | None) -> np.ndarray:
    """Raw maps as they are kept: sampled to the grid where there is a plan for it."""
    return maps if plan is None else upsample(maps, plan)
