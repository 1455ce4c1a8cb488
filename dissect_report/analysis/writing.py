"""Findings written to the run's folder: records, arrays, a table and pictures."""

from __future__ import annotations

import dataclasses
from collections.abc import Callable, Collection, Sequence
from concurrent.futures import ThreadPoolExecutor
from functools import partial
from pathlib import Path
from typing import TypeVar

import numpy as np

from dissect_report.analysis.measuring import LabelMaps
from dissect_report.analysis.pictures import segmentation_picture, thumbnail
from dissect_report.analysis.setup import Setup
from dissect_report.analysis.units import LayerNumbers, unit_records
from dissect_report.findings.disk import write_atomically
from dissect_report.findings.grades import count_grades
from dissect_report.findings.paths import STRIPS, RunPaths
from dissect_report.findings.records import CATEGORIES, SCHEMA_VERSION, ConceptRecord, LayerSummary
from dissect_report.findings.store import LoadedRun, write_arrays, write_record
from dissect_report.findings.unit_table import unit_table
from dissect_report.findings.units import Dissection, UnitRecord
from dissect_report.stats.significance import chance_count

T = TypeVar("T")


def write_layer(
    paths: RunPaths,
    setup: Setup,
    numbers: LayerNumbers,
    probe: LabelMaps,
    concepts: Sequence[ConceptRecord],
) -> LayerSummary:
    """Writes everything of one layer and returns what the run's index says of it.

    Args:
        paths: where to.
        concepts: the catalogue; concept id k is entry k - 1.

    Raises:
        StorageError: no space or no permission.
    """
    folder, measurement = numbers.folder, numbers.measurement
    iou_threshold = setup.run.dissection.iou_threshold
    units = unit_records(numbers, probe, iou_threshold, setup.run.dissection.seed)
    write_arrays(
        paths.counts(folder),
        {
            "mask": measurement.mask,
            "concept": probe.counts.concept,
            "pixels": probe.counts.pixels,
            "intersection": measurement.intersection,
            "iou": measurement.iou,
            "chance_iou": measurement.chance_ious,
            "listed": measurement.blocks.listed,
            "block_mask": measurement.blocks.mask.astype(np.int32),
            "block_intersection": measurement.blocks.intersection.astype(np.int32),
            "block_concept": measurement.blocks.area.astype(np.int32),
            "seed": np.array(setup.run.dissection.seed),
            "level": measurement.activation.level,
            "maximum": np.ascontiguousarray(numbers.maxima.T),
            "mean": np.ascontiguousarray(numbers.means.T),
        },
    )
    write_atomically(paths.table(folder), unit_table(units, concepts).encode())
    chance = _chance_by_category(numbers, concepts, iou_threshold)
    write_record(
        paths.dissection(folder), Dissection(SCHEMA_VERSION, numbers.info.name, iou_threshold, units, chance)
    )
    summary = _summary(numbers, units, concepts, iou_threshold)
    return dataclasses.replace(summary, key=setup.stages.records(numbers.info))


def write_pictures(
    paths: RunPaths,
    setup: Setup,
    probe: LabelMaps,
    concepts: Sequence[ConceptRecord],
    standing: LoadedRun | None = None,
) -> str:
    """The shared thumbnail and the segmentation of every probe image.

    Args:
        standing: findings whose pictures are taken where nothing that they show has changed.

    Returns:
        The key of the pictures.
    """
    colors = ["#000000", *(concept.color for concept in concepts)]
    tiles, key = setup.survey.tiles, setup.stages.probe_pictures(tuple(colors))
    known = "" if standing is None else standing.record.pictures
    drawn = (path(image) for path in (paths.thumbnail, paths.segmentation) for image in range(len(tiles)))
    if known == key and all(path.is_file() for path in drawn):
        return key

    def draw(image: int) -> None:
        labels = np.asarray(probe.labels[image])
        write_atomically(paths.thumbnail(image), thumbnail(tiles[image]))
        write_atomically(paths.segmentation(image), segmentation_picture(labels, colors))

    _each(draw, range(len(tiles)), "thumbnails and segmentations", "images", setup)
    return key


