"""Residual networks that begin with three small convolutions, as the paper's two segmenters use them."""

from __future__ import annotations

from collections.abc import Sequence

from jaxtyping import Float
from torch import Tensor, nn


def convolution(before: int, units: int, side: int, stride: int = 1, dilation: int = 1) -> nn.Conv2d:
    """One that keeps the map's sides, up to its stride, without a bias."""
    padding = dilation * (side // 2)
    return nn.Conv2d(before, units, side, stride, padding, dilation, bias=False)


def convolved(before: int, units: int, side: int) -> nn.Sequential:
    """Convolution, norm, ReLU."""
    return nn.Sequential(convolution(before, units, side), nn.BatchNorm2d(units), nn.ReLU(inplace=True))


class Basic(nn.Module):
    """Two 3x3 convolutions beside a shortcut."""

    widening = 1

    def __init__(self, before: int, units: int, stride: int, dilations: tuple[int, int]) -> None:
        """Args:
        before: units of the maps that come in.
        units: of those that go out.
        stride: of the first convolution.
        dilations: of the two.
        """
        super().__init__()
        self.conv1 = convolution(before, units, 3, stride, dilations[0])
        self.bn1 = nn.BatchNorm2d(units)
        self.conv2 = convolution(units, units, 3, 1, dilations[1])
        self.bn2 = nn.BatchNorm2d(units)
        self.relu = nn.ReLU(inplace=True)
        self.downsample = _shortcut(before, units, stride)

    def forward(self, maps: Float[Tensor, "image before y x"]) -> Float[Tensor, "image unit y2 x2"]:
        """The block's maps."""
        inner = self.bn2(self.conv2(self.relu(self.bn1(self.conv1(maps)))))
        out: Tensor = self.relu(inner + (maps if self.downsample is None else self.downsample(maps)))
        return out


class Bottleneck(nn.Module):
    """1x1, 3x3 and 1x1 convolutions beside a shortcut; the stride is the 3x3 one's."""

    widening = 4

    def __init__(self, before: int, width: int, stride: int, dilations: tuple[int, int]) -> None:
        """Args:
        before: units of the maps that come in.
        width: a quarter of those that go out.
        stride: of the 3x3 convolution.
        dilations: the first is the 3x3 convolution's.
        """
        super().__init__()
        units = width * self.widening
        self.conv1 = convolution(before, width, 1)
        self.bn1 = nn.BatchNorm2d(width)
        self.conv2 = convolution(width, width, 3, stride, dilations[0])
        self.bn2 = nn.BatchNorm2d(width)
        self.conv3 = convolution(width, units, 1)
        self.bn3 = nn.BatchNorm2d(units)
        self.relu = nn.ReLU(inplace=True)
        self.downsample = _shortcut(before, units, stride)

    def forward(self, maps: Float[Tensor, "image before y x"]) -> Float[Tensor, "image unit y2 x2"]:
        """The block's maps."""
        inner = self.relu(self.bn2(self.conv2(self.relu(self.bn1(self.conv1(maps))))))
        inner = self.bn3(self.conv3(inner))
        out: Tensor = self.relu(inner + (maps if self.downsample is None else self.downsample(maps)))
        return out


def _shortcut(before: int, units: int, stride: int) -> nn.Sequential | None:
    """None where the maps can be added as they are."""
    if before == units and stride == 1:
        return None
    return nn.Sequential(convolution(before, units, 1, stride), nn.BatchNorm2d(units))


class Residual(nn.Module):
    """Three convolutions, a pooling, four stages of blocks."""

    def __init__(
        self,
        block: type[Basic | Bottleneck],
        blocks: Sequence[int],
        width: int = 64,
        dilated: bool = False,
    ) -> None:
        """Args:
        block: what the stages are made of.
        blocks: how many a stage.
        width: of the first stage, doubled with each further one.
        dilated: whether the last two stages keep the sides of their maps and look further around instead.
        """
        super().__init__()
        self.conv1, self.bn1 = convolution(3, width, 3, stride=2), nn.BatchNorm2d(width)
        self.conv2, self.bn2 = convolution(width, width, 3), nn.BatchNorm2d(width)
        self.conv3, self.bn3 = convolution(width, 2 * width, 3), nn.BatchNorm2d(2 * width)
        self.relu = nn.ReLU(inplace=True)
        self.maxpool = nn.MaxPool2d(3, stride=2, padding=1)
        before = 2 * width
        for stage, count in enumerate(blocks):
            spread = (1, 1, 2, 4)[stage] if dilated else 1
            stride = 1 if stage == 0 or spread > 1 else 2
            made: list[nn.Module] = []
            for number in range(count):
                first = spread // 2 if spread > 1 and number == 0 else spread
                made.append(block(before, width << stage, 1 if number else stride, (first, spread)))
                before = (width << stage) * block.widening
            setattr(self, f"layer{stage + 1}", nn.Sequential(*made))

    def forward(self, images: Float[Tensor, "image 3 y x"]) -> list[Float[Tensor, "image unit y2 x2"]]:
        """The maps of the four stages."""
        maps = images
        for number in (1, 2, 3):
            maps = self.relu(getattr(self, f"bn{number}")(getattr(self, f"conv{number}")(maps)))
        maps = self.maxpool(maps)
        stages = []
        for number in (1, 2, 3, 4):
            maps = getattr(self, f"layer{number}")(maps)
            stages.append(maps)
        return stages
