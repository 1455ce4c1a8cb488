"""Peak memory of a dissection as the probe grows: each size in a process of its own."""

from __future__ import annotations

import resource
import subprocess
import sys
import tempfile
import time
from pathlib import Path

from tests.bench.dissection import CONFIG, STAND_IN
from tests.bench.rows import row, write_photos

SIZES = (200, 2000)


def main() -> None:
    """Prints one row for each size."""
    with tempfile.TemporaryDirectory() as name:
        folder = Path(name)
        (folder / "stand_in.py").write_text(STAND_IN, encoding="utf-8")
        photos = write_photos(folder / "photos", max(SIZES), side=224)
        for size in SIZES:
            config = folder / "dissect.toml"
            text = CONFIG.format(
                source="torchvision:resnet18", layers='["layer3", "layer4"]', norm="", images=photos,
                limit=size, segmenter="stand_in.py:stand_in", concepts="",
            )  # fmt: skip
            config.write_text(text, encoding="utf-8")
            peak, _ = measured(config)
            row(f"peak memory, ResNet-18, 768 units, {size} images", f"{peak} MB", "flat")


def measured(config: Path) -> tuple[int, float]:
    """Megabytes of anonymous memory at most, and processor seconds, of a run in a process of its own."""
    done = subprocess.run(
        [sys.executable, "-m", "tests.bench.memory", str(config)],
        check=True, capture_output=True, text=True,
    )  # fmt: skip
    peak, spent = done.stdout.split()
    return int(peak), float(spent)


def _measure(config: str) -> None:
    """Anonymous memory's high-water mark: pages of the cache's memory maps belong to the system."""
    from dissect_report import dissect

    peak = 0

    class Watch:
        def advance(self, count: int) -> None:
            nonlocal peak
            peak = max(peak, _anonymous())

        def stage(self, name: str, total: int, unit: str):
            import contextlib

            return contextlib.nullcontext(self)

        def note(self, message: str) -> None:
            pass

    begun = time.process_time()
    dissect(config, progress=Watch(), threads=1)
    print(max(peak, _anonymous()) // 1_000_000, time.process_time() - begun)


def _anonymous() -> int:
    """Bytes of memory that only this process has; on other systems than Linux, the peak of all."""
    status = Path("/proc/self/status")
    if not status.is_file():
        return resource.getrusage(resource.RUSAGE_SELF).ru_maxrss * 1024
    (line,) = (text for text in status.read_text().splitlines() if text.startswith("RssAnon"))
    return int(line.split()[1]) * 1024


if __name__ == "__main__":
    _measure(sys.argv[1])
