"""How a row of the table is printed, and what is measured on."""

from __future__ import annotations

import time
from collections.abc import Callable
from pathlib import Path

from PIL import Image

from dissect_report.demo.scenes import draw_scene


def row(what: str, measured: str, target: str) -> None:
    """One row of the Markdown table, at once."""
    print(f"| {what} | {measured} | {target} |", flush=True)


def seconds(work: Callable[[], object]) -> float:
    """Wall-clock seconds of one call."""
    start = time.perf_counter()
    work()
    return time.perf_counter() - start


def best_of(work: Callable[[], object], times: int = 3) -> float:
    """The least of several timings: what the machine can do when nobody disturbs it."""
    return min(seconds(work) for _ in range(times))


def write_photos(folder: Path, count: int, side: int = 320) -> Path:
    """JPEG files of drawn scenes."""
    folder.mkdir(parents=True, exist_ok=True)
    for index in range(count):
        Image.fromarray(draw_scene(index, 7, side).image).save(folder / f"{index:05}.jpg", quality=90)
    return folder
