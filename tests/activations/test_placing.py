"""Where tokens lie is found by changing the picture, or they are refused."""

from __future__ import annotations

import pytest
import torch
from token_networks import WIDTH, ChannelsLast, Transformer, pictures
from torch import nn

from dissect_report.activations.layers import LayerInfo, list_layers
from dissect_report.config import TokensConfig
from dissect_report.demo.vision_transformer import scene_transformer
from dissect_report.errors import ConfigError, LayerError

TOKENS = ("blocks.0", "blocks.0.norm1", "blocks.0.qkv", "blocks.0.act", "blocks.1", "norm", "token_first")


def listed(network: nn.Module, *size: int, tokens: TokensConfig | None = None) -> dict[str, LayerInfo]:
    return {info.name: info for info in list_layers(network.eval(), pictures(2, *size), tokens=tokens)}


@pytest.mark.parametrize("extra", [0, 1, 5])
@pytest.mark.parametrize("first", [True, False])
@pytest.mark.parametrize("order", ["rows", "columns"])
def test_grid_order_and_extra_tokens_are_found(extra: int, first: bool, order: str) -> None:
    found = listed(Transformer(extra, first, order))
    for name in (*TOKENS, "unit_first"):
        reading = found[name].reading
        assert found[name].obstacle == ""
        assert (reading.grid, reading.extra, reading.by_columns) == ((12, 12), extra, order == "columns")
        assert reading.first == (first or not extra)


@pytest.mark.parametrize("size", [(64, 96), (128, 56)])
def test_the_picture_need_not_be_square(size: tuple[int, int]) -> None:
    found = listed(Transformer(1), *size)
    assert {found[name].map_size for name in TOKENS} == {(size[0] // 8, size[1] // 8)}


def test_shuffled_tokens_are_refused() -> None:
    found = listed(Transformer(order="shuffled"))
    assert found["patch"].obstacle == ""
    for name in TOKENS:
        assert "no order of its tokens answers to the picture" in found[name].obstacle


class Regrouped(nn.Module):
    """Windows of tokens as rows of their own, and axes that hold no places."""

    def __init__(self) -> None:
        super().__init__()
        self.patch = nn.Conv2d(3, WIDTH, 8, stride=8)
        self.windows, self.mixed, self.rows = nn.Identity(), nn.Linear(144, 16), nn.Identity()

    def forward(self, images: torch.Tensor) -> torch.Tensor:
        maps = self.patch(images)
        self.windows(maps.unflatten(2, (2, 6)).transpose(1, 2).flatten(0, 1).flatten(2).transpose(1, 2))
        self.rows(maps.mean(3).transpose(1, 2))
        return self.mixed(maps.flatten(2)).mean(2)


def test_what_holds_no_tokens_of_the_whole_picture_is_refused() -> None:
    found = listed(Regrouped())
    assert found["windows"].obstacle == "its output [4, 72, 24] has 4 rows for 2 images"
    for name in ("mixed", "rows"):
        assert "no order of its tokens answers" in found[name].obstacle


def test_maps_with_channels_last_and_heads_are_read() -> None:
    found = listed(ChannelsLast())
    for name in ("norm", "mlp"):
        assert (found[name].units, found[name].map_size) == (24, (24, 24))
        assert found[name].reading.cells == (1, 2)
    assert (found["heads"].units, found["heads"].map_size) == (24, (24, 24))
    assert found["heads"].reading.units == (1, 3)


def test_what_is_said_of_tokens_is_taken() -> None:
    stated = TokensConfig(grid=(12, 12), extra=3)
    found = listed(Transformer(order="shuffled"), tokens=stated)
    assert found["blocks.1"].reading.grid == (12, 12)


def test_tokens_that_nothing_puts_out_are_refused() -> None:
    with pytest.raises(LayerError, match=r"no layer puts out 10 x 10 \+ 1 = 101 tokens"):
        listed(Transformer(), tokens=TokensConfig(grid=(10, 10), extra=1))


@pytest.mark.parametrize(
    "values", [{"grid": (12,)}, {"extra": 2}, {"grid": (0, 3)}, {"grid": (3, 3), "extra": -1}]
)
def test_impossible_tokens_are_refused(values: dict[str, object]) -> None:
    with pytest.raises(ConfigError, match=r"\[model\] tokens is"):
        TokensConfig(**values)  # type: ignore[arg-type]


def test_a_trained_transformer_shows_all_its_layers() -> None:
    found = listed(scene_transformer(), 128, 128)
    layers = [info for name, info in found.items() if name.startswith("blocks") or name == "norm"]
    assert {(info.map_size, info.reading.extra) for info in layers} == {((16, 16), 3)}
