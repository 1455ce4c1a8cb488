"""A small generator that is dissected and painted with: 8x8 cells, 32x32 pixels, styles that pass by."""

from __future__ import annotations

from pathlib import Path

import numpy as np
import torch

from dissect_report.activations.tail import Tail, split_tail
from dissect_report.analysis.dissection import dissect
from dissect_report.analysis.painting.strokes import apply_strokes, read_strokes
from dissect_report.analysis.progress import Silent
from dissect_report.analysis.setup import set_up
from dissect_report.config import load_config
from dissect_report.findings.painting import Painting
from dissect_report.findings.store import LoadedLayer, LoadedRun
from tests.generation_site import write_generator_site

#: As few edits as may be.
TABLE = """
layers = ["layer1"]
concepts = ["yellow", "grey", "blue"]
removed = [0, 4]
latents = 2
unit_latents = 2
unit_places = 0
insert_latents = 1
grid_latents = 1
places = 4
random_draws = 0
paint = true
paint_scenes = 3
"""


class Notes(Silent):
    """Keeps what a reader is told."""

    def __init__(self) -> None:
        self.said: list[str] = []

    def note(self, text: str) -> None:
        self.said.append(text)


def write_painted_site(folder: Path, factory: str = "Styled", table: str = TABLE) -> Path:
    """The site, its findings not made yet; the path of its configuration."""
    return write_generator_site(folder, table, factory)


def measure(config: Path) -> tuple[LoadedRun, list[str]]:
    """The run, measured, and what its reader was told."""
    notes = Notes()
    (run,) = dissect(config, notes, threads=1)
    return run, notes.said


def painted_layer(run: LoadedRun) -> tuple[LoadedLayer, Painting]:
    """The layer that is painted with."""
    (layer,) = [layer for layer in run.layers.values() if layer.painting]
    assert layer.painting is not None
    return layer, layer.painting


def tail_of(config: Path) -> tuple[Tail, torch.Tensor]:
    """The tail behind layer1, and the latents."""
    site = load_config(config)
    setup = set_up(site, site.runs[0], Silent(), 1)
    latents = setup.survey.inputs(0, 3, setup.run.model, setup.network.device)
    assert setup.network.images is not None
    info = next(info for info in setup.network.chosen if info.name == "layer1")
    return split_tail(setup.network.model, info, latents, read=setup.network.images.read), latents


def truth(config: Path, painting: Painting, scene: int, strokes: list[str]) -> np.ndarray:
    """uint8 [y, x, 3]: what Python makes of strokes, from the network itself."""
    tail, latents = tail_of(config)
    with torch.no_grad():
        held = tail.head(latents[scene : scene + 1])
        maps = apply_strokes(painting, held.recorded[0].numpy(), read_strokes(strokes, painting.map_size))
        image = tail.run(torch.from_numpy(maps)[None], held.kept)[0]
    low, high = painting.output_range
    unit = (image.clamp(low, high) - low) / (high - low)
    return (unit * 255).round().to(torch.uint8).permute(1, 2, 0).numpy()
