"""Ground truth: "masks:FOLDER" of pictures, or "masks:FILE.json" of COCO's form."""

from __future__ import annotations

from collections.abc import Mapping, Sequence
from dataclasses import replace
from pathlib import Path

from dissect_report.config import ProbeConfig, SegmenterConfig
from dissect_report.errors import SegmenterError
from dissect_report.sources.probe import list_probe
from dissect_report.sources.segmenters.coco import CocoSegmenter, open_coco
from dissect_report.sources.segmenters.masks import MaskSegmenter, open_masks


def open_truth(
    config: SegmenterConfig, probe: ProbeConfig, folder: Path, among: Sequence[SegmenterConfig]
) -> MaskSegmenter | CocoSegmenter:
    """A segmenter from masks of the probe's images.

    Raises:
        SegmenterError: there are none, or nobody names their concepts.
    """
    images = _image_files(probe, folder, among)
    opened = open_coco if config.source.lower().endswith(".json") else open_masks
    return opened(config, probe, folder, images)


def _image_files(
    probe: ProbeConfig, folder: Path, configs: Sequence[SegmenterConfig]
) -> Mapping[str, Path | None]:
    """The files of all images by their names; None for a drawn one.

    Raises:
        SegmenterError: there are none: a generator makes its images, and no mask can be of them.
    """
    if not probe.images:
        raise SegmenterError("masks are of images that are there: a generator's are made; name a network")
    everything = replace(probe, limit=0, groups="")
    items = list_probe(everything, folder, seed=0, segmenters=configs).items
    return {item.name: item.path for item in items}
