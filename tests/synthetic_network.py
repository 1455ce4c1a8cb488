"""A small made-up linear network that is really run, so that all numbers of its removals agree.

What a unit hands on is drawn at random, the class is the largest of linear scores, and a removed unit
hands on 0.
"""

from __future__ import annotations

from collections.abc import Sequence
from dataclasses import dataclass
from functools import cached_property

import numpy as np

from dissect_report.findings.units import UnitRecord

DRAWS = 5


@dataclass
class MadeUpNetwork:
    """One layer and what lies behind it.

    Attributes:
        layer: its dotted name.
        units: its units.
        classes: names of the network's outputs.
        probe: number of probe images.
        live: whether only pooling and a linear layer lie behind; else another tail.
        stand_in: whether intact predictions stand in for labels.
        images: for ranking, and as many for evaluation.
        seed: of everything.
    """

    layer: str
    units: Sequence[UnitRecord]
    classes: Sequence[str]
    probe: int
    live: bool
    stand_in: bool
    images: int
    seed: int = 0

    @cached_property
    def random(self) -> np.random.Generator:
        return np.random.default_rng([self.seed, 77])

    @cached_property
    def weight(self) -> np.ndarray:
        """[class, unit]: a few units matter much to a class."""
        shape = (len(self.classes), len(self.units))
        strong = self.random.random(shape) < 6 / len(self.units)
        weight = self.random.normal(0, 0.12, shape) + strong * self.random.uniform(0.5, 1.5, shape)
        return weight.astype(np.float32)

    @cached_property
    def coded(self) -> np.ndarray:
        """[split, image, unit] uint8 of what the units hand on: ranking, then evaluation."""
        drawn = self.random.random((2, self.images, len(self.units))) ** 2
        for split in (0, 1):
            own = self.weight[self.truth[split]] > 0.4
            drawn[split] = np.where(own, np.sqrt(drawn[split]), drawn[split] * 0.6)
        drawn[:, :, [unit.unit for unit in self.units if unit.dead]] = 0
        return np.rint(255 * drawn).astype(np.uint8)

    @cached_property
    def truth(self) -> np.ndarray:
        """[split, image] class; without labels the last class gets no ranking image."""
        labels = np.tile(np.arange(self.images) % len(self.classes), (2, 1))
        if self.stand_in and len(self.classes) > 2:
            labels[0][labels[0] == len(self.classes) - 1] = 0
        return labels

    @cached_property
    def values(self) -> np.ndarray:
        return self.coded.astype(np.float32) * np.float32(4 / 255)

    def predict(self, split: int, removed: Sequence[int] = ()) -> np.ndarray:
        """[image] class with units removed."""
        kept = np.ones(len(self.units), np.float32)
        kept[list(removed)] = 0
        return ((self.values[split] * kept) @ self.weight.T).argmax(1)

    @cached_property
    def labels(self) -> np.ndarray:
        """[split, image]: the truth, or what the intact network says."""
        return np.stack([self.predict(0), self.predict(1)]) if self.stand_in else self.truth

    @cached_property
    def members(self) -> list[tuple[str, str, tuple[int, ...]]]:
        """Name, kind and classes of every target."""
        single = [(name, "class", (index,)) for index, name in enumerate(self.classes)]
        return [*single, ("wild & free", "group", (0, len(self.classes) - 1))]

    def balanced(self, split: int, target: int, predicted: np.ndarray) -> tuple[float | None, ...]:
        """Recall, specificity, balanced accuracy."""
        member = np.isin(np.arange(len(self.classes)), self.members[target][2])
        own, said = member[self.labels[split]], member[predicted]
        if not own.any() or own.all():
            return None, None, None
        recall, specificity = float(said[own].mean()), float((~said[~own]).mean())
        return recall, specificity, (recall + specificity) / 2

    def accuracy(self, predicted: np.ndarray) -> float:
        return float((predicted == self.labels[1]).mean())

    @cached_property
    def alone(self) -> tuple[np.ndarray, np.ndarray]:
        """[unit, image] class with one unit removed, per split."""
        both = []
        for split in (0, 1):
            whole = self.values[split] @ self.weight.T
            parts = [
                (whole - self.values[split][:, unit, None] * self.weight[:, unit]).argmax(1)
                for unit in range(len(self.units))
            ]
            both.append(np.stack(parts))
        return both[0], both[1]

    def lost(self, split: int) -> np.ndarray:
        """[target, unit] balanced accuracy lost; NaN = undefined."""
        intact = self.predict(split)
        result = np.full((len(self.members), len(self.units)), np.nan)
        for target in range(len(self.members)):
            before = self.balanced(split, target, intact)[2]
            if before is not None:
                for unit in range(len(self.units)):
                    after = self.balanced(split, target, self.alone[split][unit])[2]
                    result[target, unit] = before - (after or 0)
        return result

    @cached_property
    def ranking(self) -> tuple[np.ndarray, np.ndarray, np.ndarray]:
        """Losses on both splits, and the order by the first."""
        losses = self.lost(0), self.lost(1)
        return *losses, np.argsort(-np.nan_to_num(losses[0]), axis=1, kind="stable").astype(np.int64)

    @cached_property
    def draws(self) -> np.ndarray:
        alive = np.array([unit.unit for unit in self.units if not unit.dead])
        return np.stack([self.random.permutation(alive) for _ in range(DRAWS)])

    @cached_property
    def enough(self) -> np.ndarray:
        """Classes with ten ranking images."""
        return np.array([(self.labels[0] == c).sum() >= 10 for c in range(len(self.classes))])

    @cached_property
    def confirmed(self) -> np.ndarray:
        """[target, unit] mean of the losses that confirm that a unit serves; NaN = it does not."""
        losses = self.lost(0), self.lost(1)
        found = np.full((2, *losses[0].shape), np.nan)
        for half, (ranks, other) in enumerate((losses, losses[::-1])):
            for target, (_, _, classes) in enumerate(self.members):
                if np.isin(self.labels[half], classes).sum() < 10:
                    continue
                for unit in np.argsort(-np.nan_to_num(ranks[target]), kind="stable")[:4]:
                    if ranks[target, unit] > 0 and other[target, unit] > 0:
                        found[half, target, unit] = other[target, unit]
        known = np.isfinite(found)
        total = np.nan_to_num(found).sum(0)
        return np.where(known.any(0), total / np.maximum(1, known.sum(0)), np.nan)

    @cached_property
    def served(self) -> np.ndarray:
        return np.isfinite(self.confirmed[: len(self.classes)]).sum(0).astype(np.int64)

    @cached_property
    def iou(self) -> np.ndarray:
        return np.array([np.nan if unit.iou is None else unit.iou for unit in self.units])

    def arrays(self) -> dict[str, np.ndarray]:
        lost, evaluated, order = self.ranking
        arrays = {
            "ranking_loss": lost, "evaluation_loss": evaluated, "fall": np.zeros_like(lost), "order": order,
            "random_order": self.draws, "served": self.served, "iou": self.iou,
            "confirmed_loss": self.confirmed,
            "evaluation": np.arange(self.images) % self.probe, "label": self.labels[1],
            "predicted": self.predict(1).astype(np.int32),
        }  # fmt: skip
        if not self.live:
            return arrays
        units = len(self.units)
        return arrays | {
            "pooled": self.coded[1], "scale": np.full(units, 4 / 255, np.float32),
            "offset": np.zeros(units, np.float32), "weight": self.weight,
            "bare": np.zeros(len(self.classes), np.float32), "removed_value": np.zeros(units, np.float32),
        }  # fmt: skip
