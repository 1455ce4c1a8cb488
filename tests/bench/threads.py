"""Whole runs on two threads against one, by the clock: only on a quiet machine with two cores or more.

``BENCH_IMAGES=200`` measures on more photos than 60.
"""

from __future__ import annotations

import json
import os
import subprocess
import sys
import tempfile
import time
from pathlib import Path

from tests.bench.rows import row, write_photos
from tests.bench.whole import CONFIG, IMAGES, RUNS


def main() -> None:
    """Prints the rows."""
    with tempfile.TemporaryDirectory() as name:
        photos = write_photos(Path(name) / "photos", IMAGES)
        for what, network, layers, _ in RUNS:
            folder = Path(name) / f"{network}{len(layers)}"
            folder.mkdir()
            config = folder / "dissect.toml"
            text = CONFIG.format(network=network, layers=json.dumps(layers), images=photos, limit=IMAGES)
            config.write_text(text, encoding="utf-8")
            _seconds(config, 2)  # kernels are compiled once a machine, files are read once
            one, two = (_seconds(config, threads) for threads in (1, 2))
            told = f"{one:.1f} s / {two:.1f} s = {one / two:.2f}x"
            row(f"one thread / two: {what}, {IMAGES} photos, everything, by the clock", told, "1.7x")


def _seconds(config: Path, threads: int) -> float:
    """Of a run anew, its start included, by the clock."""
    code = f"from dissect_report import dissect; dissect({str(config)!r}, force=True, threads={threads})"
    begun = time.monotonic()
    environment = {**os.environ, "OMP_NUM_THREADS": str(threads)}
    subprocess.run([sys.executable, "-c", code], check=True, env=environment, stdout=subprocess.DEVNULL)
    return time.monotonic() - begun
