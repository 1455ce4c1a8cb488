"""Any name is only a name: layers of close or foreign names keep numbers, files and pages of their own."""

from __future__ import annotations

from pathlib import Path

import numpy as np
import pytest
import torch

from dissect_report import dissect, load_config
from dissect_report.report.render import pages
from dissect_report.report.site import load_site
from tests.ablation_site import set_up_site, write_site
from tests.generation_site import write_generator_site
from tests.small_site import change

#: One accent written in two ways is one name on some file systems, as upper and lower case are.
TWINS = ["block/conv", "block_conv", "Block_conv", "caf\u00e9", "cafe\u0301", "a:b?", "classes", "~/up"]

NETWORK = """
import torch
from torch import nn

NAMES = {names!r}

class Net(nn.Module):
    def __init__(self):
        super().__init__()
        torch.manual_seed(0)
        self.parts = nn.ModuleDict()
        for number, name in enumerate(NAMES):
            self.parts[name] = nn.Conv2d(5 if number else 3, 5, 3, 1 if number > 1 else 2, 1)
        self.head = nn.Linear(5, 4)

    def forward(self, x):
        for part in self.parts.values():
            x = torch.tanh(part(x))
        return self.head(x.mean((2, 3)))

def net():
    made = Net().eval()
    made.classes = ["alley", "barn", "canyon", "diner"]
    return made
"""


@pytest.fixture(scope="module")
def run(tmp_path_factory):
    folder = tmp_path_factory.mktemp("names")
    table = f'layers = ["parts.{TWINS[0]}", "parts.{TWINS[1]}"]\nclasses = ["alley"]\nrandom_draws = 1'
    config = write_site(folder, table, factory="net", count=6)
    change(config, 'layers = ["0", "2"]', 'layers = ["parts.*"]')
    change(config, 'set_sizes = [1, 2, 4, 8, "25%", 200]', "set_sizes = [1]")
    (folder / "net.py").write_text(NETWORK.format(names=TWINS), encoding="utf-8")
    return dissect(config)[0]


def recorded(run) -> dict[str, np.ndarray]:
    """float32 [unit, image]: the maximum of every layer's maps, by running the network plainly."""
    setup = set_up_site(run.paths.root.parents[1])
    x = setup.survey.inputs(0, len(setup.survey), setup.run.model, torch.device("cpu"))
    found = {}
    with torch.no_grad():
        for name, part in setup.network.model.parts.items():
            x = torch.tanh(part(x))
            found[f"parts.{name}"] = x.amax((2, 3)).numpy().T
    return found


def test_every_layer_keeps_its_own_numbers(run) -> None:
    truth = recorded(run)
    assert list(run.layers) == list(truth)
    for name, maxima in truth.items():
        np.testing.assert_allclose(run.layers[name].arrays["maximum"], maxima, rtol=1e-4, atol=1e-5)


def test_units_are_removed_of_layers_whose_files_would_have_met(run) -> None:
    removed = [layer for layer in run.layers.values() if layer.ablation is not None]
    assert [layer.summary.name for layer in removed] == [f"parts.{name}" for name in TWINS[:2]]
    assert len({layer.ablation_arrays["fall"].tobytes() for layer in removed}) == 2


def test_no_two_layers_share_a_folder_or_a_page_on_any_file_system(run) -> None:
    folders = [layer.summary.folder for layer in run.layers.values()]
    assert len({folder.casefold() for folder in folders}) == len(TWINS)
    assert all(folder.isascii() and "/" not in folder for folder in folders)
    assert "parts.block_conv" in folders or "parts.Block_conv" in folders
    site = load_site(load_config(run.paths.root.parents[1]))
    addresses = [str(page.path).casefold() for page in pages(site)]
    assert len(set(addresses)) == len(addresses)


def test_a_layer_of_a_generator_may_be_called_anything(tmp_path: Path) -> None:
    config = write_generator_site(
        tmp_path, "latents = 4\nunit_latents = 4\nremoved = [1]\ninsert_latents = 2\nplaces = 2", latents=4
    )
    text = (tmp_path / "net.py").read_text(encoding="utf-8")
    text = text.replace("self.layer1 = ", "self.parts = nn.ModuleDict(); self.parts['b/1'] = ")
    (tmp_path / "net.py").write_text(text.replace("self.layer1", "self.parts['b/1']"), encoding="utf-8")
    change(config, '["layer1", "layer2"]', '["parts.b/1"]')
    (run,) = dissect(config)
    assert run.layers["parts.b/1"].generation is not None
    assert run.paths.generation("parts.b-1").is_file()
