"""What a function gives to a convolution decides whether the convolution's output is a map."""

from __future__ import annotations

from collections.abc import Callable

import pytest
import torch
import torch.nn.functional as F
from torch import Tensor, nn

from tests.activations.test_layouts import SEEDS, listed
from tests.layout_networks import Gate

#: What functions may give to a convolution, as they may stand in a network's forward.
GIVEN: dict[str, Callable[[Tensor], Tensor]] = {
    "turned": lambda x: x.rot90(1, (2, 3)),
    "mirrored": lambda x: x.flip(3),
    "upside down": lambda x: x.flip(2),
    "attention": lambda x: torch.softmax((t := F.avg_pool2d(x, 8).flatten(2)).mT @ t, -1)[:, None],
    "tokens": lambda x: F.unfold(x, 8, stride=8).transpose(1, 2)[:, None],
}  # fmt: skip


@pytest.mark.parametrize("seed", SEEDS)
@pytest.mark.parametrize("kind", GIVEN)
def test_a_convolution_of_what_does_not_lie_over_the_picture_makes_no_map(kind: str, seed: int) -> None:
    class Functional(nn.Module):
        def __init__(self) -> None:
            super().__init__()
            self.conv = nn.Conv2d(1 if kind in ("attention", "tokens") else 3, 8, 3, padding=1)
            self.norm, self.fc = nn.BatchNorm2d(8), nn.Linear(8, 4)

        def forward(self, x: Tensor) -> Tensor:
            return self.fc(F.relu(self.norm(self.conv(GIVEN[kind](x)))).mean((2, 3)))

    infos = listed(Functional, seed=seed)
    for name in ("conv", "norm"):
        assert (
            "does not lie over the picture" in infos[name].obstacle
            or "[image, unit, x, y]" in infos[name].obstacle
        )


@pytest.mark.parametrize("seed", SEEDS)
def test_a_convolution_behind_a_function_that_moves_nothing_is_listed(seed: int) -> None:
    class Functional(nn.Module):
        def __init__(self) -> None:
            super().__init__()
            self.long, self.high = (
                nn.Conv2d(3, 8, (1, 7), padding=(0, 3)),
                nn.Conv2d(8, 8, (7, 1), (3, 1), (3, 0)),
            )
            self.gate, self.last = Gate(8), nn.Conv2d(8, 8, 3, padding=1)

        def forward(self, x: Tensor) -> Tensor:
            x = F.relu(self.high(F.relu(self.long(x - 0.5))))
            x = F.relu(self.last(self.gate(x) + x.mean((2, 3), keepdim=True)))
            return x.mean((2, 3))

    infos = listed(Functional, seed=seed)
    assert not any(infos[name].obstacle for name in ("long", "high", "gate", "last"))
