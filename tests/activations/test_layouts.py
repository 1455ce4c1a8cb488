from __future__ import annotations

import re
from collections.abc import Callable
from pathlib import Path

import pytest
import torch
import torch.nn.functional as F
from torch import Tensor, nn

from dissect_report.activations.layers import LayerInfo, list_layers, select_layers
from dissect_report.errors import ModelError
from tests.layout_networks import (
    Apply,
    ChannelAttention,
    ChannelsLast,
    Context,
    Convolve,
    Gate,
    Transformer,
    Untrained,
    classifier,
)

SEEDS = range(3)


def listed(
    make: Callable[[], nn.Module], shape: tuple[int, ...] = (3, 64, 64), seed: int = 0, rows: int = 2
) -> dict[str, LayerInfo]:
    torch.manual_seed(seed)
    net = make().eval()
    example = torch.randn(rows, *shape, generator=torch.Generator().manual_seed(seed))
    return {info.name: info for info in list_layers(net, example)}


def deep(units: int, count: int) -> list[nn.Module]:
    return [Convolve(units, units) for _ in range(count)]


MAPS = {
    "down to 3x3": (
        lambda: [Convolve(3, 8, 7, 2, 0), *(Convolve(8, 8, 3, 2, 0) for _ in range(3))],
        (3, 72, 72),
    ),
    "twenty behind 7x7": (lambda: [Convolve(3, 8, 8, 8, 0), *deep(8, 20)], (3, 56, 56)),
    "thirty at 16x16": (lambda: [Convolve(3, 8, 4, 4, 0), *deep(8, 30)], (3, 64, 64)),
    "gates": (
        lambda: [Convolve(3, 8, 4, 4, 0), *(m for _ in range(4) for m in (Gate(8), Convolve(8, 8)))],
        None,
    ),
    "loud context": (lambda: [Convolve(3, 8, 4, 4, 0), Context(8), Convolve(8, 8), Context(8)], None),
    "instance norm by hand": (
        lambda: [Convolve(3, 8, 4, 4, 0), Apply(lambda x: x / x.std((2, 3), keepdim=True)), Convolve(8, 8)],
        None,
    ),
    "saturating": (
        lambda: [Convolve(3, 8, 4, 4, 0, lambda x: (3 * x).clamp(0, 1)), Convolve(8, 8, activation=sharp)],
        None,
    ),
    "mostly dead": (
        lambda: [Convolve(3, 8, 4, 4, 0), Convolve(8, 8, activation=lambda x: F.relu(x - 1))],
        None,
    ),
    "not square": (lambda: [Convolve(3, 8, 3, 2), *(Convolve(8, 8, 3, 2) for _ in range(2))], (3, 48, 160)),
    "one channel, one unit": (lambda: [Convolve(1, 1), Convolve(1, 8), Convolve(8, 8, 3, 2)], (1, 48, 48)),
    "stride 32": (lambda: [Convolve(3, 8, 32, 32, 0), *deep(8, 2)], (3, 128, 128)),
    "pooled to one value, handed back": (
        lambda: [Convolve(3, 8, 4, 4, 0), Apply(lambda x: x.mean((2, 3), keepdim=True).expand_as(x).clone())],
        None,
    ),
    "an untrained convolution of its own kind": (lambda: [Untrained(3, 8, 4, 4), Gate(8)], None),
    "dead": (lambda: [Convolve(3, 8, 4, 4, 0), Apply(lambda x: x * 0)], None),
}


def sharp(x: Tensor) -> Tensor:
    return torch.sigmoid(10 * (x - 0.5))


@pytest.mark.parametrize("seed", SEEDS)
@pytest.mark.parametrize("kind", MAPS)
def test_a_map_that_no_known_layer_made_is_listed_however_deep(kind: str, seed: int) -> None:
    make, shape = MAPS[kind]
    units = 8
    infos = listed(lambda: classifier(*make(), units=units), shape or (3, 64, 64), seed)
    maps = [name for name in infos if name.isdigit() and int(name) < len(make())]
    assert {name: infos[name].obstacle for name in maps} == dict.fromkeys(maps, "")


