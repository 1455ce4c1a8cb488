"""What was found of single units: the records of ``dissection.json``.

``None`` means undefined, never a number. Concepts are ids of ``Run.concepts``, images indices into
``Run.images``.
"""

from __future__ import annotations

from dataclasses import dataclass

from dissect_report.findings.grades import Grade

#: Columns of a layer's table of units, ``units.csv`` and ``units.parquet``.
UNIT_TABLE = (
    "unit", "concept", "category", "iou", "heldout_iou", "chance_iou", "attainable_iou", "detector",
    "grade", "p", "q", "robust_iou", "iou_low", "iou_high", "dead", "finite", "duplicate_of",
    "saturation", "saturates", "level", "maximum", "density", "mask_pixels",
)  # fmt: skip


@dataclass(frozen=True, slots=True)
class ScoredConcept:
    """One concept compared with one unit, all from the same counts over the probe dataset.

    Attributes:
        concept: id.
        iou: intersection over union.
        precision: share of the unit's mask that carries the concept.
        recall: share of the concept that the unit's mask covers.
        mutual_information: bits.
        information_quality_ratio: mutual information over joint entropy.
        intersection: grid pixels.
        attainable_iou: ceiling for this mask size and this concept size.
    """

    concept: int
    iou: float
    precision: float | None
    recall: float | None
    mutual_information: float | None
    information_quality_ratio: float | None
    intersection: int
    attainable_iou: float


@dataclass(frozen=True, slots=True)
class RankedImage:
    """An image in one of a unit's lists.

    Attributes:
        image: index.
        maximum: of the raw activation map; None if it is not finite.
        area: grid pixels, of what the list is about (mask or concept); None where it has no area.
        outline: SVG path data of the mask in a box of 500 x 500; "" if nothing exceeds the level.
            Only for top images.
    """

    image: int
    maximum: float | None
    area: int | None = None
    outline: str = ""


@dataclass(frozen=True, slots=True)
class Band:
    """Images whose maximum lies in one range of percentiles, or drawn at random.

    Attributes:
        name: "top", "95-99", "75-95", "50-75" or "random".
        images: up to four.
    """

    name: str
    images: tuple[RankedImage, ...]


@dataclass(frozen=True, slots=True)
class Relative:
    """Another unit of the same layer.

    Attributes:
        unit: index of the channel.
        correlation: of the maps of both: raw, or sampled to the grid where they are larger.
    """

    unit: int
    correlation: float


@dataclass(frozen=True, slots=True)
class Histogram:
    """Activations over every grid pixel of every probe image.

    Attributes:
        low: lower edge of the first bin.
        high: upper edge of the last bin.
        counts: pixels a bin, bins of equal width.
    """

    low: float
    high: float
    counts: tuple[int, ...]


@dataclass(frozen=True, slots=True)
class UnitRecord:
    """One unit of one layer.

    Attributes:
        unit: index of the channel.
        level: the (1 - quantile) quantile of its activation; None if it is not finite somewhere.
        minimum: over the raw maps; None if not finite.
        maximum: over the raw maps; None if not finite.
        density: share of grid pixels above 0; None where the activation is not finite.
        mask_pixels: grid pixels above the level.
        concept: id of the best IoU; None if no concept has a defined IoU above 0.
        iou: of that concept; None with it.
        attainable_iou: ceiling for that concept; None with it.
        heldout_iou: the concept chosen on one half measured on the other, both ways, averaged; None if
            undefined.
        half_concepts: the concepts that the two halves name.
        chance_iou: 95th percentile of its best IoU under the first 99 permutations of label maps; None
            without a mask.
        p: (1 + hits) / (1 + permutations): a hit is a permutation whose best IoU reaches the unit's own; None
            without a mask.
        permutations: that it was compared with.
        q: p by Benjamini and Hochberg over the units of the layer that have a mask; None without one.
        robust_iou: 10 % quantile over 200 even splits of the IoU with the best of its ten listed concepts,
            chosen on one half and measured on the other; 0 in a split whose halves name different ones.
        split_share: share of those splits above the iou_threshold.
        iou_low: lower end of the 95 % interval of ``iou`` over groups of images, level and concept held
            fixed; None where it is undefined or without width.
        iou_high: its upper end.
        detector: best IoU > iou_threshold.
        grade: "strong", "weak", "chance", "none" or "untested"; see ``findings.grades``.
        dead: maximum <= 0 or constant over the probe.
        finite: False if any activation was NaN or infinite; the unit is flagged, not hidden.
        duplicate_of: lower-numbered unit with correlation > 0.98, or None. Of maps larger than the grid,
            sampled ones are correlated.
        saturation: probe images that share the unit's maximum, where more than one does and the unit is not
            dead; else None.
        saturates: more than ``top_images`` images share its maximum: an activation that clips.
        concepts: up to ten best by IoU.
        top_images: by the maximum of the raw map, then by its mean, then by index. All lists of a unit's
            images keep this order.
        bands: images by percentile in this order.
        silent: most of the unit's concept although its maximum stays below the level.
        fires_without: the first in this order without a pixel of the concept.
        relatives: most correlated units of the layer.
        histogram: of its activation.
    """

    unit: int
    level: float | None
    minimum: float | None
    maximum: float | None
    density: float | None
    mask_pixels: int
    concept: int | None
    iou: float | None
    attainable_iou: float | None
    heldout_iou: float | None
    half_concepts: tuple[int | None, int | None]
    chance_iou: float | None
    p: float | None
    permutations: int
    q: float | None
    robust_iou: float
    split_share: float
    iou_low: float | None
    iou_high: float | None
    detector: bool
    grade: Grade
    dead: bool
    finite: bool
    duplicate_of: int | None
    saturation: int | None
    saturates: bool
    concepts: tuple[ScoredConcept, ...]
    top_images: tuple[RankedImage, ...]
    bands: tuple[Band, ...]
    silent: tuple[RankedImage, ...]
    fires_without: tuple[RankedImage, ...]
    relatives: tuple[Relative, ...]
    histogram: Histogram | None


@dataclass(frozen=True, slots=True)
class Dissection:
    """``dissection.json``: every unit of one layer.

    Attributes:
        schema_version: of this file.
        layer: dotted module name.
        iou_threshold: as configured.
        units: in channel order.
        chance_concepts: per category, mean number of distinct concepts among the detectors of a permutation.
    """

    schema_version: int
    layer: str
    iou_threshold: float
    units: tuple[UnitRecord, ...]
    chance_concepts: dict[str, float]
