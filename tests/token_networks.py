"""Small transformers, whose tokens lie in any order a network may choose."""

from __future__ import annotations

import torch
from torch import Tensor, nn

WIDTH = 24


class Block(nn.Module):
    """Attention and MLP around a residual stream."""

    def __init__(self) -> None:
        super().__init__()
        self.norm1 = nn.LayerNorm(WIDTH)
        self.qkv = nn.Linear(WIDTH, 3 * WIDTH)
        self.norm2 = nn.LayerNorm(WIDTH)
        self.fc1 = nn.Linear(WIDTH, 2 * WIDTH)
        self.act = nn.GELU()
        self.fc2 = nn.Linear(2 * WIDTH, WIDTH)

    def forward(self, tokens: Tensor) -> Tensor:
        query, key, value = self.qkv(self.norm1(tokens)).chunk(3, 2)
        weights = (query @ key.transpose(1, 2) * WIDTH**-0.5).softmax(2)
        tokens = tokens + weights @ value
        return tokens + self.fc2(self.act(self.fc1(self.norm2(tokens))))


class Turned(nn.Module):
    """A module that hands on its tokens with other axes."""

    def __init__(self, axes: tuple[int, ...]) -> None:
        super().__init__()
        self.axes = axes

    def forward(self, tokens: Tensor) -> Tensor:
        return tokens.permute(self.axes).contiguous()


class Transformer(nn.Module):
    """Patches of 8 pixels, tokens without a place, blocks, and a linear layer on the first token.

    Attributes:
        extra: tokens without a place.
        first: whether they stand first.
        order: "rows", "columns" or "shuffled": of the patches.
        pooled: whether the head reads the mean of the patches, not the first token.
        turned: whether the tokens are handed on with other axes on their way to the head.
    """

    def __init__(
        self,
        extra: int = 3,
        first: bool = True,
        order: str = "rows",
        pooled: bool = False,
        depth: int = 2,
        turned: bool = True,
    ) -> None:
        super().__init__()
        torch.manual_seed(5)
        self.extra, self.first, self.order, self.pooled, self.turned = extra, first, order, pooled, turned
        self.patch = nn.Conv2d(3, WIDTH, 8, stride=8)
        self.more = nn.Parameter(torch.randn(1, extra, WIDTH))
        self.blocks = nn.Sequential(*(Block() for _ in range(depth)))
        self.norm = nn.LayerNorm(WIDTH)
        self.token_first = Turned((1, 0, 2))
        self.unit_first = Turned((0, 2, 1))
        self.head = nn.Linear(WIDTH, 4)

    def forward(self, images: Tensor) -> Tensor:
        maps = self.patch(images)
        tokens = (maps.transpose(2, 3) if self.order == "columns" else maps).flatten(2).transpose(1, 2)
        if self.order == "shuffled":
            tokens = tokens[:, torch.randperm(tokens.shape[1], generator=torch.Generator().manual_seed(1))]
        parts = [self.more.expand(images.shape[0], -1, -1), tokens]
        tokens = torch.cat(parts if self.first else parts[::-1], 1)
        tokens = self.norm(self.blocks(tokens))
        if self.turned:
            tokens = self.unit_first(self.token_first(tokens).transpose(0, 1)).transpose(1, 2)
        return self.head(tokens[:, self.extra :].mean(dim=1) if self.pooled else tokens[:, 0])


class ChannelsLast(nn.Module):
    """Maps [image, y, x, unit] of as many units as they have rows and columns, and heads from them."""

    def __init__(self) -> None:
        super().__init__()
        torch.manual_seed(6)
        self.patch = nn.Conv2d(3, WIDTH, 4, stride=4)
        self.norm = nn.LayerNorm(WIDTH)
        self.mlp = nn.Linear(WIDTH, WIDTH)
        self.heads = Turned((0, 2, 1, 3))
        self.head = nn.Linear(WIDTH, 4)

    def forward(self, images: Tensor) -> Tensor:
        maps = self.mlp(self.norm(self.patch(images).permute(0, 2, 3, 1)))
        self.heads(maps.flatten(1, 2).unflatten(2, (4, 6)))
        return self.head(maps.mean((1, 2)))


def pictures(count: int = 3, height: int = 96, width: int = 96, seed: int = 0) -> Tensor:
    """Noise."""
    return torch.randn(count, 3, height, width, generator=torch.Generator().manual_seed(seed))
