"""``[compute]``: where and how the work runs."""

from __future__ import annotations

from dataclasses import dataclass

from dissect_report.config.keys import bounded, key, refuse
from dissect_report.config.tables import settle_types


@dataclass(frozen=True)
class ComputeConfig:
    """Where and how the work runs. No number but floating-point noise depends on it."""

    device: str = key("auto", "auto = cuda if there is one, else cpu")
    batch_size: int = key(
        16, "images a forward pass; halved on out-of-memory, which the findings record", most=65_536
    )
    cache_gb: float = key(8.0, "disk for activations; where they do not fit, the network runs twice or more")

    def __post_init__(self) -> None:
        settle_types(self, "[compute]")
        refuse(
            [
                (self.batch_size > 0, "[compute] batch_size must be above 0"),
                (self.cache_gb >= 0, "[compute] cache_gb must be 0 or more"),
                *bounded(self, "[compute]"),
            ]
        )
