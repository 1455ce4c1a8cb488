"""Areas before and after an edit, and what of them is put down to which latents were drawn."""

from __future__ import annotations

import numpy as np

from dissect_report.findings.generation import AreaChange
from dissect_report.findings.store import number
from dissect_report.stats.latent_intervals import mean_interval


def area_changes(intact: np.ndarray, edited: np.ndarray, pixels: float) -> list[AreaChange]:
    """Every concept that is drawn before or after, the largest change first.

    Args:
        intact: int [latent, concept + 1] grid pixels.
        edited: the same.
        pixels: of an image's grid.
    """
    before, after = intact.mean(0) / pixels, edited.mean(0) / pixels
    shown = [c for c in range(1, len(before)) if before[c] or after[c]]
    rows = []
    for concept in sorted(shown, key=lambda c: (-abs(after[c] - before[c]), c)):
        low, high = mean_interval((edited[:, concept].astype(np.int64) - intact[:, concept]) / pixels)
        change = AreaChange(concept, float(before[concept]), float(after[concept]), number(low), number(high))
        rows.append(change)
    return rows
