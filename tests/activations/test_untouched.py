"""Looking at a network leaves no trace on it: nothing it keeps, counts or changes while it runs stays."""

from __future__ import annotations

import functools
import random
from collections import deque
from types import SimpleNamespace

import numpy as np
import pytest
import torch
import torch.nn.functional as F
from tail_networks import photos
from torch import Tensor, nn

from dissect_report.activations.exported import export_flow
from dissect_report.activations.graph import trace
from dissect_report.activations.layers import list_layers, select_layers
from dissect_report.activations.registration import cell_places
from dissect_report.activations.tail import split_tail
from dissect_report.errors import ModelError

GRIDS: dict[int, Tensor] = {}
passes = 0


@functools.lru_cache
def ramp(side: int) -> Tensor:
    return torch.linspace(0, 1, int(side))


def grid(x: Tensor, known: dict[str, Tensor] = {}) -> Tensor:
    if "grid" not in known:
        known["grid"] = torch.ones(1, 1, *x.shape[2:])
    return known["grid"]


class Store:
    def __init__(self) -> None:
        self.maps: list[Tensor] = []
        self.calls = 0


class Slotted:
    __slots__ = ("grid",)

    def __init__(self) -> None:
        self.grid: Tensor | None = None


class Keeping(nn.Module):
    """Keeps what it can in every place there is."""

    total = 0
    steps: Tensor
    mask: Tensor | None

    def __init__(self) -> None:
        super().__init__()
        self.conv1, self.conv2, self.fc = nn.Conv2d(3, 6, 3, padding=1), nn.Conv2d(6, 6, 1), nn.Linear(6, 4)
        self.norm = nn.BatchNorm2d(6)
        self.register_buffer("steps", torch.zeros((), dtype=torch.long))
        self.register_buffer("mask", None, persistent=False)
        self.weight = nn.Parameter(torch.ones(6))
        self.grid: Tensor | None = None
        self.calls, self.seen, self.sizes = 0, [], {}
        self.store, self.slotted, self.plain = Store(), Slotted(), torch.zeros(3)
        self.queue, self.space, self.array = deque([1, 2], maxlen=2), SimpleNamespace(n=0), np.zeros(2)
        self.noise = torch.Generator().manual_seed(3)
        count = 0

        def tally() -> None:
            nonlocal count
            count += 1
            self.sizes["count"] = count

        self.tally = tally
        self.norm.register_forward_hook(lambda _module, _args, output: self.seen.append(output))

    def forward(self, x: Tensor) -> Tensor:
        global passes
        passes += 1
        Keeping.total += 1
        self.tally()
        self.calls += 1
        self.steps += 1
        self.plain.add_(1)
        self.array += 1
        self.space.n += 1
        self.queue.append(self.calls)
        self.weight.data = self.weight.data * 1.5
        self.store.calls += 1
        x = F.relu(self.conv1(x))
        if self.grid is None:
            self.grid = torch.linspace(0, 1, x.shape[2]).view(1, 1, -1, 1) * x.new_ones(1, 1, 1, x.shape[3])
            self.slotted.grid, self.mask, self.late = self.grid, self.grid > 0, self.grid
            GRIDS[len(GRIDS)] = self.grid
        self.store.maps.append(x)
        self.norm.running_mean.mul_(2)
        x = self.norm(x * self.weight.view(1, -1, 1, 1)) + grid(x) + ramp(x.shape[3])
        x = x + self.grid + torch.rand(1, generator=self.noise) * 1e-9 + torch.rand(1) * 1e-9
        return self.fc(F.relu(self.conv2(x)).mean((2, 3))) + random.random() * 1e-9


class Uncopied(Keeping):
    """``copy.deepcopy`` fails on it."""

    def __init__(self) -> None:
        super().__init__()
        self.made = (torch.ones(3, requires_grad=True) * 2, (n for n in "abc"))


