"""Small networks whose layers lie over the picture, or do not, in every way that tests try."""

from __future__ import annotations

from collections.abc import Callable

import torch
import torch.nn.functional as F
from torch import Tensor, nn


class Apply(nn.Module):
    """A function as a module: nothing says what it does to the axes."""

    def __init__(self, function: Callable[[Tensor], Tensor]) -> None:
        super().__init__()
        self.function = function

    def forward(self, x: Tensor) -> Tensor:
        return self.function(x)


class Convolve(nn.Module):
    """A convolution that is no ``nn.Conv2d``, and an activation: a map, but not by construction."""

    def __init__(
        self,
        given: int,
        made: int,
        kernel: int = 3,
        stride: int = 1,
        padding: int = 1,
        activation: Callable[[Tensor], Tensor] = torch.relu,
    ) -> None:
        super().__init__()
        spread = (2 / (given * kernel**2)) ** 0.5
        self.weight = nn.Parameter(torch.randn(made, given, kernel, kernel) * spread)
        self.stride, self.padding, self.activation = stride, padding, activation

    def forward(self, x: Tensor) -> Tensor:
        return self.activation(F.conv2d(x, self.weight, None, self.stride, self.padding))


class Gate(nn.Module):
    """Squeeze and excitation: every place depends on the whole map."""

    def __init__(self, units: int) -> None:
        super().__init__()
        self.linear = nn.Linear(units, units)

    def forward(self, x: Tensor) -> Tensor:
        return x * torch.sigmoid(3 * self.linear(x.mean((2, 3))))[:, :, None, None]


class Context(nn.Module):
    """Adds what is everywhere to every place, much louder than the place itself."""

    def __init__(self, units: int) -> None:
        super().__init__()
        self.linear = nn.Linear(units, units)

    def forward(self, x: Tensor) -> Tensor:
        return x + 10 * self.linear(x.mean((2, 3)))[:, :, None, None]


class Attention(nn.Module):
    """Self-attention with everything that it makes on its way as a module of its own."""

    def __init__(self, width: int, heads: int, mixed: bool = True) -> None:
        super().__init__()
        self.heads = heads
        self.norm, self.qkv = nn.LayerNorm(width), nn.Linear(width, 3 * width)
        self.out = nn.Linear(width, width)
        self.query, self.key, self.value = nn.Identity(), Apply(lambda x: x * 1), nn.Dropout(0.1)
        self.weights = nn.Softmax(-1)
        self.mix = nn.Conv2d(heads, heads, 1) if mixed else nn.Identity()

    def forward(self, x: Tensor) -> Tensor:
        count, tokens, width = x.shape
        parts = self.qkv(self.norm(x)).view(count, tokens, 3, self.heads, -1).permute(2, 0, 3, 1, 4)
        query, key, value = self.query(parts[0]), self.key(parts[1]), self.value(parts[2])
        weights = self.weights(self.mix(3 * query @ key.transpose(-1, -2)))
        return x + self.out((weights @ value).transpose(1, 2).reshape(count, tokens, width))


class Transformer(nn.Module):
    """A convolution that cuts patches, then tokens; ``extra`` of them belong to no place."""

    def __init__(self, patch: int = 8, width: int = 16, heads: int = 4, extra: int = 1) -> None:
        super().__init__()
        self.patches = nn.Conv2d(3, width, patch, stride=patch)
        self.extra = nn.Parameter(torch.randn(1, extra, width))
        self.blocks = nn.Sequential(*(Attention(width, heads) for _ in range(3)))
        self.head = nn.Linear(width, 4)

    def forward(self, x: Tensor) -> Tensor:
        tokens = self.patches(x).flatten(2).transpose(1, 2)
        tokens = torch.cat([self.extra.expand(len(x), -1, -1), tokens], 1)
        return self.head(self.blocks(tokens).mean(1))


class ChannelAttention(nn.Module):
    """Attention between units: its weights [image, head, unit, unit] are as large as the map here."""

    def __init__(self, units: int = 32, heads: int = 2) -> None:
        super().__init__()
        self.heads = heads
        self.stem, self.qkv = nn.Conv2d(3, units, 4, 4), nn.Conv2d(units, 3 * units, 1)
        self.weights, self.drop = nn.Softmax(-1), nn.Dropout(0.1)
        self.project, self.head = nn.Conv2d(units, units, 1), nn.Linear(units, 3)

    def forward(self, x: Tensor) -> Tensor:
        x = F.relu(self.stem(x))
        parts = self.qkv(x).view(len(x), 3, self.heads, -1, x.shape[2] * x.shape[3]).unbind(1)
        query, key, value = F.normalize(parts[0], dim=-1), F.normalize(parts[1], dim=-1), parts[2]
        weights = self.drop(self.weights(5 * query @ key.transpose(-1, -2)))
        return self.head((x + self.project((weights @ value).reshape(x.shape))).mean((2, 3)))


class ChannelsLast(nn.Module):
    """Channels last behind the first layer; as many units as rows and columns."""

    def __init__(self) -> None:
        super().__init__()
        self.patches = nn.Conv2d(3, 24, 4, stride=4)
        self.norm, self.mlp, self.head = nn.LayerNorm(24), nn.Linear(24, 24), nn.Linear(24, 4)

    def forward(self, x: Tensor) -> Tensor:
        x = self.patches(x).permute(0, 2, 3, 1)
        return self.head(self.mlp(self.norm(x)).mean((1, 2)))


def classifier(*layers: nn.Module, units: int) -> nn.Sequential:
    """The layers, a global pooling and a linear layer."""
    return nn.Sequential(*layers, nn.AdaptiveAvgPool2d(1), nn.Flatten(), nn.Linear(units, 4))


class StyledStep(nn.Module):
    """A step of a generator without a layer of torch's own; its map is channels last on its way."""

    def __init__(self, units: int) -> None:
        super().__init__()
        self.weight = nn.Parameter(torch.randn(units, units, 3, 3) / (3 * units**0.5))
        self.last, self.norm = Apply(lambda x: x.permute(0, 2, 3, 1)), nn.LayerNorm(units)

    def forward(self, x: Tensor, style: Tensor) -> Tensor:
        x = F.interpolate(x, scale_factor=2) * style[:, :, None, None]
        x = self.norm(self.last(F.conv2d(x, self.weight, padding=1))).permute(0, 3, 1, 2)
        return F.leaky_relu(x, 0.2)


class StyledGenerator(nn.Module):
    """A learned constant, styled steps and a convolution to colours that is a function."""

    def __init__(self, units: int = 12) -> None:
        super().__init__()
        self.constant = nn.Parameter(torch.randn(1, units, 4, 4))
        self.style = nn.Linear(6, units)
        self.steps = nn.ModuleList(StyledStep(units) for _ in range(3))
        self.colours = Convolve(units, 3, kernel=1, padding=0, activation=torch.tanh)

    def forward(self, z: Tensor) -> Tensor:
        style = self.style(z)
        x = self.constant.expand(len(z), -1, -1, -1)
        for step in self.steps:
            x = step(x, style)
        return self.colours(x)
