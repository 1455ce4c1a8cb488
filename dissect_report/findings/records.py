"""What an analysis found, as inert records: the contract between ``analysis`` and ``report``.

Everything here is written as JSON by ``store.py``. ``None`` means undefined, never a number.
Concepts are named by their id in ``Run.concepts``, images by their index in ``Run.images``.
"""

from __future__ import annotations

from dataclasses import dataclass

#: Version of the findings on disk.
#: 1: dissection of classifiers.
#: 2: generators; keys of their own for what removing units found.
#: 3: single units of generators inserted at places; replacement_quantile; outlines in a box of 500.
#: 4: certainty of a label: p, q, robust IoU, intervals and grades; counts by block; threads; images of equal
#: maximum by mean, units that saturate; which output holds the classes, and how they are decided; outputs by
#: which a network is known again.
#: 5: units of generators chosen by effect, with strengths; sets beside each other; painted gain.
SCHEMA_VERSION = 5

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
    """A probe image; of a generator, the image that it makes of a latent.

    Attributes:
        name: path below the probe folder, with "/" between folders.
        label: its folders below that of the images, parted by "/"; None where it lies in that itself.
        half: 0 or 1, by a hash of its content: the two halves of the held-out measurement.
        group: number of its group of images that are not independent; of itself alone where none are named.
        block: number of its block: groups by a hash of their content, at most 500 of them.
        predicted: the class that the model gives it, or several separated by ", " where each is decided by
            itself; None if it gives none.
    """

    name: str
    label: str | None
    half: int
    group: int
    block: int
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
class OutputSample:
    """Some values of a tensor that a network put out on a fixed input: by them it is known again.

    Attributes:
        shape: of the whole tensor.
        whole: whether it holds whole numbers, such as ids.
        values: evenly spaced ones, rounded far below noise; None where not finite.
    """

    shape: tuple[int, ...]
    whole: bool
    values: tuple[float | None, ...]


@dataclass(frozen=True)
class KnownOutputs:
    """What stays in a run's cache of the outputs that its arrays belong to.

    Attributes:
        schema_version: of this file.
        outputs: as in ``Provenance``.
    """

    schema_version: int
    outputs: dict[str, tuple[OutputSample, ...]]


@dataclass(frozen=True)
class Provenance:
    """Where the numbers come from: enough to make them again.

    Attributes:
        key: digest of everything the numbers depend on.
        command: what makes these findings again.
        versions: of this package, torch, numpy, Python ...
        model_digest: sha256 over every number that the model computes from, as far as it is within reach.
        probe_digest: sha256 over the images' content, in order.
        device: cpu, or the name of the GPU.
        batch_size: images a forward pass, after any halving.
        threads: that torch computed with; another number can change the last bits of a forward pass.
        notes: what the reader should know: halved batches, skipped forward passes.
        seconds: per stage; the one part that differs between two equal runs.
        created: ISO date and time; differs between two equal runs.
        outputs: what the network, and every segmenter that is one, put out on a fixed input.
    """

    key: str
    command: str
    versions: dict[str, str]
    model_digest: str
    probe_digest: str
    device: str
    batch_size: int
    threads: int
    notes: tuple[str, ...]
    seconds: dict[str, float]
    created: str
    outputs: dict[str, tuple[OutputSample, ...]]


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
        grades: units of each grade, see ``findings.grades``.
        chance_detectors: mean number of detectors under the first 99 permutations of label maps.
        chance_detectors_high: their 95th percentile.
        chance_p: (1 + permutations with at least as many detectors) / 100.
        concepts: distinct concepts among the detectors, per category.
        strong_concepts: the same among strong units.
        pictures: of strips of images that older versions drew; "" now.
        key: digest of everything that its units' records depend on; "" in older findings.
        base: name of the layer among whose channels its units are directions; "" where they are channels.
        extra_tokens: that have no place on the picture: left out of its maps, removed with its units.
    """

    name: str
    folder: str
    recorded_as: str
    units: int
    map_size: tuple[int, int]
    detectors: int
    grades: dict[str, int]
    chance_detectors: float
    chance_detectors_high: float
    chance_p: float
    concepts: dict[str, int]
    strong_concepts: dict[str, int]
    pictures: str = ""
    key: str = ""
    base: str = ""
    extra_tokens: int = 0

    @property
    def basis(self) -> str:
        """Of what kind its units are: "channels", or the directions' name, such as "rotation"."""
        return self.name.removeprefix(f"{self.base} (").removesuffix(")") if self.base else "channels"


@dataclass(frozen=True)
class GeneratorRecord:
    """A generator and what it was given.

    Attributes:
        latent_shape: of one latent.
        seed: of the latents, which are standard normal.
        output_range: what counts as black and as white in its output.
        minimum: smallest value it put out.
        maximum: largest.
        clipped: share of values outside the range, which were clamped to it.
        truncation: largest number of a latent; 0 where any may stand there.
        classes: names of the classes that the latents took in turn; empty of a generator without.
    """

    latent_shape: tuple[int, ...]
    seed: int
    output_range: tuple[float, float]
    minimum: float
    maximum: float
    clipped: float
    truncation: float = 0.0
    classes: tuple[str, ...] = ()


@dataclass(frozen=True)
class ScoresRecord:
    """Which output of a network holds the class scores, and how they decide.

    Attributes:
        output: dotted name in what the network gives; "" if that is the row of scores itself.
        width: scores an image.
        decision: "argmax": the largest; "one logit": two classes, the second above 0; "sigmoid": every class
            by itself, above a probability of 0.5.
        undone: whether a sigmoid that ends the network was undone, so that margins are of logits.
    """

    output: str
    width: int
    decision: str
    undone: bool


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
        groups: of images; fewer than ``findings.grades.ENOUGH_GROUPS`` leave units untested.
        generator: None for a classifier.
        scores: None if it gives no classes.
        pictures: digest of everything that the images' pictures depend on; "" in older findings.
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
    groups: int
    generator: GeneratorRecord | None = None
    scores: ScoresRecord | None = None
    pictures: str = ""
