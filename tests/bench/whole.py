"""Whole runs: everything that the command does, start-up and writing included, against the bare forward.

Every figure is processor time of a process of its own, one thread; each pair is taken one after the other.
``BENCH_IMAGES=200`` measures on more photos than 60.
"""

from __future__ import annotations

import json
import os
import sys
import tempfile
import time
from dataclasses import dataclass
from pathlib import Path

from tests.bench.rows import row, write_photos

IMAGES = int(os.environ.get("BENCH_IMAGES", "60"))

VGG16 = [f"features.{index}" for index in (0, 2, 5, 7, 10, 12, 14, 17, 19, 21, 24, 26, 28)]

#: What is measured, its network, its layers, and at most how many times its floor it may take.
RUNS = (
    ("VGG16 `features.28`", "vgg16", ["features.28"], "1.25x"),
    ("VGG16, all 13 layers", "vgg16", VGG16, "1.5x"),
    ("ResNet-18 `layer1` to `layer4`", "resnet18", ["layer1", "layer2", "layer3", "layer4"], "2.2x"),
)

#: Images a forward pass: the default of ``[compute] batch_size``.
BATCH = 16

CONFIG = """
title = "bench"
[model]
source = "torchvision:{network}"
layers = {layers}
[probe]
images = "{images}"
limit = {limit}
[[segmenter]]
source = "color"
[compute]
device = "cpu"
cache_gb = 8
"""


@dataclass(frozen=True)
class Floor:
    """Processor seconds of what cannot be left out.

    Attributes:
        opening: torch and torchvision imported, the network built.
        forward: every image decoded, one forward pass in the run's batches.
    """

    opening: float
    forward: float


def main() -> None:
    """Prints the rows."""
    with tempfile.TemporaryDirectory() as name:
        photos = write_photos(Path(name) / "photos", IMAGES)
        for what, network, layers, target in RUNS:
            _whole(Path(name) / network, what, network, layers, photos, target)


def _whole(folder: Path, what: str, network: str, layers: list[str], photos: Path, target: str) -> None:
    folder.mkdir(exist_ok=True)
    config = folder / "dissect.toml"
    _write(config, network, layers, photos, 4)
    spent(["-m", "tests.bench.whole", "analyze", str(config)])  # kernels are compiled once a machine
    _write(config, network, layers, photos, IMAGES)
    floor = Floor(
        *(float(value) for value in _printed(["-m", "tests.bench.whole", "floor", network, str(photos)]))
    )
    whole = spent(["-m", "tests.bench.whole", "analyze", "--force", str(config)])
    again = spent(["-m", "tests.bench.whole", "analyze", str(config)])
    (record,) = folder.glob("run/*/run.json")
    seconds = json.loads(record.read_text(encoding="utf-8"))["provenance"]["seconds"]
    least = floor.opening + floor.forward
    row(
        f"everything / floor: {what}, {IMAGES} photos, colour",
        f"{whole:.1f} s / {least:.1f} s = {whole / least:.2f}x; without start-up on both sides "
        f"{(whole - again) / floor.forward:.2f}x",
        target,
    )
    row("its stages, by the clock", ", ".join(f"{stage} {seconds[stage]:.1f} s" for stage in seconds), "")
    row(
        f"start-up of an unchanged run / importing torch and building the network: {network}",
        f"{again:.1f} s / {floor.opening:.1f} s = {again / floor.opening:.2f}x",
        "1.5x",
    )


def _write(config: Path, network: str, layers: list[str], photos: Path, limit: int) -> None:
    text = CONFIG.format(network=network, layers=json.dumps(layers), images=photos, limit=limit)
    config.write_text(text, encoding="utf-8")


def spent(arguments: list[str]) -> float:
    """Processor seconds of a Python process with one thread, its own start-up included.

    Raises:
        SystemExit: it fails.
    """
    return _run(arguments)[0]


def _printed(arguments: list[str]) -> list[str]:
    return _run(arguments)[1].split()


def _run(arguments: list[str]) -> tuple[float, str]:
    with tempfile.TemporaryFile("w+", encoding="utf-8") as stream:
        child = os.posix_spawn(
            sys.executable,
            [sys.executable, *arguments],
            {**os.environ, "OMP_NUM_THREADS": "1"},
            file_actions=[(os.POSIX_SPAWN_DUP2, stream.fileno(), 1)],
        )
        _, status, usage = os.wait4(child, 0)
        stream.seek(0)
        text = stream.read()
    if status:
        raise SystemExit(f"{' '.join(arguments)} fails:\n{text}")
    return usage.ru_utime + usage.ru_stime, text


def _analyze(arguments: list[str]) -> None:
    """``dissect-report analyze`` with one thread."""
    from dissect_report import dissect

    dissect(Path(arguments[-1]), force="--force" in arguments, threads=1)


def _floor(network: str, photos: str) -> None:
    """Prints the processor seconds of ``Floor``."""
    import importlib

    import numpy as np
    import torch
    from PIL import Image

    from dissect_report.sources import torchvision_import

    torch.set_num_threads(1)
    importlib.import_module(torchvision_import.COMPILER)  # as a plain import of torchvision does
    model = torchvision_import.import_torchvision().models.get_model(network).eval()
    opened = time.process_time()
    paths = sorted(Path(photos).iterdir())
    with torch.inference_mode():
        for start in range(0, len(paths), BATCH):
            images = []
            for path in paths[start : start + BATCH]:
                with Image.open(path) as picture:
                    small = picture.convert("RGB").resize((256, 256), Image.Resampling.BILINEAR)
                images.append(np.asarray(small.crop((16, 16, 240, 240))))
            batch = torch.from_numpy(np.stack(images)).permute(0, 3, 1, 2).float() / 255
            model((batch - 0.45) / 0.225)
    print(opened, time.process_time() - opened)


if __name__ == "__main__":
    if sys.argv[1] == "floor":
        _floor(*sys.argv[2:])
    else:
        _analyze(sys.argv[2:])
