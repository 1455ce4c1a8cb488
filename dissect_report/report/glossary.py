"""How every number is computed, said once: tooltips and the Methods page read from here."""

from __future__ import annotations

from dataclasses import dataclass

from dissect_report.findings.records import CATEGORIES
from dissect_report.report.formatting import number, share

#: The letter that stands beside a category's colour.
LETTERS = dict(zip(CATEGORIES, "OPMTCS", strict=True))


@dataclass(frozen=True)
class Term:
    """A word of the field and what it means in this run."""

    name: str
    text: str


def glossary(quantile: float, iou_threshold: float, grid: int) -> dict[str, Term]:
    """Definitions by key, with the run's own parameters written into them."""
    q, t = share(quantile), number(iou_threshold)
    terms = {
        "unit": ("unit", "One channel of a layer's output."),
        "concept": (
            "concept",
            "Something that the segmenter can mark in an image. It has a name and a category.",
        ),
        "level": (
            "level",
            f"The activation that {q} of all grid pixels of the probe dataset exceed: the exact quantile "
            "over every upsampled pixel of every image.",
        ),
        "mask": ("mask", f"Where the activation exceeds the level, on a grid of {grid} × {grid} cells."),
        "iou": (
            "IoU",
            "Intersection over union of mask and concept: pixels in both, divided by pixels in either, "
            "counted over the whole probe dataset at once.",
        ),
        "detector": ("detector", f"A unit whose best IoU exceeds the iou_threshold, {t}."),
        "iou_threshold": ("iou_threshold", f"The IoU that a unit must exceed to count as a detector: {t}."),
        "chance": (
            "chance",
            "The largest best IoU that this unit reaches when the label maps are shuffled among the "
            "images, in 20 seeded shuffles. A match that does not clear it says little.",
        ),
        "chance_units": (
            "found by chance",
            "The same count with the label maps shuffled among the images, mean of 20 seeded shuffles.",
        ),
        "heldout": (
            "held-out IoU",
            "The concept chosen on one half of the probe dataset, measured again on the other half; both "
            "ways, averaged. Picking the best of many concepts flatters, and this shows by how much.",
        ),
        "stable": (
            "stable",
            "A detector whose held-out IoU is not below the iou_threshold either and whose two halves name "
            "the same concept.",
        ),
        "attainable": (
            "attainable IoU",
            "The best that any unit can reach: a mask of one size cannot match a concept of another size "
            "better than the smaller divided by the larger.",
        ),
        "precision": ("precision", "The part of the unit's mask that carries the concept."),
        "recall": ("recall", "The part of the concept's pixels that the unit's mask covers."),
        "pixels": ("pixels", "Grid pixels that lie in the mask and carry the concept."),
        "mutual_information": (
            "mutual information",
            "Bits that the mask tells about the concept, pixel by pixel, from the same counts.",
        ),
        "information_quality_ratio": (
            "information quality ratio",
            "Mutual information divided by the joint entropy of mask and concept.",
        ),
        "density": ("density", "The part of all grid pixels where the activation is above 0."),
        "maximum": (
            "maximum",
            "The largest activation of the raw map on this image. Images are listed by it; of equal ones the "
            "larger mean of the raw map comes first, then the lower number.",
        ),
        "saturates": (
            "saturates",
            "More images than the page shows share the unit's maximum, as of an activation that clips. Which "
            "of them come first, the mean of the raw map decides.",
        ),
        "correlation": (
            "correlation",
            "Of the activation maps of two units over the probe dataset: raw ones, or sampled to the grid "
            "where they are larger than that.",
        ),
        "dead": ("dead", "A unit whose maximum is 0 or less, or that is constant over the probe dataset."),
        "duplicate": (
            "duplicate",
            "A unit whose maps correlate above 0.98 with those of a lower-numbered unit. Maps larger than "
            "the grid are sampled to it first.",
        ),
        "finite": ("not finite", "A unit with a NaN or infinite activation on some image. It has no level."),
        "concepts": ("concepts", "Distinct concepts that at least one detector of the layer matches best."),
        "undetectable": (
            "undetectable",
            "A concept whose attainable IoU does not exceed the iou_threshold: it is so large or so small "
            f"that no unit can match it at a quantile of {number(quantile)}.",
        ),
    }
    return {key: Term(*term) for key, term in terms.items()}
