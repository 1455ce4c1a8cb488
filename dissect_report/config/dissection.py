"""``[dissection]``: how activation maps are compared with concepts."""

from __future__ import annotations

from dataclasses import dataclass
from typing import Literal

from dissect_report.config.keys import bounded, key, refuse
from dissect_report.config.tables import settle_types


@dataclass(frozen=True)
class DissectionConfig:
    """How activation maps are compared with concepts."""

    quantile: float = key(0.01, "fraction of probe pixels above a unit's level")
    iou_threshold: float = key(0.04, "a unit whose best IoU exceeds it is a detector")
    grid: int = key(0, "side of the segmentation grid; 0 = a quarter of the image side, at least 32")
    upsampling: Literal["border", "zeros"] = key("border", "what lies outside the map: its edge, or zero")
    registration: Literal["center", "convolution"] = key(
        "center", "convolution: where the strides and paddings of the layers put each cell"
    )
    top_images: int = key(15, "images on a unit's page")
    seed: int = key(0, "of samples, permutations and random images", most=2**32)

    def __post_init__(self) -> None:
        settle_types(self, "[dissection]")
        refuse(
            [
                (0 < self.quantile < 1, "[dissection] quantile must lie between 0 and 1"),
                (0 <= self.iou_threshold < 1, "[dissection] iou_threshold must be at least 0 and below 1"),
                (0 <= self.grid <= 1024, "[dissection] grid must be 0 (automatic) or at most 1024"),
                (self.seed >= 0, "[dissection] seed must be 0 or more"),
                (1 <= self.top_images <= 100, "[dissection] top_images must be 1 to 100"),
                *bounded(self, "[dissection]"),
            ]
        )
