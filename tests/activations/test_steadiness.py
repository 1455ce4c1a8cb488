from __future__ import annotations

from collections.abc import Callable

import numpy as np
import pytest
import torch
import torch.nn.functional as F
from hypothesis import assume, given
from hypothesis import strategies as st
from torch import Tensor, nn

from dissect_report.activations.causes import fault_line
from dissect_report.activations.modes import quiet
from dissect_report.activations.steadiness import alike, find_fault


class Net(nn.Module):
    """Two convolutions and something in between."""

    def __init__(self, between: Callable[[Net, Tensor], Tensor], **parts: nn.Module) -> None:
        super().__init__()
        torch.manual_seed(0)
        self.between = between
        self.first, self.second = nn.Conv2d(3, 8, 3, padding=1), nn.Conv2d(8, 6, 3, padding=1)
        self.head = nn.Linear(6, 4)
        for name, part in parts.items():
            self.add_module(name, part)
        self.register_buffer("level", torch.zeros(8))
        self.calls, self.last = 0, torch.zeros(())

    def forward(self, x: Tensor) -> Tensor:
        x = self.between(self, F.relu(self.first(x)))
        return self.head(F.relu(self.second(x)).mean((2, 3)))


class StuckDropout(nn.Dropout):
    def train(self, mode: bool = True) -> StuckDropout:
        return super().train(True)


class StuckNorm(nn.BatchNorm2d):
    def train(self, mode: bool = True) -> StuckNorm:
        return super().train(True)


def part(net: Net, x: Tensor) -> Tensor:
    return net.get_submodule("part")(x)


def counted(net: Net, x: Tensor) -> Tensor:
    net.calls += 1
    return x * (1 + 1e-3 * net.calls)


def harmless(net: Net, x: Tensor) -> Tensor:
    net.calls += 1
    return x


def tracked(net: Net, x: Tensor) -> Tensor:
    level = net.get_buffer("level")
    level.mul_(0.99).add_(0.01 * x.mean((0, 2, 3)))
    return x - level[:, None, None]


def smoothed(net: Net, x: Tensor) -> Tensor:
    net.last = 0.9 * net.last + 0.1 * x.mean()
    return x - net.last


def forced(net: Net, x: Tensor) -> Tensor:
    return net.get_submodule("part").train()(x)


def placed(_net: Net, x: Tensor) -> Tensor:
    return x + torch.randn(x.shape, generator=torch.Generator().manual_seed(0))


def attended(net: Net, x: Tensor) -> Tensor:
    tokens = x.flatten(2).transpose(1, 2)
    mixed, _ = net.get_submodule("part").train()(tokens, tokens, tokens)
    return x + mixed.transpose(1, 2).reshape(x.shape)


def run(net: nn.Module, size: int = 16, count: int = 3) -> str:
    images = torch.randn(count, 3, 16, 16, generator=torch.Generator().manual_seed(1))

    def ask(batch: Tensor) -> dict[str, Tensor]:
        return {"its output": net(batch)}

    torch.manual_seed(0)
    with quiet(net.eval()):
        fault = find_fault(ask, images, size)
        return fault_line("net", fault, [net], lambda: ask(images[:2])) if fault else ""


STEADY = {
    "plain": Net(lambda _, x: x),
    "a counter that nothing depends on": Net(harmless),
    "dropout at rest": Net(part, part=nn.Dropout()),
    "batch norm at rest": Net(part, part=nn.BatchNorm2d(8)),
    "instance norm": Net(part, part=nn.InstanceNorm2d(8)),
    "group norm": Net(part, part=nn.GroupNorm(2, 8)),
}


@pytest.mark.parametrize("size", [1, 2, 16])
@pytest.mark.parametrize("kind", STEADY)
def test_a_network_that_looks_at_each_image_alone_passes(kind: str, size: int) -> None:
    assert run(STEADY[kind], size) == ""


AGAIN = "net gives other values when asked again for the same images (seen in its output): "
BATCH = "net gives an image other values beside other images (seen in its output): "
UNSTEADY = {
    "functional dropout": (
        Net(lambda _, x: F.dropout(x, 0.5)),
        AGAIN + "dropout is left on in the network's own forward; called as a function it needs training=",
    ),
    "dropout that eval does not reach": (
        Net(part, part=StuckDropout()),
        AGAIN + "dropout is left on in StuckDropout 'part'; it stays in training mode: let it follow eval()",
    ),
    "dropout of attention": (
        Net(attended, part=nn.MultiheadAttention(8, 2, dropout=0.5, batch_first=True)),
        AGAIN + "dropout is left on in MultiheadAttention 'part'; it stays in training mode",
    ),
    "stochastic depth": (
        Net(lambda _, x: x * x.new_empty(len(x), 1, 1, 1).bernoulli_(0.5)),
        AGAIN + "dropout is left on in",
    ),
    "noise": (
        Net(lambda _, x: x + torch.randn_like(x)),
        AGAIN + "the network's own forward draws random numbers (randn_like); draw them once",
    ),
    "noise of numpy": (
        Net(lambda _, x: x + float(np.random.default_rng().random())),
        AGAIN + "it draws random numbers or keeps something from one call to the next",
    ),
    "a counter": (Net(counted), AGAIN + "a forward pass changes 'calls' of the network"),
    "statistics that go on": (Net(tracked), AGAIN + "a forward pass changes 'level' of the network"),
    "smoothing over calls": (Net(smoothed), AGAIN + "a forward pass changes 'last' of the network"),
    "no running statistics": (
        Net(part, part=nn.BatchNorm2d(8, track_running_stats=False)),
        BATCH + "BatchNorm2d 'part' normalises by the batch (track_running_stats=False); give it running",
    ),
    "batch norm that eval does not reach": (
        Net(part, part=StuckNorm(8)),
        BATCH + "StuckNorm 'part' normalises by the batch; it stays in training mode: let it follow eval()",
    ),
    "batch norm put into training inside": (
        Net(forced, part=nn.BatchNorm2d(8)),
        BATCH + "BatchNorm2d 'part' normalises by the batch; it stays in training mode",
    ),
    "functional batch norm": (
        Net(lambda _, x: F.batch_norm(x, None, None, training=True)),
        BATCH + "the network's own forward normalises by the batch; called as a function it needs training=",
    ),
    "centred by the batch": (
        Net(lambda _, x: x - x.mean(0)),
        BATCH + "something in it works on the whole batch, as batch statistics do; a factory can",
    ),
    "noise by the place in the batch": (
        Net(placed),
        BATCH + "the network's own forward draws random numbers (randn); draw the same ones for every",
    ),
}


