"""A user's own small site: code of a network and a segmenter, pictures in class folders, a configuration."""

from __future__ import annotations

from pathlib import Path

import numpy as np
from PIL import Image

NETWORK = '''
import torch
from torch import nn

class Net(nn.Module):
    """Two convolutions; unit 0 of conv2 is dead, unit 1 repeats unit 2, a planted fault is possible."""

    def __init__(self):
        super().__init__()
        torch.manual_seed(3)
        self.conv1 = nn.Conv2d(3, 5, 3, stride=2, padding=1)
        self.relu1 = nn.ReLU(inplace=True)
        self.conv2 = nn.Conv2d(5, 8, 3, stride=2, padding=1)
        self.relu2 = nn.ReLU(inplace=True)
        self.head = nn.Linear(8, 3)
        with torch.no_grad():
            self.conv2.weight[0] = 0
            self.conv2.bias[0] = -1
            self.conv2.weight[1] = self.conv2.weight[2] * 2
            self.conv2.bias[1] = self.conv2.bias[2] * 2

    def forward(self, x):
        x = self.relu2(self.conv2(self.relu1(self.conv1(x))))
        return self.head(x.mean((2, 3)))

def factory():
    return Net().eval()

def poisoned():
    model = Net().eval()
    with torch.no_grad():
        model.conv2.bias[4] = float("nan")
    return model

class Hungry(Net):
    def forward(self, x):
        if len(x) > 2:
            raise torch.OutOfMemoryError("out of memory")
        return super().forward(x)

def hungry():
    return Hungry().eval()

class Blocks:
    """Two label channels: a colour block and its half of the picture."""

    def segment(self, images):
        best = images.argmax(1) + 1
        best = torch.where(images.amax(1) > 0.6, best, torch.zeros_like(best))
        half = torch.full_like(best, 5)
        half[:, : best.shape[1] // 2] = 4
        return torch.stack([best, torch.where(best > 0, half, torch.zeros_like(half))], 1)

def blocks():
    return Blocks()
'''

CONFIG = """
title = "Small"
[model]
source = "net.py:factory"
layers = ["conv1", "conv2"]
mean = [0.5, 0.5, 0.5]
std = [0.5, 0.5, 0.5]
[probe]
images = "photos"
resize = 40
crop = 32
[[segmenter]]
source = "net.py:blocks"
concepts = "concepts.csv"
[dissection]
grid = 16
quantile = 0.05
top_images = 4
[compute]
device = "cpu"
batch_size = 5
"""

CONCEPTS = """id,name,category
1,red,object
2,green,object
3,blue,object
4,upper,part
5,lower,part
6,never seen,scene
"""


def write_small_site(folder: Path, images: int = 18) -> Path:
    """Writes the site; returns the configuration's path."""
    folder.mkdir(parents=True, exist_ok=True)
    (folder / "net.py").write_text(NETWORK, encoding="utf-8")
    (folder / "concepts.csv").write_text(CONCEPTS, encoding="utf-8")
    rng = np.random.default_rng(5)
    for index in range(images):
        picture = rng.integers(0, 120, (44, 60, 3), dtype=np.uint8)
        for _ in range(3):
            y, x = rng.integers(0, 30), rng.integers(0, 40)
            picture[y : y + 14, x : x + 16, rng.integers(0, 3)] = 250
        path = folder / "photos" / f"class{index % 3}" / f"{index:03}.png"
        path.parent.mkdir(parents=True, exist_ok=True)
        Image.fromarray(picture).save(path)
    config = folder / "dissect.toml"
    config.write_text(CONFIG, encoding="utf-8")
    return config


def change(config: Path, old: str, new: str) -> Path:
    """Replaces text of a configuration that exists."""
    text = config.read_text(encoding="utf-8")
    assert old in text, f"{old!r} is not in the configuration"
    config.write_text(text.replace(old, new), encoding="utf-8")
    return config
