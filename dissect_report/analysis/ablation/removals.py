"""What the network predicts with sets of units replaced, from stored maps, for a block of images."""

from __future__ import annotations

from collections.abc import Sequence
from dataclasses import dataclass, field

import numpy as np
import torch
from jaxtyping import Float, Float32, Int32, Int64
from torch import Tensor

from dissect_report.activations.linear_step import LinearStep
from dissect_report.activations.tail import NOISE, Held, Tail


@dataclass(frozen=True, eq=False)
class Nest:
    """Sets of units, each within the next: the first ``sizes[0]`` of ``units``, the first ``sizes[1]`` ...

    Attributes:
        units: int64, without repetition.
        sizes: rising, each at least 1 and at most ``len(units)``.
        removed: whether each set is replaced.
        kept: whether everything but each set is replaced.
    """

    units: Int64[np.ndarray, " unit"]
    sizes: tuple[int, ...]
    removed: bool = True
    kept: bool = False

    @property
    def columns(self) -> int:
        """How many predictions an image: the removed sets, then the kept ones."""
        return len(self.sizes) * (self.removed + self.kept)


@dataclass(frozen=True, eq=False)
class Outcome:
    """Predictions of a block of images.

    Attributes:
        predicted: int32 [image, 1 + column]; column 0 is the intact network.
        margin: float32, logit of the image's class minus the best other logit.
        unchanged: predictions that needed no arithmetic: the set changes nothing on the image.
        close: predictions decided by the plain tail on the image alone.
    """

    predicted: Int32[np.ndarray, "image column"]
    margin: Float32[np.ndarray, "image column"]
    unchanged: int
    close: int


@dataclass(frozen=True, eq=False)
class Remover:
    """Replaces sets of units by subtraction where ``step`` allows it.

    Predictions do not depend on how images and sets are put into batches: where the two best logits
    are as close as arithmetic noise, the plain tail on that image alone decides.

    Attributes:
        tail: the plain one.
        step: the linear map behind the layer, or ``plain_step``.
        replacement: what every cell of a removed unit becomes.
        memory: bytes for values behind the layer at a time.
    """

    tail: Tail
    step: LinearStep
    replacement: Float[Tensor, " unit"]
    memory: int

    def predict(self, held: Held, labels: Int64[np.ndarray, " image"], nests: Sequence[Nest]) -> Outcome:
        """The intact network's predictions and those with every set of ``nests``."""
        with torch.inference_mode():
            block = _Block(self, held, torch.as_tensor(labels, device=held.recorded.device), nests)
            return block.predict()

    def empty(self, like: Tensor) -> Tensor:
        """One image's maps with every unit replaced."""
        return self.replacement.view(1, -1, 1, 1).expand(1, -1, *like.shape[2:]).to(like)


