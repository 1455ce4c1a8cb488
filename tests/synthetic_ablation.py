"""What removing the units of a made-up layer does, written as findings: groups and named sets occur."""

from __future__ import annotations

import io
from collections.abc import Sequence
from dataclasses import dataclass
from functools import cached_property

import numpy as np

from dissect_report.findings import ablation as records
from dissect_report.findings.paths import RunPaths
from dissect_report.findings.records import SCHEMA_VERSION
from dissect_report.findings.store import write_atomically, write_record
from tests.synthetic_network import MadeUpNetwork

SIZES = (1, 2, 3, 4, 5, 20, 64, 128, 256)
FLIP_SIZES = (2, 4, 8, 20)


@dataclass
class MadeUpRemovals(MadeUpNetwork):
    """The findings of one layer's removals."""

    def write(self, paths: RunPaths, folder: str) -> records.Ablation:
        """Writes record and arrays."""
        record = self.record()
        write_record(paths.ablation(folder), record)
        stream = io.BytesIO()
        np.savez_compressed(stream, **self.arrays())
        write_atomically(paths.ablation_arrays(folder), stream.getvalue())
        return record

    def record(self) -> records.Ablation:
        rows = [row for target in range(len(self.members)) for row in self._rows(target)]
        targets = tuple(self._target(target) for target in range(len(self.members)))
        flips = tuple(size for size in FLIP_SIZES if size < len(self.units))
        return records.Ablation(
            schema_version=SCHEMA_VERSION, key="made up", layer=self.layer,
            labels="intact predictions" if self.stand_in else "labels", decision="argmax", replacement="zero",
            replacement_quantile=None, path="fx", shortcut="global pooling + linear" if self.live else "",
            unchanged=0.25, close=3, sets={"odd ones": self.odd}, set_sizes=self.sizes, flip_sizes=flips,
            ranking_images=self.images, evaluation_images=self.images,
            accuracy=self.accuracy(self.predict(1)), targets=targets, rows=tuple(rows),
            serving=tuple(self._bar(classes) for classes in range(8)),
            serving_correlation=0.25, serving_p=0.03,
            left_out=int((~self.enough).sum()), spread=self._spread(targets, rows), live=self.live,
            live_difference=0.0 if self.live else None,
            notes=("2 probe images lie in no folder named like a class: left out",),
            command="dissect-report analyze dissect.toml", seconds={"single": 1.5, "sets": 0.5},
        )  # fmt: skip

    @cached_property
    def odd(self) -> tuple[int, ...]:
        """The named set."""
        return tuple(unit for unit in (1, 3, 5) if unit < len(self.units))

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
                0.02, -0.01, _number(self.confirmed[target, u]), (records.Confusion(0, 2),) if u % 3 else (),
            )
            for u in self._listed(target)
        )  # fmt: skip
        own = np.isin(self.labels[1], classes)
        said = self.predict(1)[own]
        wrong, counts = np.unique(said[~np.isin(said, classes)], return_counts=True)
        confusions = sorted(zip(wrong.tolist(), counts.tolist(), strict=True), key=lambda pair: -pair[1])
        combinations = []
        for code in range(0 if self.live else 2 ** min(4, len(self.units))):
            chosen = tuple(int(order[target, place]) for place in range(4) if code >> place & 1)
            said = self.predict(1, chosen)
            value = self.balanced(1, target, said)[2]
            combinations.append(records.Combination(chosen, value, self.accuracy(said)))
        return records.Target(
            name, kind, classes, int(np.isin(self.labels[0], classes).sum()), int(own.sum()), recall,
            specificity, balanced, _around(recall), _around(balanced),
            self.balanced(0, target, self.predict(0))[2], units,
            tuple(records.Confusion(*pair) for pair in confusions[:5]), self._flips(target),
            tuple(combinations),
        )  # fmt: skip

    def _listed(self, target: int) -> list[int]:
        """The best units, then those that serve it all the same."""
        best = self.ranking[2][target, :10].tolist()
        return best + [u for u in np.flatnonzero(np.isfinite(self.confirmed[target])) if u not in best]

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
        asked = [("", [int(u) for u in order[:size]]) for size in self.sizes] + [("odd ones", list(self.odd))]
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
                        recall=self.balanced(1, target, said)[0],
                        specificity=self.balanced(1, target, said)[1],
                        effective=min(2, len(chosen)),
                        p=None if name or kind == "kept" else 0.05,
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
        size = max([size for size in self.sizes if size <= 20], default=0)
        states = [("intact", 0, [t.balanced_accuracy for t in targets[: len(self.classes)]])]
        for kind in ("removed", "kept") if size else ():
            ranked = [r for r in rows if r.kind == kind and not r.name and r.target < len(self.classes)]
            own = [r.balanced_accuracy for r in ranked if r.size == size]
            states.append((kind, size, own))
        spreads = []
        for kind, size, values in states:
            defined = [value for value in values if value is not None]
            mean = sum(defined) / len(defined) if defined else None
            spreads.append(records.Spread(kind, size, mean, tuple(values)))
        return tuple(spreads)


def _around(value: float | None) -> tuple[float, float] | None:
    return None if value is None else (max(0.0, value - 0.1), min(1.0, value + 0.1))


def _number(value: float) -> float | None:
    return None if np.isnan(value) else float(value)
