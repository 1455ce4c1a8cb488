from __future__ import annotations

from pathlib import Path

import pytest
import torch
from safetensors.torch import save_file

from dissect_report.config import ModelConfig
from dissect_report.errors import ModelError, WeightsError
from dissect_report.sources import torchvision_models
from dissect_report.sources.identity import digest_of
from dissect_report.sources.knowledge import Knowledge
from dissect_report.sources.models import load_classes, load_model
from dissect_report.sources.torchvision_import import import_torchvision
from dissect_report.sources.torchvision_models import torchvision_knowledge

NET = """
import torch
def net():
    torch.manual_seed(0)
    return torch.nn.Sequential(torch.nn.Conv2d(3, 4, 1), torch.nn.BatchNorm2d(4)).train()
def text():
    return "a text"
"""


@pytest.fixture
def folder(tmp_path: Path) -> Path:
    (tmp_path / "net.py").write_text(NET)
    return tmp_path


def test_a_factory_gives_a_network_in_eval_mode(folder: Path) -> None:
    model = load_model(ModelConfig(source="net.py:net"), folder)
    assert not any(module.training for module in model.modules())


def test_a_factory_that_gives_something_else_is_refused(folder: Path) -> None:
    with pytest.raises(ModelError, match=r"net\.py:text gives a str, not a torch\.nn\.Module"):
        load_model(ModelConfig(source="net.py:text"), folder)


def test_weights_are_loaded_beside_the_configuration(folder: Path) -> None:
    state = {name: torch.ones_like(value) for name, value in state_of(folder).items()}
    save_file(state, folder / "w.safetensors")
    model = load_model(ModelConfig(source="net.py:net", weights="w.safetensors"), folder)
    assert all(bool((value == 1).all()) for value in model.state_dict().values())


def state_of(folder: Path) -> dict[str, torch.Tensor]:
    return dict(load_model(ModelConfig(source="net.py:net"), folder).state_dict())


@pytest.mark.parametrize(
    ("change", "words"),
    [
        (lambda s: {k: v for k, v in s.items() if k != "0.bias"}, "1 parameters are missing, first '0.bias'"),
        (lambda s: {**s, "head.weight": torch.ones(1)}, "1 are unexpected, first 'head.weight'"),
        (lambda s: {**s, "0.bias": torch.ones(9)}, r"'0.bias' is \[9\], the model has \[4\]"),
    ],
)
def test_weights_that_do_not_fit_name_the_first_difference(folder: Path, change: object, words: str) -> None:
    save_file(change(state_of(folder)), folder / "w.safetensors")  # type: ignore[operator]
    with pytest.raises(ModelError, match=words):
        load_model(ModelConfig(source="net.py:net", weights="w.safetensors"), folder)


def test_a_pickle_needs_permission(folder: Path) -> None:
    torch.save(state_of(folder), folder / "w.pth")
    with pytest.raises(WeightsError, match="allow_pickle = true"):
        load_model(ModelConfig(source="net.py:net", weights="w.pth"), folder)
    load_model(ModelConfig(source="net.py:net", weights="w.pth", allow_pickle=True), folder)


def test_random_weights_of_torchvision_agree_between_runs_and_leave_the_dice_alone(tmp_path: Path) -> None:
    config = ModelConfig(source="torchvision:squeezenet1_1")
    digests = set()
    for seed in (1, 2):
        with torch.random.fork_rng(devices=[]):
            torch.manual_seed(seed)
            before = torch.random.get_rng_state()
            digests.add(digest_of(load_model(config, tmp_path)))
            assert torch.equal(before, torch.random.get_rng_state())
    assert len(digests) == 1


@pytest.mark.parametrize(
    ("source", "words"),
    [
        ("torchvision:resnet19", "no model called 'resnet19'; did you mean .*resnet18"),
        (
            "torchvision:resnet18@IMAGENET1K_V9",
            "called 'IMAGENET1K_V9'; did you mean 'IMAGENET1K_V1'",
        ),
    ],
)
def test_an_unknown_network_of_torchvision_is_answered_with_the_nearest(
    tmp_path: Path, source: str, words: str
) -> None:
    with pytest.raises(ModelError, match=words):
        load_model(ModelConfig(source=source), tmp_path)


@pytest.fixture
def published(tmp_path: Path, monkeypatch: pytest.MonkeyPatch) -> Path:
    """A local folder that stands for the place where torchvision publishes squeezenet1_1's weights."""
    net = import_torchvision().models.squeezenet1_1(weights=None)
    path = tmp_path / "squeezenet1_1.pth"
    torch.save(net.state_dict(), path)
    real = torchvision_models.fetch

    def local(url: str, prefix: str, cache: Path) -> Path:
        assert prefix == "b8a52dc0"
        kept = real(path.as_uri(), cache=cache)
        return kept.rename(cache / url.rpartition("/")[2])

    monkeypatch.setattr(torchvision_models, "fetch", local)
    return path


def test_published_weights_come_through_our_cache_and_torch_hub_is_left_alone(
    published: Path, tmp_path: Path
) -> None:
    before = torch.hub.get_dir()
    model = load_model(ModelConfig(source="torchvision:squeezenet1_1@IMAGENET1K_V1"), tmp_path)
    stored = torch.load(published, weights_only=True)
    assert all(torch.equal(value, stored[name]) for name, value in model.state_dict().items())
    assert torch.hub.get_dir() == before


def test_classes_come_from_the_file_or_with_published_weights(tmp_path: Path) -> None:
    (tmp_path / "names.txt").write_text("café\nsea\n\n", encoding="utf-8")
    listed = ModelConfig(source="net.py:net", classes="names.txt")
    assert load_classes(listed, tmp_path, Knowledge(("of", "no", "use"))) == ("café", "sea")
    assert load_classes(ModelConfig(source="net.py:net"), tmp_path, Knowledge()) == ()
    assert torchvision_knowledge("torchvision:resnet18", ModelError) == Knowledge()
    known = torchvision_knowledge("torchvision:resnet18@DEFAULT", ModelError)
    names = load_classes(ModelConfig(source="torchvision:resnet18@DEFAULT"), tmp_path, known)
    assert names[:1] == ("tench",)
    assert len(names) == 1000


@pytest.mark.parametrize(
    ("content", "words"), [(None, "no such file"), (b"a\n\nb", "line 2 is empty"), (b"\xff\xfe\xfa", "UTF-8")]
)
def test_a_bad_file_of_class_names_is_one_clear_line(
    tmp_path: Path, content: bytes | None, words: str
) -> None:
    if content is not None:
        (tmp_path / "names.txt").write_bytes(content)
    with pytest.raises(ModelError, match=words):
        load_classes(ModelConfig(source="net.py:net", classes="names.txt"), tmp_path, Knowledge())
