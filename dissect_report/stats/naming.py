"""Which concept a unit matches best, which come next, and whether that holds on a held-out half."""

from __future__ import annotations

from dataclasses import dataclass

import numpy as np
from jaxtyping import Bool, Float64, Int32, Int64

from dissect_report.stats.overlap import HALVES, ConceptCounts, Overlap
from dissect_report.stats.scores import iou

#: Concepts that a unit's page lists.
LISTED = 10


@dataclass(frozen=True, eq=False)
class Naming:
    """Per unit; concept 0 = none. Undefined is NaN.

    Attributes:
        concept: best IoU over real concepts, equal ones to the lower id.
        iou: of that concept over the whole probe; NaN without one.
        heldout_iou: the concept chosen on one half measured on the other, averaged over the directions that
            are defined; NaN if none is.
        half_concepts: what each half alone names.
    """

    concept: Int32[np.ndarray, " unit"]
    iou: Float64[np.ndarray, " unit"]
    heldout_iou: Float64[np.ndarray, " unit"]
    half_concepts: Int32[np.ndarray, "half unit"]

    def detectors(self, iou_threshold: float) -> Bool[np.ndarray, " unit"]:
        """Units whose best IoU exceeds ``iou_threshold``."""
        return self.iou > iou_threshold


def name_units(overlap: Overlap, counts: ConceptCounts) -> Naming:
    """Names every unit by the counts over the whole probe and over each half.

    Raises:
        ValueError: counts over different catalogues.
    """
    if overlap.intersection.shape[2] != counts.concept.shape[1]:
        raise ValueError(
            f"overlap with {overlap.intersection.shape[2] - 1} concepts does not go with "
            f"counts of {counts.concept.shape[1] - 1}"
        )
    mask, present = overlap.mask.sum(axis=0), counts.concept.sum(axis=0)
    concept, value = best_concept(iou_table(mask, present, overlap.intersection.sum(axis=0)))
    halves = [
        iou_table(overlap.mask[half], counts.concept[half], overlap.intersection[half])
        for half in range(HALVES)
    ]
    chosen = np.stack([best_concept(table)[0] for table in halves])
    return Naming(
        concept=concept,
        iou=np.where(concept > 0, value, np.nan),
        heldout_iou=_heldout(halves, chosen),
        half_concepts=chosen,
    )


def iou_table(
    mask: Int64[np.ndarray, " unit"],
    present: Int64[np.ndarray, " concept"],
    intersection: Int64[np.ndarray, "unit concept"],
) -> Float64[np.ndarray, "unit concept"]:
    """IoU of every unit with every concept; column 0 (none) is NaN."""
    table = np.array(iou(mask[:, None], present[None, :], intersection))
    table[:, 0] = np.nan
    return table


def best_concept(
    table: Float64[np.ndarray, "unit concept"],
) -> tuple[Int32[np.ndarray, " unit"], Float64[np.ndarray, " unit"]]:
    """Best concept (0 if none exceeds IoU 0; lower id among equals) and best IoU (NaN if all undefined)."""
    concept = np.where(np.isnan(table), -1.0, table).argmax(axis=1).astype(np.int32)
    value = table[np.arange(len(table)), concept]
    return np.where(value > 0, concept, 0).astype(np.int32), value


def list_concepts(table: Float64[np.ndarray, "unit concept"]) -> Int32[np.ndarray, "unit place"]:
    """The ``LISTED`` best concepts of each unit above IoU 0, best first, equal ones by lower id; then 0."""
    values = np.nan_to_num(table, nan=0.0)
    best = np.argsort(-values, axis=1, kind="stable")[:, :LISTED]
    listed = np.zeros((len(table), LISTED), np.int32)
    kept = np.take_along_axis(values, best, axis=1) > 0
    listed[:, : best.shape[1]] = np.where(kept, best, 0)
    return listed


def _heldout(halves: list[np.ndarray], chosen: np.ndarray) -> Float64[np.ndarray, " unit"]:
    """Each half's choice measured on the other half; the mean of the defined ones."""
    units = np.arange(chosen.shape[1])
    # Column 0 is NaN: a half that names nothing is an undefined direction.
    ways = np.stack([halves[1 - half][units, chosen[half]] for half in range(HALVES)])
    defined = (~np.isnan(ways)).sum(axis=0)
    mean = np.full(len(units), np.nan)
    np.divide(np.nansum(ways, axis=0), defined, out=mean, where=defined > 0)
    return mean
