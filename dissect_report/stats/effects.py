"""What an edit does to areas: ratios of sums and means by context."""

from __future__ import annotations

from collections.abc import Sequence
from dataclasses import dataclass

import numpy as np
from jaxtyping import Float64, Integer


def removed_portion(
    intact: Integer[np.ndarray, " latent"], edited: Integer[np.ndarray, "... latent"]
) -> Float64[np.ndarray, ...]:
    """Portion of a concept's pixels that is gone: a ratio of sums, not a mean of ratios.

    Args:
        intact: grid pixels of the concept per latent.
        edited: the same after edits.

    Returns:
        Negative where there are more; NaN where the intact images have none.
    """
    before = float(intact.sum())
    lost = before - edited.sum(-1).astype(np.float64)
    portion: np.ndarray = lost / before if before else np.full(edited.shape[:-1], np.nan)
    return portion


@dataclass(frozen=True, eq=False)
class ContextTable:
    """What an insertion adds, by what stood at the place before.

    Attributes:
        concepts: int64 [context] ids, ascending; label 0 is no context.
        places: int64 [context] how many places carried it.
        mean: float64 [context, value].
        variance: float64 [context, value] with n - 1; NaN for a single place.
    """

    concepts: np.ndarray
    places: np.ndarray
    mean: np.ndarray
    variance: np.ndarray


def by_context(
    added: Float64[np.ndarray, "insertion value"], labels: Integer[np.ndarray, "insertion depth"]
) -> ContextTable:
    """Means of what insertions added, one row for every label found at their places.

    A place with several labels counts for each of them, once.
    """
    concepts = np.unique(labels[labels > 0]).astype(np.int64)
    rows = [added[(labels == concept).any(1)] for concept in concepts]
    places = np.array([len(row) for row in rows], np.int64)
    empty = np.empty((0, added.shape[1]))
    mean = np.array([row.mean(0) for row in rows]) if rows else empty
    variance = np.array([_variance(row) for row in rows]) if rows else empty
    return ContextTable(concepts, places, mean, variance)


def _variance(values: np.ndarray) -> np.ndarray:
    if len(values) < 2:
        return np.full(values.shape[1], np.nan)
    spread: np.ndarray = values.var(0, ddof=1)
    return spread


def rank_by(scores: Float64[np.ndarray, " unit"], units: Sequence[int]) -> tuple[int, ...]:
    """Units by their scores, best first; equal scores: lower index; NaN last."""
    order = np.array(sorted(units), np.int64)
    values = np.where(np.isnan(scores[order]), -np.inf, scores[order])
    return tuple(int(unit) for unit in order[np.argsort(-values, kind="stable")])
