"""The paper's color network: eleven terms at every pixel, from a dilated ResNet-18."""

from __future__ import annotations

from collections.abc import Sequence

import torch
from jaxtyping import Float
from torch import Tensor, nn

from dissect_report.sources.segmenters.paper.pooling import enlarged
from dissect_report.sources.segmenters.paper.residual import Basic, Residual, convolved

BINS = (1, 2, 3, 6)


class PyramidDecoder(nn.Module):
    """The last stage beside its means over 1, 2, 3 and 6 bins a side.

    ``cbr_deepsup`` and ``conv_last_deepsup`` are in the published weights, for training: never run.
    """

    def __init__(self, classes: int, before: int = 512, units: int = 512) -> None:
        """Args:
        classes: that are told apart.
        before: units of the last stage.
        units: of the maps in the pyramid.
        """
        super().__init__()
        self.ppm = nn.ModuleList(
            nn.Sequential(nn.AdaptiveAvgPool2d(bins), *convolved(before, units, 1)) for bins in BINS
        )
        self.cbr_deepsup = convolved(before // 2, before // 4, 3)
        self.conv_last = nn.Sequential(
            *convolved(before + len(BINS) * units, units, 3), nn.Dropout2d(0.1), nn.Conv2d(units, classes, 1)
        )
        self.conv_last_deepsup = nn.Conv2d(before // 4, classes, 1)

    def forward(self, stages: list[Float[Tensor, "image unit y x"]]) -> Float[Tensor, "image class y x"]:
        """Logits of an encoder's stages."""
        last = stages[-1]
        size = (last.shape[-2], last.shape[-1])
        logits: Tensor = self.conv_last(
            torch.cat([last, *(enlarged(part(last), size) for part in self.ppm)], 1)
        )
        return logits


class ColorNet(nn.Module):
    """RGB in [0, 1] to the logits of color terms."""

    def __init__(
        self, encoder: Residual, decoder: PyramidDecoder, mean: Sequence[float], std: Sequence[float]
    ) -> None:
        """Args:
        encoder: to stages.
        decoder: to logits.
        mean: of red, green and blue.
        std: of the same.
        """
        super().__init__()
        self.encoder = encoder
        self.decoder = decoder
        self.mean = tuple(mean)
        self.std = tuple(std)

    def forward(self, images: Float[Tensor, "image 3 y x"]) -> Float[Tensor, "image class y x"]:
        """Logits at an eighth of the images' sides."""
        mean, std = (images.new_tensor(values).view(1, 3, 1, 1) for values in (self.mean, self.std))
        logits: Tensor = self.decoder(self.encoder((images - mean) / std))
        return logits


def color_net(
    classes: int, mean: Sequence[float], std: Sequence[float], width: int = 64, units: int = 512
) -> ColorNet:
    """The network with fresh weights, in eval mode.

    Args:
        classes: that are told apart.
        mean: of red, green and blue.
        std: of the same.
        width: of the encoder's first stage.
        units: of the decoder's maps.
    """
    encoder = Residual(Basic, (2, 2, 2, 2), width, dilated=True)
    return ColorNet(encoder, PyramidDecoder(classes, width * 8, units), mean, std).eval()
