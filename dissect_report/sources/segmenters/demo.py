"""The demo's own segmenter, with its measured quality against the drawn truth."""

from __future__ import annotations

import json
from importlib.resources import files

from dissect_report.demo.networks import scene_segmenter
from dissect_report.sources.concepts import check_catalogue
from dissect_report.sources.segmenters.carried import read_carried
from dissect_report.sources.segmenters.network import NetworkSegmenter


def open_demo() -> NetworkSegmenter:
    """The segmenter trained on drawn scenes: object, part and material channels."""
    network = scene_segmenter()
    catalogue = check_catalogue(read_carried(network.concepts, "demo"), 0, "demo")
    return NetworkSegmenter("demo", network, catalogue, quality=read_quality())


def read_quality() -> dict[str, float | None]:
    """IoU per concept on unseen scenes, as ``demo/train.py`` measured it; None where none occurred."""
    text = (files("dissect_report.demo") / "weights" / "report.json").read_text(encoding="utf-8")
    iou: dict[str, float | None] = json.loads(text)["segmenter"]["iou"]
    return iou
