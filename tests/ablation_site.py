"""A small site with a network, labelled photos and an ``[ablation]`` table, dissected once."""

from __future__ import annotations

from pathlib import Path

import numpy as np
from PIL import Image

from dissect_report.analysis.progress import Silent
from dissect_report.analysis.setup import Setup, set_up
from dissect_report.config import load_config

CLASSES = ("alley", "barn", "canyon", "diner")

NETWORK = """
import torch
from torch import nn


def network(pooled=True, seed=0):
    torch.manual_seed(seed)
    end = (
        [nn.AdaptiveAvgPool2d(1), nn.Flatten(), nn.Linear(UNITS, 4)]
        if pooled
        else [nn.MaxPool2d(2), nn.Flatten(), nn.Linear(UNITS * 16, 16), nn.ReLU(), nn.Linear(16, 4)]
    )
    made = nn.Sequential(
        nn.Conv2d(3, 10, 5, 4, 2), nn.ReLU(inplace=True), nn.Conv2d(10, UNITS, 3, 1, 1),
        nn.ReLU(inplace=True), *end,
    )
    with torch.no_grad():
        made[2].weight *= 3
        made[2].bias[1] = -100.0
        made[-1].bias.zero_()
        made[-1].weight *= 4
    made.classes = CLASSES
    return made


def connected():
    return network(False)
"""


def write_site(
    folder: Path,
    table: str = "",
    factory: str = "network",
    labelled: bool = True,
    units: int = 24,
    count: int = 24,
) -> Path:
    """``dissect.toml``, ``net.py`` and ``count`` images a class; classes differ in colour and texture."""
    folder.mkdir(parents=True, exist_ok=True)
    (folder / "net.py").write_text(f"UNITS = {units}\nCLASSES = {CLASSES}\n{NETWORK}", encoding="utf-8")
    draw_photos(folder / "photos", count, labelled, seed=0)
    text = f"""
title = "units removed"
[model]
source = "net.py:{factory}"
layers = ["0", "2"]
[probe]
images = "photos"
resize = 32
crop = 32
[[segmenter]]
source = "color"
[compute]
batch_size = 16
device = "cpu"
[ablation]
set_sizes = [1, 2, 4, 8, "25%", 200]
{table}
"""
    path = folder / "dissect.toml"
    path.write_text(text, encoding="utf-8")
    return path


def draw_photos(folder: Path, count: int, labelled: bool, seed: int) -> None:
    generator = np.random.default_rng(seed)
    for number, name in enumerate(CLASSES):
        place = folder / name if labelled else folder
        place.mkdir(parents=True, exist_ok=True)
        tint = np.eye(4)[number, :3] * 90
        for index in range(count):
            noise = generator.integers(0, 120, (8 if number % 2 else 32, 32, 3))
            pixels = np.repeat(noise, 32 // len(noise), 0) + generator.integers(0, 60, 3) + tint
            Image.fromarray(pixels.clip(0, 255).astype(np.uint8)).save(place / f"{name}{index:03d}.png")


def set_up_site(path: Path) -> Setup:
    config = load_config(path)
    return set_up(config, config.runs[0], Silent(), 1)
