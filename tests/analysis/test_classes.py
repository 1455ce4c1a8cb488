"""What classes are called, when no output holds them, and what is said of it before anything is measured."""

from __future__ import annotations

from pathlib import Path
from typing import Any

import pytest
import torch
from torch import Tensor, nn

from dissect_report.analysis.classes import Classes, find_classes
from dissect_report.config import AblationConfig, ModelConfig, ProbeConfig, RunConfig, SegmenterConfig
from dissect_report.errors import ModelError

EXAMPLE = torch.randn(2, 3, 8, 8, generator=torch.Generator().manual_seed(0))


class Net(nn.Module):
    def __init__(self, width: int, wrap: Any = lambda x: x, **carried: Any) -> None:
        super().__init__()
        torch.manual_seed(0)
        self.linear, self.wrap = nn.Linear(3, width), wrap
        self.__dict__.update(carried)

    def forward(self, x: Tensor) -> Any:
        return self.wrap(self.linear(x.mean((2, 3))))


def classes_of(folder: Path, network: nn.Module, ablated: bool = False, **model: Any) -> Classes:
    run = RunConfig(
        name="net",
        model=ModelConfig(source="net.py:net", **model),
        probe=ProbeConfig(images=("photos",)),
        segmenters=(SegmenterConfig(source="color"),),
        ablation=AblationConfig() if ablated else None,
    )
    return find_classes(run, folder, network.eval(), EXAMPLE)


def folders(place: Path, *names: str) -> None:
    for name in names:
        path = place / "photos" / name / "one.png"
        path.parent.mkdir(parents=True)
        path.touch()


def test_classes_without_a_list_are_numbered_outputs(tmp_path: Path) -> None:
    folders(tmp_path, "cat", "dog")
    assert classes_of(tmp_path, Net(3)).names == ("output_0", "output_1", "output_2")
    assert classes_of(tmp_path, Net(3)).notes == ()


def test_one_logit_is_named_by_the_list_then_by_two_folders_else_no_and_yes(tmp_path: Path) -> None:
    assert classes_of(tmp_path, Net(1)).names == ("no", "yes")
    folders(tmp_path, "zebra", "ant")
    found = classes_of(tmp_path, Net(1))
    assert found.names == ("ant", "zebra")
    assert found.notes == (
        "the network gives one logit: above 0 it says 'zebra', else 'ant' (the class folders in the order of "
        "their names)",
    )
    assert classes_of(tmp_path, Net(1, classes=["well", "ill"])).names == ("well", "ill")
    (tmp_path / "names.txt").write_text("tumour\n")
    assert classes_of(tmp_path, Net(1), classes="names.txt").names == ("not tumour", "tumour")
    folders(tmp_path, "third")
    assert classes_of(tmp_path, Net(1)).names == ("no", "yes")


@pytest.mark.parametrize(
    ("below", "names"),
    [
        (["animals/cat", "animals/dog"], ("cat", "dog")),
        (["cat/monday", "dog/monday", "dog/tuesday/late"], ("no", "yes")),
        (["cat/1", "cat/2", "cat/3", "dog/1"], ("cat", "dog")),
        (["train/cat", "train/dog", "val/cat", "val/dog"], ("no", "yes")),
    ],
)
def test_two_class_folders_in_folders_name_one_logit_where_it_is_clear_which_they_are(
    tmp_path: Path, below: list[str], names: tuple[str, ...]
) -> None:
    folders(tmp_path, *below)
    assert classes_of(tmp_path, Net(1)).names == names


def test_twins_that_a_network_carries_are_numbered(tmp_path: Path) -> None:
    found = classes_of(tmp_path, Net(3, labels=("crane", "crane", "crow")))
    assert found.names == ("crane", "crane (2)", "crow")


def test_an_end_in_a_sigmoid_and_probabilities_of_unknown_make_are_told(tmp_path: Path) -> None:
    assert classes_of(tmp_path, Net(3, torch.sigmoid)).notes == (
        "the network ends in a sigmoid: every class is decided by itself, yes above a probability of 0.5",
    )
    assert '[model] decision = "sigmoid": every' in classes_of(tmp_path, Net(3), decision="sigmoid").notes[0]
    (note,) = classes_of(tmp_path, Net(3, lambda x: 1 / (1 + torch.exp(-x)))).notes
    assert note.startswith("all scores of net.py:net lie between 0 and 1, but no sigmoid was seen")
    assert classes_of(tmp_path, Net(3, lambda x: 1 / (1 + torch.exp(-x))), decision="argmax").notes == ()


BOXES = [lambda x: {"boxes": x.reshape(-1, 3, 1), "kinds": x.argmax(1)}, lambda x: "text"]


@pytest.mark.parametrize("wrap", BOXES)
def test_what_gives_no_class_scores_is_dissected_but_not_ablated(tmp_path: Path, wrap: Any) -> None:
    assert classes_of(tmp_path, Net(3, wrap)) == Classes()
    words = r"\[ablation\] needs class scores: net.py:net gives .*: no row of scores an image; a factory can"
    with pytest.raises(ModelError, match=words):
        classes_of(tmp_path, Net(3, wrap), ablated=True)


def test_class_names_never_vanish_silently(tmp_path: Path) -> None:
    (tmp_path / "names.txt").write_text("a\nb\nc\nd\n")
    with pytest.raises(ModelError, match=r"names.txt has 4 names, the model gives 3 outputs"):
        classes_of(tmp_path, Net(3), classes="names.txt")
    words = r"names.txt has 4 names, but net.py:net gives boxes \[2, 3, 1\], kinds \[2\]: no row of scores"
    with pytest.raises(ModelError, match=words):
        classes_of(tmp_path, Net(3, BOXES[0]), classes="names.txt")
    found = classes_of(tmp_path, Net(3, BOXES[0], classes=["a", "b"]))
    assert found.names == ()
    assert found.notes[0].startswith(
        "the model's 2 class names are not used: net.py:net gives boxes [2, 3, 1]"
    )
