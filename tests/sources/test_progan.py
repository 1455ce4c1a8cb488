from __future__ import annotations

import pytest
import torch
from safetensors.torch import save_file

from dissect_report.config import ModelConfig
from dissect_report.errors import ModelError, WeightsError
from dissect_report.sources.latents import draw_latents
from dissect_report.sources.models import load_model
from dissect_report.sources.progan import progan, progan_from


def test_every_second_layer_doubles_the_map_and_the_output_is_named_after_its_size() -> None:
    generator = progan(7, (5, 5, 4, 4, 3, 3))
    sizes = {}
    for name, module in generator.named_children():
        module.register_forward_hook(lambda _m, _i, out, name=name: sizes.__setitem__(name, tuple(out.shape)))
    generator(torch.randn(2, 7))
    assert [sizes[f"layer{k}"][1:] for k in (1, 3, 6)] == [(5, 4, 4), (4, 8, 8), (3, 16, 16)]
    assert sizes["output_16x16"] == (2, 3, 16, 16)


def test_a_layer_is_norm_convolution_scale_bias_and_leaky_relu() -> None:
    layer = progan(6, (5, 4)).layer2
    layer.wscale.b.data.normal_()
    maps = torch.randn(2, 5, 4, 4)
    normed = maps / (maps.square().mean(1, keepdim=True) + 1e-8).sqrt()
    scaled = torch.nn.functional.conv2d(normed, layer.conv.weight, padding=1) * (2 / (5 * 9)) ** 0.5
    expected = torch.nn.functional.leaky_relu(scaled + layer.wscale.b.view(-1, 1, 1), 0.2)
    assert torch.allclose(layer(maps), expected, atol=1e-6)


def test_a_state_dict_is_loaded_whatever_its_widths(tmp_path) -> None:
    made = progan(6, (5, 4, 3, 3)).eval()
    save_file(made.state_dict(), tmp_path / "weights.safetensors")
    config = ModelConfig(kind="generator", source="progan:weights.safetensors", latent_shape=(6,))
    latents = torch.from_numpy(draw_latents(3, (6,), 1))
    assert torch.equal(load_model(config, tmp_path)(latents), made(latents))
    with pytest.raises(WeightsError, match="no such weight file"):
        load_model(ModelConfig(source="progan:none.safetensors"), tmp_path)


def test_another_networks_state_dict_is_refused() -> None:
    state = progan(6, (5, 4)).state_dict()
    with pytest.raises(ModelError, match=r"layer1.conv.weight, layer2... are missing"):
        progan_from({"conv1.weight": torch.zeros(1)})
    with pytest.raises(ModelError, match=r"'layer2.wscale.b' is missing"):
        progan_from({key: value for key, value in state.items() if key != "layer2.wscale.b"})
    with pytest.raises(ModelError, match="'extra' is missing"):
        progan_from(state | {"extra": torch.zeros(1)})


def test_latents_are_prefix_stable_and_of_any_shape() -> None:
    many, few = draw_latents(9, (2, 3), 5), draw_latents(4, (2, 3), 5)
    assert many.shape == (9, 2, 3)
    assert (many[:4] == few).all()
    assert not (draw_latents(4, (2, 3), 6) == few).any()
