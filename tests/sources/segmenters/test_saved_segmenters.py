"""Segmenters of transformers and segmentation_models_pytorch, from folders that their own functions wrote."""

from __future__ import annotations

from collections.abc import Callable
from pathlib import Path
from typing import Any

import pytest
import torch

from dissect_report.config import ProbeConfig, SegmenterConfig
from dissect_report.errors import SegmenterError, WeightsError
from dissect_report.sources.segmenters.hf_networks import QuerySegmenter
from dissect_report.sources.segmenters.merge import open_segmenter
from dissect_report.sources.segmenters.network import NetworkSegmenter
from tests import saved_networks
from tests.saved_networks import save, seeded, segformer, vit

transformers = pytest.importorskip("transformers", reason="needs the extra hf")

IMAGES = torch.rand(2, 3, 32, 32, generator=torch.Generator().manual_seed(0))
PROCESSOR = {
    "image_processor_type": "SegformerImageProcessor", "do_resize": True, "size": {"height": 32, "width": 32},
    "do_normalize": True, "image_mean": [0.5, 0.4, 0.3], "image_std": [0.2, 0.3, 0.4], "do_rescale": True,
    "rescale_factor": 1 / 255, "do_reduce_labels": True,
}  # fmt: skip
NORMAL = (IMAGES - torch.tensor([0.5, 0.4, 0.3]).view(1, 3, 1, 1)) / torch.tensor([0.2, 0.3, 0.4]).view(
    1, 3, 1, 1
)


def opened(folder: Path, source: str = "hf:net", **more: Any) -> NetworkSegmenter:
    segmenter = open_segmenter(SegmenterConfig(source, **more), ProbeConfig(), folder)
    assert isinstance(segmenter, NetworkSegmenter)
    return segmenter


@pytest.mark.parametrize("name", ["segformer", "upernet"])
def test_maps_of_logits_are_labelled_with_the_names_of_id2label(tmp_path: Path, name: str) -> None:
    network = getattr(saved_networks, name)(transformers)
    save(network, tmp_path / "net", PROCESSOR)
    segmenter = opened(tmp_path)
    assert [concept.name for concept in segmenter.catalogue] == ["wall", "building", "sky"]
    with torch.no_grad():
        logits = network(pixel_values=NORMAL).logits
    fine = torch.nn.functional.interpolate(logits, (16, 16), mode="bilinear", align_corners=False)
    assert torch.equal(segmenter.label(IMAGES, ["a", "b"], 16)[:, 0], fine.argmax(1) + 1)


def test_a_first_channel_called_background_is_no_concept_and_what_is_said_comes_first(tmp_path: Path) -> None:
    save(segformer(transformers, {0: "Background", 1: "skin", 2: "nose"}), tmp_path / "net", PROCESSOR)
    assert [concept.name for concept in opened(tmp_path).catalogue] == ["skin", "nose"]
    assert len(opened(tmp_path, unlabelled=-1).catalogue) == 3
    own = opened(tmp_path, mean=[0.0] * 3, std=[1.0] * 3)
    assert own.normalisation == ((0.0,) * 3, (1.0,) * 3)
    assert own.digest != opened(tmp_path).digest


def image_processor(name: str) -> Any:
    return {
        "maskformer": transformers.MaskFormerImageProcessor,
        "mask2former": transformers.Mask2FormerImageProcessor,
    }.get(name, transformers.MaskFormerImageProcessor)()


