"""Removal sweeps of one concept: what portion of it goes with its units, by three ways to choose them."""

from __future__ import annotations

import numpy as np

from dissect_report.analysis.generation.layer import Measured
from dissect_report.findings.generation import RANKINGS, SweepCurve, SweepPoint
from dissect_report.stats.effects import removed_portion
from dissect_report.stats.latent_intervals import portion_interval


def sweep_curves(measured: Measured, place: int, concept: int, weights: np.ndarray) -> tuple[SweepCurve, ...]:
    """The curves of every ranking; draws of random units are pooled.

    Args:
        place: of the concept among those tried.
        concept: its id.
        weights: of ``sample_weights``.
    """
    layer, sets = measured.layer, measured.sets
    intact = layer.intact[:, concept].astype(np.int64)
    orders = sets.orders[place]
    rows = {name: [at for at, own in enumerate(sets.rankings) if own == name] for name in RANKINGS}
    curves = []
    for ranking in RANKINGS:
        if not rows[ranking]:
            continue
        longest = len(orders[rows[ranking][0]])
        points: list[SweepPoint] = []
        for column, count in enumerate(layer.counts):
            if count > longest and (ranking != "effect" or (points and points[-1].count == longest)):
                continue  # a ranking of fewer units, such as the detectors alone, ends earlier
            edits = sets.sweep[place, rows[ranking], column]
            edited = measured.together.pixels[:, edits, concept].T.astype(np.int64)
            portion = float(removed_portion(np.tile(intact, len(edited)), edited.reshape(-1)))
            low, high = portion_interval(intact, edited, weights)
            ends = [None if np.isnan(value) else float(value) for value in (portion, low, high)]
            points.append(SweepPoint(min(count, longest), *ends))
        order = () if ranking == "random" else orders[rows[ranking][0]][: max(layer.counts)]
        curves.append(SweepCurve(ranking, order, tuple(points)))
    return tuple(curves)
