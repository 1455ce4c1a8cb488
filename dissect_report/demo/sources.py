"""The demo as a source: drawn scenes, and its own segmenter with its measured quality against their truth."""

from __future__ import annotations

import json
from collections.abc import Sequence
from functools import partial
from importlib.resources import files

import numpy as np
import torch
from jaxtyping import Float, Integer, UInt8
from torch import Tensor

from dissect_report.config import ProbeConfig
from dissect_report.demo.networks import SceneSegmenter, scene_segmenter
from dissect_report.demo.scenes import SCENE_CLASSES, draw_scene
from dissect_report.sources.concepts import check_catalogue
from dissect_report.sources.probe import ProbeItem
from dissect_report.sources.segmenters.carried import read_carried
from dissect_report.sources.segmenters.network import NetworkSegmenter
from dissect_report.sources.segmenters.protocol import cell_pixels

#: Drawn scenes: how many unless ``limit`` says otherwise, and a seed that no training used.
COUNT = 1000
SEED = 1


def draw_scenes(config: ProbeConfig) -> list[ProbeItem]:
    """The scenes of a probe dataset, every class as often as the others."""
    items = []
    for index in range(config.limit or COUNT):
        label = SCENE_CLASSES[index % len(SCENE_CLASSES)]
        items.append(ProbeItem(f"{label}/{index:04d}", label, None, index, draw=partial(_draw, index)))
    return items


def _draw(index: int, side: int) -> UInt8[np.ndarray, "y x 3"]:
    return draw_scene(index, SEED, side).image


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


def open_demo(*_: object) -> DemoSegmenter:
    """The segmenter trained on drawn scenes: object, part and material channels."""
    network = scene_segmenter()
    catalogue = check_catalogue(read_carried(network.concepts, "demo"), 0, "demo")
    return DemoSegmenter("demo", network, catalogue, quality=read_quality())


def read_quality() -> dict[str, float | None]:
    """IoU per concept on unseen scenes, as ``demo/train.py`` measured it; None where none occurred."""
    text = (files("dissect_report.demo") / "weights" / "report.json").read_text(encoding="utf-8")
    iou: dict[str, float | None] = json.loads(text)["segmenter"]["iou"]
    return iou