@pytest.mark.parametrize("name", ["maskformer", "mask2former", "oneformer"])
def test_queries_become_the_label_map_that_transformers_itself_makes(tmp_path: Path, name: str) -> None:
    network = getattr(saved_networks, name)(transformers)
    save(network, tmp_path / "net", PROCESSOR)
    further = {}
    if name == "oneformer":
        tokenizer(tmp_path / "net")
        further = {"task_inputs": torch.tensor([[0, 2, 3, 4, 5, 1, 0, 0]]).expand(2, -1)}
    segmenter = opened(tmp_path)
    assert isinstance(segmenter.network, QuerySegmenter)
    with torch.no_grad():
        output = network(pixel_values=NORMAL, **further)
    truth = image_processor(name).post_process_semantic_segmentation(output, target_sizes=[(32, 32)] * 2)
    found = segmenter.label(IMAGES, ["a", "b"], 32)[:, 0]
    assert float((found == torch.stack(truth) + 1).float().mean()) > 0.99, "ties of rounding aside"
    shares = [segmenter.log_probability(IMAGES.clone().requires_grad_(), k).exp() for k in (1, 2, 3)]
    assert torch.allclose(torch.stack(shares).sum(0), torch.ones(2, 32, 32), atol=1e-5)
    assert shares[0].requires_grad


def tokenizer(folder: Path) -> None:
    """One that knows the words of the task, in the numbers 0, 2, 3, 4, 5, 1 with 0 behind them."""
    import tokenizers

    words = {"<s>": 0, "</s>": 1, "the": 2, "task": 3, "is": 4, "semantic": 5}
    made = tokenizers.Tokenizer(tokenizers.models.WordLevel(words, unk_token="</s>"))
    made.pre_tokenizer = tokenizers.pre_tokenizers.Whitespace()
    made.post_processor = tokenizers.processors.TemplateProcessing(
        single="<s> $A </s>", special_tokens=[("<s>", 0), ("</s>", 1)]
    )
    transformers.PreTrainedTokenizerFast(tokenizer_object=made, pad_token="</s>").save_pretrained(folder)


@pytest.mark.parametrize(
    ("make", "more", "words"),
    [
        (vit, {}, "hf:net is a ViTForImageClassification, which does not segment"),
        (
            lambda t: segformer(t, {0: "LABEL_0", 1: "LABEL_1"}),
            {},
            "id2label names no concept",
        ),
        (segformer, {"args": {"pretrained": False}}, "random weights label nothing"),
    ],
)
def test_what_cannot_label_is_one_line(
    tmp_path: Path, make: Callable[[Any], Any], more: dict[str, Any], words: str
) -> None:
    save(make(transformers), tmp_path / "net", PROCESSOR)
    with pytest.raises(SegmenterError, match=words):
        opened(tmp_path, **more)


def test_oneformer_without_its_tokenizer_says_so(tmp_path: Path) -> None:
    save(saved_networks.oneformer(transformers), tmp_path / "net", PROCESSOR)
    with pytest.raises((SegmenterError, WeightsError), match="tokenizer"):
        opened(tmp_path)


def test_a_network_of_smp_is_opened_as_it_was_saved(tmp_path: Path) -> None:
    smp = pytest.importorskip("segmentation_models_pytorch", reason="needs the extra smp")
    made = {"encoder_weights": None, "encoder_depth": 3, "decoder_channels": (8, 8, 8), "classes": 3}
    network = seeded(lambda: smp.Unet("resnet18", **made))
    save(network, tmp_path / "net")
    (tmp_path / "names.csv").write_text("id,name,category\n1,cat,object\n2,sky,object\n")
    segmenter = opened(tmp_path, "smp:net", concepts="names.csv", mean=[0.5, 0.4, 0.3], std=[0.2, 0.3, 0.4])
    with torch.no_grad():
        labels = network(NORMAL).argmax(1)
    assert torch.equal(segmenter.label(IMAGES, ["a", "b"], 32)[:, 0], labels)
    plain = opened(tmp_path, "smp:net", concepts="names.csv")
    assert plain.normalisation is None, "it began with random weights: nobody knows of any"
    with pytest.raises(SegmenterError, match="nobody names its concepts"):
        opened(tmp_path, "smp:net")
    (tmp_path / "net" / "model.safetensors").unlink()
    with pytest.raises(WeightsError, match=r"holds no model\.safetensors"):
        opened(tmp_path, "smp:net", concepts="names.csv")