@dataclass(eq=False)
class _Block:
    """A block of images under way."""

    remover: Remover
    held: Held
    labels: Tensor
    nests: Sequence[Nest]
    waiting: list[tuple[Tensor, Tensor, int]] = field(default_factory=list)
    rows: int = 0
    unchanged: int = 0
    close: int = 0

    def __post_init__(self) -> None:
        step, maps = self.remover.step, self.held.recorded
        values, empty = step.parts(maps), step.parts(self.remover.empty(maps))
        self.difference = values - empty
        self.active = self.difference.flatten(2).ne(0).any(2)
        self.whole, self.bare = step.whole(values), step.whole(empty)
        self.columns = 1 + sum(nest.columns for nest in self.nests)
        self.predicted = np.zeros((len(maps), self.columns), np.int32)
        self.margin = np.zeros((len(maps), self.columns), np.float32)
        self.scale = maps.new_zeros(len(maps))
        self.capacity = max(1, self.remover.memory // (4 * max(step.row_bytes, self.whole[0].numel() * 4)))

    def predict(self) -> Outcome:
        maps = self.held.recorded
        for first in range(0, len(maps), self.capacity):
            some = slice(first, first + self.capacity)
            scores = self.remover.tail.run(maps[some], [kept[some] for kept in self.held.kept])
            images = torch.arange(len(maps), device=maps.device)[some]
            self.scale[some] = scores.abs().amax(1)
            self._decide(scores, images, torch.zeros_like(images))
        self.predicted[:, 1:], self.margin[:, 1:] = self.predicted[:, :1], self.margin[:, :1]
        column = 1
        for nest in self.nests:
            self._walk(nest, column)
            column += nest.columns
        self._flush()
        return Outcome(self.predicted, self.margin, self.unchanged, self.close)

    def _walk(self, nest: Nest, column: int) -> None:
        """Adds up the parts of the nest's units, set by set."""
        step, order = self.remover.step, torch.as_tensor(nest.units, device=self.active.device)
        reached = self.active[:, order]
        rows = torch.arange(len(reached), device=order.device)
        if not nest.kept:
            rows = rows[reached[:, : nest.sizes[-1]].any(1)]
        removed = self.whole[rows] if nest.removed else None
        kept = self.bare.expand(len(rows), *self.bare.shape[1:]) if nest.kept else None
        others = self.active.sum(1)
        before = 0
        for place, size in enumerate(nest.sizes):
            some = order[before:size]
            if len(rows):
                part = step.apply(self.difference[rows[:, None], some[None]], some)
                inside = reached[:, :size].sum(1)
                if removed is not None:
                    removed = removed - part
                    self._emit(removed, rows, inside[rows] > 0, column + place)
                if kept is not None:
                    kept = kept + part
                    self._emit(
                        kept, rows, (others > inside)[rows], column + place + len(nest.sizes) * nest.removed
                    )
            else:
                self.unchanged += len(reached) * (nest.removed + nest.kept)
            before = size

    def _emit(self, values: Tensor, rows: Tensor, changed: Tensor, column: int) -> None:
        """Queues the images on which the set changes something."""
        self.unchanged += len(self.predicted) - int(changed.sum())
        if not bool(changed.all()):
            values, rows = values[changed], rows[changed]
        for first in range(0, len(rows), self.capacity):
            self.waiting.append(
                (values[first : first + self.capacity], rows[first : first + self.capacity], column)
            )
            self.rows += len(self.waiting[-1][1])
            if self.rows >= self.capacity:
                self._flush()

    def _flush(self) -> None:
        """Runs what lies behind the linear map for everything that waits."""
        if not self.waiting:
            return
        values = torch.cat([part for part, _, _ in self.waiting])
        images = torch.cat([rows for _, rows, _ in self.waiting])
        columns = torch.cat([torch.full_like(rows, column) for _, rows, column in self.waiting])
        self.waiting, self.rows = [], 0
        scores = self.remover.step.rest(values, [kept[images] for kept in self.held.kept])
        self._decide(scores, images, columns)

    def _decide(self, scores: Tensor, images: Tensor, columns: Tensor) -> None:
        """Writes down predictions and margins; too close ones are first told apart."""
        best = scores.topk(2, 1).values
        scale = torch.maximum(scores.abs().amax(1), self.scale[images])
        near = (best[:, 0] - best[:, 1]) <= 2 * NOISE * scale
        for row in near.nonzero()[:, 0].tolist():
            scores[row] = self._alone(int(images[row]), int(columns[row]))
        self.close += int(near.sum())
        true = self.labels[images][:, None]
        own = scores.gather(1, true)[:, 0]
        other = scores.scatter(1, true, -torch.inf).amax(1)
        places = images.cpu().numpy(), columns.cpu().numpy()
        self.predicted[places] = scores.cpu().numpy().argmax(1)
        self.margin[places] = (own - other).cpu().numpy()

    def _alone(self, image: int, column: int) -> Tensor:
        """Logits by the plain tail on one image."""
        maps = self.held.recorded[image : image + 1]
        if column:
            units, kept = self._set_of(column)
            new = self.remover.empty(maps).clone() if kept else maps.clone()
            new[:, units] = maps[:, units] if kept else self.remover.empty(maps)[:, units]
            maps = new
        return self.remover.tail.run(maps, [value[image : image + 1] for value in self.held.kept])[0]

    def _set_of(self, column: int) -> tuple[Tensor, bool]:
        """The units of a column's set, and whether they are the ones kept."""
        column -= 1
        for nest in self.nests:
            if column < nest.columns:
                count = len(nest.sizes)
                chosen = torch.as_tensor(nest.units[: nest.sizes[column % count]], device=self.active.device)
                return chosen, column >= count or not nest.removed
            column -= nest.columns
        raise IndexError(f"column {column} beyond the last set")
