"""What is drawn of a layer's units: which images are shown, and the masks around what they fire at."""

from __future__ import annotations

import json
from collections.abc import Callable
from concurrent.futures import ThreadPoolExecutor
from dataclasses import dataclass

import numpy as np

from dissect_report.activations.layers import LayerInfo
from dissect_report.activations.upsampling import Upsampling, upsample
from dissect_report.analysis.outlines import outline
from dissect_report.analysis.setup import Setup


@dataclass(frozen=True, eq=False)
class Drawn:
    """Of the units of one layer.

    Attributes:
        top: int32 [unit, k] images, best first.
        outlines: per unit and top image, SVG path data of the mask.
        areas: per unit and top image, grid pixels of the mask.
    """

    top: np.ndarray
    outlines: list[list[str]]
    areas: list[list[int]]


def draw_layer(
    setup: Setup,
    maps_of: Callable[[int], np.ndarray],
    to_grid: Upsampling,
    level: np.ndarray,
    top: np.ndarray,
) -> Drawn:
    """The masks of all units on their top images.

    Args:
        maps_of: float32 [k, y, x] of a unit's top images, as they are kept.
        to_grid: from them to the grid.
        level: of each unit.
        top: int32 [unit, k] images.
    """

    def draw(unit: int) -> tuple[list[str], list[int]]:
        return draw_outlines(upsample(np.ascontiguousarray(maps_of(unit)), to_grid), float(level[unit]))

    with setup.stopwatch.time("outlines"), ThreadPoolExecutor(setup.threads) as pool:
        drawn = list(pool.map(draw, range(len(top))))
    return Drawn(top, [outlines for outlines, _ in drawn], [areas for _, areas in drawn])


class Drawing:
    """Masks on the top images, drawn as the images come by."""

    def __init__(self, top: np.ndarray, to_grid: Upsampling, level: np.ndarray) -> None:
        """Args:
        top: int32 [unit, k] images.
        to_grid: from kept maps to the grid.
        level: of each unit.
        """
        self.top, self.to_grid, self.level = top, to_grid, level
        self.outlines = [[""] * top.shape[1] for _ in top]
        self.areas = [[0] * top.shape[1] for _ in top]

    def add(self, maps: np.ndarray, start: int, threads: int) -> None:
        """Some consecutive images from ``start`` on: float32 [image, unit, y, x] as they are kept."""
        shown = (self.top >= start) & (self.top < start + len(maps))

        def draw(unit: int) -> None:
            places = np.flatnonzero(shown[unit])
            raw = np.ascontiguousarray(maps[self.top[unit, places] - start, unit])
            drawn = draw_outlines(upsample(raw, self.to_grid), float(self.level[unit]))
            for place, outline_, area in zip(places, *drawn, strict=True):
                self.outlines[unit][place], self.areas[unit][place] = outline_, area

        with ThreadPoolExecutor(threads) as pool:
            list(pool.map(draw, np.flatnonzero(shown.any(axis=1)).tolist()))

    def finish(self) -> Drawn:
        """Once all images came by."""
        return Drawn(self.top, self.outlines, self.areas)

    def stored(self) -> np.ndarray:
        """uint8: what is drawn so far, for ``restore``."""
        return np.frombuffer(json.dumps([self.outlines, self.areas]).encode(), np.uint8)

    def restore(self, stored: np.ndarray) -> None:
        """Takes what ``stored`` gave."""
        self.outlines, self.areas = json.loads(stored.tobytes())


def draw_outlines(activations: np.ndarray, level: float) -> tuple[list[str], list[int]]:
    """Outline and area in grid pixels of the mask on each of some maps of one unit.

    Args:
        activations: float32 [image, y, x] on the grid.
        level: of the unit; NaN gives no mask.
    """
    areas = [int(np.count_nonzero(activation > level)) for activation in activations]
    return [outline(a, level) if area else "" for a, area in zip(activations, areas, strict=True)], areas


def keep_drawn(setup: Setup, info: LayerInfo, drawn: Drawn) -> None:
    """Keeps what was drawn for a run with other settings of what it does not depend on."""
    paths = np.frombuffer(json.dumps(drawn.outlines).encode(), np.uint8)
    arrays = {"top": drawn.top, "areas": np.array(drawn.areas, np.int32), "outlines": paths}
    setup.cache.keep(drawn_name(info), setup.stages.pictures(info), arrays)


def has_drawn(setup: Setup, info: LayerInfo) -> bool:
    """Whether ``kept_drawn`` has something to give."""
    return setup.cache.keeps(drawn_name(info), setup.stages.pictures(info))


def kept_drawn(setup: Setup, info: LayerInfo) -> Drawn | None:
    """What an earlier run drew, if it is of the same key."""
    arrays = setup.cache.kept(drawn_name(info), setup.stages.pictures(info))
    if arrays is None:
        return None
    return Drawn(arrays["top"], json.loads(arrays["outlines"].tobytes()), arrays["areas"].tolist())


def drawn_name(info: LayerInfo) -> str:
    """Of the file in the cache."""
    return f"{info.file}.drawn.npz"
