"""Generators that want more than latents: classes in turn, constants by name, truncated latents."""

from __future__ import annotations

from pathlib import Path

import numpy as np
import onnxruntime
import pytest
import torch
from reference_generation import count_concepts
from torch import nn

from dissect_report import dissect
from dissect_report.errors import ConfigError, ModelError
from dissect_report.findings.store import LoadedRun
from dissect_report.sources.latents import draw_latents
from tests.ablation_site import set_up_site
from tests.generation_site import write_generator_site
from tests.small_site import change

NETWORK = """
import torch
from torch import nn
from torch.nn import functional as F


class Classed(nn.Module):
    # the class tints the latent's maps, and scales what comes behind the first layer
    wanted = "number"

    def __init__(self):
        super().__init__()
        torch.manual_seed(3)
        self.first = nn.Linear(6, 12 * 16)
        self.embed = nn.Embedding(4, 12)
        self.layer1 = nn.Conv2d(12, 12, 3, padding=1)
        self.layer2 = nn.Conv2d(12, 10, 3, padding=1)
        self.rgb = nn.Conv2d(10, 3, 1)
        with torch.no_grad():
            self.layer1.weight *= 2
            self.layer2.weight *= 2
            self.rgb.weight *= 6

    def style(self, y):
        return self.embed(y)

    def forward(self, z, y, strength=1.0):
        style = self.style(y)[:, :, None, None]
        maps = self.first(z).view(-1, 12, 4, 4) + strength * style
        maps = F.relu(self.layer1(F.interpolate(maps, scale_factor=2)))
        maps = maps * (1 + style.abs())
        maps = F.leaky_relu(self.layer2(F.interpolate(maps, scale_factor=2)), 0.2)
        return {"mapped": style.flatten(1), "images": self.rgb(F.interpolate(maps, scale_factor=2))}


class OneHot(Classed):
    classes = ("church", "barn", "mill", "hut")

    def style(self, y):
        return y @ self.embed.weight


class Deaf(Classed):
    def style(self, y):
        return self.embed(0 * y)


class Uncast(Classed):
    # noise unless it is told to leave it out, as StyleGAN's
    def forward(self, z, noise_mode="random"):
        made = super().forward(z, torch.zeros(len(z), dtype=torch.long))["images"]
        return made if noise_mode == "const" else made + 0.1 * torch.randn_like(made)


class Wanting(Classed):
    def forward(self, z, y, timestep):
        return super().forward(z, y)
"""


def conditional_site(folder: Path, factory: str, probe: str, model: str = "", table: str | None = "") -> Path:
    path = write_generator_site(folder, table=table, factory=factory)  # type: ignore[arg-type]
    (folder / "net.py").write_text(NETWORK, encoding="utf-8")
    change(path, "latents = 12", f"latents = 12\n{probe}")
    return change(path, "latent_shape = [6]", f"latent_shape = [6]\n{model}")


TABLE = """
layers = ["layer1"]
concepts = ["blue"]
removed = [0, 2]
places = 2
latents = 4
unit_latents = 2
insert_latents = 2
grid_latents = 1
random_draws = 1
paint = true
paint_scenes = 3
"""


@pytest.fixture(scope="module")
def site(tmp_path_factory: pytest.TempPathFactory) -> tuple[Path, LoadedRun]:
    path = conditional_site(
        tmp_path_factory.mktemp("conditional"), "OneHot", 'classes = ["mill", 0, "hut"]\ntruncation = 0.8',
        "inputs = {strength = 0.5}", TABLE,
    )  # fmt: skip
    (run,) = dissect(path)
    return path, run


def by_hand(setup, latents: np.ndarray) -> torch.Tensor:
    """Images of latents one at a time, each with its class, the way the network itself is called."""
    network = setup.network.model._network
    made = []
    for place, latent in enumerate(latents):
        row = torch.zeros(1, 4)
        row[0, (2, 0, 3)[place % 3]] = 1
        with torch.no_grad():
            made.append(network(torch.from_numpy(latent)[None], row, strength=0.5)["images"])
    return torch.cat(made)


def test_every_latent_has_its_class_in_turn(site):
    path, run = site
    setup = set_up_site(path)
    latents = draw_latents(12, (6,), 1, 0.8)
    inputs = setup.survey.inputs(0, 12, setup.run.model, torch.device("cpu"))
    with torch.no_grad():
        made = setup.network.model(inputs)["images"]
    torch.testing.assert_close(made, by_hand(setup, latents))
    assert [image.name for image in run.record.images[:4]] == [
        "latent 0, mill", "latent 1, church", "latent 2, hut", "latent 3, mill",
    ]  # fmt: skip
    assert run.record.generator.classes == ("mill", "church", "hut")
    assert run.record.generator.truncation == 0.8
    assert {layer.name for layer in run.record.layers} == {"layer1", "layer2"}


