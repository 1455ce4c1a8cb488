"""timm's transformers, random weights: what of them is read, where the package is at hand."""

from __future__ import annotations

from typing import Any

import pytest
import torch
from token_networks import pictures

from dissect_report.activations.layers import LayerInfo, list_layers
from dissect_report.activations.stages import find_stages
from dissect_report.sources.torchvision_import import import_torchvision

import_torchvision()  # timm imports torchvision, which is mended by this where torch is without CUDA
timm: Any = pytest.importorskip("timm", reason="timm is not installed")


def made(name: str, **words: Any) -> tuple[torch.nn.Module, dict[str, LayerInfo]]:
    torch.manual_seed(0)
    network = timm.create_model(name, pretrained=False, **words).eval()
    side = words["img_size"]
    return network, {info.name: info for info in list_layers(network, pictures(2, side, side))}


def test_a_transformer_with_registers_shows_its_blocks_heads_and_hidden_units() -> None:
    network, found = made("vit_small_patch14_reg4_dinov2", img_size=112, depth=2)
    assert [info.name for info in find_stages(network, tuple(found.values()))] == ["blocks.0", "blocks.1"]
    for name in ("blocks.0", "blocks.1.mlp.fc1", "norm", "blocks.0.attn.q_norm"):
        assert (found[name].map_size, found[name].reading.extra) == ((8, 8), 5)
    assert found["blocks.0.attn.q_norm"].units == 384
    assert found["blocks.1.mlp.fc1"].recorded_as.startswith("blocks.1.mlp.fc1 -> blocks.1.mlp.act (GELU)")


def test_windows_are_refused_and_the_stream_around_them_is_read() -> None:
    network, found = made("swin_tiny_patch4_window7_224", img_size=112, depths=(2, 2), num_heads=(3, 6))
    assert "rows for 2 images" in found["layers.0.blocks.0.attn.proj"].obstacle
    assert [info.name for info in find_stages(network, tuple(found.values()))] == [
        f"layers.{stage}.blocks.{block}" for stage in range(2) for block in range(2)
    ]


def test_what_a_mixer_makes_between_tokens_is_refused() -> None:
    torch.manual_seed(0)
    mixer = timm.models.mlp_mixer.MlpMixer(img_size=160, patch_size=32, num_blocks=2, embed_dim=64)
    found = {info.name: info for info in list_layers(mixer.eval(), pictures(2, 160, 160))}
    assert found["blocks.1"].map_size == (5, 5)
    assert found["blocks.1.mlp_channels.fc1"].map_size == (5, 5)
    assert "no order of its tokens" in found["blocks.0.mlp_tokens.fc1"].obstacle
