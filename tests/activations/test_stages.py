"""The layers that are taken where none is named."""

from __future__ import annotations

import pytest
import torch
from token_networks import Transformer, pictures
from torch import nn

from dissect_report.activations.layers import list_layers
from dissect_report.activations.stages import find_stages
from dissect_report.errors import LayerError
from dissect_report.sources.torchvision_import import import_torchvision


def stages(network: nn.Module, side: int) -> list[str]:
    network = network.eval()
    return [info.name for info in find_stages(network, list_layers(network, pictures(2, side, side)))]


STOCK = {
    "resnet18": ["bn1", "layer1", "layer2", "layer3", "layer4"],
    "vgg11": ["features.0", "features.3", "features.8", "features.13", "features.18"],
    "mobilenet_v2": [f"features.{n}" for n in (0, 1, 3, 6, 10, 13, 16, 17, 18)],
    "efficientnet_b0": [f"features.{n}" for n in range(9)],
    "convnext_tiny": ["features.1", "features.3", "features.5", "features.7"],
}


@pytest.mark.parametrize("name", STOCK)
def test_a_stage_ends_where_size_or_width_changes(name: str) -> None:
    torch.manual_seed(0)
    network = getattr(import_torchvision().models, name)(weights=None)
    assert stages(network, 96 if name in ("vgg11", "mobilenet_v2") else 64) == STOCK[name]


def test_every_block_of_a_transformer_is_one() -> None:
    assert stages(Transformer(depth=3), 96) == ["blocks.0", "blocks.1", "blocks.2"]


def test_stock_transformers_show_their_blocks() -> None:
    models = import_torchvision().models
    torch.manual_seed(0)
    vit = models.VisionTransformer(64, 8, 3, 4, 32, 64, num_classes=5)
    assert stages(vit, 64) == [f"encoder.layers.encoder_layer_{n}" for n in range(3)]
    swin = models.SwinTransformer([4, 4], 16, [2, 2], [2, 4], [4, 4], num_classes=5)
    assert stages(swin, 64) == ["features.1.0", "features.1.1", "features.3.0", "features.3.1"]


def test_a_row_of_equal_layers_is_one_stage() -> None:
    body = nn.Sequential(nn.Conv2d(3, 8, 3), nn.ReLU(), nn.Conv2d(8, 8, 3), nn.ReLU(), nn.Conv2d(8, 8, 1))
    assert stages(nn.Sequential(body, nn.Flatten(), nn.Linear(8 * 28 * 28, 2)), 32)


def test_a_network_without_maps_is_refused() -> None:
    with pytest.raises(LayerError, match="none can be dissected"):
        stages(nn.Sequential(nn.Flatten(), nn.Linear(3 * 32 * 32, 4)), 32)
