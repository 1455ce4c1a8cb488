"""Speed of a generator's edits, against whole passes with a hook that segment everything each time."""

from __future__ import annotations

import tempfile
from pathlib import Path

import numpy as np
import torch
from safetensors.torch import save_file

from dissect_report.activations.interventions import ablated
from dissect_report.activations.outputs import ImageOutput
from dissect_report.analysis.generation.edits import Edit
from dissect_report.analysis.generation.experiment import open_pass
from dissect_report.analysis.generation.passes import EditPass
from dissect_report.analysis.generation.plans import lattice
from dissect_report.analysis.progress import Silent
from dissect_report.analysis.setup import Setup, set_up
from dissect_report.config import load_config
from dissect_report.sources.progan import progan
from tests.bench.rows import row, seconds

WIDTHS = (512,) * 8 + (256, 256, 128, 128, 64, 64)
COUNTS = (0, 1, 2, 4, 8, 12, 16, 20, 25, 30)
LATENTS, TIMED = 20, 3

CONFIG = """
title = "bench"
[model]
kind = "generator"
source = "progan:progan.safetensors"
latent_shape = [512]
layers = ["layer4"]
[probe]
latents = 20
[[segmenter]]
source = "demo"
[compute]
device = "cpu"
"""


def main() -> None:
    """Prints the rows."""
    with tempfile.TemporaryDirectory() as folder:
        path = Path(folder)
        torch.manual_seed(0)
        save_file(progan(512, WIDTHS).state_dict(), path / "progan.safetensors")
        (path / "dissect.toml").write_text(CONFIG)
        config = load_config(path)
        setup = set_up(config, config.runs[0], Silent(), 1)
        _rows(setup, open_pass(setup, setup.network.chosen[0], LATENTS, {}, 1 << 30))


def _rows(setup: Setup, work: EditPass) -> None:
    order = np.random.default_rng(0).permutation(512).tolist()
    sweep = [Edit(tuple(sorted(order[:count]))) for count in COUNTS]
    intact = seconds(lambda: work.run("intact", "", LATENTS, [Edit(())]))
    took = seconds(lambda: work.run("sweep", "", LATENTS, sweep))
    slow = seconds(lambda: _whole(setup, work, order)) / TIMED * LATENTS
    what = f"ProGAN-256 `layer4`, removal sweep of {len(COUNTS)} counts, {LATENTS} latents"
    how = f"{TIMED} latents timed, extrapolated"
    row(what, f"{took:.0f} s; whole passes {slow:.0f} s ({how}): {slow / took:.2f}x", "1.8x")
    floor = _floor(setup, work) * LATENTS * (len(COUNTS) - 1) + intact
    row(f"{what}: against its tail and segmenter passes", f"{took / floor:.2f}x", "1.15x")
    info = setup.network.chosen[0]
    places = [Edit(tuple(order[:20]), (1.0,) * 20, p.block) for p in lattice(info.map_size, setup.grid, 8)[1]]
    took = seconds(lambda: work.run("places", "", 1, places))
    row(
        f"ProGAN-256 `layer4`, insertion at {len(places)} places, 1 latent: against its passes",
        f"{took:.0f} s, {took / (_floor(setup, work) * len(places)):.2f}x",
        "1.15x",
    )


def _whole(setup: Setup, work: EditPass, order: list[int]) -> None:
    """The reference's way: for every count, the intact image and the edited one, both segmented."""
    model, info = setup.network.model, work.editor.tail.layer
    for latent in range(TIMED):
        given = setup.survey.inputs(latent, latent + 1, setup.run.model, setup.network.device)
        for count in COUNTS:
            for units in ([], order[:count]):
                with torch.no_grad(), ablated(model, info, units):
                    made = ImageOutput().take(model(given))
                setup.segmenter.label((made.clamp(-1, 1) + 1) / 2, ["one"], setup.grid)


def _floor(setup: Setup, work: EditPass) -> float:
    """Seconds of one pass of the tail and one of the segmenter, in the batches that the edits run in."""
    tail, size = work.editor.tail, work.editor.batch
    held = work.maps.block(np.array([0]))
    maps = held.recorded.expand(size, -1, -1, -1).clone()
    pictures = torch.rand(1, 3, setup.network.side, setup.network.side)
    with torch.inference_mode():
        tail.run(maps, held.kept)
        setup.segmenter.label(pictures, ["one"], setup.grid)
        forward = seconds(lambda: tail.run(maps, held.kept)) / size
        label = seconds(lambda: [setup.segmenter.label(pictures, ["one"], setup.grid) for _ in range(4)]) / 4
    return forward + label
