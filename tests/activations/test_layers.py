from __future__ import annotations

from collections import OrderedDict

import pytest
import torch
import torch.nn.functional as F
from torch import Tensor, nn

from dissect_report.activations.layers import LayerInfo, list_layers, select_layers
from dissect_report.errors import LayerError, ModelError
from dissect_report.sources.torchvision_import import import_torchvision

EXAMPLE = torch.randn(2, 3, 16, 16, generator=torch.Generator().manual_seed(0))


def by_name(model: nn.Module) -> dict[str, LayerInfo]:
    return {info.name: info for info in list_layers(model.eval(), EXAMPLE)}


class Functional(nn.Module):
    """Activations as functions and methods, one output used twice, one module never called."""

    def __init__(self) -> None:
        super().__init__()
        self.first = nn.Conv2d(3, 4, 3)
        self.second = nn.Conv2d(4, 4, 3, padding=1)
        self.third = nn.Conv2d(4, 4, 3, padding=1)
        self.fourth = nn.Conv2d(4, 4, 1)
        self.idle = nn.Conv2d(4, 4, 1)
        self.head = nn.Linear(4, 5)

    def forward(self, images: Tensor) -> Tensor:
        x = F.leaky_relu(self.first(images), 0.3, inplace=True)
        x = self.second(x).relu()
        y = self.third(x)
        z = self.fourth(F.relu(y) + y)
        return self.head(z.mean((2, 3)))


class Shared(nn.Module):
    """One ReLU for two convolutions."""

    def __init__(self) -> None:
        super().__init__()
        self.one = nn.Conv2d(3, 4, 1)
        self.two = nn.Conv2d(4, 4, 1)
        self.relu = nn.ReLU(inplace=True)

    def forward(self, images: Tensor) -> Tensor:
        return self.relu(self.two(self.relu(self.one(images))))


class Branching(nn.Module):
    """Control flow that depends on data: it cannot be traced."""

    def __init__(self) -> None:
        super().__init__()
        self.body = nn.Sequential(nn.Conv2d(3, 4, 1), nn.ReLU(), nn.Conv2d(4, 4, 1))

    def forward(self, images: Tensor) -> Tensor:
        return self.body(images) if images.sum() > -1e9 else images


def test_layers_come_in_the_order_in_which_they_run() -> None:
    model = nn.Module()
    model.late, model.early = nn.Conv2d(4, 4, 1), nn.Conv2d(3, 4, 1)
    model.forward = lambda x: model.late(model.early(x))  # type: ignore[method-assign]
    assert [info.name for info in list_layers(model, EXAMPLE)] == ["early", "late"]


def test_units_and_map_size_are_those_of_the_output() -> None:
    info = by_name(nn.Sequential(OrderedDict(conv=nn.Conv2d(3, 7, 3, stride=2))))["conv"]
    assert (info.units, info.map_size, info.kind) == (7, (7, 7), "Conv2d")


def test_a_convolution_before_an_activation_is_recorded_after_it() -> None:
    vgg = import_torchvision().models.vgg
    net = nn.Sequential(OrderedDict(features=vgg.make_layers(vgg.cfgs["A"], batch_norm=False)))
    infos = {info.name: info for info in list_layers(net.eval(), torch.randn(1, 3, 64, 64))}
    assert infos["features.18"].recorded_as == "features.18 -> features.19 (ReLU)"
    assert infos["features.20"].recorded_as == "features.20"
    assert infos["features.19"].same_as == "features.18"


def test_the_batch_normalisation_of_a_residual_block_is_recorded_after_its_relu_but_not_the_last() -> None:
    resnet = import_torchvision().models.resnet18(weights=None)
    infos = {info.name: info for info in list_layers(resnet.eval(), torch.randn(1, 3, 64, 64))}
    assert infos["layer1.0.bn1"].recorded_as == "layer1.0.bn1 -> layer1.0.relu (ReLU)"
    assert infos["layer1.0.bn2"].recorded_as == "layer1.0.bn2"
    assert infos["layer1.0.relu"].obstacle == "it runs 2 times"


def test_activations_written_as_functions_and_methods_are_found_and_a_second_consumer_prevents_it() -> None:
    infos = by_name(Functional())
    assert infos["first"].recorded_as == "first -> leaky_relu()"
    assert infos["second"].recorded_as == "second -> relu()"
    assert infos["third"].recorded_as == "third"


def test_a_shared_activation_serves_every_layer_before_it() -> None:
    infos = by_name(Shared())
    assert infos["one"].recorded_as == "one -> relu (ReLU)"
    assert infos["two"].recorded_as == "two -> relu (ReLU)"


def test_a_network_that_cannot_be_traced_is_read_by_its_sequences() -> None:
    infos = by_name(Branching())
    assert infos["body.0"].recorded_as == "body.0 -> body.1 (ReLU)"
    assert infos["body.2"].recorded_as == "body.2"


