from __future__ import annotations

from collections.abc import Callable

import pytest
import torch
import torch.nn.functional as F
from torch import Tensor, nn

from dissect_report.activations.layers import LayerInfo, list_layers
from tests.layout_networks import Apply, Attention, StyledGenerator

SEEDS = range(3)


def generated(make: Callable[[], nn.Module], shape: tuple[int, ...], seed: int = 0) -> dict[str, LayerInfo]:
    torch.manual_seed(seed)
    latents = torch.randn(2, *shape, generator=torch.Generator().manual_seed(seed))
    return {info.name: info for info in list_layers(make().eval(), latents, makes_images=True)}


@pytest.mark.parametrize("seed", SEEDS)
def test_the_maps_of_a_generator_are_proved_by_the_image_that_they_move(seed: int) -> None:
    infos = generated(StyledGenerator, (6,), seed)
    for step in range(3):
        assert not infos[f"steps.{step}"].obstacle
        assert "axis 2 move axis 3 of the image" in infos["steps.0.last"].obstacle
        assert "a factory can" in infos[f"steps.{step}.norm"].obstacle
    assert not infos["colours"].obstacle


def test_a_generator_of_tokens_offers_no_queries() -> None:
    class Tokens(nn.Module):
        def __init__(self) -> None:
            super().__init__()
            self.first, self.block = nn.Linear(6, 64 * 16), Attention(16, 4, mixed=False)
            self.grid, self.colours = Apply(self.lay_out), nn.Conv2d(16, 3, 3, padding=1)

        @staticmethod
        def lay_out(tokens: Tensor) -> Tensor:
            return tokens.transpose(1, 2).reshape(len(tokens), 16, 8, 8)

        def forward(self, z: Tensor) -> Tensor:
            return self.colours(
                F.interpolate(self.grid(self.block(self.first(z).view(len(z), 64, 16))), scale_factor=4)
            )

    infos = generated(Tokens, (6,))
    assert {name for name, info in infos.items() if not info.obstacle} == {"grid", "colours"}
    assert "does not lie over the image" in infos["block.value"].obstacle


def test_a_map_that_the_network_takes_no_change_of_is_passed_over() -> None:
    class Picky(nn.Module):
        """Refuses a map of its first layer that is not what the layer gives."""

        def __init__(self) -> None:
            super().__init__()
            self.first, self.grid = nn.Linear(6, 12 * 16), Apply(lambda x: x.view(-1, 12, 4, 4) * 1)
            self.wide = Apply(lambda x: F.interpolate(x, scale_factor=4))
            self.colours = nn.Conv2d(12, 3, 3, padding=1)

        def forward(self, z: Tensor) -> Tensor:
            given = self.first(z)
            maps = self.grid(given)
            if not torch.equal(maps, given.view(maps.shape)):
                raise ValueError("a map of somebody else's")
            return self.colours(self.wide(maps))

    infos = generated(Picky, (6,))
    assert "is the same whatever the map" in infos["grid"].obstacle
    assert {name for name, info in infos.items() if not info.obstacle} == {"wide", "colours"}
