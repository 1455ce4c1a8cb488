"""Networks of timm by name: what they say of themselves, arguments, weights that cannot be had."""

from __future__ import annotations

from pathlib import Path

import pytest
import torch

from dissect_report.config import ModelConfig
from dissect_report.errors import ModelError, WeightsError
from dissect_report.sources.models import open_model
from dissect_report.sources.torchvision_import import mend_torchvision
from tests.saved_networks import seeded

mend_torchvision()
timm = pytest.importorskip("timm", reason="needs the extra timm")

NAME = "test_resnet"
RANDOM = {"pretrained": False}


@pytest.fixture(scope="module")
def folder(tmp_path_factory: pytest.TempPathFactory) -> Path:
    """A network of timm as its own function saves it."""
    folder = tmp_path_factory.mktemp("timm")
    own = {"mean": (0.1, 0.2, 0.3)}
    network = seeded(lambda: timm.create_model(NAME, num_classes=3, pretrained_cfg_overlay=own))
    settings = {"label_names": ["cat", "dog", "sea"], "num_classes": 3}
    timm.models.save_for_hf(network, folder / "saved", model_config=settings)
    return folder


def test_a_name_with_random_weights_is_the_same_network_twice_and_says_how_it_sees() -> None:
    notes: list[str] = []
    config = ModelConfig(source=f"timm:{NAME}", args=RANDOM)
    one, two = (open_model(config, Path(), notes) for _ in range(2))
    assert all(
        torch.equal(a, b) for a, b in zip(one.network.parameters(), two.network.parameters(), strict=True)
    )
    assert not one.network.training
    assert notes[0] == "timm:test_resnet: its weights are random (seed 0)"
    known = timm.data.resolve_model_data_config(one.network)
    assert (one.known.crop, one.known.mean) == (known["input_size"][1], known["mean"])
    assert one.known.resize == int(one.known.crop / known["crop_pct"])
    assert one.known.interpolation == known["interpolation"]
    assert one.known.classes == (), "random weights know no classes"


def test_arguments_reach_the_network() -> None:
    args = {**RANDOM, "num_classes": 7, "in_chans": 1}
    opened = open_model(ModelConfig(source=f"timm:{NAME}", args=args), Path())
    assert opened.network(torch.zeros(1, 1, 64, 64)).shape == (1, 7)
    assert len(opened.known.mean) == 1


def test_a_folder_brings_weights_names_and_normalisation(folder: Path) -> None:
    opened = open_model(ModelConfig(source="timm:local-dir:saved"), folder)
    made = seeded(lambda: timm.create_model(NAME, num_classes=3))
    images = torch.rand(2, 3, 64, 64)
    assert torch.equal(opened.network(images), made(images))
    assert opened.known.classes == ("cat", "dog", "sea")
    assert opened.known.mean == (0.1, 0.2, 0.3)


def test_weights_of_imagenet_bring_its_names(monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.setattr(timm.models._builder, "load_pretrained", lambda *_, **__: None)
    known = open_model(ModelConfig(source=f"timm:{NAME}"), Path()).known
    assert len(known.classes) == 1000
    assert known.classes[:2] == ("tench", "goldfish")
    assert not open_model(ModelConfig(source=f"timm:{NAME}", args={"num_classes": 9}), Path()).known.classes


@pytest.mark.parametrize(
    ("source", "args", "words"),
    [
        ("timm:resnet5", RANDOM, "timm has no model called 'resnet5'; did you mean 'resnet50'"),
        ("timm:resnet50.a9_in1k", {}, "no weights called 'a9_in1k'; did you mean .*'a3_in1k'"),
        ("timm:test_resnet", {**RANDOM, "nmu_classes": 3}, "unexpected keyword argument 'nmu_classes'"),
        ("timm:test_resnet", {"checkpoint_path": "x"}, "checkpoint_path is refused: name the file"),
        ("timm:local-dir:nowhere", {}, "timm:local-dir:nowhere"),
    ],
)
def test_what_cannot_be_made_is_one_line(tmp_path: Path, source: str, args: dict, words: str) -> None:
    with pytest.raises((ModelError, WeightsError), match=words) as raised:
        open_model(ModelConfig(source=source, args=args), tmp_path)
    assert "\n" not in str(raised.value)
