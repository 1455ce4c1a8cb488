"""What consumes a layer's output is seen in a real forward pass, and what it consumes is recorded."""

from __future__ import annotations

import pytest
import torch
import torch.nn.functional as F
from consumer_networks import CASES, Net, Swish, network
from tail_networks import photos
from torch import Tensor, nn

from dissect_report.activations.activation_functions import MODULES, NAMES
from dissect_report.activations.interventions import ablated, replaced
from dissect_report.activations.layers import LayerInfo, list_layers, select_layers
from dissect_report.activations.recording import record
from dissect_report.activations.tail import split_tail
from dissect_report.errors import LayerError

pytestmark = pytest.mark.filterwarnings("ignore:None of the inputs have requires_grad")


def conv_of(net: Net) -> LayerInfo:
    return next(info for info in list_layers(net, photos(2)) if info.name == "conv")


@pytest.mark.parametrize("case", CASES)
def test_the_only_consumer_is_seen_and_its_value_recorded(case: str) -> None:
    net, images = network(case), photos(3)
    layer = conv_of(net)
    assert layer.recorded_as == (f"conv -> {net.follows}" if net.follows else "conv")
    with torch.no_grad():
        expected = net.seen(net.conv(images))
    with torch.inference_mode(), record(net, [layer]) as recorder:
        output = net(images)
        maps = recorder.take()["conv"]
    assert torch.allclose(maps, expected, atol=1e-6)
    with torch.no_grad():
        assert torch.equal(output, net(images))


@pytest.mark.parametrize("case", CASES)
def test_what_is_recorded_is_what_can_be_replaced(case: str) -> None:
    net, images = network(case), photos(3)
    layer = conv_of(net)
    with record(net, [layer]) as recorder:
        before = net(images)
        maps = recorder.take()["conv"]
    with replaced(net, layer, lambda given: given.copy_(maps)):
        assert torch.allclose(net(images), before, atol=1e-6)
    with replaced(net, layer, torch.zeros_like):
        assert not torch.allclose(net(images), before, atol=1e-3)


@pytest.mark.parametrize("case", ["identity between", "slopes as a function", "own module with parts"])
def test_the_tail_starts_behind_the_activation_that_was_seen(case: str) -> None:
    net, images, units = network(case), photos(5, seed=9), [1, 4]
    layer = conv_of(net)
    tail = split_tail(net, layer, photos())
    assert tail.path != "full"
    held = tail.head(images)
    held.recorded[:, units] = 0.0
    with ablated(net, layer, units):
        assert torch.allclose(tail.run(held.recorded, held.kept), net(images), atol=1e-5)


def test_what_runs_one_by_one_out_of_a_sequence_is_not_consumed_by_its_neighbour() -> None:
    class OneByOne(nn.Module):
        def __init__(self) -> None:
            super().__init__()
            self.body = nn.Sequential(nn.Conv2d(3, 4, 1), nn.ReLU(), nn.Conv2d(4, 6, 1), nn.ReLU())

        def forward(self, x: Tensor) -> Tensor:
            if float(x.sum()) == 0.5:  # no symbol can follow
                return x
            return self.body[2](F.max_pool2d(self.body[1](self.body[0](x)), 2)).abs()

    assert recorded(OneByOne(), "body.0", "body.2") == ["body.0 -> body.1 (ReLU)", "body.2"]


def test_a_shared_activation_is_told_apart_by_its_calls() -> None:
    """Three calls of one ReLU: behind a convolution, behind a sum, behind another convolution."""

    class Shared(nn.Module):
        def __init__(self) -> None:
            super().__init__()
            self.one, self.two, self.relu = nn.Conv2d(3, 4, 1), nn.Conv2d(4, 4, 1), nn.ReLU(inplace=True)

        def forward(self, x: Tensor) -> Tensor:
            first = self.relu(self.one(x))
            return self.relu(self.two(self.relu(first + 1)))

    net, images = Shared().eval(), photos(2)
    assert recorded(net, "one", "two") == ["one -> relu (ReLU)", "two -> relu (ReLU)"]
    layers = select_layers(list_layers(net, images), ["one", "two"])
    assert [layer.follows.index for layer in layers if layer.follows] == [0, 2]
    with record(net, layers) as recorder:
        output = net(images)
        maps = recorder.take()
    assert torch.equal(maps["one"], torch.relu(net.one(images)))
    assert torch.equal(maps["two"], output)
    tail = split_tail(net, layers[0], images, ["fx"], read=lambda run: run())
    held = tail.head(images)
    assert torch.equal(held.recorded, maps["one"])


class Hooked(nn.Module):
    def __init__(self, inplace: bool = False) -> None:
        super().__init__()
        self.conv, self.relu = nn.Conv2d(3, 6, 3), nn.ReLU(inplace)

    def forward(self, x: Tensor) -> Tensor:
        return self.relu(self.conv(x)).mean((2, 3))


@pytest.mark.parametrize("inplace", [True, False])
def test_hooks_on_the_layer_and_on_its_activation_are_a_part_of_what_is_recorded(inplace: bool) -> None:
    net, images = Hooked(inplace).eval(), photos(2)
    net.conv.register_forward_hook(lambda _module, _args, output: output - 0.1)
    net.relu.register_forward_pre_hook(lambda _module, args: (args[0] * 2,))
    net.relu.register_forward_hook(lambda _module, _args, output: output + 5)
    (layer,) = select_layers(list_layers(net, images), ["conv"])
    assert layer.recorded_as == "conv -> relu (ReLU)"
    with torch.no_grad(), record(net, [layer]) as recorder:
        expected = net(images)
        maps = recorder.take()["conv"]
    assert torch.allclose(maps.mean((2, 3)), expected)
    assert maps.min() >= 5
    with ablated(net, layer, [0]):
        assert (net(images)[:, 0] == 0).all()


