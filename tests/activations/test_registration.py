from __future__ import annotations

import pytest
import torch
from torch import Tensor, nn

from dissect_report.activations.layers import LayerInfo
from dissect_report.activations.registration import cell_places
from dissect_report.errors import LayerError
from dissect_report.sources.torchvision_import import import_torchvision


def layer(name: str) -> LayerInfo:
    return LayerInfo(name, "", 1, (1, 1), name)


def place(model: nn.Module, name: str) -> tuple[tuple[float, float], tuple[float, float]]:
    found = cell_places(model.eval(), [layer(name)], (224, 224))[name]
    return found.offset, found.scale


def stock(name: str) -> nn.Module:
    """A network of torchvision without numbers: only its shape matters here."""
    torchvision = import_torchvision()
    with torch.device("meta"):
        model: nn.Module = torchvision.models.get_model(name)
    return model


@pytest.mark.parametrize(
    ("name", "offset", "scale"),
    [
        ("features.0", 3, 4),  # 11x11, stride 4, padding 2: 5 - 2
        ("features.2", 7, 8),  # pool 3, stride 2: + 1 * 4
        ("features.3", 7, 8),  # 5x5, padding 2
        ("features.5", 15, 16),  # pool: + 1 * 8
        ("features.10", 15, 16),  # the last convolution; the pool behind it does not count
        ("features.12", 31, 32),
    ],
)
def test_alexnet_lies_where_a_pencil_puts_it(name: str, offset: float, scale: float) -> None:
    model = stock("alexnet")
    assert place(model, name) == ((offset, offset), (scale, scale))


@pytest.mark.parametrize(
    ("name", "offset", "scale"),
    [("features.2", 0, 1), ("features.5", 0.5, 2), ("features.28", 7.5, 16), ("features.30", 15.5, 32)],
)
def test_vgg_lies_where_a_pencil_puts_it(name: str, offset: float, scale: float) -> None:
    model = stock("vgg16")
    assert place(model, name) == ((offset, offset), (scale, scale))


def test_a_single_bright_pixel_lights_the_cell_that_the_place_names() -> None:
    first, last = nn.Conv2d(1, 1, 5, stride=3), nn.Conv2d(1, 1, (3, 1), dilation=2)
    model = nn.Sequential(first, nn.MaxPool2d(3, 1), last)
    (oy, ox), (sy, sx) = place(model, "2")
    assert (oy, sy) == (2 + 3 + 6, 3)
    assert (ox, sx) == (2 + 3, 3)
    for conv in (first, last):
        nn.init.constant_(conv.weight, 0.0)
        nn.init.constant_(conv.bias, 0.0)
        conv.weight.data[..., conv.weight.shape[2] // 2, conv.weight.shape[3] // 2] = 1
    images = torch.zeros(1, 1, 60, 60)
    images[0, 0, int(oy + 5 * sy), int(ox + 6 * sx)] = 1
    lit = model(images)[0, 0].nonzero().float().mean(0)
    assert lit.tolist() == [5, 6]


def test_branches_of_one_place_meet_and_of_different_places_do_not() -> None:
    class Net(nn.Module):
        def __init__(self, padding: int) -> None:
            super().__init__()
            self.near = nn.Conv2d(3, 4, 1)
            self.far = nn.Conv2d(3, 4, 3, padding=padding)
            self.last = nn.Conv2d(4, 4, 1)

        def forward(self, x: Tensor) -> Tensor:
            return self.last(self.near(x) + self.far(x))

    assert place(Net(1), "last") == ((0, 0), (1, 1))
    with pytest.raises(LayerError, match=r'branches of different places meet .*registration = "center"'):
        place(Net(0), "last")


def test_residual_squeezing_and_concatenating_networks_can_be_placed() -> None:
    assert place(stock("resnet18"), "layer4.1") == ((0, 0), (32, 32))
    assert place(stock("mobilenet_v3_small"), "features.11") == ((0, 0), (32, 32))
    assert place(stock("squeezenet1_1"), "features.12") == ((15, 15), (16, 16))


def test_a_network_that_cannot_be_followed_names_the_remedy() -> None:
    class Branching(nn.Module):
        def __init__(self) -> None:
            super().__init__()
            self.conv = nn.Conv2d(3, 4, 1)

        def forward(self, x: Tensor) -> Tensor:
            return self.conv(x) if x.sum() > 0 else x

    with pytest.raises(LayerError, match='registration = "center"'):
        place(Branching(), "conv")
    with pytest.raises(LayerError, match=r"'1' \(Upsample\).*registration = \"center\""):
        place(nn.Sequential(nn.Conv2d(3, 4, 1), nn.Upsample(scale_factor=2), nn.Conv2d(4, 4, 1)), "2")
