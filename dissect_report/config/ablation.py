"""``[ablation]``: which units of a classifier are removed."""

from __future__ import annotations

import re
from dataclasses import dataclass, field
from typing import Literal

from dissect_report.config.keys import bounded, key, refuse
from dissect_report.config.tables import settle_types


@dataclass(frozen=True)
class AblationConfig:
    """Which units are removed, and what the classifier is asked then. Without the table nothing is."""

    layers: tuple[str, ...] = key(
        (), "dissected layers, names or globs; default: the last before the pooling"
    )
    rank_images: tuple[str, ...] = key(
        (), "folder of images that rank the units; default: a seeded, stratified half of the probe"
    )
    set_sizes: tuple[int | str, ...] = key(
        (1, 2, 3, 4, 5, 20, 64, 128, 256), 'units removed or kept at a time; or shares of them, "4%"'
    )
    random_draws: int = key(19, "random sets of each size to compare with")
    replacement: Literal["zero", "mean", "quantile"] = key("zero", "what a removed unit's map becomes")
    replacement_quantile: float = key(
        0.5, 'for replacement = "quantile": the value that this fraction of the unit\'s grid pixels exceeds'
    )
    classes: tuple[str, ...] = key((), "names or globs; default: all with at least 10 evaluation images")
    class_groups: dict[str, tuple[str, ...]] = field(
        default_factory=dict,
        metadata={
            "help": "classes taken as one, e.g. street = ['alley', 'road*']; at least 10 evaluation images"
        },
    )
    sets: dict[str, tuple[int, ...]] = field(
        default_factory=dict,
        metadata={"help": "sets of units by name, removed and kept, e.g. snow = [12, 40]"},
    )
    memory_gb: float = key(1.0, "memory for maps and for what lies behind them, at a time")

    def __post_init__(self) -> None:
        settle_types(self, "[ablation]")
        sizes = [str(size) for size in self.set_sizes]
        refuse(
            [
                (
                    all(re.fullmatch(r"[1-9]\d*|(100|\d{1,2})(\.\d+)?%", size) for size in sizes),
                    '[ablation] set_sizes are numbers of units from 1, or shares of them such as "4%"',
                ),
                (self.random_draws >= 0, "[ablation] random_draws must be 0 or more"),
                (
                    0 < self.replacement_quantile < 1,
                    "[ablation] replacement_quantile must lie between 0 and 1",
                ),
                (self.memory_gb > 0, "[ablation] memory_gb must be above 0"),
                (all(self.sets.values()), "[ablation.sets] a set is empty: name at least one unit"),
                (
                    all(self.class_groups.values()),
                    "[ablation.class_groups] a group is empty: name a class",
                ),
                *bounded(self, "[ablation]"),
            ]
        )
