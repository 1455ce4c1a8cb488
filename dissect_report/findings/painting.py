"""What a reader's browser needs to paint with units, as inert records: ``painting.json`` beside a layer's
dissection.

``tail.onnx`` holds what lies behind the layer as a graph: input ``maps`` [1, unit, y, x], inputs ``kept0``
... for what passes by the layer (styles), output ``image`` [1, 3, y, x] in the generator's own range.
``labels.onnx``, where a segmenter could be exported, takes that image and gives ``labels`` int32
[1, depth, grid, grid]: positions in the segmenter's own catalogue, 0 = no concept. ``painting.npz`` holds the
scenes, see ``PAINTING_ARRAYS``; ``painted.webp`` one of them, intact and painted, side by side.
"""

from __future__ import annotations

from collections.abc import Iterator, Mapping, Sequence
from dataclasses import dataclass
from typing import TYPE_CHECKING

if TYPE_CHECKING:
    from dissect_report.findings.arrays import Head


#: The arrays of ``painting.npz``; ``kept0`` ... are [scene, ...] beside them.
PAINTING_ARRAYS = {
    "maps": "[scene, unit, y, x] float16, or float32 where halves would show: the layer's intact maps",
    "samples": "[scene, 3, 8, 8] float32 pixels of the intact image in the generator's range, at the middles "
    "of 8 x 8 parts: what a browser's first image is compared with",
}

#: Rows and columns of the sampled pixels.
SAMPLED = 8


@dataclass(frozen=True)
class PaintSet:
    """The units that paint a concept.

    Attributes:
        concept: id.
        adds: units that are moved to their insertion value where the concept is added.
        strengths: how far each is moved at full strength, in (0, 1].
        removes: units that are set to zero where it is removed.
    """

    concept: int
    adds: tuple[int, ...]
    strengths: tuple[float, ...]
    removes: tuple[int, ...]


@dataclass(frozen=True)
class LabelGraph:
    """``labels.onnx``.

    Attributes:
        source: the segmenter.
        first: its n-th concept has the id ``first`` + n.
        concepts: how many it has.
        grid: side of the grid that it labels.
        bytes: of the file.
        differing: largest share of grid cells that a CPU runtime labelled otherwise than torch on an image
            tried, where two concepts come out almost the same; None where no such runtime was at hand.
    """

    source: str
    first: int
    concepts: int
    grid: int
    bytes: int
    differing: float | None


@dataclass(frozen=True)
class Painting:
    """``painting.json``.

    Attributes:
        schema_version: of this file.
        key: digest of everything that it depends on.
        layer: dotted module name.
        obstacle: why the layer cannot be painted with: an operation or a number; "" if it can. Everything
            below is empty or 0 if it cannot.
        map_size: rows and columns of the layer's maps.
        kept: shapes of what passes by the layer, for one image.
        side: of the image, in pixels.
        output_range: black and white in the image.
        scenes: latents whose maps are kept, indices into ``Run.images``.
        sets: of the edited concepts, in their order.
        levels: per unit the value it is inserted at; None = undefined.
        insert_quantile: fraction of probe pixels above that value.
        precision: of the kept maps, "float16" or "float32".
        difference: of an exported image from torch's, the largest on intact and edited maps, in 255ths of
            the output range.
        checked_with: what ran the graph for that: "onnxruntime 1.20", or "torch" with the rounded weights.
        multiplications: of one image.
        bytes: of ``tail.onnx``.
        labels: the exported segmenter; None where there is none.
        painted: the concept in ``painted.webp``; None where nothing takes.
        notes: what the reader should know, such as why nothing is counted.
        seconds: spent on it; differs between two equal runs.
    """

    schema_version: int
    key: str
    layer: str
    obstacle: str
    map_size: tuple[int, int]
    kept: tuple[tuple[int, ...], ...]
    side: int
    output_range: tuple[float, float]
    scenes: tuple[int, ...]
    sets: tuple[PaintSet, ...]
    levels: tuple[float | None, ...]
    insert_quantile: float
    precision: str
    difference: float
    checked_with: str
    multiplications: int
    bytes: int
    labels: LabelGraph | None
    painted: int | None
    notes: tuple[str, ...]
    seconds: float


def painting_contradictions(record: Painting, units: int, map_size: tuple[int, int]) -> Iterator[str]:
    """What of a record does not go together.

    Args:
        units: of the layer.
        map_size: of the layer's maps.
    """
    if record.obstacle:
        return
    if record.map_size != map_size:
        yield f"map_size: {record.map_size}"
    if len(record.levels) != units:
        yield f"levels: of {len(record.levels)} units"
    if not record.scenes or record.side < 1:
        yield "scenes: none"
    if not record.output_range[0] < record.output_range[1]:
        yield f"output_range: {record.output_range}"
    for place, own in enumerate(record.sets):
        if len(own.adds) != len(own.strengths) or not all(0 < share <= 1 for share in own.strengths):
            yield f"sets.{place}.strengths: {own.strengths}"


def unedited(record: Painting, edited: Sequence[int]) -> Iterator[str]:
    """Where a record's sets are of other concepts than those that the layer was edited by."""
    if [own.concept for own in record.sets] != list(edited):
        yield "sets: not of the edited concepts"


def misfitting(arrays: Mapping[str, Head], record: Painting, units: int) -> Iterator[str]:
    """What of ``painting.npz`` is not as its record says."""
    scenes = len(record.scenes)
    wanted: dict[str, tuple[int, ...]] = {
        "maps": (scenes, units, *record.map_size),
        "samples": (scenes, 3, SAMPLED, SAMPLED),
    }
    wanted |= {f"kept{place}": (scenes, *shape) for place, shape in enumerate(record.kept)}
    for name in sorted(set(wanted) ^ set(arrays)):
        yield f"the array {name!r} is {'missing' if name in wanted else 'one too many'}"
    for name, shape in wanted.items():
        if name in arrays and (arrays[name].shape != shape or arrays[name].dtype.kind != "f"):
            yield f"the array {name!r} is {arrays[name].shape}, not {shape}"
