"""How a row of the table is printed, and what is measured on."""

from __future__ import annotations

import time
from collections.abc import Callable, Iterator
from contextlib import ExitStack, contextmanager
from pathlib import Path
from typing import Any
from unittest.mock import patch

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


@contextmanager
def spent_in(places: tuple[tuple[Any, str], ...]) -> Iterator[Callable[[], float]]:
    """Processor seconds that the process spends in some functions, each named by its holder and its name.

    No one of them may call another.
    """
    spent = [0.0]

    def timed(work: Callable[..., Any]) -> Callable[..., Any]:
        def run(*args: Any, **kwargs: Any) -> Any:
            start = time.process_time()
            try:
                return work(*args, **kwargs)
            finally:
                spent[0] += time.process_time() - start

        return run

    with ExitStack() as stack:
        for holder, name in places:
            stack.enter_context(patch.object(holder, name, timed(getattr(holder, name))))
        yield lambda: spent[0]


def best_of(work: Callable[[], object], times: int = 3) -> float:
    """The least of several timings: what the machine can do when nobody disturbs it."""
    return min(seconds(work) for _ in range(times))


def write_photos(folder: Path, count: int, side: int = 320) -> Path:
    """JPEG files of drawn scenes."""
    folder.mkdir(parents=True, exist_ok=True)
    for index in range(count):
        Image.fromarray(draw_scene(index, 7, side).image).save(folder / f"{index:05}.jpg", quality=90)
    return folder
