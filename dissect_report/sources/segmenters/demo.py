"""The demo's own segmenter, with its measured quality against the drawn truth."""

from __future__ import annotations

import json
from collections.abc import Sequence
from importlib.resources import files

import torch
from jaxtyping import Float, Integer
from torch import Tensor

from dissect_report.demo.networks import SceneSegmenter, scene_segmenter
from dissect_report.sources.concepts import check_catalogue
from dissect_report.sources.segmenters.carried import read_carried
from dissect_report.sources.segmenters.network import NetworkSegmenter
from dissect_report.sources.segmenters.protocol import cell_pixels


class DemoSegmenter(NetworkSegmenter):
    """Decides on the pixels that stand for the grid's cells and on no others: a fifth of the time."""

    network: SceneSegmenter

    def label(
        self, images: Float[Tensor, "image 3 y x"], names: Sequence[str], grid: int
    ) -> Integer[Tensor, "image depth grid grid"]:
        """See ``Segmenter``."""
        with torch.no_grad():
            ids = self.network.segment(images.to(self._device), lambda side: cell_pixels(side, grid).tolist())
        return self._from_ids(ids, images, grid)


def open_demo() -> DemoSegmenter:
    """The segmenter trained on drawn scenes: object, part and material channels."""
    network = scene_segmenter()
    catalogue = check_catalogue(read_carried(network.concepts, "demo"), 0, "demo")
    return DemoSegmenter("demo", network, catalogue, quality=read_quality())


def read_quality() -> dict[str, float | None]:
    """IoU per concept on unseen scenes, as ``demo/train.py`` measured it; None where none occurred."""
    text = (files("dissect_report.demo") / "weights" / "report.json").read_text(encoding="utf-8")
    iou: dict[str, float | None] = json.loads(text)["segmenter"]["iou"]
    return iou
