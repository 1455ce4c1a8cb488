"""What a run does, counted."""

from __future__ import annotations

from dataclasses import dataclass, field

import pytest
import torch
from torch import nn


@dataclass
class Forwards:
    """Images that went through the small site's network since the last ``clear``.

    Attributes:
        first: number of images at every call of the first layer.
        head: and of the last.
    """

    first: list[int] = field(default_factory=list)
    head: list[int] = field(default_factory=list)

    def clear(self) -> None:
        self.first.clear()
        self.head.clear()


@pytest.fixture
def forwards(monkeypatch: pytest.MonkeyPatch) -> Forwards:
    """Counts the calls of convolutions of three channels, the network's first layer, and of linear layers."""
    seen = Forwards()
    convolve, multiply = nn.Conv2d.forward, nn.Linear.forward

    def convolution(self: nn.Conv2d, images: torch.Tensor) -> torch.Tensor:
        if self.in_channels == 3:
            seen.first.append(len(images))
        return convolve(self, images)

    def linear(self: nn.Linear, rows: torch.Tensor) -> torch.Tensor:
        seen.head.append(len(rows))
        return multiply(self, rows)

    monkeypatch.setattr(nn.Conv2d, "forward", convolution)
    monkeypatch.setattr(nn.Linear, "forward", linear)
    return seen
