"""How often a unit's mask and a concept lie on the same pixel: exact counts that add up.

Nothing is divided here. Counts over disjoint sets of images are added with ``+``, in any order.
"""

from __future__ import annotations

from dataclasses import dataclass

import numpy as np
from jaxtyping import Float32, Float64, Int32, Int64, UInt8, UInt16

from dissect_report.activations.upsampling import Taps, Upsampling, blend, check_map_size, ringed_chunks
from dissect_report.compiled import compiled
from dissect_report.errors import SegmenterError
from dissect_report.stats.blocks import over_units

HALVES = 2


@dataclass(frozen=True, eq=False)
class Overlap:
    """Pixels of masks and of what lies under them. Column 0 of a concept axis means "none" and stays 0.

    Attributes:
        mask: pixels above the unit's level, per half of the probe.
        intersection: those that carry the concept.
        chance: the same over both halves, each mask laid over another image's labels.
    """

    mask: Int64[np.ndarray, "half unit"]
    intersection: Int64[np.ndarray, "half unit concept"]
    chance: Int64[np.ndarray, "permutation unit concept"]

    def __add__(self, other: Overlap) -> Overlap:
        return Overlap(
            mask=self.mask + other.mask,
            intersection=self.intersection + other.intersection,
            chance=self.chance + other.chance,
        )


@dataclass(frozen=True, eq=False)
class ConceptCounts:
    """Pixels of concepts, whatever the units do. Column 0 stays 0.

    Attributes:
        pixels: grid pixels of the probe, per half.
        concept: those that carry the concept.
        area: pixels of the concept in each image.
    """

    pixels: Int64[np.ndarray, " half"]
    concept: Int64[np.ndarray, "half concept"]
    area: Int32[np.ndarray, "image concept"]

    def __add__(self, other: ConceptCounts) -> ConceptCounts:
        """Counts of both sets of images; the other's images follow these in ``area``."""
        return ConceptCounts(
            pixels=self.pixels + other.pixels,
            concept=self.concept + other.concept,
            area=np.concatenate([self.area, other.area]),
        )


def count_overlap(
    maps: Float32[np.ndarray, "image unit y x"],
    labels: UInt16[np.ndarray, "probe depth gy gx"],
    halves: UInt8[np.ndarray, " probe"],
    level: Float64[np.ndarray, " unit"],
    concepts: int,
    plan: Upsampling,
    permutations: Int32[np.ndarray, "permutation probe"],
    threads: int = 1,
    first: int = 0,
) -> Overlap:
    """Counts masks, and concepts below them, for a run of consecutive images of the probe.

    Args:
        maps: raw activation maps of the images ``first``, ``first + 1`` ... of the probe.
        labels: concept ids on the grid for the WHOLE probe, 0 = none; a pixel may carry several, and one that
            carries a concept twice counts once.
        halves: 0 or 1 for each image of the probe.
        level: a pixel is in the mask if its activation is strictly above; NaN = empty mask.
        concepts: the largest concept id.
        plan: from the maps to the grid.
        permutations: for chance, the image of the probe whose labels each image gets; may have no rows.
        threads: that count at the same time; no number depends on it.
        first: index in the probe of ``maps[0]``.

    Raises:
        SegmenterError: a label above ``concepts``.
        ValueError: shapes that do not fit each other.
    """
    check_map_size(maps, plan)
    images, units = maps.shape[:2]
    if level.shape != (units,):
        raise ValueError(f"levels {level.shape} do not go with {units} units")
    _check_probe(labels, halves, permutations, range(first, first + images), plan.grid)
    used = np.union1d(np.arange(first, first + images), permutations[:, first : first + images])
    _check_labels(labels, used, concepts)
    counts = Overlap(
        mask=np.zeros((HALVES, units), np.int64),
        intersection=np.zeros((HALVES, units, concepts + 1), np.int64),
        chance=np.zeros((len(permutations), units, concepts + 1), np.int64),
    )
    flat = _read_only(labels.reshape(*labels.shape[:2], -1), np.uint16)
    half, others = _read_only(halves, np.uint8), _read_only(permutations, np.int32)
    cut = _cut_below(level)

    def count(block: slice) -> None:
        for start, ringed in ringed_chunks(maps[:, block], plan):
            into = (counts.mask, counts.intersection, counts.chance)
            _count(ringed, first + start, block.start, cut, plan.taps, flat, half, others, into)

    over_units(units, count, threads)
    # The kernel counts unlabelled pixels as concept 0 rather than to branch on every pixel.
    counts.intersection[:, :, 0] = 0
    counts.chance[:, :, 0] = 0
    return counts


def count_concepts(
    labels: UInt16[np.ndarray, "image depth gy gx"], halves: UInt8[np.ndarray, " image"], concepts: int
) -> ConceptCounts:
    """Counts the pixels that carry each concept, once a pixel.

    Raises:
        SegmenterError: a label above ``concepts``.
        ValueError: not one half for each image.
    """
    if halves.shape != (len(labels),):
        raise ValueError(f"{len(labels)} images but halves for {halves.shape}")
    _check_labels(labels, np.arange(len(labels)), concepts)
    area = np.zeros((len(labels), concepts + 1), np.int32)
    _count_areas(_read_only(labels.reshape(*labels.shape[:2], -1), np.uint16), area)
    area[:, 0] = 0
    sums = [area[halves == half].sum(axis=0, dtype=np.int64) for half in range(HALVES)]
    images = np.bincount(halves, minlength=HALVES).astype(np.int64)
    pixels = images * labels.shape[-2] * labels.shape[-1]
    return ConceptCounts(pixels=pixels, concept=np.stack(sums), area=area)