def test_removing_a_unit_changes_what_it_changes_in_the_network_itself(site):
    path, run = site
    setup, found = set_up_site(path), run.layers["layer1"]
    arrays, latents = found.generation_arrays, draw_latents(12, (6,), 1, 0.8)
    concepts = len(setup.segmenter.catalogue)

    def counted(unit: int | None) -> np.ndarray:
        def remove(_module: nn.Module, _inputs: object, output: torch.Tensor) -> torch.Tensor:
            return output if unit is None else output.relu().index_fill(1, torch.tensor([unit]), 0.0)

        handle = setup.network.model._network.layer1.register_forward_hook(remove)
        images = (by_hand(setup, latents[: found.generation.unit_latents]).clamp(-1, 1) + 1) / 2
        handle.remove()
        labels = [setup.segmenter.label(image[None], ["one"], setup.grid)[0] for image in images]
        return np.array([count_concepts(each, concepts) for each in labels])

    intact = counted(None)
    assert np.array_equal(arrays["intact"][: len(intact)], intact)
    for unit in (0, 7):
        gone = (counted(unit) - intact).mean(0) / setup.grid**2
        row = arrays["units"].tolist().index(unit)
        assert arrays["removed"][row] == pytest.approx(gone, abs=2 / setup.grid**2)


def test_it_can_be_painted_with(site):
    layer = next(layer for layer in site[1].layers.values() if layer.painting)
    assert layer.painting.obstacle == ""
    session = onnxruntime.InferenceSession(str(layer.paths.tail("layer1")))
    setup, arrays = set_up_site(site[0]), layer.painting_arrays
    truth = by_hand(setup, draw_latents(3, (6,), 1, 0.8))
    for scene in range(3):
        feeds = {
            name: arrays[name][scene : scene + 1].astype(np.float32) for name in arrays if name != "samples"
        }
        image = torch.from_numpy(session.run(None, feeds)[0])
        torch.testing.assert_close(image, truth[scene : scene + 1], atol=0.01, rtol=0)


@pytest.mark.parametrize(
    ("factory", "probe", "model", "said"),
    [
        ("Classed", 'classes = ["barn"]', "", "nobody names the classes: give their numbers"),
        ("OneHot", 'classes = ["bran"]', "", "no class is called 'bran'; did you mean 'barn'"),
        ("OneHot", "classes = [4]", "", "there is no class 4, the last is 3"),
        ("Classed", "", "", r"its forward wants 'y' besides: \[probe\] classes gives"),
        ("Wanting", "classes = [1]", "", r"its forward wants 'timestep' besides: \[model\] inputs gives"),
        ("Classed", "classes = [9]", "", "index out of range"),
        ("Uncast", "", "", r"draws random numbers \(randn_like\).*'noise_mode'.*\[model\] inputs"),
    ],
)
def test_what_does_not_fit_is_one_line(tmp_path: Path, factory: str, probe: str, model: str, said: str):
    with pytest.raises(ModelError, match=said):
        dissect(conditional_site(tmp_path, factory, probe, model, None))


def test_noise_that_an_input_turns_off_is_off(tmp_path: Path):
    (run,) = dissect(conditional_site(tmp_path, "Uncast", "", 'inputs = {noise_mode = "const"}', None))
    assert len(run.layers) == 2


def test_classes_that_change_nothing_are_said(tmp_path: Path):
    (run,) = dissect(conditional_site(tmp_path, "Deaf", "classes = [0, 1]", "", None))
    assert any("classes make no difference" in note for note in run.record.provenance.notes)


def test_truncated_latents_are_those_of_drawing_again():
    plain, cut = draw_latents(4000, (3,), 7), draw_latents(4000, (3,), 7, 0.7)
    assert np.abs(cut).max() <= 0.7
    assert (np.argsort(plain, 0) == np.argsort(cut, 0)).all()
    assert np.array_equal(cut[:10], draw_latents(10, (3,), 7, 0.7))
    random = np.random.default_rng(0)
    again = random.standard_normal(200_000)
    again = again[np.abs(again) <= 0.7]
    assert np.quantile(cut, (0.1, 0.25, 0.5, 0.75, 0.9)) == pytest.approx(
        np.quantile(again, (0.1, 0.25, 0.5, 0.75, 0.9)), abs=0.02
    )


@pytest.mark.parametrize("probe", ["classes = [-1]", "truncation = 0.001", "truncation = -1"])
def test_impossible_values_are_refused(tmp_path: Path, probe: str):
    with pytest.raises(ConfigError, match=r"\[probe\] (classes|truncation)"):
        dissect(conditional_site(tmp_path, "Classed", probe))
