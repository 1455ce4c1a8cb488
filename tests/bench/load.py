"""As large as it gets: 36,500 images, 2,048 units, 1,500 concepts, 60 layers. Memory, and time along a line.

``BENCH_LOAD=0.1`` measures at a tenth of the sizes.
"""

from __future__ import annotations

import os
import tempfile
from pathlib import Path

import numpy as np
from PIL import Image

from tests.bench.memory import measured
from tests.bench.rows import row
from tests.bench.scaling import CODE

SHARE = float(os.environ.get("BENCH_LOAD", "1"))
#: What stays as it is while another grows, and the largest that it grows to: by quarter and half.
PLAIN = {"images": 500, "units": 32, "layers": 1, "concepts": 50}
LARGEST = {"images": 36_500, "units": 2048, "layers": 60, "concepts": 1500}

CONFIG = """
title = "load"
[model]
source = "code.py:network"
layers = {names}
[probe]
images = "../photos"
limit = {images}
resize = 64
crop = 64
[[segmenter]]
source = "code.py:concepts"
[dissection]
grid = 16
[compute]
device = "cpu"
batch_size = 64
"""


def main() -> None:
    """Prints two rows for each of what grows."""
    with tempfile.TemporaryDirectory() as name:
        folder = Path(name)
        _draw(folder / "photos", int(max(LARGEST["images"] * SHARE, PLAIN["images"])))
        _run(folder / "first", PLAIN | {"images": 50})  # kernels are compiled once a machine
        for what, largest in LARGEST.items():
            sizes = [max(4, int(largest * SHARE * part)) for part in (0.25, 0.5, 1.0)]
            found = [_run(folder / f"{what}{k}", PLAIN | {what: size}) for k, size in enumerate(sizes)]
            label = f"{', '.join(f'{size:,}' for size in sizes)} {what}"
            spent = [seconds for _, seconds in found]
            row(
                f"{label}: processor",
                f"{', '.join(f'{s:.0f} s' for s in spent)}; {_bend(sizes, spent)}",
                "linear",
            )
            row(f"{label}: memory", ", ".join(f"{peak} MB" for peak, _ in found), "bounded")


def _bend(sizes: list[int], spent: list[float]) -> str:
    """The largest against the line through the two others."""
    each, fixed = np.polyfit(sizes[:-1], spent[:-1], 1)
    return f"the last is {spent[-1] / (fixed + each * sizes[-1]):.2f} of the line through the others"


def _run(site: Path, sizes: dict[str, int]) -> tuple[int, float]:
    site.mkdir()
    (site / "code.py").write_text(CODE.format(**sizes), encoding="utf-8")
    names = [str(place + 1) for place in range(sizes["layers"])]
    config = site / "dissect.toml"
    config.write_text(CONFIG.format(names=names, images=sizes["images"]), encoding="utf-8")
    return measured(config)


def _draw(folder: Path, count: int) -> None:
    """Pictures of 8x8 cells, each of its own colour."""
    folder.mkdir()
    rng = np.random.default_rng(0)
    for place in range(count):
        cells = rng.integers(0, 256, (8, 8, 3), np.uint8)
        Image.fromarray(cells.repeat(8, 0).repeat(8, 1)).save(folder / f"{place:06}.png", compress_level=1)