@pytest.mark.parametrize("size", [1, 2, 16])
@pytest.mark.parametrize("kind", UNSTEADY)
def test_what_depends_on_more_than_its_image_is_refused_with_cause_and_remedy(kind: str, size: int) -> None:
    net, words = UNSTEADY[kind]
    line = run(net, size)
    assert line.startswith(words)
    assert "\n" not in line


@pytest.mark.parametrize("number", [1, 2, 3])
def test_a_network_that_takes_one_number_of_images_only_is_asked_for_that(number: int) -> None:
    class Fixed(Net):
        def forward(self, x: Tensor) -> Tensor:
            if len(x) != number:
                raise RuntimeError(f"made for {number} images")
            return super().forward(x)

    assert run(Fixed(lambda _, x: x), number) == ""
    net = Fixed(smoothed).eval()
    assert find_fault(lambda x: {"": net(x)}, torch.randn(3, 3, 8, 8), number) == ("again", "")
    if number > 1:
        net = Fixed(lambda _, x: x - x.mean(0) * torch.arange(len(x)).view(-1, 1, 1, 1)).eval()
        assert find_fault(lambda x: {"": net(x)}, torch.randn(3, 3, 8, 8), number) == ("batch", "")


def test_three_batches_are_asked_for_of_at_most_three_images() -> None:
    asked: list[int] = []

    def ask(images: Tensor) -> dict[str, Tensor]:
        asked.append(len(images))
        return {"": images}

    for size in (1, 2, 16):
        find_fault(ask, torch.randn(3, 3, 4, 4), size)
    assert asked == [1, 2, 1, 2, 1, 2, 3, 2, 3]
    asked.clear()
    find_fault(ask, torch.randn(1, 3, 4, 4), 16)
    assert asked == [1, 2, 1]


@given(st.floats(-6, -1), st.floats(-4, 4), st.sampled_from([2e-5, 1e-4]), st.integers(0, 99))
def test_answers_are_alike_up_to_a_share_of_the_largest(
    power: float, scale: float, noise: float, seed: int
) -> None:
    first = (
        torch.randn(2, 3, 4, 4, generator=torch.Generator().manual_seed(seed), dtype=torch.double) * 10**scale
    )
    second = first.clone()
    second[1, 2, 3, 0] += 10**power * first.abs().max()
    assume(abs(10**power - noise) > 1e-6 * noise)  # at the noise itself the last bit decides
    assert alike(first, second, noise) == (10**power < noise)


def test_infinite_and_undefined_values_are_alike_where_both_are() -> None:
    first = torch.tensor([[1.0, torch.inf, torch.nan, -torch.inf]])
    assert alike(first, first.clone(), 1e-4)
    assert not alike(first, first.nan_to_num(), 1e-4)
    assert not alike(first, torch.tensor([[1.0, -torch.inf, torch.nan, -torch.inf]]), 1e-4)
    assert not alike(first, first[:, :3], 1e-4)
    assert alike(torch.zeros(2, 3), torch.zeros(2, 3), 1e-4)
    assert alike(torch.zeros(0, 3), torch.zeros(0, 3), 1e-4)


def test_a_thousandth_of_the_labels_may_fall_otherwise() -> None:
    labels = torch.zeros(1, 1, 100, 100, dtype=torch.long)
    other = labels.clone()
    other[0, 0, 0, :10] = 1
    assert alike(labels, other, 1e-4)
    other[0, 0, 0, :11] = 1
    assert not alike(labels, other, 1e-4)


def test_a_network_of_fewer_digits_may_round_otherwise_in_another_batch() -> None:
    images = torch.randn(3, 3, 8, 8, generator=torch.Generator().manual_seed(0))
    net = nn.Sequential(nn.Conv2d(3, 8, 3), nn.ReLU()).bfloat16().eval()

    def rounded(batch: Tensor) -> dict[str, Tensor]:
        with torch.no_grad():
            values = net(batch.bfloat16()).float()
        return {"": values * (1 + torch.finfo(torch.bfloat16).eps * (len(batch) == 2))}

    assert find_fault(rounded, images, 16) == ("batch", "")
    assert find_fault(rounded, images, 16, [net]) is None
    assert find_fault(lambda x: {"": net((x - x.mean(0)).bfloat16())}, images, 16, [net]) == ("batch", "")
