"""``[generation]``: what is changed inside a generator."""

from __future__ import annotations

from dataclasses import dataclass
from typing import Literal

from dissect_report.config.keys import bounded, key, refuse
from dissect_report.config.tables import settle_types


@dataclass(frozen=True)
class GenerationConfig:
    """What is changed inside a generator, to see it change the image. Without the table nothing is."""

    layers: tuple[str, ...] = key(
        (), "dissected layers, names or globs; default: the one whose units match most concepts"
    )
    concepts: tuple[str, ...] = key(
        (), "names or globs; default: the 8 largest by area that a unit matches above chance"
    )
    choose_by: Literal["effect", "iou"] = key(
        "iou",
        "how a concept's units are chosen: by iou, or by effect: strengths learned by gradient through "
        "generator and segmenter, which takes longer and needs a segmenter that is a network",
    )
    choose_latents: int = key(
        64, 'with choose_by = "effect": strengths are learned on so many latents behind the first ones below'
    )
    choose_steps: int = key(25, 'with choose_by = "effect": steps of learning, of 8 latents each')
    removed: tuple[int, ...] = key(
        (0, 1, 2, 4, 8, 12, 16, 20, 25, 30), "how many of a concept's best units are removed"
    )
    unit_effects: Literal["detectors", "all"] = key("detectors", "which units are changed one by one")
    insert_units: int = key(20, "how many of a concept's best units are inserted, at most")
    insert_quantile: float = key(
        0.005, "units are inserted at the level that this fraction of probe pixels exceeds"
    )
    places: int = key(8, "insertion is tried at places x places of the map, up to its single cells")
    latents: int = key(32, "the first latents of the probe, for removing")
    unit_latents: int = key(32, "the first of those, for changing single units")
    unit_places: int = key(
        4, "single units are also inserted at so many rows and columns of the first latent's map; 0: nowhere"
    )
    insert_latents: int = key(32, "the first of those, for inserting at every place")
    grid_latents: int = key(8, "the first of those, shown before and after")
    random_draws: int = key(19, "random sets of units to compare with")
    paint: bool = key(
        False,
        "a page on which readers paint with units, the part of the network behind them in their browser",
    )
    paint_scenes: int = key(8, "the first latents, as scenes to paint in")
    paint_max_mb: float = key(64.0, "what painting may take on the site; above it there is no such page")
    memory_gb: float = key(1.0, "memory for edited maps and for what lies behind them, at a time")

    def __post_init__(self) -> None:
        settle_types(self, "[generation]")
        refuse(
            [
                (
                    bool(self.removed) and min(self.removed) >= 0,
                    "[generation] removed is a list of numbers of units, e.g. [0, 1, 2, 4, 8, 20]",
                ),
                (self.insert_units >= 1, "[generation] insert_units must be at least 1"),
                (0 < self.insert_quantile < 1, "[generation] insert_quantile must lie between 0 and 1"),
                (self.places >= 2, "[generation] places must be at least 2"),
                (self.choose_latents >= 8, "[generation] choose_latents must be at least 8"),
                (self.choose_steps >= 1, "[generation] choose_steps must be at least 1"),
                (0 <= self.unit_places <= 8, "[generation] unit_places must be 0 to 8"),
                (self.latents >= 2, "[generation] latents must be at least 2"),
                (self.unit_latents >= 2, "[generation] unit_latents must be at least 2"),
                (self.insert_latents >= 1, "[generation] insert_latents must be at least 1"),
                (self.grid_latents >= 1, "[generation] grid_latents must be at least 1"),
                (self.random_draws >= 0, "[generation] random_draws must be 0 or more"),
                (self.paint_scenes >= 1, "[generation] paint_scenes must be at least 1"),
                (self.paint_max_mb > 0, "[generation] paint_max_mb must be above 0"),
                (self.memory_gb > 0, "[generation] memory_gb must be above 0"),
                *bounded(self, "[generation]"),
            ]
        )