def test_hooks_run_once_a_forward_pass_and_no_hook_sees_another_call() -> None:
    calls: list[str] = []
    net, images = Hooked().eval(), photos(2)
    (layer,) = select_layers(list_layers(net, images), ["conv"])
    net.relu.register_forward_hook(lambda *_: calls.append("relu"))
    with record(net, [layer]) as recorder:
        net(images)
        recorder.take()
    assert calls == ["relu"]


def test_an_output_that_a_hook_keeps_is_not_the_activation_s_alone() -> None:
    net, kept = Hooked().eval(), []
    handle = net.conv.register_forward_hook(lambda _module, _args, output: kept.append(output))
    assert recorded(net, "conv") == ["conv"]
    handle.remove()
    assert recorded(net, "conv") == ["conv -> relu (ReLU)"]


@pytest.mark.parametrize(
    ("give", "name"),
    [
        (lambda before, after: (after, before), "conv"),
        (lambda before, after: {"logits": after, "more": [before]}, "conv"),
        (lambda before, after: after, "conv -> relu (ReLU)"),
        (lambda before, after: [after, before.shape], "conv -> relu (ReLU)"),
    ],
)
def test_an_output_that_the_network_gives_away_is_not_the_activation_s_alone(give: object, name: str) -> None:
    class Giving(Hooked):
        def forward(self, x: Tensor) -> object:
            before = self.conv(x)
            return give(before, self.relu(before))  # type: ignore[operator]

    assert recorded(Giving(), "conv") == [name]


def test_an_output_kept_by_a_circle_of_garbage_is_not_kept() -> None:
    class Circular(Hooked):
        def forward(self, x: Tensor) -> Tensor:
            circle: list[object] = [self.conv(x)]
            circle.append(circle)
            return self.relu(circle[0]).mean((2, 3))

    assert recorded(Circular(), "conv") == ["conv -> relu (ReLU)"]


def test_residual_sums_in_place_are_no_activation_and_hide_none() -> None:
    class Block(nn.Module):
        def __init__(self) -> None:
            super().__init__()
            self.stem, self.conv1, self.conv2 = (nn.Conv2d(n, 6, 3, padding=1) for n in (3, 6, 6))
            self.relu = nn.ReLU(inplace=True)

        def forward(self, x: Tensor) -> Tensor:
            x = self.relu(self.stem(x))
            out = self.conv2(self.relu(self.conv1(x)))
            out += x
            return self.relu(out)

    assert recorded(Block(), "stem", "conv1", "conv2") == [
        "stem -> relu (ReLU)", "conv1 -> relu (ReLU)", "conv2",
    ]  # fmt: skip


def test_an_activation_itself_and_what_ends_in_one_are_recorded_as_they_are() -> None:
    class Chain(nn.Module):
        def __init__(self) -> None:
            super().__init__()
            self.body = nn.Sequential(nn.Conv2d(3, 6, 1), Swish())
            self.act, self.last = Swish(), nn.Sequential(nn.Conv2d(6, 6, 1))

        def forward(self, x: Tensor) -> Tensor:
            return torch.tanh(self.last(self.act(torch.tanh(self.body(x)))))

    assert recorded(Chain(), "body.0", "body.1", "body", "act", "last.0", "last") == [
        "body.0 -> body.1 (Swish)", "body.1", "body", "act", "last.0 -> tanh()", "last -> tanh()",
    ]  # fmt: skip


def test_a_follower_that_does_not_come_is_named() -> None:
    class Fickle(Hooked):
        def forward(self, x: Tensor) -> Tensor:
            maps = self.conv(x)
            return (self.relu(maps) if len(x) == 2 else maps).mean((2, 3))

    net = Fickle().eval()
    (layer,) = select_layers(list_layers(net, photos(2)), ["conv"])
    message = r"'conv' is not followed by its activation \(conv -> relu \(ReLU\)\)"
    with record(net, [layer]) as recorder:
        net(photos(3))
        with pytest.raises(LayerError, match=message):
            recorder.take()
    with pytest.raises(LayerError, match=message), replaced(net, layer, torch.zeros_like):
        net(photos(3))


@pytest.mark.parametrize("name", sorted({name for name in NAMES if not name.endswith("_")}))
def test_every_activation_function_is_known_by_its_name(name: str) -> None:
    function = getattr(F, name, None) or getattr(torch, name)
    words = {
        "threshold": (0.1, 2.0),
        "clamp": (0.0,),
        "clip": (0.0,),
        "clamp_min": (0.0,),
        "clamp_max": (0.0,),
    }
    more = (nn.Parameter(torch.ones(1) / 3),) if name == "prelu" else words.get(name, ())
    net = Net(lambda x: function(x, *more), "", None).eval()
    assert recorded(net, "conv") == [f"conv -> {name}()"]


@pytest.mark.parametrize("kind", MODULES)
def test_every_activation_module_is_known(kind: type[nn.Module]) -> None:
    net = Net(kind(0.1, 2.0) if kind is nn.Threshold else kind(), "", None).eval()
    assert recorded(net, "conv") == [f"conv -> between ({kind.__name__})"]


def test_half_precision_is_observed_alike() -> None:
    net = network("own module").to(torch.bfloat16)
    infos = {info.name: info for info in list_layers(net, photos(2).to(torch.bfloat16))}
    assert infos["conv"].recorded_as == "conv -> between (Swish)"


def recorded(net: nn.Module, *names: str) -> list[str]:
    infos = {info.name: info for info in list_layers(net.eval(), photos(2))}
    return [infos[name].recorded_as for name in names]
