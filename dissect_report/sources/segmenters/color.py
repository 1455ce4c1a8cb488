"""The eleven basic color terms (Berlin and Kay), read from the pixels themselves.

A cell's color is the mean of its pixels in linear light, taken to CIELAB (D65). Black, white and
grey are decided first, by chroma and lightness; everything else gets the term of the nearest
prototype. The prototypes below are sRGB colors that speakers readily give that name, several for
the terms that span light and dark.
"""

from __future__ import annotations

import hashlib
from collections.abc import Sequence

import torch
import torch.nn.functional as F  # noqa: N812
from jaxtyping import Float, Integer
from torch import Tensor

from dissect_report.sources.concepts import Concept

TERMS = ("black", "blue", "brown", "green", "grey", "orange", "pink", "purple", "red", "white", "yellow")

PROTOTYPES: dict[str, tuple[tuple[int, int, int], ...]] = {
    "blue": (
        (0, 0, 160), (20, 30, 90), (30, 90, 220), (70, 130, 180), (60, 90, 130), (135, 206, 235),
        (160, 190, 225), (0, 150, 190), (0, 200, 235),
    ),
    "brown": ((139, 69, 19), (80, 45, 20), (120, 85, 60), (165, 115, 70), (200, 165, 125), (60, 45, 35)),
    "green": (
        (0, 128, 0), (30, 75, 35), (60, 180, 75), (144, 220, 130), (90, 110, 50), (130, 160, 60),
        (110, 140, 105), (0, 220, 60), (0, 140, 90), (120, 220, 20),
    ),
    "orange": ((255, 140, 0), (235, 105, 25), (255, 165, 60)),
    "pink": ((255, 182, 193), (255, 105, 180), (230, 140, 150), (220, 60, 140), (255, 150, 130)),
    "purple": ((128, 0, 128), (75, 20, 120), (150, 100, 200), (95, 65, 115), (190, 150, 210), (150, 40, 210)),
    "red": ((220, 20, 35), (150, 20, 25), (190, 50, 50), (255, 50, 30)),
    "yellow": ((255, 220, 0), (240, 230, 140), (205, 185, 50), (255, 245, 100), (225, 180, 40)),
}  # fmt: skip

#: Chroma below which a color has no hue worth naming.
GREY_CHROMA = 10.0
#: Lightness from which such a color is white, and up to which it is black.
WHITE_LIGHTNESS = 89.0
BLACK_LIGHTNESS = 22.0
#: A color this dark is black with some chroma too.
DARKEST_LIGHTNESS = 10.0
DARKEST_CHROMA = 20.0

D65 = (0.95047, 1.0, 1.08883)
TO_XYZ = (
    (0.4124564, 0.3575761, 0.1804375),
    (0.2126729, 0.7151522, 0.0721750),
    (0.0193339, 0.1191920, 0.9503041),
)


def to_linear(srgb: Float[Tensor, ...]) -> Float[Tensor, ...]:
    """Linear light from sRGB values, both in [0, 1]."""
    return torch.where(srgb <= 0.04045, srgb / 12.92, ((srgb.clamp(min=0) + 0.055) / 1.055) ** 2.4)


def to_lab(linear: Float[Tensor, "... 3"]) -> Float[Tensor, "... 3"]:
    """CIELAB (D65) from linear RGB in [0, 1]: lightness 0 .. 100, then a and b."""
    xyz = linear @ linear.new_tensor(TO_XYZ).T / linear.new_tensor(D65)
    root = torch.where(xyz > (6 / 29) ** 3, xyz.clamp(min=1e-9) ** (1 / 3), xyz * (29 / 6) ** 2 / 3 + 4 / 29)
    x, y, z = root.unbind(-1)
    return torch.stack([116 * y - 16, 500 * (x - y), 200 * (y - z)], dim=-1)


def name_colors(lab: Float[Tensor, "... 3"]) -> Integer[Tensor, ...]:
    """Index into ``TERMS`` of every color."""
    points = [(TERMS.index(term), color) for term, colors in PROTOTYPES.items() for color in colors]
    terms = torch.tensor([term for term, _ in points], device=lab.device)
    prototypes = to_lab(to_linear(lab.new_tensor([color for _, color in points]) / 255))
    nearest = terms[torch.cdist(lab.reshape(-1, 3), prototypes).argmin(1)].reshape(lab.shape[:-1])
    lightness, chroma = lab[..., 0], lab[..., 1:].square().sum(-1).sqrt()
    dark = (lightness < DARKEST_LIGHTNESS) & (chroma < DARKEST_CHROMA)
    neutral = chroma < GREY_CHROMA
    named = torch.where(neutral, TERMS.index("grey"), nearest)
    named = torch.where(neutral & (lightness >= WHITE_LIGHTNESS), TERMS.index("white"), named)
    return torch.where(dark | (neutral & (lightness < BLACK_LIGHTNESS)), TERMS.index("black"), named)


def open_color(*_: object) -> ColorSegmenter:
    """The segmenter: there is one, whatever the configuration says besides."""
    return ColorSegmenter()


class ColorSegmenter:
    """One color term for every cell."""

    source = "color"

    def __init__(self) -> None:
        self.catalogue = tuple(Concept(k, term, "color") for k, term in enumerate(TERMS, start=1))
        self.quality: dict[str, float | None] = {}
        rules = (PROTOTYPES, GREY_CHROMA, WHITE_LIGHTNESS, BLACK_LIGHTNESS, DARKEST_LIGHTNESS, DARKEST_CHROMA)
        self.digest = hashlib.sha256(repr(rules).encode()).hexdigest()

    def to(self, device: torch.device | str) -> None:
        """Nothing to move: it works where the images are."""

    def label(
        self, images: Float[Tensor, "image 3 y x"], names: Sequence[str], grid: int
    ) -> Integer[Tensor, "image depth grid grid"]:
        """See ``Segmenter``."""
        # Only 256 values occur in a picture: a table is an order of magnitude faster than the power.
        table = to_linear(torch.arange(256, device=images.device, dtype=torch.float32) / 255)
        linear = table[(images * 255).round().clamp(0, 255).to(torch.int32)]
        cells = F.adaptive_avg_pool2d(linear, grid).permute(0, 2, 3, 1)
        return (name_colors(to_lab(cells)) + 1)[:, None]
