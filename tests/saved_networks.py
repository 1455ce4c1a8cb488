"""Small networks of transformers, saved to folders as users have them."""

from __future__ import annotations

import json
import warnings
from collections.abc import Callable
from pathlib import Path
from typing import Any

import torch

from dissect_report.sources.torchvision_import import mend_torchvision

mend_torchvision()

#: A vision transformer of 4 x 4 tokens.
VIT = {
    "hidden_size": 16, "num_hidden_layers": 2, "num_attention_heads": 2, "intermediate_size": 32,
    "image_size": 32, "patch_size": 8,
}  # fmt: skip
WORDS = {
    "hidden_size": 8, "num_hidden_layers": 1, "num_attention_heads": 2, "intermediate_size": 16,
    "vocab_size": 49, "bos_token_id": 0, "eos_token_id": 1, "pad_token_id": 1,
}  # fmt: skip
SWIN = {"image_size": 32, "embed_dim": 8, "depths": [1, 1, 1, 1], "num_heads": [1, 1, 2, 2], "window_size": 4}
STAGES = ["stage1", "stage2", "stage3", "stage4"]
LABELS = {0: "wall", 1: "building, edifice", 2: "sky"}


def save(network: Any, folder: Path, processor: dict[str, Any] | None = None) -> Path:
    """What ``save_pretrained`` writes, with the settings of an image processor."""
    with warnings.catch_warnings():
        warnings.simplefilter("ignore")
        network.save_pretrained(folder)
    if processor is not None:
        (folder / "preprocessor_config.json").write_text(json.dumps(processor))
    return folder


def seeded(make: Callable[[], Any]) -> Any:
    with torch.random.fork_rng(devices=[]), warnings.catch_warnings():
        warnings.simplefilter("ignore")
        torch.manual_seed(0)
        return make().eval()


def vit(transformers: Any, **more: Any) -> Any:
    config = transformers.ViTConfig(**VIT, **more)
    return seeded(lambda: transformers.ViTForImageClassification(config))


def clip(transformers: Any) -> Any:
    config = transformers.CLIPConfig(vision_config=VIT, text_config=WORDS, projection_dim=8)
    return seeded(lambda: transformers.CLIPModel(config))


def segformer(transformers: Any, labels: dict[int, str] = LABELS) -> Any:
    config = transformers.SegformerConfig(
        num_encoder_blocks=2, depths=[1, 1], sr_ratios=[2, 1], hidden_sizes=[8, 16], patch_sizes=[7, 3],
        strides=[4, 2], num_attention_heads=[1, 2], mlp_ratios=[2, 2], decoder_hidden_size=16,
        id2label=labels,
    )  # fmt: skip
    return seeded(lambda: transformers.SegformerForSemanticSegmentation(config))


def upernet(transformers: Any) -> Any:
    backbone = transformers.ConvNextConfig(
        hidden_sizes=[8, 8, 16, 16], depths=[1, 1, 1, 1], out_features=STAGES
    )
    config = transformers.UperNetConfig(
        backbone_config=backbone, hidden_size=16, auxiliary_in_channels=16, auxiliary_channels=8,
        pool_scales=[1, 2], id2label=LABELS,
    )  # fmt: skip
    return seeded(lambda: transformers.UperNetForSemanticSegmentation(config))


def maskformer(transformers: Any) -> Any:
    backbone = transformers.SwinConfig(**SWIN, out_features=STAGES)
    decoder = transformers.DetrConfig(
        d_model=32, encoder_layers=1, decoder_layers=1, encoder_attention_heads=2, decoder_attention_heads=2,
        encoder_ffn_dim=16, decoder_ffn_dim=16, num_queries=6,
    )  # fmt: skip
    config = transformers.MaskFormerConfig(
        fpn_feature_size=32, mask_feature_size=32, backbone_config=backbone, decoder_config=decoder,
        id2label=LABELS,
    )  # fmt: skip
    return seeded(lambda: transformers.MaskFormerForInstanceSegmentation(config))


def mask2former(transformers: Any) -> Any:
    config = transformers.Mask2FormerConfig(
        backbone_config=transformers.SwinConfig(**SWIN, out_features=STAGES), feature_size=32,
        mask_feature_size=32, hidden_dim=32, encoder_feedforward_dim=16, encoder_layers=1, decoder_layers=2,
        dim_feedforward=16, num_attention_heads=2, num_queries=6, id2label=LABELS,
    )  # fmt: skip
    return seeded(lambda: transformers.Mask2FormerForUniversalSegmentation(config))


def oneformer(transformers: Any) -> Any:
    config = transformers.OneFormerConfig(
        backbone_config=transformers.SwinConfig(**SWIN, out_features=STAGES), hidden_dim=32, mask_dim=32,
        conv_dim=32, encoder_feedforward_dim=16, encoder_layers=1, decoder_layers=2, dim_feedforward=16,
        num_attention_heads=2, num_queries=6, task_seq_len=8, max_seq_len=8, text_encoder_width=16,
        text_encoder_context_length=8, text_encoder_num_layers=1, text_encoder_vocab_size=64,
        text_encoder_proj_layers=1, text_encoder_n_ctx=2, use_auxiliary_loss=False, is_training=False,
        id2label=LABELS,
    )  # fmt: skip
    return seeded(lambda: transformers.OneFormerForUniversalSegmentation(config))