def redraw(run: LoadedRun, setup: Setup, probe: LabelMaps, wanted: Collection[str]) -> None:
    """Draws the images' pictures again, from the records of findings that hold.

    Args:
        run: the findings.
        setup: the run's, as it was dissected.
        wanted: names of the pictures below the run's folder.

    Raises:
        StorageError: no space or no permission.
    """
    paths, tiles = run.paths, setup.survey.tiles
    colors = ["#000000", *(concept.color for concept in run.record.concepts)]
    drawn: dict[Path, Callable[[], bytes]] = {}
    for image, tile in enumerate(tiles):
        drawn[paths.thumbnail(image)] = partial(thumbnail, tile)
        drawn[paths.segmentation(image)] = partial(segmentation_picture, probe.labels[image], colors)
    _remove_strips(paths)
    missing = [path for path in drawn if path.relative_to(paths.root).as_posix() in wanted]
    _each(lambda path: write_atomically(path, drawn[path]()), missing, "pictures again", "files", setup)


def _each(work: Callable[[T], None], items: Sequence[T], name: str, unit: str, setup: Setup) -> None:
    """``work`` on every item in a few threads: Pillow's encoders let go of the GIL."""
    with setup.progress.stage(name, len(items), unit) as stage, ThreadPoolExecutor(setup.threads) as pool:
        for _ in pool.map(work, items):
            stage.advance(1)


def by_category(ids: set[int], concepts: Sequence[ConceptRecord]) -> dict[str, int]:
    """How many of the concepts are of each category, in the order of ``CATEGORIES``; absent ones left out."""
    found = [concepts[concept - 1].category for concept in ids]
    return {category: found.count(category) for category in CATEGORIES if category in found}


def _summary(
    numbers: LayerNumbers,
    units: Sequence[UnitRecord],
    concepts: Sequence[ConceptRecord],
    iou_threshold: float,
) -> LayerSummary:
    detectors = sum(unit.detector for unit in units)
    chance = chance_count(numbers.measurement.chance_ious > iou_threshold, detectors)
    return LayerSummary(
        name=numbers.info.name,
        folder=numbers.folder,
        recorded_as=numbers.info.recorded_as,
        units=numbers.info.units,
        map_size=numbers.info.map_size,
        base=numbers.info.base.name if numbers.info.base else "",
        detectors=detectors,
        grades=count_grades(unit.grade for unit in units),
        chance_detectors=chance.mean,
        chance_detectors_high=chance.high,
        chance_p=chance.p,
        concepts=by_category({u.concept for u in units if u.detector and u.concept}, concepts),
        strong_concepts=by_category(
            {u.concept for u in units if u.grade == "strong" and u.concept}, concepts
        ),
        extra_tokens=numbers.info.reading.extra,
    )


def _chance_by_category(
    numbers: LayerNumbers, concepts: Sequence[ConceptRecord], iou_threshold: float
) -> dict[str, float]:
    """Mean number of distinct concepts per category that permuted labels would find."""
    measured = numbers.measurement
    detects = measured.chance_ious > iou_threshold
    totals: dict[str, int] = {}
    for named, mask in zip(measured.chance_concepts, detects, strict=True):
        for category, count in by_category({int(c) for c in named[mask]}, concepts).items():
            totals[category] = totals.get(category, 0) + count
    return {name: totals[name] / len(detects) for name in CATEGORIES if name in totals}


def remove_stale(paths: RunPaths, layers: Sequence[LayerSummary], images: int) -> None:
    """Drops what an earlier configuration left in the run's folder: layers, units, images that are no more.

    Only files of names that ``RunPaths`` gives are touched.
    """
    for given in (paths.thumbnail(0), paths.segmentation(0)):
        for picture in given.parent.glob(f"*{given.suffix}"):
            if picture.stem.isdigit() and int(picture.stem) >= images:
                picture.unlink()
    _remove_strips(paths)
    known = {layer.folder for layer in layers}
    for record in paths.root.glob("*/dissection.json"):
        folder = record.parent.name
        if folder not in known:
            for path in (record, paths.counts(folder), paths.table(folder)):
                path.unlink(missing_ok=True)
            _remove_empty(record.parent)


def _remove_strips(paths: RunPaths) -> None:
    """Drops the strips of top images that older versions drew for every unit."""
    for folder in paths.root.glob(f"*/{STRIPS}"):
        for picture in folder.glob("*.webp"):
            if picture.stem.isdigit():
                picture.unlink()
        _remove_empty(folder)


def _remove_empty(folder: Path) -> None:
    if folder.is_dir() and not any(folder.iterdir()):
        folder.rmdir()
