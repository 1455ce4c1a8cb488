"""A network that does not run is one line: who, on what, why, and what to do."""

from __future__ import annotations

from pathlib import Path

import pytest

from dissect_report import dissect, load_config
from dissect_report.analysis.networks import open_network, survey_layers
from dissect_report.errors import DissectError, ModelError
from tests.ablation_site import write_site
from tests.small_site import change

NETWORKS = """
import warnings
import torch
from torch import nn
from torch.nn import functional as F

CLASSES = ("alley", "barn", "canyon", "diner")

class Plain(nn.Module):
    def __init__(self):
        super().__init__()
        torch.manual_seed(0)
        self.body = nn.Sequential(nn.Conv2d(3, 8, 3, padding=1), nn.ReLU(), nn.MaxPool2d(2),
                                  nn.Conv2d(8, 6, 3, padding=1), nn.ReLU())
        self.head = nn.Linear(6, 4)
        self.classes = CLASSES

    def forward(self, x):
        return self.head(self.body(x).mean((2, 3)))

class One(Plain):
    def forward(self, x):
        if len(x) != 1:
            raise ValueError("one image, please\\nsecond line")
        return super().forward(x)

class Wants(Plain):
    def forward(self, batch):
        warnings.warn("a remark that hides the error")
        return super().forward(batch["image"])

class Half(Plain):
    def forward(self, x):
        x = self.body(x.to(torch.bfloat16))
        return self.head(x.mean((2, 3))).float()

def one(): return One().eval()
def wants(): return Wants().eval()
def half(): return Half().bfloat16().eval()
def whole_half(): return Plain().half().eval()
def parallel(): return nn.DataParallel(Plain().eval())
"""


@pytest.fixture
def folder(tmp_path: Path) -> Path:
    write_site(tmp_path, "random_draws = 1", count=20)
    change(tmp_path / "dissect.toml", '["0", "2"]', '["body.3"]')
    change(tmp_path / "dissect.toml", 'set_sizes = [1, 2, 4, 8, "25%", 200]', "set_sizes = [1]")
    (tmp_path / "net.py").write_text(NETWORKS, encoding="utf-8")
    return tmp_path


def choose(folder: Path, factory: str, batch: int = 16, ablation: bool = True) -> Path:
    config = change(folder / "dissect.toml", "net.py:network", f"net.py:{factory}")
    change(config, "batch_size = 16", f"batch_size = {batch}")
    if not ablation:
        config.write_text(config.read_text(encoding="utf-8").partition("[ablation]")[0], encoding="utf-8")
    return config


def test_a_network_that_wants_something_else_is_one_line_with_the_remedy(folder: Path) -> None:
    config = load_config(choose(folder, "wants"))
    for run in (lambda: open_network(config.runs[0], folder), lambda: survey_layers(config.runs[0], folder)):
        with pytest.raises(ModelError) as caught:
            run()
        assert str(caught.value).startswith("net.py:wants fails on an input of shape [2, 3, 32, 32]: ")
        assert "a factory can wrap a network that wants anything else" in str(caught.value)
        assert "\n" not in str(caught.value)


def test_a_network_of_one_image_at_a_time_names_the_key_and_runs_with_it(folder: Path) -> None:
    config = choose(folder, "one", ablation=False)
    with pytest.raises(ModelError, match=r"ValueError: one image, please; .*set \[compute\] batch_size = 1"):
        dissect(config)
    (run,) = dissect(change(config, "batch_size = 16", "batch_size = 1"))
    assert run.layers["body.3"].summary.units == 6


def test_units_of_a_network_of_one_image_at_a_time_are_not_removed_and_it_is_said_first(folder: Path) -> None:
    with pytest.raises(DissectError, match=r"takes one input at a time: \[ablation\] needs a network"):
        dissect(choose(folder, "one", batch=1))
    assert not (folder / "run").exists()


def test_a_network_that_halves_its_own_input_is_dissected_and_its_units_removed(folder: Path) -> None:
    (run,) = dissect(choose(folder, "half"))
    assert run.layers["body.3"].ablation is not None
    assert any("computes in bfloat16" in note for note in run.record.provenance.notes)


def test_layers_of_a_wrapped_network_have_their_own_names(folder: Path) -> None:
    config = load_config(choose(folder, "parallel"))
    network = open_network(config.runs[0], folder)
    assert [info.name for info in network.chosen] == ["body.3"]
    assert network.classes == ("alley", "barn", "canyon", "diner")


def test_a_network_all_in_half_is_measured_in_float32(folder: Path) -> None:
    config = load_config(choose(folder, "whole_half"))
    network = open_network(config.runs[0], folder)
    assert "holds numbers in float16 and takes no float32" in network.notes[0]
