"""From Python: objects in, the numbers of the command line out."""

from __future__ import annotations

import copy
import doctest
import json
from pathlib import Path
from typing import Any

import numpy as np
import pytest
import torch
from PIL import Image
from torch import Tensor, nn
from torch.utils.data import DataLoader, Dataset, TensorDataset

import dissect_report as dr
from dissect_report.errors import DissectError
from dissect_report.findings.store import load_run
from dissect_report.notebook import results as findings

GREY = {
    "dissection": {"grid": 16, "quantile": 0.05, "top_images": 4},
    "compute": {"device": "cpu", "batch_size": 5},
}


def network() -> nn.Module:
    torch.manual_seed(3)
    return nn.Sequential(
        nn.Conv2d(3, 6, 5, 2, 2), nn.ReLU(), nn.Conv2d(6, 8, 3, 2, 1), nn.ReLU(),
        nn.AdaptiveAvgPool2d(1), nn.Flatten(), nn.Linear(8, 3),
    )  # fmt: skip


def blocks(images: Tensor) -> Tensor:
    """Ids [image, y, x]: which of three colours is strongest, where it is strong."""
    best = images.argmax(1) + 1
    return torch.where(images.amax(1) > 0.6, best, 0)


NAMES = ["none", "red", "green", "blue"]


def pixels(count: int = 18) -> Tensor:
    """uint8 [image, 3, 32, 32]: dark noise with bright squares."""
    rng = np.random.default_rng(5)
    made = rng.integers(0, 120, (count, 3, 32, 32), dtype=np.uint8)
    for image in made:
        for _ in range(3):
            y, x = rng.integers(0, 20, 2)
            image[rng.integers(0, 3), y : y + 10, x : x + 10] = 250
    return torch.from_numpy(made)


class Pictures(Dataset[Any]):
    """PIL pictures with labels, as torchvision's datasets."""

    classes = ("a", "b", "c")

    def __init__(self, values: Tensor) -> None:
        self.values = values

    def __len__(self) -> int:
        return len(self.values)

    def __getitem__(self, place: int) -> tuple[Image.Image, int]:
        return Image.fromarray(self.values[place].permute(1, 2, 0).numpy()), place % 3


def numbers(run: dr.RunResult) -> list[Any]:
    return [(unit.concept, unit.iou, unit.record.level) for layer in run for unit in layer]


@pytest.fixture(scope="module")
def run(tmp_path_factory: pytest.TempPathFactory) -> dr.RunResult:
    folder = tmp_path_factory.mktemp("notebook")
    return dr.dissect(
        network(), images=TensorDataset(pixels() / 255, torch.arange(18) % 3), segmenter=(blocks, NAMES),
        layers=["0", "2"], classes=["a", "b", "c"], folder=folder, name="tiny", **GREY,
    )  # fmt: skip


def test_a_run_a_layer_and_a_unit_say_what_they_are_in_one_short_line(run: dr.RunResult) -> None:
    assert run.layers == ("0", "2")
    assert len(run["0"]) == 6
    assert repr(run).startswith("<run tiny: 2 layers, ")
    unit = run["2"][3]
    assert repr(unit).startswith("<unit 3 of 2: ")
    assert max(map(len, (repr(run), repr(run["2"]), repr(unit)))) < 120
    assert [concept.name for concept in run.concepts] == ["red", "green", "blue"]
    assert run["2"].counts["mask"].shape == (2, 8)
    assert run["2"][-1].record.unit == 7
    with pytest.raises(IndexError, match="units 0 to 7"):
        run["2"][8]
    with pytest.raises(KeyError, match="there are 0, 2"):
        run["9"]


def test_what_a_notebook_shows_is_escaped_and_holds_its_pictures(run: dr.RunResult) -> None:
    shown = run["2"].detectors[0]._repr_html_()
    assert shown.count("data:image/webp;base64,") == len(run["2"].detectors[0].record.top_images)
    assert "<script" not in shown
    assert run["2"].detectors[0].sentence.split(".")[0] in shown.replace("&#39;", "'").replace("&lt;", "<")
    assert run._repr_html_().count("<tr>") == 3


