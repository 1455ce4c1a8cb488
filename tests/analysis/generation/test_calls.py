"""A generator whose network runs several times: one step is dissected, the others stay as they are."""

from __future__ import annotations

from pathlib import Path

import numpy as np
import pytest
import torch
from reference_generation import count_concepts

from dissect_report import dissect
from dissect_report.analysis.layer_numbers import dissected_maps
from dissect_report.analysis.networks import survey_layers
from dissect_report.config import load_config
from dissect_report.errors import LayerError, ModelError
from dissect_report.findings.store import LoadedRun
from dissect_report.sources.factory import load_factory
from dissect_report.sources.latents import draw_latents
from tests.ablation_site import set_up_site
from tests.generation_site import write_generator_site
from tests.small_site import change

CALL = 3
NETWORK = """
import torch
from torch import nn


class Denoiser(nn.Module):
    width = 6

    def __init__(self):
        super().__init__()
        self.mixed = nn.Conv2d(3, 6, 3, padding=1)
        self.act = nn.SiLU()
        self.out = nn.Conv2d(6, 3, 3, padding=1)

    def forward(self, x, step):
        return self.out(self.act(self.mixed(x) + 0.1 * step))


class Diffusion(nn.Module):
    # four steps from noise to an image; a decoder that runs once
    def __init__(self):
        super().__init__()
        torch.manual_seed(1)
        self.unet = Denoiser()
        self.decoder = nn.Conv2d(3, 3, 1)
        with torch.no_grad():
            self.unet.mixed.weight *= 3
            self.unet.out.weight *= 3

    def forward(self, z):
        x = z
        for step in range(4):
            x = 0.8 * x - 0.5 * self.unet(x, step) / self.unet.width ** 0.5
        return self.decoder(x)
"""


TABLE = """
layers = ["unet.mixed"]
concepts = ["grey"]
removed = [0, 1]
places = 2
latents = 4
unit_latents = 2
random_draws = 1
"""


def diffusion_site(folder: Path, model: str, table: str | None = None, layers: str = '"unet.mixed"') -> Path:
    path = write_generator_site(folder, table=table, factory="Diffusion")  # type: ignore[arg-type]
    (folder / "net.py").write_text(NETWORK, encoding="utf-8")
    change(path, "latent_shape = [6]", f"latent_shape = [3, 32, 32]\n{model}")
    return change(path, 'layers = ["layer1", "layer2"]', f"layers = [{layers}]")


@pytest.fixture(scope="module")
def site(tmp_path_factory: pytest.TempPathFactory) -> tuple[Path, LoadedRun]:
    path = diffusion_site(
        tmp_path_factory.mktemp("steps"), f"calls = {CALL}", TABLE, '"unet.mixed", "decoder"'
    )
    (run,) = dissect(path)
    return path, run


def by_hand(path: Path, latents: np.ndarray, unit: int | None = None) -> tuple[torch.Tensor, torch.Tensor]:
    """Images, and the maps of the chosen step; a unit removed in that step alone."""
    network, calls, maps = load_factory("net.py:Diffusion", path.parent)(), [], []

    def at_step(_module: object, _inputs: object, output: torch.Tensor) -> torch.Tensor | None:
        calls.append(1)
        if len(calls) % 4 != CALL:
            return None
        maps.append(output.clone())
        return output if unit is None else output.index_fill(1, torch.tensor([unit]), 0.0)

    network.unet.mixed.register_forward_hook(at_step)
    with torch.no_grad():
        images = torch.cat([network(torch.from_numpy(latent)[None]) for latent in latents])
    return images, torch.cat(maps)


def test_the_maps_are_those_of_the_chosen_step(site):
    path, run = site
    setup = set_up_site(path)
    truth = by_hand(path, draw_latents(12, (3, 32, 32), 1))[1]
    np.testing.assert_allclose(dissected_maps(setup)["unet.mixed"], truth, atol=1e-4)
    names = [layer.name for layer in run.record.layers]
    assert names == ["unet.mixed", "decoder"]


def test_a_unit_is_removed_in_that_step_alone(site):
    path, run = site
    setup, found = set_up_site(path), run.layers["unet.mixed"]
    latents = draw_latents(12, (3, 32, 32), 1)[: found.generation.unit_latents]
    concepts = len(setup.segmenter.catalogue)

    def counted(unit: int | None) -> np.ndarray:
        images = (by_hand(path, latents, unit)[0].clamp(-1, 1) + 1) / 2
        labels = [setup.segmenter.label(image[None], ["one"], setup.grid)[0] for image in images]
        return np.array([count_concepts(each, concepts) for each in labels])

    intact = counted(None)
    for row, unit in enumerate(found.generation_arrays["units"].tolist()):
        gone = (counted(unit) - intact).mean(0) / setup.grid**2
        assert found.generation_arrays["removed"][row] == pytest.approx(gone, abs=3 / setup.grid**2)
    assert np.abs(found.generation_arrays["removed"]).max() > 0.01


@pytest.mark.parametrize(
    ("model", "error", "said"),
    [
        ("", LayerError, r"unet.mixed.*it runs 4 times; \[model\] calls = 1 to 4 chooses one of them"),
        ("calls = 5", ModelError, r"\[model\] calls = 5: 'unet' of net.py:Diffusion runs 4 times"),
    ],
)
def test_what_cannot_be_chosen_is_one_line(tmp_path: Path, model: str, error: type[Exception], said: str):
    with pytest.raises(error, match=said):
        dissect(diffusion_site(tmp_path, model))


def test_a_network_whose_parts_run_once_has_no_calls_to_choose(tmp_path: Path):
    path = write_generator_site(tmp_path, table=None)  # type: ignore[arg-type]
    change(path, "latent_shape = [6]", "latent_shape = [6]\ncalls = 2")
    with pytest.raises(ModelError, match=r"no part of net.py:Steps runs more than once"):
        dissect(path)


def test_the_list_of_layers_shows_the_step(tmp_path: Path):
    path = diffusion_site(tmp_path, "calls = 2")
    listed = survey_layers(load_config(path).runs[0], tmp_path)
    assert [(info.name, info.units) for info, chosen in listed if chosen] == [("unet.mixed", 6)]
    assert not [info.name for info, _ in listed if info.obstacle]