def state(net: Keeping) -> list[object]:
    """All that a pass changes, in words that can be compared."""
    numbers = [*net.state_dict().values(), net.plain, net.noise.get_state(), torch.get_rng_state()]
    return [
        *(value.flatten().tolist() for value in numbers), passes, Keeping.total, sorted(net.__dict__),
        net.calls, len(net.seen), dict(net.sizes), net.grid is None, net.slotted.grid is None, net.mask,
        len(net.store.maps), net.store.calls, list(net.queue), net.space.n, net.array.tolist(),
        net.tally.__closure__[0].cell_contents, ramp.cache_info().currsize, grid.__defaults__, len(GRIDS),
        random.getstate(), net.training, [len(m._forward_hooks) for m in net.modules()],
    ]  # fmt: skip


@pytest.fixture(params=[Keeping, Uncopied])
def net(request: pytest.FixtureRequest) -> Keeping:
    torch.manual_seed(0)
    return request.param()


def split(net: nn.Module) -> None:
    """Fails, for this network gives another output every time; what it changed is put back all the same."""
    with pytest.raises(ModelError, match="other values when asked again"):
        split_tail(net, select_layers(list_layers(net, photos(2)), ["conv1"])[0], photos(2))


LOOKS = {
    "listing": lambda net: list_layers(net, photos(2)),
    "tracing": trace,
    "exporting": lambda net: export_flow(net, photos(2)),
    "placing": lambda net: cell_places(net, [], (16, 16)) if trace(net) else None,
    "splitting": split,
}


@pytest.mark.parametrize("look", LOOKS)
def test_looking_leaves_no_trace(net: Keeping, look: str) -> None:
    before = state(net)
    LOOKS[look](net)
    assert state(net) == before


def test_the_state_is_one_that_a_pass_changes_throughout(net: Keeping) -> None:
    before = state(net)
    with torch.no_grad():
        net(photos(2))
    changed = [one != two for one, two in zip(before, state(net), strict=True)]
    assert sum(changed) >= len(changed) - 12  # weights, modes and hooks stay


def test_symbols_do_not_stay_in_what_a_network_keeps() -> None:
    """A grid made at the first call: made of symbols while tracing, it would spoil every later call."""

    class Head(nn.Module):
        def __init__(self) -> None:
            super().__init__()
            self.grid: Tensor | None = None
            self.conv = nn.Conv2d(6, 6, 3, padding=1)

        def forward(self, x: Tensor) -> Tensor:
            if self.grid is None:
                self.grid = torch.linspace(0, 1, x.shape[2]).view(1, 1, -1, 1) * x.new_ones(x.shape[-1])
            return self.conv(x + self.grid)

    net = nn.Sequential(
        nn.Conv2d(3, 6, 1),
        nn.ReLU(),
        Head(),
        nn.ReLU(),
        nn.AdaptiveAvgPool2d(1),
        nn.Flatten(),
        nn.Linear(6, 4),
    )
    infos = {info.name: info for info in list_layers(net, photos(2))}
    assert [infos[name].recorded_as for name in ("0", "2.conv", "2")] == [
        "0 -> 1 (ReLU)", "2.conv -> 3 (ReLU)", "2 -> 3 (ReLU)",
    ]  # fmt: skip
    for path in ("fx", "export", "full"):
        assert net[2].grid is None
        tail = split_tail(net, infos["0"], photos(3), [path])  # type: ignore[list-item]
        assert tail.path == path
        held = tail.head(photos(3))
        with torch.no_grad():
            assert torch.allclose(tail.run(held.recorded, held.kept), net(photos(3)), atol=1e-6)
        net[2].grid = None


def test_a_network_that_is_made_at_its_first_call_stays_made() -> None:
    net = nn.Sequential(nn.LazyConv2d(6, 3), nn.ReLU(), nn.Flatten(), nn.LazyLinear(4))
    infos = list_layers(net, photos(2))
    weight = net[0].weight.clone()
    assert [info.recorded_as for info in infos if not info.obstacle] == ["0 -> 1 (ReLU)", "1"]
    list_layers(net, photos(2))
    assert torch.equal(net[0].weight, weight)


def test_variables_of_the_class_and_of_its_file_are_put_back() -> None:
    class Counted(nn.Conv2d):
        total = 0

        def forward(self, x: Tensor) -> Tensor:
            global passes
            passes, Counted.total = passes + 1, Counted.total + 1
            return super().forward(x)

    before = passes
    list_layers(nn.Sequential(Counted(3, 6, 1)), photos(2))
    assert (passes, Counted.total) == (before, 0)
