"""Seconds, memory and bytes of sites of several sizes from made-up findings: each in a process of its own."""

from __future__ import annotations

import json
import os
import resource
import subprocess
import sys
import tempfile
import time
from pathlib import Path

from dissect_report.cli.render import render
from dissect_report.publish.links import check_links
from tests.bench.rows import row, seconds
from tests.synthetic import write_synthetic_site
from tests.synthetic_vgg16 import UNITS, write_vgg16_site

#: Layers of 1,000 units; what a unit costs must not grow with them.
LAYERS = (5, 20)


def main() -> None:
    """Prints the rows."""
    with tempfile.TemporaryDirectory() as name:
        config = write_synthetic_site(Path(name), layers=1, units=512, images=200, concepts=120)
        row("render and build, 512 units", _measured(config), "10 s")
    with tempfile.TemporaryDirectory() as name:
        config = write_vgg16_site(Path(name))
        what = f"VGG16, {sum(UNITS):,} units, 300 concepts, 365 classes"
        row(f"render and build, {what}", _measured(config), "30 s, 1 GB; 400 MB")
        row(f"the same again, one layer changed, {what}", _again(config), "")
        broken = 0

        def check() -> None:
            nonlocal broken
            broken = len(check_links(Path(name) / "site"))

        spent = seconds(check)
        row(f"link check, {what}", f"{spent:.1f} s, {broken} broken", "0 broken")
    for layers in LAYERS:
        with tempfile.TemporaryDirectory() as name:
            config = write_vgg16_site(Path(name), units=(1000,) * layers)
            row(f"render and build, {layers * 1000:,} units", _measured(config), "linear")


def _again(config: Path) -> str:
    """A build after the last layer's numbers changed, and what it said of its files."""
    path = sorted(config.parent.glob("run/*/*/dissection.json"))[-1]
    record = json.loads(path.read_text(encoding="utf-8"))
    for unit in record["units"]:
        unit["mask_pixels"] += 1
    path.write_text(json.dumps(record), encoding="utf-8")
    return f"{_measured(config)}; {len(record['units'])} units changed"


def _measured(config: Path) -> str:
    """Seconds, processor seconds, peak memory and size of one build; what it said of its files."""
    done = subprocess.run(
        [sys.executable, "-m", "tests.bench.site", str(config)], check=True, capture_output=True, text=True
    )
    return done.stdout.splitlines()[-1]


def _measure(config: Path) -> None:
    start = time.perf_counter()
    render(config)
    spent, processor = time.perf_counter() - start, sum(os.times()[:4])  # with its helpers
    site = config.parent / "site"
    size = sum(path.stat().st_size for path in site.rglob("*") if path.is_file())
    # Not ru_maxrss, which begins with what the parent held when it started this process.
    (line,) = [s for s in Path("/proc/self/status").read_text().splitlines() if s.startswith("VmHWM:")]
    peak = int(line.split()[1]) * 1024
    helper = resource.getrusage(resource.RUSAGE_CHILDREN).ru_maxrss * 1024
    print(
        f"{spent:.1f} s ({processor:.1f} s of processor), {peak / 1e6:.0f} MB peak"
        f"{f', {helper / 1e6:.0f} MB of a helper' if helper else ''}, {size / 1e6:.0f} MB site"
    )


if __name__ == "__main__":
    _measure(Path(sys.argv[1]))
