"""``[photo]``: a page on which readers try the network on a photo of their own."""

from __future__ import annotations

from dataclasses import dataclass

from dissect_report.config.keys import bounded, key, refuse
from dissect_report.config.tables import settle_types


@dataclass(frozen=True)
class PhotoConfig:
    """A page on which a classifier runs in the reader's browser. Without the table there is none."""

    layer: str = key(
        "",
        "a dissected layer, whose units are shown; default: the last that [ablation] removes units of, "
        "else the last before the pooling",
    )
    photos: int = key(6, "probe images that readers can pick, kept whole; 0 = none")
    max_mb: float = key(40.0, "what the network may take on the site; above it there is no such page")

    def __post_init__(self) -> None:
        settle_types(self, "[photo]")
        refuse(
            [
                (self.photos >= 0, "[photo] photos must be 0 or more"),
                (self.max_mb > 0, "[photo] max_mb must be above 0"),
                *bounded(self, "[photo]"),
            ]
        )