@pytest.mark.filterwarnings("ignore:.*torch.jit:DeprecationWarning")
def test_parts_that_are_torchscript_say_so() -> None:
    class Net(nn.Module):
        def __init__(self) -> None:
            super().__init__()
            self.one = nn.Conv2d(3, 4, 1)
            self.two = torch.jit.script(nn.Sequential(nn.Conv2d(4, 4, 1), nn.ReLU()))

        def forward(self, x: Tensor) -> Tensor:
            return self.two(self.one(x)).mean((2, 3))

    infos = by_name(Net())
    assert infos["one"].obstacle == ""
    for name in ("two", "two.0", "two.1"):
        assert infos[name].obstacle.startswith(
            "it is TorchScript, whose parts call no hooks: give the Python"
        )


@pytest.mark.parametrize(
    ("name", "words"),
    [("head", "not a map .* but \\[2, 5\\]"), ("idle", "never calls it")],
)
def test_asking_for_a_layer_without_maps_says_what_it_is(name: str, words: str) -> None:
    infos = list_layers(Functional().eval(), EXAMPLE)
    with pytest.raises(LayerError, match=f"'{name}' cannot be dissected: .*{words}"):
        select_layers(infos, [name])
    with pytest.raises(LayerError, match=words):
        select_layers(infos, [name[:-1] + "?"])


def test_a_map_of_one_cell_and_an_output_that_is_no_tensor_are_obstacles() -> None:
    class Two(nn.Module):
        def forward(self, x: Tensor) -> tuple[Tensor, Tensor]:
            return x, x

    class Net(nn.Module):
        def __init__(self) -> None:
            super().__init__()
            self.two, self.pool = Two(), nn.AdaptiveAvgPool2d(1)

        def forward(self, x: Tensor) -> Tensor:
            return self.pool(self.two(x)[0])

    infos = by_name(Net())
    assert "single cell [2, 3, 1, 1]" in infos["pool"].obstacle
    assert "but a tuple" in infos["two"].obstacle


def test_an_unknown_layer_is_answered_with_the_nearest_names() -> None:
    with pytest.raises(LayerError, match="no layer is called 'frist'; did you mean 'first'"):
        select_layers(list_layers(Functional().eval(), EXAMPLE), ["frist"])


def test_a_glob_passes_over_what_repeats_another_layer_and_names_take_it() -> None:
    model = nn.Sequential(
        OrderedDict(conv=nn.Conv2d(3, 4, 1), relu=nn.ReLU(), drop=nn.Dropout(), pool=nn.MaxPool2d(2))
    )
    infos = list_layers(model.eval(), EXAMPLE)
    assert [info.name for info in select_layers(infos, ["*"])] == ["conv", "pool"]
    assert [info.name for info in select_layers(infos, ["relu", "conv"])] == ["conv", "relu"]
    assert [info.name for info in select_layers(infos, ["r*"])] == ["relu"]


def test_names_and_globs_keep_the_order_of_execution_without_repeats() -> None:
    infos = list_layers(Functional().eval(), EXAMPLE)
    chosen = select_layers(infos, ["third", "f*", "first"])
    assert [info.name for info in chosen] == ["first", "third", "fourth"]


def test_listing_leaves_modes_hooks_and_parameters_alone() -> None:
    model = Functional().train()
    model.second.eval()
    before = {name: value.clone() for name, value in model.state_dict().items()}
    list_layers(model, EXAMPLE)
    assert model.training
    assert not model.second.training
    assert not any(module._forward_hooks for module in model.modules())
    assert all(torch.equal(before[name], value) for name, value in model.state_dict().items())


def test_a_model_that_fails_on_its_input_says_so_in_one_line() -> None:
    with pytest.raises(
        ModelError, match=r"fails on an input of shape \[2, 3, 16, 16\]: RuntimeError"
    ) as caught:
        list_layers(nn.Sequential(nn.Conv2d(1, 4, 1)).eval(), EXAMPLE)
    assert "\n" not in str(caught.value)


def test_the_fire_modules_of_the_places_network_are_layers(zoo: object) -> None:
    from dissect_report.config import ModelConfig
    from dissect_report.sources.models import load_model

    model = load_model(ModelConfig(source="zoo.py:places365_squeezenet"), zoo)  # type: ignore[arg-type]
    infos = list_layers(model, torch.rand(1, 3, 224, 224))
    chosen = select_layers(infos, ["fire[5-9]"])
    assert [(i.name, i.units, i.map_size) for i in chosen] == [
        ("fire5", 256, (27, 27)),
        ("fire6", 384, (13, 13)),
        ("fire7", 384, (13, 13)),
        ("fire8", 512, (13, 13)),
        ("fire9", 512, (13, 13)),
    ]
