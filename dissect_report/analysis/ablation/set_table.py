"""The set table: best units removed, kept, and random ones, for every target."""

from __future__ import annotations

from collections.abc import Sequence

import numpy as np

from dissect_report.analysis.ablation.layer import LayerAblation
from dissect_report.findings.ablation import SetRow, Spread, Target
from dissect_report.findings.store import number
from dissect_report.stats.class_changes import accuracy_change, class_changes

#: Units removed, or kept, in the picture of all classes.
SPREAD_SIZE = 20


def set_rows(found: LayerAblation, target: int, lost: np.ndarray) -> list[SetRow]:
    """The set table of one target.

    Args:
        lost: [unit] what each unit alone costs the target on the ranking images, above 0 = something.
    """
    plan = found.plan
    asked: list[tuple[str, str, Sequence[int], int]] = []
    for size in plan.sizes:
        removed, kept = plan.best[target][size]
        best = found.order[target][:size].tolist()
        asked += [("removed", "", best, removed), ("kept", "", best, kept)]
    for name, (own, removed, kept) in plan.named.items():
        asked += [("removed", name, own, removed), ("kept", name, own, kept)]
    columns = [0, *(column for *_, column in asked)]
    counts = found.count(target, columns)
    member, labels = found.targets.members[target], found.evaluation.labels
    predicted = np.asarray(found.sets.predicted[:, columns])
    ends = class_changes(predicted, labels, member).balanced
    low, high = accuracy_change(predicted, labels, len(member))
    random = {size: _random_row(found, target, size) for size in plan.sizes}
    rows = [
        SetRow(
            target, kind, name, len(units),
            number(counts.balanced_accuracy[0, k]), number(ends.low[k]), number(ends.high[k]),
            number(counts.accuracy[k]), number(low[k]), number(high[k]),
            recall=number(counts.recall[0, k]), specificity=number(counts.specificity[0, k]),
            effective=int((lost[list(units)] > 0).sum()),
            p=None if kind == "kept" or name else _p(counts.balanced_accuracy[0, k], random[len(units)]),
        )
        for k, (kind, name, units, _) in enumerate(asked, 1)
    ]  # fmt: skip
    return rows + [row for row in random.values() if row is not None]


def _p(balanced: float, random: SetRow | None) -> float | None:
    """Of as many random units, how many draws cost at least as much."""
    known = [value for value in random.draws if value is not None] if random else []
    if not known or np.isnan(balanced):
        return None
    return (1 + sum(value <= balanced for value in known)) / (1 + len(known))


def _random_row(found: LayerAblation, target: int, size: int) -> SetRow | None:
    columns = [draw[size] for draw in found.plan.random if size in draw]
    if not columns:
        return None
    counts = found.count(target, columns)
    balanced, accuracy = counts.balanced_accuracy[0], counts.accuracy
    return SetRow(
        target, "random", "", size, number(balanced.mean()), None, None, number(accuracy.mean()), None, None,
        tuple(map(number, balanced)), tuple(map(number, accuracy)),
        recall=number(counts.recall[0].mean()), specificity=number(counts.specificity[0].mean()),
    )  # fmt: skip


def spread_over_classes(
    targets: Sequence[Target], rows: Sequence[SetRow], classes: int
) -> tuple[Spread, ...]:
    """Balanced accuracy over the classes: intact, 20 removed, 20 kept; else the largest size below."""
    states = [("intact", 0, [target.balanced_accuracy for target in targets[:classes]])]
    ranked = [row for row in rows if row.kind != "random" and not row.name and row.target < classes]
    sizes = sorted({row.size for row in ranked if row.size <= SPREAD_SIZE})
    for kind in ("removed", "kept") if sizes else ():
        own = [row.balanced_accuracy for row in ranked if row.kind == kind and row.size == sizes[-1]]
        states.append((kind, sizes[-1], own))
    spreads = []
    for state, size, values in states:
        defined = [value for value in values if value is not None]
        spreads.append(Spread(state, size, sum(defined) / len(defined) if defined else None, tuple(values)))
    return tuple(spreads)