def test_the_same_numbers_from_every_kind_of_images(run: dr.RunResult, tmp_path: Path) -> None:
    values = pixels()
    arrays = [image.permute(1, 2, 0).numpy() for image in values]
    mean, std = (0.5, 0.4, 0.3), (0.2, 0.3, 0.1)
    shape = (1, 3, 1, 1)
    normalised = (values / 255 - torch.tensor(mean).view(shape)) / torch.tensor(std).view(shape)
    same = {"segmenter": (blocks, NAMES), "layers": ["0", "2"], **GREY}
    plain: dict[str, Any] = {"mean": (0.0,) * 3, "std": (1.0,) * 3}
    sides: dict[str, Any] = {"probe": {"resize": 32, "crop": 32}}
    expected = numbers(run)
    assert numbers(dr.dissect(network(), images=values, **same)) == expected
    assert numbers(dr.dissect(network(), images=arrays, **same)) == expected
    assert (
        numbers(dr.dissect(network(), images=DataLoader(TensorDataset(values / 255), 4), **same)) == expected
    )
    assert numbers(dr.dissect(network(), images=Pictures(values), **plain, **sides, **same)) == expected
    scaled = nn.Sequential(*network())
    with torch.no_grad():  # the network that takes normalised images to the same maps
        weight = scaled[0].weight.clone()
        scaled[0].padding_mode = "zeros"
        scaled[0].weight.copy_(weight * torch.tensor(std).view(shape))
        scaled[0].bias += (weight.sum((2, 3)) * torch.tensor(mean)).sum(1)
    made = dr.dissect(scaled, images=normalised, mean=mean, std=std, **same)
    found = [name for name, _, _ in numbers(made)]
    assert np.mean([a == b for a, b in zip(found, [name for name, _, _ in expected], strict=True)]) > 0.7


def test_it_is_the_command_lines_findings_byte_for_byte(run: dr.RunResult, tmp_path: Path) -> None:
    (tmp_path / "net.py").write_text(
        "import torch\nfrom tests.notebook.test_notebook import NAMES, blocks, network\n"
        "class Blocks:\n    labels = NAMES\n    def segment(self, images):\n        return blocks(images)\n"
    )
    config = run.config.path.read_text()
    measured = run.config.runs[0]
    for old, new in (
        (measured.model.source, "net.py:network"),
        (measured.segmenters[0].source, "net.py:Blocks"),
    ):
        assert old in config
        config = config.replace(old, new)
    images = json.dumps(str(run.config.folder / "images" / "pictures"))
    config = config.replace(json.dumps([str(run.config.folder / "images" / "pictures")]), images)
    (tmp_path / "dissect.toml").write_text(config)
    (tmp_path / "classes.txt").write_text("a\nb\nc\n")
    (loaded,) = dr.dissect(tmp_path / "dissect.toml")
    for folder in ("0", "2"):
        for file in ("counts.npz", "dissection.json", "units.csv"):
            own = (run.loaded.paths.root / folder / file).read_bytes()
            assert own == (loaded.paths.root / folder / file).read_bytes(), file


def test_the_network_and_the_segmenter_are_left_as_they_were(tmp_path: Path) -> None:
    mine = network().train()
    before = copy.deepcopy(mine.state_dict())
    torch.manual_seed(1)
    state = torch.get_rng_state()
    dr.dissect(mine, images=pixels(6), segmenter=(blocks, NAMES), layers="0", folder=tmp_path, **GREY)
    assert mine.training
    assert all(torch.equal(before[name], value) for name, value in mine.state_dict().items())
    assert not any(module._forward_hooks for module in mine.modules())
    assert torch.equal(torch.get_rng_state(), state)


def test_units_are_removed_and_the_answers_are_those_of_a_hand_made_network(run: dr.RunResult) -> None:
    removed = run.remove("2", [1, 4])
    changed = network()
    with torch.no_grad():
        changed[6].weight[:, [1, 4]] = 0
    truth = torch.arange(18) % 3
    inputs = pixels().float() / 255
    order = sorted(range(18), key=lambda place: f"{'abc'[place % 3]}/{place:06d}.png")
    for model, accuracy, said in (
        (network(), removed.intact, removed.before), (changed, removed.accuracy, removed.after),
    ):  # fmt: skip
        answers = model(inputs).argmax(1)
        assert accuracy == pytest.approx((answers == truth).double().mean().item())
        assert said == tuple("abc"[answers[place]] for place in order)
    assert removed.images == 18
    assert "2 of 2 removed" in repr(removed)
    with pytest.raises(DissectError, match="units 0 to 7"):
        run.remove("2", [8])