MOVES: dict[str, tuple[Callable[[Tensor], Tensor], str]] = {
    "rows and columns exchanged": (lambda x: x.transpose(2, 3) * 1, "[image, unit, x, y]"),
    "upside down": (lambda x: x.flip(2), "does not lie over the picture"),
    "mirrored": (lambda x: x.flip(3), "does not lie over the picture"),
    "rolled by half": (lambda x: x.roll((8, 8), (2, 3)), "does not lie over the picture"),
    "shuffled": (lambda x: x[:, :, torch.arange(16) * 5 % 16], "does not lie over the picture"),
    "frequencies": (lambda x: torch.fft.fft2(x).real, "does not lie over the picture"),
}


@pytest.mark.parametrize("seed", SEEDS)
@pytest.mark.parametrize("kind", MOVES)
def test_what_moves_the_places_of_a_map_is_refused_whatever_its_sizes(kind: str, seed: int) -> None:
    move, words = MOVES[kind]
    infos = listed(
        lambda: nn.Sequential(
            Convolve(3, 16, 4, 4, 0),
            Apply(move),
            nn.ReLU(),
            Apply(lambda x: x.mean((2, 3))),
            nn.Linear(16, 4),
        ),
        seed=seed,
    )
    assert infos["0"].obstacle == ""
    for name in ("1", "2"):
        assert infos[name].units == 0
        assert words in infos[name].obstacle
        assert "a factory can" in infos[name].obstacle


@pytest.mark.parametrize("seed", SEEDS)
@pytest.mark.parametrize(("patch", "extra"), [(8, 0), (8, 1), (4, 1), (16, 1)])
def test_attention_weights_are_no_maps_nor_what_a_convolution_makes_of_them_but_queries_are_read(
    patch: int, extra: int, seed: int
) -> None:
    infos = listed(lambda: Transformer(patch, extra=extra), seed=seed)
    taken = {name for name, info in infos.items() if not info.obstacle}
    few = 64 // patch == 4  # too few tokens to tell a convolution over attention weights from one over a map
    mixing = {f"blocks.{block}.{part}" for block in range(3) for part in ("mix", "weights")}
    tokens = {
        name for name in infos if name.startswith("blocks.") and infos[name].kind != "Sequential"
    } - mixing
    assert taken - (mixing if few else set()) - {"blocks"} == {"patches"} | tokens
    assert infos["blocks.0.query"].reading.units == (1, 3)
    assert infos["blocks.0.query"].reading.extra == extra
    for name in mixing - taken:
        assert "does not lie over the picture" in infos[name].obstacle


@pytest.mark.parametrize("seed", SEEDS)
def test_attention_between_units_is_no_map(seed: int) -> None:
    infos = listed(ChannelAttention, seed=seed)
    taken = [name for name, info in infos.items() if not info.obstacle]
    assert taken == ["stem", "qkv", "project"]


def test_channels_last_maps_as_wide_as_they_have_units_are_read_by_their_last_axis() -> None:
    infos = listed(ChannelsLast, (3, 96, 96))
    assert [info.name for info in select_layers(tuple(infos.values()), ["*"])] == ["patches", "norm", "mlp"]
    assert [infos[name].reading.units for name in ("patches", "norm", "mlp")] == [(1,), (3,), (3,)]


def test_maps_of_one_row_are_proved_by_their_columns() -> None:
    infos = listed(
        lambda: nn.Sequential(
            Apply(lambda x: x.amax(2, keepdim=True)), Apply(lambda x: x[..., ::2] - 0.1), *classifier(units=3)
        )
    )
    assert [infos[name].map_size for name in ("0", "1")] == [(1, 64), (1, 32)]


def test_a_convolution_that_hands_on_something_else_is_read_by_what_shows() -> None:
    class Permuting(nn.Conv2d):
        def forward(self, input: Tensor) -> Tensor:
            return super().forward(input).permute(0, 2, 3, 1)

    def hooked() -> nn.Module:
        layer = nn.Conv2d(3, 16, 4, 4)
        layer.register_forward_hook(lambda _m, _i, output: output.permute(0, 2, 3, 1))
        return layer

    for make in (lambda: Permuting(3, 16, 4, 4), hooked):
        infos = listed(lambda make=make: nn.Sequential(make(), nn.ReLU(), nn.Flatten(), nn.Linear(16**3, 2)))
        assert all(infos[name].reading.units == (3,) for name in ("0", "1"))


