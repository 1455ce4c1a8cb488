"""Small sites whose network decides otherwise than by the largest of several scores."""

from __future__ import annotations

from pathlib import Path

from ablation_site import CLASSES, draw_photos

NETWORK = """
import torch
from torch import nn
import torch.nn.functional as F

CLASSES = {classes}


class Network(nn.Module):
    \"\"\"Scores that are about as often above 0 as below.\"\"\"

    def __init__(self, width, end, deep=False, names=None):
        super().__init__()
        torch.manual_seed(1)
        self.first, self.last = nn.Conv2d(3, 6, 5, 4, 2), nn.Conv2d(6, 14, 3, 1, 1)
        self.relu, self.end = nn.ReLU(), end
        self.pool = nn.AdaptiveAvgPool2d(1)
        self.hidden = nn.Linear(14, 10) if deep else nn.Identity()
        self.head = nn.Linear(10 if deep else 14, width)
        self.deep = deep
        with torch.no_grad():
            self.last.weight *= 3
            self.last.bias[1] = -100.0
            self.head.weight *= 4
            images = torch.rand(64, 3, 32, 32) + torch.eye(4)[torch.arange(64) % 4, :3, None, None] * 0.4
            normal = (images * 0.6 - 0.45) / 0.225
            self.head.bias -= self.scores(normal).quantile(0.8, 0)
        if names:
            self.classes = names

    def scores(self, x):
        x = self.pool(self.relu(self.last(self.relu(self.first(x))))).flatten(1)
        return self.head(F.relu(self.hidden(x)) if self.deep else x)

    def forward(self, x):
        return self.end(self.scores(x))


def one():
    return Network(1, nn.Identity(), names=["no barn", "barn"])

def squeezed():
    return Network(1, nn.Flatten(0), names=["no barn", "barn"])

def probability():
    return Network(1, nn.Sigmoid(), deep=True)

def each():
    return Network(4, nn.Sigmoid(), names=CLASSES)

def raw():
    return Network(4, nn.Identity(), deep=True, names=CLASSES)
"""

CONFIG = """
title = "decisions"
[model]
source = "net.py:{factory}"
layers = ["last"]
{model}
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
set_sizes = [1, 2, 4]
random_draws = 2
{table}
"""


def write_decision_site(
    folder: Path, factory: str, model: str = "", table: str = "", labelled: bool = True, count: int = 22
) -> Path:
    """``dissect.toml``, ``net.py`` and photos; two kinds of them, or four, in folders named like classes."""
    folder.mkdir(parents=True, exist_ok=True)
    (folder / "net.py").write_text(NETWORK.replace("{classes}", repr(list(CLASSES))), encoding="utf-8")
    draw_photos(folder / "photos", count, labelled, seed=0)
    if labelled and factory in ("one", "squeezed", "probability"):
        for name in ("alley", "canyon", "diner"):
            (folder / "photos" / name).rename(folder / "photos" / f"_{name}")
        names = ("no barn", "barn") if factory != "probability" else ("cat", "dog")
        (folder / "photos" / "_alley").rename(folder / "photos" / names[0])
        if names[1] != "barn":
            (folder / "photos" / "barn").rename(folder / "photos" / names[1])
        for name in ("_canyon", "_diner"):
            for path in (folder / "photos" / name).iterdir():
                path.rename(folder / "photos" / names[0] / path.name)
            (folder / "photos" / name).rmdir()
    path = folder / "dissect.toml"
    path.write_text(CONFIG.format(factory=factory, model=model, table=table), encoding="utf-8")
    return path