def test_a_site_is_built_where_it_is_asked_for_and_renders_again_without_the_notebook(
    run: dr.RunResult, tmp_path: Path
) -> None:
    results = doctest.testmod(findings, extraglobs={"run": run, "site": tmp_path / "mine"})
    assert results.attempted > 8
    assert results.failed == 0
    assert (tmp_path / "mine" / "site" / "index.html").is_file()
    assert (tmp_path / "mine" / "site" / "tiny" / "2" / "3.html").is_file()
    config = dr.load_config(tmp_path / "mine")
    assert config.runs[0].name == "tiny"
    assert load_run(tmp_path / "mine" / "run" / "tiny").record.name == "tiny"


def test_files_of_the_reader_are_not_replaced(run: dr.RunResult, tmp_path: Path) -> None:
    mine = tmp_path / "run" / "tiny" / "thesis.txt"
    mine.parent.mkdir(parents=True)
    mine.write_text("years of work")
    run.build(tmp_path)
    assert mine.read_text() == "years of work"
    (tmp_path / "dissect.toml").write_text("# by hand")
    with pytest.raises(DissectError, match=r"dissect\.toml: was not written by a notebook"):
        dr.dissect(network(), images=pixels(2), layers="0", folder=tmp_path, **GREY)
    assert (tmp_path / "dissect.toml").read_text() == "# by hand"


@pytest.mark.parametrize(
    ("images", "words"),
    [
        (torch.randn(4, 3, 8, 8) * 3, r"images\[0\] goes from .* give mean and std if normalised"),
        (torch.zeros(4, 5, 8, 8), r"images\[0\] has the shape \[5, 8, 8\], not \[3, y, x\]"),
        ([], "there are none"),
        ([3, 4], r"images\[0\] is a int: neither a picture"),
        ([{"text": "x"}], r'images\[0\] has text, but no "image"'),
        ("nowhere at all", "no such folder"),
    ],
)
def test_what_are_no_images_is_one_line(images: Any, words: str, tmp_path: Path) -> None:
    with pytest.raises(DissectError, match=words):
        dr.dissect(network(), images=images, layers="0", folder=tmp_path / "x", **GREY)


def test_other_mistakes_are_one_line_too(tmp_path: Path) -> None:
    with pytest.raises(DissectError, match="needs images="):
        dr.dissect(network())
    with pytest.raises(DissectError, match="given together"):
        dr.dissect(network(), images=pixels(2), mean=(0, 0, 0))
    with pytest.raises(DissectError, match="a int is no segmenter"):
        dr.dissect(network(), images=pixels(2), segmenter=3)
    with pytest.raises(DissectError, match="has no key 'top_image'"):
        dr.dissect(network(), images=pixels(2), dissection={"top_image": 3})
    with pytest.raises(DissectError, match=r"\[dissection\]|top_images"):
        dr.dissect(network(), images=pixels(2), dissection={"top_images": 0})


def test_directions_are_tables_and_a_dictionary_may_be_at_hand(tmp_path: Path) -> None:
    torch.manual_seed(0)
    autoencoder = nn.ModuleDict({"encoder": nn.Linear(8, 12), "decoder": nn.Linear(12, 8)})
    run = dr.dissect(
        network(), images=pixels(), segmenter=(blocks, NAMES), layers="2", folder=tmp_path, name="tiny",
        directions=[
            {"layer": "2", "kind": "rotation"},
            {"layer": "2", "file": autoencoder, "name": "sae", "pre_bias": "none"},
        ],
        **GREY,
    )  # fmt: skip
    assert [layer.loaded.summary.name for layer in run] == ["2", "2 (rotation)", "2 (sae)"]
    assert len(run["2 (sae)"]) == 12
    (again,) = dr.dissect(tmp_path)  # what was written says the same
    assert again.record.provenance.key == run.loaded.record.provenance.key
    removed = run.remove("2 (rotation)", [0, 3])
    assert removed.units == (0, 3)


@pytest.mark.parametrize(
    ("directions", "line"),
    [
        ({"layer": "2"}, "directions is a list of tables"),
        ([{"layer": "2", "file": 3}], "a path, a module, or tensors by name"),
        ([{"layer": "2", "kind": "roation"}], "did you mean 'rotation'"),
        ([{"layer": "2"}], "file is missing"),
    ],
)
def test_other_directions_are_one_line(tmp_path: Path, directions: Any, line: str) -> None:
    with pytest.raises(DissectError, match=line):
        dr.dissect(network(), images=pixels(), directions=directions, folder=tmp_path)