class Shifted(nn.Module):
    """A network of one convolution, given what a function made of the picture."""

    def __init__(self, *sizes: int) -> None:
        super().__init__()
        self.conv = nn.Conv2d(*sizes)

    def forward(self, input: Tensor) -> Tensor:
        return self.conv(input - 0.5)


class Counting(nn.Module):
    """Writes down how many inputs it is asked for: what it kept itself would be put back."""

    def __init__(self, net: nn.Module, log: Path) -> None:
        super().__init__()
        self.net, self.log = net, log

    def forward(self, x: Tensor) -> Tensor:
        with self.log.open("a") as file:
            file.write(f"{len(x)}\n")
        return self.net(x)


@pytest.mark.parametrize(
    ("body", "inputs"),
    [
        ([nn.Conv2d(3, 8, 3, 2), nn.BatchNorm2d(8), nn.ReLU(), nn.MaxPool2d(2), nn.Dropout()], 0),
        ([nn.Conv2d(3, 8, 3, 2), Gate(8), nn.ReLU()], 6),
        ([Shifted(3, 8, 3, 2), nn.BatchNorm2d(8), nn.ReLU()], 6),
        ([nn.Conv2d(3, 16, 4, 4), Apply(lambda x: x.permute(0, 2, 3, 1)), Apply(lambda x: x.flatten(1))], 24),
    ],
)
def test_the_proof_costs_nothing_for_known_layers_and_a_few_inputs_else(
    body: list[nn.Module], inputs: int, tmp_path: Path
) -> None:
    log = tmp_path / "asked"
    listed(lambda: Counting(nn.Sequential(*body), log))
    first, *rest = map(int, log.read_text().split())
    assert (first, sum(rest)) == (2, inputs)


def test_a_network_that_takes_one_image_at_a_time_is_asked_for_one_at_a_time() -> None:
    class One(nn.Sequential):
        def forward(self, input: Tensor) -> Tensor:
            (_image,) = input
            return super().forward(input)

    infos = listed(lambda: One(*classifier(Convolve(3, 8, 4, 4, 0), Gate(8), units=8)), rows=1)
    assert not infos["0"].obstacle
    assert not infos["1"].obstacle


def test_inputs_written_into_and_other_precisions_do_not_matter() -> None:
    def scaled(x: Tensor) -> Tensor:
        return x.mul_(2)

    infos = listed(lambda: classifier(Apply(scaled), Convolve(3, 8, 4, 4, 0), Gate(8), units=8))
    assert not any(infos[name].obstacle for name in "012")
    torch.manual_seed(0)
    net = classifier(Convolve(3, 8, 4, 4, 0), Gate(8), units=8).bfloat16().eval()
    infos = {info.name: info for info in list_layers(net, torch.randn(2, 3, 64, 64).bfloat16())}
    assert not any(infos[name].obstacle for name in "01")


def test_layers_of_a_network_that_changes_by_itself_say_so() -> None:
    infos = listed(lambda: classifier(Apply(lambda x: F.dropout(x, 0.5)), Convolve(3, 8), units=8))
    assert "other values when asked again" in infos["1"].obstacle
    assert "dropout is left on in Apply '0'" in infos["1"].obstacle


def test_a_network_that_fails_on_a_drawn_picture_says_so_in_one_line() -> None:
    def choosy(x: Tensor) -> Tensor:
        if bool((x[0] == x[1]).float().mean() > 0.5):
            raise ValueError("two pictures\nalike")
        return x * 1

    with pytest.raises(
        ModelError, match=r"^the model fails on a drawn picture: ValueError: two pictures alike$"
    ):
        listed(lambda: classifier(Apply(choosy), Gate(3), units=3))


def test_a_layer_that_no_picture_changes_is_refused_unless_a_map_went_in() -> None:
    class Positions(nn.Module):
        def __init__(self) -> None:
            super().__init__()
            self.conv, self.grid, self.head = nn.Conv2d(3, 8, 4, 4), Apply(self.place), nn.Linear(8, 2)

        @staticmethod
        def place(x: Tensor) -> Tensor:
            return torch.arange(16.0).view(1, 1, 16, 1).expand(len(x), 8, 16, 16).clone()

        def forward(self, x: Tensor) -> Tensor:
            return self.head((self.conv(x) + self.grid(x[:, 0])).mean((2, 3)))

    assert re.search("is the same whatever the picture", listed(Positions)["grid"].obstacle)