def _check_probe(
    labels: np.ndarray, halves: np.ndarray, permutations: np.ndarray, images: range, grid: int
) -> None:
    """The kernel trusts every index: nothing may reach it that points outside."""
    probe = len(labels)
    if labels.ndim != 4 or labels.shape[2:] != (grid, grid):
        raise ValueError(f"labels {labels.shape} are not [image, depth, {grid}, {grid}]")
    if (
        images.start < 0
        or images.stop > probe
        or halves.shape != (probe,)
        or permutations.shape[1:] != (probe,)
    ):
        raise ValueError(
            f"labels of {probe} images do not go with maps of images {images.start} to {images.stop}, "
            f"halves {halves.shape} and permutations {permutations.shape}"
        )
    if halves.size and halves.max() >= HALVES:
        raise ValueError(f"halves are 0 and 1, not {halves.max()}")
    if permutations.size and (permutations.min() < 0 or permutations.max() >= probe):
        raise ValueError(f"permutations point outside the {probe} images of the probe")


def _check_labels(labels: np.ndarray, images: np.ndarray, concepts: int) -> None:
    highest = max((int(labels[image].max(initial=0)) for image in images), default=0)
    if highest > concepts:
        raise SegmenterError(
            f"the segmenter gives concept id {highest} but its catalogue ends at {concepts}; "
            "add the missing concepts to the catalogue or set `unlabelled` to that id"
        )


def _read_only(array: np.ndarray, dtype: type[np.generic]) -> np.ndarray:
    """A plain contiguous read-only view, so that memory maps and arrays share one compiled kernel."""
    view = np.ascontiguousarray(array, dtype).view()
    view.flags.writeable = False
    return view


def _cut_below(level: Float64[np.ndarray, " unit"]) -> Float32[np.ndarray, " unit"]:
    """The largest float32 not above each level: for float32 values, ``> cut`` is the same as ``> level``."""
    cut = level.astype(np.float32)
    return np.where(cut > level, np.nextafter(cut, np.float32(-np.inf)), cut).astype(np.float32)


@compiled
def find_mask(cells: np.ndarray, cut: np.float32, taps: Taps, found: np.ndarray) -> int:
    """Writes the flat grid positions above ``cut`` of one ringed map; returns how many.

    Only patches with a cell above ``cut`` are upsampled, which is exact (see ``activations.upsampling``).
    """
    count = 0
    grid = taps.x_weight.size
    y_starts, x_starts = taps.y_starts, taps.x_starts
    for r in range(y_starts.size - 1):
        if y_starts[r] == y_starts[r + 1]:
            continue
        for s in range(x_starts.size - 1):
            a, b, c, d = cells[r, s], cells[r, s + 1], cells[r + 1, s], cells[r + 1, s + 1]
            if not (a > cut or b > cut or c > cut or d > cut):
                continue
            for y in range(y_starts[r], y_starts[r + 1]):
                for x in range(x_starts[s], x_starts[s + 1]):
                    if blend(a, b, c, d, taps.x_weight[x], taps.y_weight[y]) > cut:
                        found[count] = y * grid + x
                        count += 1
    return count


@compiled
def count_labels(found: np.ndarray, count: int, labels: np.ndarray, counter: np.ndarray) -> None:
    """Adds the concepts at the found pixels, each once a pixel (a repeated one falls on column 0)."""
    for d in range(len(labels)):
        for n in range(count):
            pixel = found[n]
            concept = labels[d, pixel]
            for e in range(d):
                if labels[e, pixel] == concept:
                    concept = np.uint16(0)
            counter[concept] += 1


@compiled
def _count(
    ringed: np.ndarray,
    first_image: int,
    first_unit: int,
    cut: np.ndarray,
    taps: Taps,
    labels: np.ndarray,
    halves: np.ndarray,
    permutations: np.ndarray,
    into: tuple[np.ndarray, np.ndarray, np.ndarray],
) -> None:
    """Units outermost: one unit's counters fit the processor's cache, all units' would not."""
    mask, intersection, chance = into
    found = np.empty(taps.y_weight.size * taps.x_weight.size, np.int32)
    for u in range(ringed.shape[1]):
        unit = first_unit + u
        for n in range(len(ringed)):
            image = first_image + n
            half = halves[image]
            count = find_mask(ringed[n, u], cut[unit], taps, found)
            if count == 0:
                continue
            mask[half, unit] += count
            count_labels(found, count, labels[image], intersection[half, unit])
            for p in range(len(permutations)):
                count_labels(found, count, labels[permutations[p, image]], chance[p, unit])


@compiled
def _count_areas(labels: np.ndarray, area: np.ndarray) -> None:
    every = np.arange(labels.shape[2])
    for image in range(len(labels)):
        count_labels(every, every.size, labels[image], area[image])
