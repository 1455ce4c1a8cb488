"""How every number is computed, said once: tooltips and the Methods page read from here."""

from __future__ import annotations

from dataclasses import dataclass

from dissect_report.findings.records import CATEGORIES
from dissect_report.report.formatting import count, number, share

#: The letter that stands beside a category's colour.
LETTERS = dict(zip(CATEGORIES, "OPMTCS", strict=True))


@dataclass(frozen=True)
class Term:
    """A word of the field and what it means in this run."""

    name: str
    text: str


def glossary(quantile: float, iou_threshold: float, grid: int, groups: int) -> dict[str, Term]:
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
            "What the unit's best IoU stays below in 95 of 100 seeded permutations that lay the label maps "
            "against other images: the 95th percentile of the first 99.",
        ),
        "chance_units": (
            "found by chance",
            "The same count with the label maps laid against other images: mean of the first 99 seeded "
            "permutations, and their 95th percentile.",
        ),
        "layer_p": (
            "p of a layer",
            "How often chance finds as many detectors: (1 + permutations with at least as many) / 100.",
        ),
        "p": (
            "p",
            "How often chance does as well: (1 + permutations whose best IoU, of any concept, reaches the "
            "unit's own) / (1 + permutations). Units that few permutations reach are drawn further.",
        ),
        "q": (
            "q",
            "The false discovery rate at which the unit is taken for real: its p by Benjamini and Hochberg "
            "over the units of the layer that have a mask.",
        ),
        "robust": (
            "robust IoU",
            "What the unit keeps in 90 of 100 even splits of the images: the best of its ten listed concepts "
            "chosen on one half and measured on the other, the worse of both ways; 0 in a split whose halves "
            "name different concepts. The ten were chosen on all images.",
        ),
        "interval": (
            "interval",
            "95 % bootstrap-t interval of the IoU with this concept over groups of images, level and concept "
            "held fixed. Not given where mask and concept meet in fewer than 10 groups.",
        ),
        "grade": (
            "grade",
            f"Strong: a detector with q at most .05 and a robust IoU above the iou_threshold, {t}. Weak: a "
            "detector with q at most .05. Chance: a detector that chance matches too easily. None: no "
            f"detector. Untested: fewer than 20 groups of images; here there are {count(groups)}.",
        ),
        "strong": (
            "strong",
            f"A detector that chance rarely matches (q at most .05) and that keeps an IoU above {t} in 90 of "
            "100 even splits of the images.",
        ),
        "heldout": (
            "held-out IoU",
            "The concept chosen on one half of the probe dataset, measured again on the other half; both "
            "ways, averaged. Picking the best of many concepts flatters, and this shows by how much.",
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
