"""Removals of a made-up layer: a small linear network that is really run, so that all numbers agree.

What a unit hands on is drawn at random, the class is the largest of linear scores, and a removed unit
hands on 0. Half of the evaluation images of the first class are taken for the second when its best
units go. Classes without an image, groups and named sets occur.
"""

from __future__ import annotations

import io
from collections.abc import Callable, Sequence
from dataclasses import dataclass
from functools import cached_property

import numpy as np

from dissect_report.findings import ablation as records
from dissect_report.findings.paths import RunPaths
from dissect_report.findings.records import SCHEMA_VERSION
from dissect_report.findings.store import write_atomically, write_record
from dissect_report.findings.units import UnitRecord

SIZES = (1, 2, 3, 4, 5, 20, 64, 128, 256)
FLIP_SIZES = (2, 4, 8, 20)
DRAWS = 5


@dataclass
class MadeUpRemovals:
    """One layer's removals.

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

    def write(
        self, paths: RunPaths, folder: str, sprite: Callable[[Sequence[int]], bytes]
    ) -> records.Ablation:
        """Writes record, arrays and a picture (``sprite`` of its images) for every target with flips."""
        record = self.record()
        write_record(paths.ablation(folder), record)
        stream = io.BytesIO()
        np.savez_compressed(stream, **self.arrays())
        write_atomically(paths.ablation_arrays(folder), stream.getvalue())
        for place, target in enumerate(record.targets):
            if target.flips:
                write_atomically(paths.flips(folder, place), sprite([f.image for f in target.flips]))
        return record

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
    def served(self) -> np.ndarray:
        lost, _, order = self.ranking
        served = np.zeros(len(self.units), np.int64)
        for target in np.flatnonzero(self.enough):
            first = order[target, :4]
            served[first[np.nan_to_num(lost[target, first]) > 0]] += 1
        return served

    @cached_property
    def iou(self) -> np.ndarray:
        return np.array([np.nan if unit.iou is None else unit.iou for unit in self.units])

    def arrays(self) -> dict[str, np.ndarray]:
        lost, evaluated, order = self.ranking
        arrays = {
            "ranking_loss": lost, "evaluation_loss": evaluated, "fall": np.zeros_like(lost), "order": order,
            "random_order": self.draws, "served": self.served, "iou": self.iou,
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

    def record(self) -> records.Ablation:
        rows = [row for target in range(len(self.members)) for row in self._rows(target)]
        targets = tuple(self._target(target) for target in range(len(self.members)))
        flips = tuple(size for size in FLIP_SIZES if size < len(self.units))
        return records.Ablation(
            schema_version=SCHEMA_VERSION, layer=self.layer,
            labels="intact predictions" if self.stand_in else "labels", replacement="zero", path="fx",
            shortcut="global pooling + linear" if self.live else "", unchanged=0.25, close=3,
            sets={"odd ones": (1, 3, 5)}, set_sizes=self.sizes, flip_sizes=flips,
            ranking_images=self.images, evaluation_images=self.images,
            accuracy=self.accuracy(self.predict(1)), targets=targets, rows=tuple(rows),
            serving=tuple(self._bar(classes) for classes in range(8)),
            left_out=int((~self.enough).sum()), spread=self._spread(targets, rows), live=self.live,
            live_difference=0.0 if self.live else None,
            notes=("2 probe images lie in no folder named like a class: left out",),
            command="dissect-report analyze dissect.toml", seconds={"single": 1.5, "sets": 0.5},
        )  # fmt: skip

    @cached_property
    def sizes(self) -> tuple[int, ...]:
        return tuple(size for size in SIZES if size < len(self.units))

    def _target(self, target: int) -> records.Target:
        lost, evaluated, order = self.ranking
        name, kind, classes = self.members[target]
        recall, specificity, balanced = self.balanced(1, target, self.predict(1))
        units = tuple(
            records.UnitLoss(
                int(u), _number(lost[target, u]), after := _number(evaluated[target, u]),
                None if after is None else after - 0.03, None if after is None else after + 0.03, 0.5,
            )
            for u in order[target, :10]
        )  # fmt: skip
        own = np.isin(self.labels[1], classes)
        said = self.predict(1)[own]
        wrong, counts = np.unique(said[~np.isin(said, classes)], return_counts=True)
        confusions = sorted(zip(wrong.tolist(), counts.tolist(), strict=True), key=lambda pair: -pair[1])
        combinations = []
        for code in range(0 if self.live else 16):
            chosen = tuple(int(order[target, place]) for place in range(4) if code >> place & 1)
            said = self.predict(1, chosen)
            value = self.balanced(1, target, said)[2]
            combinations.append(records.Combination(chosen, value, self.accuracy(said)))
        return records.Target(
            name, kind, classes, int(np.isin(self.labels[0], classes).sum()), int(own.sum()), recall,
            specificity, balanced, self.balanced(0, target, self.predict(0))[2], units,
            tuple(records.Confusion(*pair) for pair in confusions[:5]), self._flips(target),
            tuple(combinations),
        )  # fmt: skip

    def _flips(self, target: int) -> tuple[records.Flip, ...]:
        classes, order = self.members[target][2], self.ranking[2][target]
        before = self.predict(1)
        after = [self.predict(1, order[:size]) for size in FLIP_SIZES if size < len(self.units)]
        if not after:
            return ()
        right = np.isin(before, classes) & np.isin(self.labels[1], classes)
        gone = ~np.isin(after, classes).all(0)
        return tuple(
            records.Flip(int(i % self.probe), int(before[i]), tuple(int(said[i]) for said in after))
            for i in np.flatnonzero(right & gone)[:6]
        )

    def _rows(self, target: int) -> list[records.SetRow]:
        order, everything = self.ranking[2][target], set(range(len(self.units)))
        asked = [("", [int(u) for u in order[:size]]) for size in self.sizes] + [("odd ones", [1, 3, 5])]
        rows = []
        for name, chosen in asked:
            for kind, removed in (("removed", chosen), ("kept", sorted(everything - set(chosen)))):
                said = self.predict(1, removed)
                value, accuracy = self.balanced(1, target, said)[2], self.accuracy(said)
                before = self.balanced(1, target, self.predict(1))[2]
                change = None if value is None or before is None else value - before
                ends = (None, None) if change is None else (change - 0.04, change + 0.04)
                overall = accuracy - self.accuracy(self.predict(1))
                rows.append(
                    records.SetRow(
                        target,
                        kind,
                        name,
                        len(chosen),
                        value,
                        *ends,
                        accuracy,
                        overall - 0.02,
                        overall + 0.02,
                    )
                )
        for size in (size for size in self.sizes if size <= self.draws.shape[1]):
            said_by_draw = [self.predict(1, draw[:size]) for draw in self.draws]
            values = tuple(self.balanced(1, target, said)[2] for said in said_by_draw)
            accuracies = tuple(self.accuracy(said) for said in said_by_draw)
            defined = [value for value in values if value is not None]
            mean = sum(defined) / len(defined) if defined else None
            rows.append(
                records.SetRow(
                    target, "random", "", size, mean, None, None, float(np.mean(accuracies)), None, None,
                    values, accuracies,
                )
            )  # fmt: skip
        return rows

    def _bar(self, classes: int) -> records.ServingBar:
        inside = self.served >= classes if classes == 7 else self.served == classes
        values = self.iou[inside & np.isfinite(self.iou)]
        error = float(values.std(ddof=1) / np.sqrt(len(values))) if len(values) > 1 else None
        mean = float(values.mean()) if len(values) else None
        return records.ServingBar(classes, int(inside.sum()), len(values), mean, error)

    def _spread(
        self, targets: Sequence[records.Target], rows: Sequence[records.SetRow]
    ) -> tuple[records.Spread, ...]:
        size = max(size for size in self.sizes if size <= 20)
        states = [("intact", 0, [t.balanced_accuracy for t in targets[: len(self.classes)]])]
        for kind in ("removed", "kept"):
            ranked = [r for r in rows if r.kind == kind and not r.name and r.target < len(self.classes)]
            own = [r.balanced_accuracy for r in ranked if r.size == size]
            states.append((kind, size, own))
        spreads = []
        for kind, size, values in states:
            defined = [value for value in values if value is not None]
            mean = sum(defined) / len(defined) if defined else None
            spreads.append(records.Spread(kind, size, mean, tuple(values)))
        return tuple(spreads)


def _number(value: float) -> float | None:
    return None if np.isnan(value) else float(value)
