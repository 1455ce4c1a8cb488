"""Photos of a reader, what a page says of them, and what Python finds on the same pixels."""

from __future__ import annotations

import io
import json
from typing import Any

import numpy as np
from PIL import Image

from dissect_report.activations.upsampling import plan_upsampling, upsample
from dissect_report.analysis.photo.experiment import check
from dissect_report.analysis.photo.parity import ask_network
from dissect_report.analysis.setup import Setup
from dissect_report.config import ProbeConfig
from dissect_report.findings.store import LoadedLayer
from dissect_report.sources.pictures import cut_picture

PAGE = "network/photo/index.html"
SIDE = 32


def answer(page: Any) -> np.ndarray:
    """Logits, once the page shows them and has nothing left to do."""
    page.wait_for_function(
        "/ s on this device/.test(document.querySelector('[data-state]').textContent)", timeout=60_000
    )
    return np.array(json.loads(page.get_attribute("[data-says]", "data-scores")), np.float32)


def fires(page: Any) -> dict[int, tuple[float, float]]:
    """Peak and lit share of every unit that is listed."""
    return {u: (p, a) for u, p, a in json.loads(page.get_attribute("[data-fires]", "data-units"))}


def photo(seed: int, size: tuple[int, int] = (90, 70)) -> np.ndarray:
    generator = np.random.default_rng(seed)
    coarse = generator.integers(0, 256, (9, 11, 3), dtype=np.uint8)
    return np.asarray(Image.fromarray(coarse).resize(size, Image.Resampling.BICUBIC))


def file(pixels: np.ndarray, name: str = "mine.png", **options: Any) -> dict[str, Any]:
    stream = io.BytesIO()
    Image.fromarray(pixels).save(stream, name.rpartition(".")[2].replace("jpg", "jpeg"), **options)
    return {"name": name, "mimeType": f"image/{name.rpartition('.')[2]}", "buffer": stream.getvalue()}


def give(page: Any, given: dict[str, Any]) -> np.ndarray:
    page.locator("[data-file]").first.set_input_files(given)
    return answer(page)


def near(found: np.ndarray, truth: np.ndarray) -> bool:
    return bool(np.abs(found - truth).max() <= 0.01 * (truth.max() - truth.min()))


def cut(pixels: np.ndarray) -> np.ndarray:
    """As the run itself would."""
    config = ProbeConfig(images=("photos",), resize=SIDE, crop=SIDE)
    return np.asarray(cut_picture(Image.fromarray(pixels), config))


def check_units(
    setup: Setup, layer: LoadedLayer, pixels: np.ndarray, found: dict[int, tuple[float, float]]
) -> None:
    """Peaks within a hundredth of the maps' range; the same units fire where that does not decide it."""
    maps = ask_network(setup, check(setup), pixels).maps[0]
    bound = 0.01 * (maps.max() - maps.min())
    grid = upsample(maps, plan_upsampling(maps.shape[1:], setup.grid, "border"))
    for unit, record in enumerate(layer.units):
        if record.level is None or record.dead:
            assert unit not in found
            continue
        highest = float(grid[unit].max())
        if abs(highest - record.level) > bound:
            assert (unit in found) == (highest > record.level)
        if unit in found:
            peak, area = found[unit]
            assert abs(peak - maps[unit].max()) <= bound
            low, high = (float((grid[unit] > record.level + way * bound).mean()) for way in (1, -1))
            assert low <= area <= high


def fault(page: Any) -> str:
    page.wait_for_selector("[data-state].fault")
    return str(page.inner_text("[data-state]"))
