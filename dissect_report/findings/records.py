"""What an analysis found, as inert records: the contract between ``analysis`` and ``report``.

Everything here is written as JSON by ``store.py``. ``None`` means undefined, never a number.
Concepts are named by their id in ``Run.concepts``, images by their index in ``Run.images``.
"""

from __future__ import annotations

from dataclasses import dataclass

#: Version of the findings on disk.
#: 1: dissection of classifiers.
SCHEMA_VERSION = 1

#: The categories in the order in which every page lists them.
CATEGORIES = ("object", "part", "material", "texture", "color", "scene")


@dataclass(frozen=True)
class ConceptRecord:
    """A concept of the merged catalogue.

    Attributes:
        id: 1, 2 ... in the merged catalogue; 0 is "no label" and has no record.
        name: as its segmenter names it; unique within the run.
        category: one of ``CATEGORIES``.
        slug: the name as a file name, unique within the run.
        color: "#rrggbb" in segmentation pictures, unique within the run.
        segmenter: index into ``Run.segmenters``.
        pixels: grid pixels of the probe dataset that carry it.
        images: probe images with at least one pixel of it.
        attainable_iou: the best IoU that any unit can reach at this quantile; None if never seen.
    """

    id: int
    name: str
    category: str
    slug: str
    color: str
    segmenter: int
    pixels: int
    images: int
    attainable_iou: float | None


@dataclass(frozen=True)
class ImageRecord:
    """A probe image.

    Attributes:
        name: path below the probe folder, with "/" between folders.
        label: class name from its sub-folder; None where there are no labels.
        half: 0 or 1, by a hash of its content: the two halves of the held-out measurement.
        predicted: the class that the model gives it; None if the model gives no classes.
    """

    name: str
    label: str | None
    half: int
    predicted: str | None


@dataclass(frozen=True)
class SegmenterRecord:
    """A segmenter as it was used.

    Attributes:
        source: as the configuration names it.
        digest: sha256 of its weights or masks and its catalogue; "" if it has none.
        concepts: size of its catalogue.
        quality: per concept name, IoU against known truth, where it came with one (the demo).
    """

    source: str
    digest: str
    concepts: int
    quality: dict[str, float | None]


@dataclass(frozen=True)
class Provenance:
    """Where the numbers come from: enough to make them again.

    Attributes:
        key: digest of everything the numbers depend on.
        command: what makes these findings again.
        versions: of this package, torch, numpy, Python ...
        model_digest: sha256 over the model's parameters and buffers.
        probe_digest: sha256 over the images' content, in order.
        device: cpu, or the name of the GPU.
        batch_size: images a forward pass, after any halving.
        notes: what the reader should know: halved batches, skipped forward passes.
        seconds: per stage; the one part that differs between two equal runs.
        created: ISO date and time; differs between two equal runs.
    """

    key: str
    command: str
    versions: dict[str, str]
    model_digest: str
    probe_digest: str
    device: str
    batch_size: int
    notes: tuple[str, ...]
    seconds: dict[str, float]
    created: str


@dataclass(frozen=True)
class LayerSummary:
    """A layer as the run's index lists it.

    Attributes:
        name: dotted module name.
        folder: its folder below the run, safe as a file name.
        recorded_as: e.g. "features.28 -> features.29 (ReLU)".
        units: channels.
        map_size: height and width of its raw maps.
        detectors: units whose best IoU exceeds the iou_threshold.
        stable_detectors: those that hold on both halves.
        chance_detectors: mean number of detectors with label maps permuted across images.
        concepts: distinct concepts among the detectors, per category.
        stable_concepts: the same among stable detectors.
    """

    name: str
    folder: str
    recorded_as: str
    units: int
    map_size: tuple[int, int]
    detectors: int
    stable_detectors: int
    chance_detectors: float
    concepts: dict[str, int]
    stable_concepts: dict[str, int]


