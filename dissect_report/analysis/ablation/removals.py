"""What the network predicts with sets of units replaced, from stored maps, for a block of images."""

from __future__ import annotations

from collections.abc import Sequence
from dataclasses import dataclass, field

import numpy as np
import torch
from jaxtyping import Float, Float32, Int64, Integer
from torch import Tensor

from dissect_report.activations.decisions import Decider, Largest
from dissect_report.activations.linear_step import LinearStep
from dissect_report.activations.outputs import NOISE
from dissect_report.activations.tail import Held, Tail
from dissect_report.analysis.ablation.near_ties import NearTies


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
        predicted: answers [image, 1 + column], see ``findings.answers``; column 0 is the intact network.
        margin: float32, how clearly the image's class is said, see ``Decider.margin``; of every class of an
            image where each is decided by itself.
        unchanged: predictions that needed no arithmetic: the set changes nothing on the image.
        close: predictions too close for the shortcut, decided by the plain tail.
    """

    predicted: Integer[np.ndarray, "image column ..."]
    margin: Float32[np.ndarray, "image column ..."]
    unchanged: int
    close: int


@dataclass(frozen=True, eq=False)
class Remover:
    """Replaces sets of units by subtraction where ``step`` allows it.

    Predictions do not depend on how images and sets are put into batches: where another answer is as
    close as arithmetic noise, what the plain tail says on that image alone decides.

    Attributes:
        tail: the plain one.
        step: the linear map behind the layer, or ``plain_step``.
        replacement: what every cell of a removed unit becomes.
        memory: bytes for values behind the layer at a time.
        decider: makes answers of logits.
        scale: size of logits, where those of one image may all lie near 0 by accident: sets the noise too.
    """

    tail: Tail
    step: LinearStep
    replacement: Float[Tensor, " unit"]
    memory: int
    decider: Decider = field(default_factory=Largest)
    scale: float = 0.0

    def predict(self, held: Held, labels: Int64[np.ndarray, "image ..."], nests: Sequence[Nest]) -> Outcome:
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
    near: list[tuple[Tensor, Tensor, Tensor]] = field(default_factory=list)
    unchanged: int = 0
    close: int = 0

    def __post_init__(self) -> None:
        step, maps = self.remover.step, self.held.recorded
        values, empty = step.parts(maps), step.parts(self.remover.empty(maps))
        self.difference = values - empty
        self.active = self.difference.flatten(2).ne(0).any(2)
        self.whole, self.bare = step.whole(values), step.whole(empty)
        self.columns = 1 + sum(nest.columns for nest in self.nests)
        decider, carried = self.remover.decider, self.labels.shape[1:]
        self.predicted = np.zeros((len(maps), self.columns, *decider.shape), decider.kind)
        self.margin = np.zeros((len(maps), self.columns, *carried), np.float32)
        self.scale = maps.new_full((len(maps),), self.remover.scale)
        self.capacity = max(1, self.remover.memory // (4 * max(step.row_bytes, self.whole[0].numel() * 4)))
        behind = max(self.remover.tail.row_bytes, maps[0].numel() * 4)
        capacity = max(1, self.remover.memory // (4 * behind))
        self.ties = NearTies(self._plain, capacity, decider=decider)

    def predict(self) -> Outcome:
        maps = self.held.recorded
        for first in range(0, len(maps), self.capacity):
            some = slice(first, first + self.capacity)
            scores = self.remover.tail.run(maps[some], [kept[some] for kept in self.held.kept])
            images = torch.arange(len(maps), device=maps.device)[some]
            self.scale[some] = self.scale[some].maximum(scores.abs().amax(1))
            self._decide(scores, images, torch.zeros_like(images))
        self._settle()
        self.predicted[:, 1:], self.margin[:, 1:] = self.predicted[:, :1], self.margin[:, :1]
        column = 1
        for nest in self.nests:
            self._walk(nest, column)
            column += nest.columns
        self._flush()
        self._settle()
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
        """Writes down predictions and margins; too close ones wait to be settled."""
        scale = torch.maximum(scores.abs().amax(1), self.scale[images])
        near = self.remover.decider.gap(scores) <= 2 * NOISE * scale
        if bool(near.any()):
            self.near.append((images[near], columns[near], scale[near]))
            self.close += int(near.sum())
        self._write(scores, images, columns)

    def _settle(self) -> None:
        """Writes down what is too close for the shortcut."""
        if not self.near:
            return
        images, columns, scale = (torch.cat(values) for values in zip(*self.near, strict=True))
        self.near = []
        for start in range(0, len(images), self.ties.capacity):
            some = slice(start, start + self.ties.capacity)
            first, same = self._distinct(images[some], columns[some])
            scores = self.ties.settle(images[some][first], columns[some][first], scale[some][first])
            self._write(scores[same], images[some], columns[some])

    def _distinct(self, images: Tensor, columns: Tensor) -> tuple[Tensor, Tensor]:
        """Of rows that look the same behind the layer the first, and for every row which of these it is."""
        active = self.active[images]
        replaced = active & torch.stack([self._replaced(column) for column in columns.tolist()])
        if not self.held.kept:  # with everything replaced, nothing tells images apart
            bare = (replaced == active).all(1)
            images, replaced = images.where(~bare, -1), replaced & ~bare[:, None]
        looks = torch.cat([images[:, None], replaced.long()], 1).cpu().numpy()
        _, first, same = np.unique(looks, axis=0, return_index=True, return_inverse=True)
        return torch.from_numpy(first).to(images.device), torch.from_numpy(same.reshape(-1)).to(images.device)

    def _write(self, scores: Tensor, images: Tensor, columns: Tensor) -> None:
        """Predictions and margins of one row of logits each."""
        places = images.cpu().numpy(), columns.cpu().numpy()
        self.predicted[places] = self.remover.decider.answer(scores)
        self.margin[places] = self.remover.decider.margin(scores, self.labels[images]).cpu().numpy()

    def _plain(self, images: Tensor, columns: Tensor) -> Tensor:
        """Logits by the plain tail, of one image and one column a row."""
        maps = self.held.recorded[images]
        empty = self.remover.empty(maps)[0]
        for row, column in enumerate(columns.tolist()):
            replaced = self._replaced(column)
            maps[row, replaced] = empty[replaced]
        return self.remover.tail.consume(maps, [value[images] for value in self.held.kept])

    def _replaced(self, column: int) -> Tensor:
        """Which units a column's set replaces, [unit]."""
        replaced = torch.zeros(self.active.shape[1], dtype=torch.bool, device=self.active.device)
        if not column:
            return replaced
        column -= 1
        for nest in self.nests:
            if column < nest.columns:
                count = len(nest.sizes)
                units = torch.as_tensor(nest.units[: nest.sizes[column % count]], device=replaced.device)
                replaced[units] = True
                kept = column >= count or not nest.removed
                return ~replaced if kept else replaced
            column -= nest.columns
        raise IndexError(f"column {column} beyond the last set")
