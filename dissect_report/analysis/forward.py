"""The two passes over the probe dataset: the model's and the segmenter's, each exactly once.

What they give goes into cached arrays. A run that was interrupted goes on at the last finished
batch, and batches always begin at the same images, so that the numbers do not know of it.
"""

from __future__ import annotations

import time
from collections.abc import Callable, Iterator, Mapping, Sequence
from dataclasses import dataclass, field

import numpy as np
import torch
from torch import Tensor, nn

from dissect_report.activations.class_output import ClassOutput
from dissect_report.activations.decisions import decider_of
from dissect_report.activations.layers import LayerInfo
from dissect_report.activations.recording import record
from dissect_report.activations.upsampling import Upsampling, upsample
from dissect_report.analysis.cache import Cache, CachedArray, digest
from dissect_report.analysis.progress import Progress
from dissect_report.analysis.survey import Survey
from dissect_report.config import ModelConfig
from dissect_report.errors import DissectError, ModelError
from dissect_report.sources.probe import rgb
from dissect_report.sources.segmenters.merge import MergedSegmenter
from dissect_report.stats.topk import image_extremes

#: Seconds between two notes of how far a pass is: what an interruption can lose.
NOTE_SECONDS = 10.0


@dataclass
class Batches:
    """Walks over the probe in batches that halve when memory runs out.

    Attributes:
        size: images a batch, as it stands after any halving.
        device: where the networks run.
        notes: one line per halving, for the provenance.
    """

    size: int
    device: torch.device
    notes: list[str] = field(default_factory=list)

    def each(
        self, first: int, last: int, work: Callable[[int, int], None], what: str
    ) -> Iterator[tuple[int, int]]:
        """Calls ``work(start, stop)`` for consecutive batches and yields each when it is done.

        Raises:
            ModelError: memory runs out with a single image.
        """
        start = first
        while start < last:
            stop = min(start + self.size, last)
            try:
                with torch.inference_mode():
                    work(start, stop)
            except DissectError:
                raise
            except Exception as error:  # the user's own code: it may raise anything at all
                if not out_of_memory(error):
                    line = " ".join(str(error).split())
                    raise ModelError(
                        f"the {what} fails on a batch of {stop - start}: {type(error).__name__}: {line}"
                    ) from error
                self._halve(what)
                continue
            yield start, stop
            start = stop

    def _halve(self, what: str) -> None:
        if self.size == 1:
            raise ModelError(
                f"{what}: out of memory with a single image; lower [probe] crop or use another device"
            )
        if self.device.type == "cuda":
            torch.cuda.empty_cache()
        self.notes.append(f"{what}: out of memory at batch size {self.size}, halved to {self.size // 2}")
        self.size //= 2


def out_of_memory(error: BaseException) -> bool:
    """Whether memory ran out; CPU allocations fail as a plain RuntimeError."""
    return isinstance(error, torch.OutOfMemoryError | MemoryError) or "can't allocate memory" in str(error)


class Notes:
    """Writes down every few seconds, and at the end, how far the arrays of a pass are filled."""

    def __init__(self, arrays: Sequence[CachedArray], count: int) -> None:
        self.arrays = arrays
        self.count = count
        self.last = time.monotonic()

    def save(self, done: int) -> None:
        """``done`` images are filled."""
        if done == self.count or time.monotonic() - self.last > NOTE_SECONDS:
            for array in self.arrays:
                array.save(done)
            self.last = time.monotonic()


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

    with torch.inference_mode():
        depth = label(0, 1).shape[1]
    stored = cache.open("labels.u16", key, (count, depth, grid, grid), np.uint16)
    values = stored.values
    notes = Notes([stored], count)

    def work(start: int, stop: int) -> None:
        values[start:stop] = label(start, stop)

    with progress.stage("segmenting", count, "images") as stage:
        stage.advance(stored.done)
        for start, stop in batches.each(stored.done, count, work, "segmenter"):
            notes.save(stop)
            stage.advance(stop - start)
    return values


#: Maxima, means and kept maps of a batch, per slice of a layer.
Reduced = list[tuple[np.ndarray, np.ndarray, np.ndarray]]


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

    @property
    def layers(self) -> list[LayerInfo]:
        """Each once."""
        return list({part.layer.name: part.layer for part in self.slices}.values())

    def reduce(self, layer: LayerInfo, maps: Tensor) -> Reduced:
        """Of a batch's maps of one layer what is kept, per slice; seen before the network goes on."""
        plan, own = (
            self.shrink.get(layer.name),
            [part for part in self.slices if part.layer.name == layer.name],
        )
        whole = maps.cpu().numpy()
        found = []
        for part in own:
            raw = whole[:, part.first : part.last]
            kept = on_grid(raw, plan)
            found.append((*image_extremes(raw), kept.copy() if np.may_share_memory(kept, raw) else kept))
        return found

    def fill(self, start: int, stop: int, recorded: Mapping[str, Reduced], scores: Tensor | None) -> None:
        """Takes what a batch left in the recorder, and the class scores, if the model gives them."""
        waiting = {name: iter(found) for name, found in recorded.items()}
        for part, maps, peaks, means in zip(self.slices, self.maps, self.maxima, self.means, strict=True):
            found = next(waiting[part.layer.name])
            peaks.values[start:stop], means.values[start:stop], maps.values[start:stop] = found
        if self.output is not None and scores is not None:
            self.predicted.values[start:stop] = decider_of(self.output).answer(scores)


def open_pass(
    slices: Sequence[LayerSlice],
    shrink: dict[str, Upsampling],
    count: int,
    cache: Cache,
    key: str,
    output: ClassOutput | None,
) -> ModelPass:
    """The arrays of a pass over ``count`` images, as far as they were filled under the same key."""
    decider = decider_of(output)
    return ModelPass(
        tuple(slices),
        shrink,
        tuple(cache.open(s.name, key, (count, s.last - s.first, *s.map_size), np.float32) for s in slices),
        tuple(cache.open(f"{s.name}.max", key, (count, s.last - s.first), np.float32) for s in slices),
        tuple(cache.open(f"{s.name}.mean", key, (count, s.last - s.first), np.float32) for s in slices),
        output,
        cache.open("predicted", digest(key, output), (count, *decider.shape), decider.kind),
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
    """One forward pass of the probe, recording every slice that is not filled yet."""
    count, output = len(survey), passed.output
    done = min(array.done for array in passed.arrays)
    notes = Notes(passed.arrays, count)

    def work(start: int, stop: int) -> None:
        with record(model, passed.layers, make=passed.reduce) as recorder:
            inputs = survey.inputs(start, stop, config, batches.device)
            scores = model(inputs) if output is None else output.read(lambda: model(inputs))
            passed.fill(start, stop, recorder.take(), scores)

    with progress.stage(stage_name, count, "images") as stage:
        stage.advance(done)
        for start, stop in batches.each(done, count, work, "model"):
            notes.save(stop)
            stage.advance(stop - start)


def on_grid(maps: np.ndarray, plan: Upsampling | None) -> np.ndarray:
    """Raw maps as they are kept: sampled to the grid where there is a plan for it."""
    return maps if plan is None else upsample(maps, plan)
