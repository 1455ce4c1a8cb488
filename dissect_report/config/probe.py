"""``[probe]``: what the network is measured on."""

from __future__ import annotations

from dataclasses import dataclass
from typing import Literal

from dissect_report.config.keys import MOST_PIXELS, Unsaid, UnsaidNumber, UnsaidText, bounded, key, refuse
from dissect_report.config.tables import settle_types

CROP = "[probe] resize must be at least crop, crop above 0"

#: Latents cut nearer to 0 are all alike.
LEAST_TRUNCATION = 0.01


@dataclass(frozen=True)
class ProbeConfig:
    """What the network is measured on: images, or for a generator latents."""

    images: tuple[str, ...] = key((), "a folder or a list of them; sub-folders are classes; or demo")
    resize: int = key(
        UnsaidNumber(256),
        "side in pixels before the crop; what the model's source knows comes first",
        MOST_PIXELS,
    )
    resize_mode: Literal["short_side", "squash"] = key(
        UnsaidText("short_side"),
        "short_side keeps the proportions, squash makes the picture square; what the model's source knows "
        "comes first",
    )
    crop: int = key(
        UnsaidNumber(224),
        "side in pixels of the centre crop, which model and segmenter see; what the model's source knows "
        "comes first",
        MOST_PIXELS,
    )
    interpolation: Literal["nearest", "box", "bilinear", "hamming", "bicubic", "lanczos"] = key(
        UnsaidText("bilinear"), "Pillow's rule of resizing; what the model's source knows comes first"
    )
    full_scale: float = key(
        0.0,
        "white in pictures of more than 8 bits, e.g. 4095; 0: 65535 in whole numbers, 1 in floats",
        most=2**32,
    )
    limit: int = key(0, "0 = all images, else the size of a seeded, stratified sample")
    groups: str = key(
        "", "CSV with image,group: images of one group are not independent (frames of a video, one patient)"
    )
    latents: int = key(1000, "generators: how many images are made")
    seed: int = key(1, "generators: of the latents, which are standard normal", most=2**32)
    classes: tuple[int | str, ...] = key(
        (), "conditional generators: numbers or names of the classes that the latents take in turn"
    )
    truncation: float = key(
        0.0, "generators: no number of a latent is larger than this, as BigGAN's truncation; 0 = any"
    )

    def __post_init__(self) -> None:
        settle_types(self, "[probe]")
        refuse(
            [
                (all(self.images), '[probe] images is empty: name a folder ("." is the folder of this file)'),
                (len(set(self.images)) == len(self.images), "[probe] images names a folder twice"),
                (self.crop > 0 and (self.holds_crop or self.half_said), CROP),
                (self.full_scale >= 0, "[probe] full_scale must be 0 (by the type of the pixels) or more"),
                (self.limit >= 0, "[probe] limit must be 0 (all images) or more"),
                (self.latents >= 2, "[probe] latents must be at least 2"),
                (0 <= self.seed < 2**32, "[probe] seed must lie between 0 and 4294967295"),
                (
                    all(name >= 0 for name in self.classes if isinstance(name, int)),
                    "[probe] classes are numbered from 0",
                ),
                (
                    self.truncation == 0 or self.truncation >= LEAST_TRUNCATION,
                    f"[probe] truncation must be 0 (any number) or at least {LEAST_TRUNCATION:g}",
                ),
                *bounded(self, "[probe]"),
            ]
        )

    @property
    def holds_crop(self) -> bool:
        """Whether the crop is within the picture."""
        return self.resize >= self.crop

    @property
    def half_said(self) -> bool:
        """Whether one of the two sides is said and the other left to what the model's source knows."""
        return isinstance(self.resize, Unsaid) is not isinstance(self.crop, Unsaid)
