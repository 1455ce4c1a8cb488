"""Networks of transformers by folder: what they say of themselves, and the part of them that sees."""

from __future__ import annotations

import json
from pathlib import Path
from typing import Any

import numpy as np
import pytest
import torch
from PIL import Image

from dissect_report.config import ModelConfig, ProbeConfig, RunConfig, SegmenterConfig
from dissect_report.errors import ModelError, WeightsError
from dissect_report.sources.hf_models import knowledge_of
from dissect_report.sources.knowledge import Knowledge, Opened, settle
from dissect_report.sources.models import open_model
from dissect_report.sources.pictures import cut_picture
from dissect_report.sources.probe import prepare_input
from tests.saved_networks import clip, save, vit

transformers = pytest.importorskip("transformers", reason="needs the extra hf")

PROCESSOR = {
    "image_processor_type": "ViTImageProcessor", "do_resize": True, "size": {"height": 32, "width": 32},
    "resample": 3, "do_rescale": True, "rescale_factor": 1 / 255, "do_normalize": True,
    "image_mean": [0.5, 0.4, 0.3], "image_std": [0.2, 0.3, 0.4],
}  # fmt: skip


@pytest.fixture(scope="module")
def saved(tmp_path_factory: pytest.TempPathFactory) -> Path:
    folder = tmp_path_factory.mktemp("hf")
    save(vit(transformers, id2label={0: "cat", 1: "dog", 2: "sea"}), folder / "vit", PROCESSOR)
    save(clip(transformers), folder / "clip")
    return folder


def opened(folder: Path, source: str, notes: list[str] | None = None, **more: Any) -> Opened:
    return open_model(ModelConfig(source=source, **more), folder, notes)


def test_a_folder_is_the_network_that_was_saved_with_all_that_it_knows(saved: Path) -> None:
    found = opened(saved, "hf:vit")
    images = torch.rand(2, 3, 32, 32)
    made = vit(transformers, id2label={0: "cat", 1: "dog", 2: "sea"})
    assert torch.equal(found.network(images).logits, made(images).logits)
    assert found.known == Knowledge(
        ("cat", "dog", "sea"), (0.5, 0.4, 0.3), (0.2, 0.3, 0.4), 32, 32, "squash", "bicubic"
    )


def test_of_two_towers_the_one_that_sees_is_taken(saved: Path) -> None:
    notes: list[str] = []
    found = opened(saved, "hf:clip", notes)
    assert notes == ["hf:clip: of the CLIPModel its part 'vision_model', which sees"]
    assert found.network(torch.rand(1, 3, 32, 32)).last_hidden_state.shape == (1, 17, 16)
    assert found.known == Knowledge(), "no processor, no names: the defaults hold"


def test_random_weights_and_settings_of_the_configuration(saved: Path) -> None:
    notes: list[str] = []
    args = {"pretrained": False, "num_labels": 5}
    one, two = (opened(saved, "hf:vit", notes, args=args).network for _ in range(2))
    assert one.classifier.out_features == 5
    assert torch.equal(one.classifier.weight, two.classifier.weight)
    assert notes[0] == "hf:vit: its weights are random (seed 0)"


@pytest.mark.parametrize(
    ("source", "args", "words"),
    [
        ("hf:vit", {"num_lables": 3}, "has no 'num_lables'; did you mean 'num_labels'"),
        ("hf:vit", {"trust_remote_code": True}, "trust_remote_code is refused: it runs code"),
        ("hf:a/b/c", {}, "a/b/c is no folder, and 'a/b/c' is no name of the hub's"),
        ("hf:pickle", {}, "cannot be had .*a pickle alone is not read"),
        ("hf:unknown", {}, "names 'NoSuchNetwork', no network of transformers"),
        ("hf:empty", {}, "hf:empty"),
    ],
)
def test_what_cannot_be_opened_is_one_line(saved: Path, source: str, args: dict, words: str) -> None:
    config = json.loads((saved / "vit" / "config.json").read_text())
    for name, content in (("pickle", config), ("unknown", config | {"architectures": ["NoSuchNetwork"]})):
        (saved / name).mkdir(exist_ok=True)
        (saved / name / "config.json").write_text(json.dumps(content))
    torch.save({}, saved / "pickle" / "pytorch_model.bin")
    (saved / "empty").mkdir(exist_ok=True)
    with pytest.raises((ModelError, WeightsError), match=words) as raised:
        opened(saved, source, args=args)
    assert "\n" not in str(raised.value)


