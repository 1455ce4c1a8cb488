"""Removal sweeps of one concept: what portion of it goes with its units, by three ways to choose them."""

from __future__ import annotations

import numpy as np

from dissect_report.analysis.generation.layer import Measured
from dissect_report.findings.generation import RANKINGS, SweepCurve, SweepPoint
from dissect_report.stats.effects import removed_portion
from dissect_report.stats.latent_intervals import portion_interval


def sweep_curves(measured: Measured, place: int, concept: int, weights: np.ndarray) -> tuple[SweepCurve, ...]:
    """The curves by IoU, by ACE and of random units; draws of random units are pooled.

    Args:
        place: of the concept among those tried.
        concept: its id.
        weights: of ``sample_weights``.
    """
    layer, sets = measured.layer, measured.sets
    intact = layer.intact[:, concept].astype(np.int64)
    orders = sets.orders[place]
    rows = {"iou": [0], "ace": [1], "random": list(range(2, len(orders)))}
    curves = []
    for ranking in RANKINGS:
        if not rows[ranking]:
            continue
        longest = len(orders[rows[ranking][0]])
        points = []
        for column, count in enumerate(layer.counts):
            if count > longest:  # a ranking of fewer units, such as the detectors alone, ends earlier
                continue
            edits = sets.sweep[place, rows[ranking], column]
            edited = measured.together.pixels[:, edits, concept].T.astype(np.int64)
            portion = float(removed_portion(np.tile(intact, len(edited)), edited.reshape(-1)))
            low, high = portion_interval(intact, edited, weights)
            ends = [None if np.isnan(value) else float(value) for value in (portion, low, high)]
            points.append(SweepPoint(count, *ends))
        order = () if ranking == "random" else orders[rows[ranking][0]][: max(layer.counts)]
        curves.append(SweepCurve(ranking, order, tuple(points)))
    return tuple(curves)
