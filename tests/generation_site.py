"""A small site with a generator of 32x32 images, the color segmenter and a ``[generation]`` table."""

from __future__ import annotations

from pathlib import Path

NETWORK = """
import torch
from torch import nn
from torch.nn import functional as F


class Steps(nn.Module):
    def __init__(self):
        super().__init__()
        torch.manual_seed(3)
        self.first = nn.Linear(6, 12 * 16)
        self.layer1 = nn.Conv2d(12, 12, 3, padding=1)
        self.layer2 = nn.Conv2d(12, 10, 3, padding=1)
        self.rgb = nn.Conv2d(10, 3, 1)
        with torch.no_grad():
            self.layer1.weight *= 2
            self.layer2.weight *= 2
            self.rgb.weight *= 6

    def forward(self, z):
        maps = self.first(z).view(-1, 12, 4, 4)
        maps = F.relu(self.layer1(F.interpolate(maps, scale_factor=2)))
        maps = F.leaky_relu(self.layer2(F.interpolate(maps, scale_factor=2)), 0.2)
        return self.rgb(F.interpolate(maps, scale_factor=2))


class Styled(Steps):
    # what passes by the layer: the latent scales the second layer's maps
    def forward(self, z):
        maps = self.first(z).view(-1, 12, 4, 4)
        maps = F.relu(self.layer1(F.interpolate(maps, scale_factor=2)))
        maps = maps * (1 + z[:, :1, None, None].abs())
        maps = F.leaky_relu(self.layer2(F.interpolate(maps, scale_factor=2)), 0.2)
        return self.rgb(F.interpolate(maps, scale_factor=2))


class Moody(Steps):
    # control flow that depends on data: no graph can be made
    def forward(self, z):
        if float(z.sum()) > 1e9:
            return super().forward(-z)
        return super().forward(z)


class Loose(Steps):
    def forward(self, z):
        return super().forward(z + 0.5 * torch.randn_like(z))


class Rounded(Steps):
    # whole grey levels: no gradient
    def forward(self, z):
        return (super().forward(z).clamp(-1, 1) * 127.5).round() / 127.5


class Tints(nn.Module):
    # a segmenter with logits: which of the three colours is strongest, and is it strong
    labels = ["none", "reddish", "greenish", "bluish"]

    def forward(self, images):
        return 8 * torch.cat((torch.full_like(images[:, :1], 0.6), images), 1)


class Names:
    # the same as whole ids
    labels = Tints.labels

    def segment(self, images):
        return Tints()(images).argmax(1)


class Broken(Steps):
    def forward(self, z):
        made = super().forward(z)
        return torch.where(z[:, :1, None, None] > 1, torch.nan, made)


class Flat(Steps):
    def forward(self, z):
        return super().forward(z).flatten(1)


class Wide(Steps):
    def forward(self, z):
        return super().forward(z)[:, :, :16]
"""


def write_generator_site(
    folder: Path, table: str = "", factory: str = "Steps", more: str = "", latents: int = 12
) -> Path:
    """``dissect.toml`` and ``net.py``; ``table`` goes into [generation], ``more`` behind it."""
    folder.mkdir(parents=True, exist_ok=True)
    (folder / "net.py").write_text(NETWORK, encoding="utf-8")
    generation = f"[generation]\n{table}" if table is not None else ""
    text = f"""
title = "images made"
[model]
kind = "generator"
source = "net.py:{factory}"
latent_shape = [6]
layers = ["layer1", "layer2"]
[probe]
latents = {latents}
[[segmenter]]
source = "color"
[dissection]
quantile = 0.05
[compute]
batch_size = 8
device = "cpu"
{generation}
{more}
"""
    path = folder / "dissect.toml"
    path.write_text(text, encoding="utf-8")
    return path