@dataclass(frozen=True)
class Run:
    """``run.json``: one network measured on one probe dataset.

    Attributes:
        schema_version: of this folder.
        name: of the run, also its folder.
        title: of the site it was made for.
        config: the run's configuration, every key, defaults included.
        provenance: where the numbers come from.
        classes: names of the model's outputs; empty if it gives no classes.
        segmenters: in the order of merging.
        concepts: the merged catalogue.
        images: the probe dataset in the order of all indices.
        skipped_images: "name: reason" of those that could not be read.
        layers: in execution order.
        grid: side of the segmentation grid.
        crop: side of the images in pixels.
        depth: label channels of the merged segmentation.
    """

    schema_version: int
    name: str
    title: str
    config: dict[str, object]
    provenance: Provenance
    classes: tuple[str, ...]
    segmenters: tuple[SegmenterRecord, ...]
    concepts: tuple[ConceptRecord, ...]
    images: tuple[ImageRecord, ...]
    skipped_images: tuple[str, ...]
    layers: tuple[LayerSummary, ...]
    grid: int
    crop: int
    depth: int


@dataclass(frozen=True)
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


@dataclass(frozen=True)
class RankedImage:
    """An image in one of a unit's lists.

    Attributes:
        image: index.
        maximum: of the raw activation map; None if it is not finite.
        area: grid pixels, of what the list is about (mask or concept); None where it has no area.
        outline: SVG path data of the mask in a box of 1000 x 1000; "" if nothing exceeds the level.
            Only for top images.
    """

    image: int
    maximum: float | None
    area: int | None = None
    outline: str = ""


@dataclass(frozen=True)
class Band:
    """Images whose maximum lies in one range of percentiles, or drawn at random.

    Attributes:
        name: "top", "95-99", "75-95", "50-75" or "random".
        images: up to four.
    """

    name: str
    images: tuple[RankedImage, ...]


@dataclass(frozen=True)
class Relative:
    """Another unit of the same layer and the correlation of their raw maps."""

    unit: int
    correlation: float


@dataclass(frozen=True)
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


@dataclass(frozen=True)
class UnitRecord:
    """One unit of one layer.

    Attributes:
        unit: index of the channel.
        level: the (1 - quantile) quantile of its activation; None if it is not finite somewhere.
        minimum: over the raw maps; None if not finite.
        maximum: over the raw maps; None if not finite.
        density: share of grid pixels above 0.
        mask_pixels: grid pixels above the level.
        concept: id of the best IoU; None if no concept has a defined IoU above 0.
        iou: of that concept; None with it.
        attainable_iou: ceiling for that concept; None with it.
        heldout_iou: the concept chosen on one half measured on the other, both ways, averaged; None if
            undefined.
        half_concepts: the concepts that the two halves name.
        chance_iou: the largest best IoU with label maps permuted across images; None if undefined.
        detector: best IoU > iou_threshold.
        stable: a detector that holds on both halves.
        dead: maximum <= 0 or constant over the probe.
        finite: False if any activation was NaN or infinite; the unit is flagged, not hidden.
        duplicate_of: lower-numbered unit with correlation > 0.98, or None.
        concepts: up to ten best by IoU.
        top_images: by raw maximum, in the order of the sprite's tiles.
        bands: images by percentile of their maximum.
        silent: most of the unit's concept although its maximum stays below the level.
        fires_without: highest maximum without a pixel of the concept.
        relatives: most correlated units of the layer.
        histogram: of its activation.
    """

    unit: int
    level: float | None
    minimum: float | None
    maximum: float | None
    density: float
    mask_pixels: int
    concept: int | None
    iou: float | None
    attainable_iou: float | None
    heldout_iou: float | None
    half_concepts: tuple[int | None, int | None]
    chance_iou: float | None
    detector: bool
    stable: bool
    dead: bool
    finite: bool
    duplicate_of: int | None
    concepts: tuple[ScoredConcept, ...]
    top_images: tuple[RankedImage, ...]
    bands: tuple[Band, ...]
    silent: tuple[RankedImage, ...]
    fires_without: tuple[RankedImage, ...]
    relatives: tuple[Relative, ...]
    histogram: Histogram | None


@dataclass(frozen=True)
class Dissection:
    """``dissection.json``: every unit of one layer.

    Attributes:
        schema_version: of this file.
        layer: dotted module name.
        iou_threshold: as configured.
        units: in channel order.
        chance_concepts: per category, mean number of distinct concepts among chance detectors.
    """

    schema_version: int
    layer: str
    iou_threshold: float
    units: tuple[UnitRecord, ...]
    chance_concepts: dict[str, float]
