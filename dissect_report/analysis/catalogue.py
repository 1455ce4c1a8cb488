"""The merged catalogue as records: file names, colours, and what the probe shows of each concept."""

from __future__ import annotations

import colorsys

import numpy as np

from dissect_report.file_names import file_names
from dissect_report.findings.records import ConceptRecord, SegmenterRecord
from dissect_report.sources.segmenters.merge import MergedSegmenter
from dissect_report.stats.overlap import ConceptCounts

#: Turn between neighbouring hues: the golden ratio keeps any run of ids well apart.
GOLDEN = 0.6180339887498949


def concept_records(
    segmenter: MergedSegmenter, counts: ConceptCounts, quantile: float
) -> tuple[ConceptRecord, ...]:
    """One record a concept, in the order of ids.

    Args:
        quantile: fraction of pixels in a mask, which bounds the IoU that a concept can reach.
    """
    owners = [index for index, part in enumerate(segmenter.segmenters) for _ in part.catalogue]
    names = [concept.name for concept in segmenter.catalogue]
    slugs = file_names(names)
    pixels, total = counts.concept.sum(0), int(counts.pixels.sum())
    images = (counts.area > 0).sum(0)
    mask = quantile * total
    colors = distinct_colors(len(names))
    return tuple(
        ConceptRecord(
            id=number,
            name=name,
            category=concept.category,
            slug=slug,
            color=color,
            segmenter=owner,
            pixels=int(pixels[number]),
            images=int(images[number]),
            attainable_iou=min(mask, pixels[number]) / max(mask, pixels[number]) if pixels[number] else None,
        )
        for number, (name, slug, color, owner, concept) in enumerate(
            zip(names, slugs, colors, owners, segmenter.catalogue, strict=True), 1
        )
    )


def segmenter_records(segmenter: MergedSegmenter) -> tuple[SegmenterRecord, ...]:
    """The segmenters as they were used."""
    return tuple(
        SegmenterRecord(part.source, part.digest, len(part.catalogue), dict(part.quality))
        for part in segmenter.segmenters
    )


def distinct_colors(count: int) -> list[str]:
    """``count`` different "#rrggbb", neighbours in the list far apart in hue, none of them black."""
    colors: dict[str, None] = {}
    step = 0
    while len(colors) < count:
        hue = (step * GOLDEN) % 1.0
        lightness = (0.42, 0.58, 0.72)[step % 3]
        saturation = (0.75, 0.55, 0.9, 0.4)[(step // 3) % 4]
        rgb = np.rint(np.array(colorsys.hls_to_rgb(hue, lightness, saturation)) * 255).astype(int)
        colors.setdefault("#{:02x}{:02x}{:02x}".format(*rgb))
        step += 1
    return list(colors)
