"""The set table: best units removed, kept, and random ones, for every target."""

from __future__ import annotations

from collections.abc import Sequence

import numpy as np

from dissect_report.analysis.ablation.layer import LayerAblation
from dissect_report.findings.ablation import SetRow, Spread, Target
from dissect_report.findings.store import number
from dissect_report.stats.bootstrap import bootstrap_changes

#: Units removed, or kept, in the picture of all classes.
SPREAD_SIZE = 20


def set_rows(found: LayerAblation, target: int, weights: np.ndarray) -> list[SetRow]:
    """The set table of one target."""
    plan = found.plan
    asked: list[tuple[str, str, int, int]] = []
    for size in plan.sizes:
        removed, kept = plan.best[target][size]
        asked += [("removed", "", size, removed), ("kept", "", size, kept)]
    for name, (size, removed, kept) in plan.named.items():
        asked += [("removed", name, size, removed), ("kept", name, size, kept)]
    columns = [0, *(column for *_, column in asked)]
    counts = found.count(target, columns)
    member = found.targets.members[target][None]
    ends = bootstrap_changes(found.sets.predicted[:, columns], found.evaluation.labels, member, weights)
    rows = [
        SetRow(
            target, kind, name, size,
            number(counts.balanced_accuracy[0, k]), number(ends.low[0, k]), number(ends.high[0, k]),
            number(counts.accuracy[k]), number(ends.accuracy_low[k]), number(ends.accuracy_high[k]),
        )
        for k, (kind, name, size, _) in enumerate(asked, 1)
    ]  # fmt: skip
    drawn = [_random_row(found, target, size) for size in plan.sizes]
    return rows + [row for row in drawn if row is not None]


def _random_row(found: LayerAblation, target: int, size: int) -> SetRow | None:
    columns = [draw[size] for draw in found.plan.random if size in draw]
    if not columns:
        return None
    counts = found.count(target, columns)
    balanced, accuracy = counts.balanced_accuracy[0], counts.accuracy
    return SetRow(
        target, "random", "", size, number(balanced.mean()), None, None, number(accuracy.mean()), None, None,
        tuple(map(number, balanced)), tuple(map(number, accuracy)),
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
