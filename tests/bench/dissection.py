"""Speed of a dissection against its floor: decoding, one forward of the model, one of the segmenter."""

from __future__ import annotations

import tempfile
import time
from pathlib import Path

import numpy as np
import torch

from dissect_report import dissect
from dissect_report.activations.upsampling import plan_upsampling
from dissect_report.analysis import layer_numbers, measuring
from dissect_report.analysis.mask_store import MaskStore
from dissect_report.analysis.networks import open_network
from dissect_report.analysis.pictures import thumbnail
from dissect_report.config import load_config
from dissect_report.sources.probe import list_probe, prepare_input, rgb
from dissect_report.sources.segmenters.merge import open_segmenters
from dissect_report.stats.levels import measure_activations
from dissect_report.stats.masks import capacity, find_masks
from dissect_report.stats.overlap import count_concepts, count_overlap, flatten_labels
from dissect_report.stats.permutations import match_permuted, permute_groups
from dissect_report.stats.significance import FIRST
from tests.bench.rows import best_of, row, seconds, spent_in, write_photos
from tests.beside import ZOO

#: Everything that a grade rests on beyond a unit's counts: permutations, counts by block, stored masks, and
#: what is drawn from them.
CERTAINTY = (
    (measuring, "match_permuted"),
    (measuring, "count_blocks"),
    (layer_numbers, "be_certain"),
    (MaskStore, "keep"),
)

#: A stand-in segmenter of 300 concepts that takes under 5 ms an image.
STAND_IN = """
import torch

class StandIn:
    labels = ["none"] + [f"concept {k}" for k in range(1, 301)]
    def segment(self, images):
        small = torch.nn.functional.avg_pool2d(images, 8)
        codes = (small * torch.tensor([6.0, 49.0, 120.0]).view(1, 3, 1, 1)).sum(1).long() % 301
        return codes.repeat_interleave(8, 1).repeat_interleave(8, 2)[:, None]

def stand_in():
    return StandIn()
"""

CONFIG = """
title = "bench"
[model]
source = "{source}"
layers = {layers}
{norm}
[probe]
images = "{images}"
limit = {limit}
[[segmenter]]
source = "{segmenter}"
{concepts}
[compute]
device = "cpu"
cache_gb = 8
"""


def main() -> None:
    """Prints the rows."""
    with tempfile.TemporaryDirectory() as name:
        folder = Path(name)
        (folder / "stand_in.py").write_text(STAND_IN, encoding="utf-8")
        photos = write_photos(folder / "photos", 200)
        vgg = CONFIG.format(
            source="torchvision:vgg16", layers='["features.28"]', norm="", images=photos, limit=0,
            segmenter="stand_in.py:stand_in", concepts="",
        )  # fmt: skip
        _whole(folder, "VGG16 `features.28`, 200 images, stand-in segmenter", vgg)
        if ZOO.is_dir():
            zoo = CONFIG.format(
                source=f"{ZOO}/zoo.py:places365_squeezenet", layers='["fire[5-9]"]',
                norm="mean = [0.0, 0.0, 0.0]\nstd = [1.0, 1.0, 1.0]", images=ZOO / "photos", limit=100,
                segmenter=f"{ZOO}/zoo.py:ade31_segmenter", concepts=f'concepts = "{ZOO}/ade31_labels.txt"',
            )  # fmt: skip
            _whole(folder, "SqueezeNet, five layers, 100 photos, DeepLabV3+ segmenter", zoo)
    _kernels()


def _whole(folder: Path, what: str, text: str) -> None:
    config = folder / "dissect.toml"
    config.write_text(text, encoding="utf-8")
    _small(config, text)  # the counting kernels are compiled once a machine, not once a run
    start = time.process_time()
    with spent_in(CERTAINTY) as certainty:
        (run,) = dissect(config, threads=1, force=True)
        share = certainty() / (time.process_time() - start)
    spent = run.record.provenance.seconds
    counted = sum(spent[stage] for stage in spent if stage not in ("open", "write", "outlines"))
    floor = seconds(lambda: _floor(config))
    row(
        f"whole dissection / floor: {what}",
        f"{counted:.1f} s / {floor:.1f} s = {counted / floor:.2f}x",
        "1.25x",
    )
    row("chance, splits and intervals, of its processor time", f"{share:.1%}", "8 %")
    stages = ", ".join(f"{stage} {spent[stage]:.1f} s" for stage in spent)
    row("its stages", stages, "")
    for path in (folder / "cache").rglob("*"):
        if path.is_file():
            path.unlink()


def _small(config: Path, text: str) -> None:
    import re

    config.write_text(re.sub(r"limit = \d+", "limit = 4", text), encoding="utf-8")
    dissect(config, threads=1)
    config.write_text(text, encoding="utf-8")


def _floor(config: Path) -> None:
    """The same images through Pillow, the model and the segmenter, and nothing else.

    The segmenter sees one image at a time, as in a dissection on a CPU: batches would take it longer.
    """
    loaded = load_config(config)
    run = loaded.runs[0]
    network = open_network(run, loaded.folder)
    segmenter = open_segmenters(run.segmenters, run.probe, loaded.folder)
    probe = list_probe(run.probe, loaded.folder, 0)
    size = run.compute.batch_size
    with torch.inference_mode():
        for start in range(0, len(probe.items), size):
            images = range(start, min(start + size, len(probe.items)))
            pixels = torch.from_numpy(np.stack([probe.load(index).pixels for index in images]))
            network.model(prepare_input(pixels, run.model.mean, run.model.std, "cpu"))
            for place, index in enumerate(images):
                segmenter.label(rgb(pixels[place : place + 1]), [probe.items[index].name], 56)


def _kernels() -> None:
    """512 units of 14x14 on a 56x56 grid, 200 images, 300 concepts: VGG16's last layer."""
    images, units, concepts = 200, 512, 300
    rng = np.random.default_rng(0)
    coarse = torch.from_numpy(rng.standard_normal((images, units, 7, 7)).astype(np.float32))
    maps = torch.nn.functional.interpolate(coarse, (14, 14), mode="bilinear").relu().numpy()
    labels = rng.integers(0, concepts + 1, (images, 1, 14, 14)).repeat(4, 2).repeat(4, 3).astype(np.uint16)
    halves = rng.integers(0, 2, images).astype(np.uint8)
    plan = plan_upsampling((14, 14), 56, "border")
    group = np.arange(images, dtype=np.int32)
    rows = permute_groups(group, range(FIRST), 0)
    measured = measure_activations(maps, plan, 0.01)
    levels = best_of(lambda: measure_activations(maps, plan, 0.01))
    flat, room = flatten_labels(labels, concepts), capacity(0.01, images * 56**2)
    masks = find_masks(maps, measured.level, plan, room)
    areas = count_concepts(labels, halves, concepts).concept.sum(0)

    def overlap() -> None:
        count_overlap(find_masks(maps, measured.level, plan, room), flat, halves, concepts)

    plain = best_of(overlap)
    chance = best_of(lambda: match_permuted(masks, flat, areas, rows))
    row("exact levels, histogram and density, 512 units, 200 images", f"{levels:.2f} s", "3 s")
    row("upsampling and overlap counting, a VGG16 image", f"{plain / images * 1e3:.2f} ms", "1.5 ms")
    row("99 permutations for chance, a VGG16 image", f"{chance / images * 1e3:.2f} ms", "")
    tile = np.resize(rng.integers(0, 255, (16, 16, 3)), (128, 128, 3)).astype(np.uint8)
    row("a thumbnail", f"{best_of(lambda: thumbnail(tile)) * 1e3:.1f} ms", "")