CLIP = {
    "do_resize": True,
    "size": {"shortest_edge": 40},
    "do_center_crop": True,
    "crop_size": {"height": 32, "width": 32},
}
CONVNEXT = {"size": {"shortest_edge": 32}, "crop_pct": 0.875}


@pytest.mark.parametrize(
    ("processor", "kind"),
    [
        (PROCESSOR, "ViTImageProcessor"),
        ({**PROCESSOR, **CLIP, "resample": 2}, "CLIPImageProcessor"),
        ({**PROCESSOR, **CONVNEXT}, "ConvNextImageProcessor"),
        ({**PROCESSOR, "do_normalize": False}, "ViTImageProcessor"),
        ({**PROCESSOR, "rescale_factor": 1 / 127.5, "image_mean": [1, 1, 1]}, "ViTImageProcessor"),
        ({**PROCESSOR, "rescale_factor": 1 / 127.5, "rescale_offset": True}, "EfficientNetImageProcessor"),
        ({**PROCESSOR, "do_rescale": False, "image_mean": [120, 110, 100]}, "ViTImageProcessor"),
    ],
)
def test_our_input_is_what_the_processor_makes_of_a_picture(processor: dict, kind: str) -> None:
    """Against transformers itself, to a level of a byte: resizing rounds otherwise there."""
    made = getattr(transformers, kind)(**{k: v for k, v in processor.items() if k != "image_processor_type"})
    ramp = np.linspace(0, 255, 48 * 48 * 3).reshape(48, 48, 3).astype(np.uint8)
    picture = Image.fromarray(ramp)
    known = knowledge_of(made.to_dict())
    run = settle(RUN, known, [])
    pixels = torch.from_numpy(np.array(cut_picture(picture, run.probe)))[None]
    ours = prepare_input(pixels, run.model.mean, run.model.std, "cpu")
    theirs = made(picture, return_tensors="pt")["pixel_values"]
    assert ours.shape == theirs.shape
    level = 2.01 / (255 * torch.tensor(run.model.std).view(1, 3, 1, 1))
    assert bool(((ours - theirs).abs() <= level).all())


RUN = RunConfig(
    "a", ModelConfig(source="hf:n"), ProbeConfig(images=("x",)), (SegmenterConfig("color"),)
)  # fmt: skip


@pytest.mark.parametrize(
    ("said", "sides"),
    [
        ({}, (40, 32)),
        ({"crop": 64}, (80, 64)),
        ({"crop": 16}, (20, 16)),
        ({"resize": 64}, (64, 32)),
        ({"resize": 24}, (24, 24)),
        ({"resize": 64, "crop": 64}, (64, 64)),
    ],
)
def test_what_is_said_comes_before_what_is_known(said: dict, sides: tuple[int, int]) -> None:
    known = Knowledge((), (0.1,) * 3, (0.2,) * 3, 40, 32, "squash", "bicubic")
    run = RunConfig(
        "a",
        ModelConfig(source="hf:n", mean=(0.485, 0.456, 0.406)),
        ProbeConfig("x", **said),
        RUN.segmenters,
    )
    notes: list[str] = []
    settled = settle(run, known, notes)
    assert (settled.probe.resize, settled.probe.crop) == sides
    assert (settled.model.mean, settled.model.std) == ((0.485, 0.456, 0.406), (0.2,) * 3)
    assert (settled.probe.resize_mode, settled.probe.interpolation) == ("squash", "bicubic")
    assert "std [0.2, 0.2, 0.2]" in notes[0]
    assert "mean" not in notes[0]
    assert settle(settled, Knowledge((), (0.9,) * 3, (0.9,) * 3), []) == settled, "what was taken is said"


def test_nothing_known_changes_nothing() -> None:
    notes: list[str] = []
    assert settle(RUN, Knowledge(), notes) == RUN
    assert notes == []
