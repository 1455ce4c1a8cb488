"""Unified perceptual parsing (Xiao et al. 2018), a UPerNet on a ResNet-50: objects, parts and materials."""

from __future__ import annotations

from typing import NamedTuple

import torch
import torch.nn.functional as F  # noqa: N812
from jaxtyping import Float
from torch import Tensor, nn

from dissect_report.sources.segmenters.paper.pooling import (
    convolve_enlarged,
    enlarged,
    precise_pooling,
)
from dissect_report.sources.segmenters.paper.residual import Bottleneck, Residual, convolved

#: What an image's blue, green and red lose, of 255.
BGR_MEAN = (102.9801, 115.9465, 122.7717)
#: The side that images are given to the network with.
SIDE = 256
BINS = (1, 2, 3, 6)
SCENES = 365


class Logits(NamedTuple):
    """What the network says of an image, [image, class, y, x] each, a quarter of the image's side."""

    objects: Tensor
    parts: Tensor
    materials: Tensor


class Decoder(nn.Module):
    """The pyramid behind the encoder, and its heads.

    ``scene_head`` is in the published weights and says nothing about pixels: it is loaded and never run.
    """

    def __init__(
        self, objects: int, parts: int, materials: int, stages: tuple[int, ...], units: int = 512
    ) -> None:
        """Args:
        objects: classes of the object head, no object among them.
        parts: classes of all objects' parts together.
        materials: classes of the material head.
        stages: units of the encoder's four stages.
        units: of every map in the pyramid.
        """
        super().__init__()
        deepest = stages[-1]
        self.ppm_conv = nn.ModuleList(convolved(deepest, units, 1) for _ in BINS)
        self.ppm_last_conv = convolved(deepest + len(BINS) * units, units, 3)
        self.fpn_in = nn.ModuleList(convolved(before, units, 1) for before in stages[:-1])
        self.fpn_out = nn.ModuleList(nn.Sequential(convolved(units, units, 3)) for _ in stages[:-1])
        self.conv_fusion = convolved(len(stages) * units, units, 3)
        self.scene_head = nn.Sequential(
            convolved(units, units, 3), nn.AdaptiveAvgPool2d(1), nn.Conv2d(units, SCENES, 1)
        )
        self.object_head = nn.Sequential(convolved(units, units, 3), nn.Conv2d(units, objects, 1))
        self.part_head = nn.Sequential(convolved(units, units, 3), nn.Conv2d(units, parts, 1))
        self.material_head = nn.Sequential(convolved(units, units, 3), nn.Conv2d(units, materials, 1))

    def forward(self, stages: list[Float[Tensor, "image unit y x"]]) -> Logits:
        """The heads' logits of an encoder's stages."""
        pyramid = self._pyramid(stages)
        fused = self._fuse(pyramid)
        return Logits(self.object_head(fused), self.part_head(fused), self.material_head(pyramid[0]))

    def _pyramid(self, stages: list[Tensor]) -> list[Tensor]:
        """Maps of equal units, the finest first."""
        deepest = stages[-1]
        size = (deepest.shape[-2], deepest.shape[-1])
        # The bins are enlarged before their convolution.
        around = [
            convolve(enlarged(precise_pooling(deepest, bins), size))
            for bins, convolve in zip(BINS, self.ppm_conv, strict=True)
        ]
        running: Tensor = self.ppm_last_conv(torch.cat([deepest, *around], 1))
        found = [running]
        for number in reversed(range(len(stages) - 1)):
            lateral = self.fpn_in[number](stages[number])
            running = lateral + enlarged(running, (lateral.shape[-2], lateral.shape[-1]))
            found.insert(0, self.fpn_out[number](running))
        return found

    def _fuse(self, pyramid: list[Tensor]) -> Tensor:
        """The pyramid's maps one behind the other at the finest size, convolved."""
        size = (pyramid[0].shape[-2], pyramid[0].shape[-1])
        convolution, norm, relu = self.conv_fusion
        assert isinstance(convolution, nn.Conv2d)
        kernels = convolution.weight.chunk(len(pyramid), 1)
        mixed = sum(
            convolve_enlarged(maps, kernel, size) for maps, kernel in zip(pyramid, kernels, strict=True)
        )
        fused: Tensor = relu(norm(mixed))
        return fused


class PerceptualNet(nn.Module):
    """RGB in [0, 1] to the logits of objects, parts and materials."""

    def __init__(self, encoder: Residual, decoder: Decoder) -> None:
        super().__init__()
        self.encoder = encoder
        self.decoder = decoder

    def forward(self, images: Float[Tensor, "image 3 y x"]) -> Logits:
        """Args:
        images: RGB in [0, 1]; of any size, and averaged to the network's own.
        """
        if images.shape[-2:] != (SIDE, SIDE):
            images = F.adaptive_avg_pool2d(images, SIDE)
        prepared = images.flip(1) * 255 - images.new_tensor(BGR_MEAN).view(1, 3, 1, 1)
        logits: Logits = self.decoder(self.encoder(prepared))
        return logits


def perceptual_net(
    objects: int, parts: int, materials: int, width: int = 64, units: int = 512
) -> PerceptualNet:
    """The network with fresh weights, in eval mode.

    Args:
        objects: classes of the object head, no object among them.
        parts: classes of all objects' parts together.
        materials: classes of the material head.
        width: of the encoder's first stage.
        units: of the decoder's maps.
    """
    encoder = Residual(Bottleneck, (3, 4, 6, 3), width)
    stages = tuple(Bottleneck.widening * width << stage for stage in range(4))
    return PerceptualNet(encoder, Decoder(objects, parts, materials, stages, units)).eval()
