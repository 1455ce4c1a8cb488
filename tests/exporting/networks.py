"""Tiny generators of the kinds that are painted with, with random weights."""

from __future__ import annotations

import torch
from torch import Tensor, nn
from torch.nn import functional

from dissect_report.sources.progan import PixelNorm


class Grown(nn.Sequential):
    """As ProGAN: norms, nearest upsampling, convolutions."""

    def __init__(self) -> None:
        super().__init__()
        torch.manual_seed(4)
        self.add_module("layer1", nn.Sequential(nn.ConvTranspose2d(6, 12, 4), nn.LeakyReLU(0.2)))
        for number in (2, 3):
            self.add_module(f"layer{number}", nn.Sequential(
                PixelNorm(), nn.Upsample(scale_factor=2), nn.Conv2d(12, 12, 3, padding=1), nn.LeakyReLU(0.2),
            ))  # fmt: skip
        self.add_module("output", nn.Sequential(PixelNorm(), nn.Conv2d(12, 3, 1)))

    def forward(self, z: Tensor) -> Tensor:
        return super().forward(z[:, :, None, None])


class Block(nn.Module):
    """Maps scaled by the style; the map doubles by assignments to every second row and column."""

    def __init__(self) -> None:
        super().__init__()
        self.scale = nn.Linear(6, 12)
        self.conv = nn.Conv2d(12, 12, 3, padding=1)
        self.register_buffer("noise", torch.randn(1, 1, 4, 4))

    def forward(self, x: Tensor, style: Tensor) -> Tensor:
        x = self.conv(x * (1 + self.scale(style)[:, :, None, None]))
        batch, units, height, width = x.shape
        large = x.new_empty(batch, units, 2 * height, 2 * width)
        large[:, :, 0::2, 0::2] = x
        large[:, :, 1::2, 0::2] = x * 0.5
        large[..., 0::2, 1::2] = -x
        large[:, :, 1::2, 1::2] = x.abs()
        return functional.leaky_relu(large, 0.2)


class Styled(nn.Module):
    """As StyleGAN: a constant map, a style for every block."""

    def __init__(self) -> None:
        super().__init__()
        torch.manual_seed(5)
        self.mapping = nn.Linear(6, 6)
        self.start = nn.Parameter(torch.randn(1, 12, 4, 4))
        self.block1, self.block2 = Block(), Block()
        self.rgb = nn.Conv2d(12, 3, 1)

    def forward(self, z: Tensor) -> Tensor:
        style = self.mapping(z)
        maps = self.block1(self.start.expand(len(z), -1, -1, -1), style)
        return self.rgb(self.block2(maps, style))


class Resisting(Grown):
    """Behind layer2 stands an operation that ONNX does not have."""

    def forward(self, z: Tensor) -> Tensor:
        maps = self.layer2(self.layer1(z[:, :, None, None]))
        return self.output(self.layer3(maps * torch.special.i1e(maps)))


class Moody(Grown):
    """Branches on its numbers: no graph of it is whole."""

    def forward(self, z: Tensor) -> Tensor:
        maps = self.layer2(self.layer1(z[:, :, None, None]))
        if float(maps.sum()) > 1e9:
            return -self.output(self.layer3(maps))
        return self.output(self.layer3(maps))
