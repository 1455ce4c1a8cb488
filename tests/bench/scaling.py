"""Whether a dissection takes time in proportion to images, units, layers and concepts: a straight line each.

Processor time of the whole of it, one thread, with a network and a segmenter that take next to none.
"""

from __future__ import annotations

import tempfile
import time
from pathlib import Path

import numpy as np

from dissect_report import dissect
from tests.bench.dissection import CONFIG
from tests.bench.rows import row, write_photos

#: What stays as it is while another grows.
PLAIN = {"images": 60, "units": 128, "layers": 2, "concepts": 100}
SIZES = {
    "images": (40, 80, 120, 160, 200),
    "units": (64, 128, 256, 512),
    "layers": (1, 2, 4, 8),
    "concepts": (50, 500, 1000, 1500),
}

CODE = """
import torch
from torch import nn

def network():
    torch.manual_seed(0)
    stem = nn.Conv2d(3, {units}, 16, stride=16)
    rest = [nn.Conv2d({units}, {units}, 1, groups={units}) for _ in range({layers})]
    return nn.Sequential(stem, *rest, nn.AdaptiveAvgPool2d(1), nn.Flatten(), nn.Linear({units}, 2))

class Concepts:
    labels = ["none"] + [f"concept {{k}}" for k in range(1, {concepts} + 1)]
    def segment(self, images):
        small = torch.nn.functional.avg_pool2d(images, 8)
        mixed = (small * torch.tensor([211.0, 1601.0, 4001.0]).view(1, 3, 1, 1)).sum(1)
        codes = mixed.long() % ({concepts} + 1)
        return codes.repeat_interleave(8, 1).repeat_interleave(8, 2)[:, None]

def concepts():
    return Concepts()
"""


def main() -> None:
    """Prints a row for each of the four."""
    with tempfile.TemporaryDirectory() as name:
        photos = write_photos(Path(name) / "photos", max(SIZES["images"]), side=224)
        _seconds(Path(name) / "first", photos, PLAIN | {"images": 8})  # kernels are compiled once a machine
        for what, sizes in SIZES.items():
            spent = [_seconds(Path(name) / f"{what}-{size}", photos, PLAIN | {what: size}) for size in sizes]
            row(f"processor time as {what} grow", _line(sizes, spent, what), "linear")


def _seconds(folder: Path, photos: Path, sizes: dict[str, int]) -> float:
    """Processor seconds of one dissection."""
    folder.mkdir()
    (folder / "code.py").write_text(CODE.format(**sizes), encoding="utf-8")
    layers = [str(place + 1) for place in range(sizes["layers"])]
    text = CONFIG.format(
        source="code.py:network", layers=str(layers).replace("'", '"'), norm="", images=photos,
        limit=sizes["images"], segmenter="code.py:concepts", concepts="",
    )  # fmt: skip
    (folder / "dissect.toml").write_text(text, encoding="utf-8")
    start = time.process_time()
    dissect(folder / "dissect.toml", threads=1)
    return time.process_time() - start


def _line(sizes: tuple[int, ...], spent: list[float], what: str) -> str:
    """The straight line through the times, and how far the last, the largest, lies above it."""
    each, fixed = np.polyfit(sizes[:-1], spent[:-1], 1)
    reached = spent[-1] / (fixed + each * sizes[-1])
    times = ", ".join(f"{size:,}: {seconds:.1f} s" for size, seconds in zip(sizes, spent, strict=True))
    return f"{times}; the last is {reached:.2f} of the line through the others"
