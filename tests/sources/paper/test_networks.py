"""The paper's classifiers and generators: architectures by their published keys, weights by hand."""

from __future__ import annotations

from pathlib import Path

import pytest
import torch
from torch import nn

from dissect_report.config import ModelConfig
from dissect_report.errors import ModelError, WeightsError
from dissect_report.sources.fetching.places import place_of
from dissect_report.sources.models import load_model, open_model
from dissect_report.sources.paper import networks
from dissect_report.sources.paper.classifiers import alexnet, resnet152, vgg16
from dissect_report.sources.paper.files import GENERATORS, RESNET152, SOURCES
from dissect_report.sources.progan import progan
from dissect_report.sources.torchvision_import import import_torchvision


def keys(network: nn.Module) -> dict[str, list[int]]:
    return {key: list(value.shape) for key, value in network.state_dict().items()}


def numbers(network: nn.Module) -> list[torch.Tensor]:
    return list(network.state_dict().values())


def test_vgg16_is_torchvisions_under_the_papers_names() -> None:
    with torch.device("meta"):
        own, theirs = vgg16(), import_torchvision().models.vgg16(num_classes=365)
    assert [value.shape for value in numbers(own)] == [value.shape for value in numbers(theirs)]
    assert [type(m) for m in own.features] == [type(m) for m in theirs.features]
    assert [type(m) for m in own.classifier] == [type(m) for m in theirs.classifier]
    names = list(dict.fromkeys(key.rpartition(".")[0] for key in keys(own)))
    assert (names[0], names[12], names[13:]) == (
        "features.conv1_1", "features.conv5_3", ["classifier.fc6", "classifier.fc7", "classifier.fc8a"],
    )  # fmt: skip
    assert own(torch.empty(1, 3, 224, 224, device="meta")).shape == (1, 365)


def test_alexnet_is_the_grouped_one_with_response_norms() -> None:
    with torch.device("meta"):
        network = alexnet()
    shapes = keys(network)
    assert shapes["conv2.weight"] == [256, 48, 5, 5]
    assert shapes["conv5.weight"] == [256, 192, 3, 3]
    assert shapes["fc6.weight"] == [4096, 9216]
    assert list(shapes)[-1] == "fc8.bias"
    maps = network[: list(dict(network.named_children())).index("conv5") + 1]
    assert maps(torch.empty(1, 3, 227, 227, device="meta")).shape == (1, 256, 13, 13)
    assert network(torch.empty(1, 3, 227, 227, device="meta")).shape == (1, 365)
    made = torch.randn(2, 7, 3, 3, generator=torch.Generator().manual_seed(0)) * 50
    slow = torch.stack(
        [
            made[:, k] / (1 + 1e-4 / 5 * made[:, max(0, k - 2) : k + 3].square().sum(1)) ** 0.75
            for k in range(7)
        ],
        1,
    )
    assert torch.allclose(network.lrn1(made), slow, rtol=1e-5)


def test_resnet_is_torchvisions_under_the_papers_numbers() -> None:
    torchvision = import_torchvision()
    torch.manual_seed(0)
    theirs = torchvision.models.ResNet(torchvision.models.resnet.Bottleneck, [2, 1, 1, 1], num_classes=5)
    own = resnet152(5, (2, 1, 1, 1))
    last = [key for key in theirs.state_dict() if "downsample" in key]
    ordered = {key: value for key, value in theirs.state_dict().items() if key not in last}
    for name in [key.rpartition("downsample")[0] for key in last if key.endswith("0.weight")]:
        assert f"{name}downsample.1.running_var" in last
    assert len(own.state_dict()) == len(ordered) + len(last)
    renamed = dict(zip(keys(own), theirs.state_dict().values(), strict=True))
    own.load_state_dict(renamed)
    images = torch.randn(1, 3, 224, 224)
    with torch.inference_mode():
        assert torch.allclose(own(images), theirs.eval()(images), atol=1e-4)
    with torch.device("meta"):
        published = keys(resnet152())
    assert published["4.0.0.0.0.weight"] == [64, 64, 1, 1]
    assert published["7.0.0.1.0.weight"] == [2048, 1024, 1, 1]
    assert published["10.1.weight"] == [365, 2048]
    assert "6.35.0.0.7.bias" in published


def put(source: str, state: dict[str, torch.Tensor]) -> Path:
    path = place_of(SOURCES[source].files[0].url)
    path.parent.mkdir(parents=True, exist_ok=True)
    torch.save(state, path, _use_new_zipfile_serialization=False)
    return path


@pytest.fixture
def undigested(monkeypatch: pytest.MonkeyPatch) -> None:
    """Files made by hand: their digest is not the published one."""
    monkeypatch.setattr("dissect_report.sources.fetching.fetch.check", lambda *_: None)


def test_a_file_by_hand_that_is_not_the_published_one_is_refused() -> None:
    put("paper:progan-church", progan(8, [4, 4]).state_dict())
    with pytest.raises(WeightsError, match=r"sha256 begins .*, not 7e701dd5"):
        load_model(ModelConfig(source="paper:progan-church", kind="generator"), Path())


@pytest.mark.usefixtures("undigested")
def test_a_generator_has_the_widths_of_its_file() -> None:
    made = progan(8, [4, 6, 6, 5])
    put("paper:progan-kitchen", made.state_dict())
    found = load_model(ModelConfig(source="paper:progan-kitchen", kind="generator"), Path())
    latents = torch.randn(2, 8)
    assert torch.equal(found(latents), made(latents))
    assert "layer4" in dict(found.named_children())


@pytest.mark.usefixtures("undigested")
def test_a_classifier_is_loaded_whole_or_refused_by_name(monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.setitem(networks.BUILDERS, RESNET152.source, lambda: resnet152(5, (1, 1, 1, 1), 2))
    state = resnet152(5, (1, 1, 1, 1), 2).state_dict()
    put(RESNET152.source, {key: value for key, value in state.items() if "num_batches" not in key})
    found = load_model(ModelConfig(source=RESNET152.source), Path())
    assert torch.equal(found.state_dict()["7.0.0.0.0.weight"], state["7.0.0.0.0.weight"])
    assert not found.training
    notes: list[str] = []
    assert open_model(ModelConfig(source=RESNET152.source), Path(), notes).known.classes == ()
    assert "its classes are the folders of paper:places-val, which are not here" in notes[0]
    put(RESNET152.source, state | {"10.1.bias": torch.zeros(4)})
    with pytest.raises(ModelError, match=r"resnet152_places365-f928166e5c.pth: not .*'10.1.bias'"):
        load_model(ModelConfig(source=RESNET152.source), Path())


def test_what_the_paper_does_not_have_is_told_the_nearest() -> None:
    with pytest.raises(ModelError, match="did you mean 'paper:vgg16-places'"):
        load_model(ModelConfig(source="paper:vgg19-places"), Path())


def test_every_name_of_the_paper_has_its_files() -> None:
    assert len(SOURCES) == 14
    assert len(GENERATORS) == 8
    prefixes = [each.files[0].sha256 for each in SOURCES.values() if len(each.files) == 1]
    assert [len(prefix) for prefix in prefixes] == [8, 8, 10, *[8] * 8, 0]
    assert all(
        file.url.startswith("https://dissect.csail.mit.edu/") for s in SOURCES.values() for file in s.files
    )
