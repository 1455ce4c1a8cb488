"""How long a reader waits before painting, and for a stroke, in real Chromium."""

from __future__ import annotations

import tempfile
import threading
import time
from pathlib import Path
from typing import Any

from rich.console import Console

from dissect_report.analysis.dissection import dissect
from dissect_report.config import load_config
from dissect_report.publish.builder import build_site
from dissect_report.publish.server import address_of, make_server
from tests.bench.rows import row

#: The demo's generator and its edited layer, with as few edits as may be.
CONFIG = """
title = "painting"
[model]
kind = "generator"
source = "dissect_report.demo.networks:scene_generator"
latent_shape = [552]
layers = ["layer4"]
[probe]
latents = 60
seed = 1
[[segmenter]]
source = "demo"
[generation]
concepts = ["house", "tree"]
removed = [0, 20]
latents = 2
unit_latents = 2
unit_places = 0
insert_latents = 1
grid_latents = 1
places = 4
random_draws = 0
paint = true
paint_scenes = 2
"""
STATE = "document.querySelector('[data-paint]').dataset"


def rows(browser: Any) -> None:
    """Start and stroke on the demo's generator."""
    with tempfile.TemporaryDirectory() as name:
        path = Path(name) / "dissect.toml"
        path.write_text(CONFIG, encoding="utf-8")
        config = load_config(path)
        dissect(config)
        site = build_site(config, Console(quiet=True)).parent
        with make_server(site, 0) as server:
            threading.Thread(target=server.serve_forever, daemon=True).start()
            address = f"{address_of(server)}{config.runs[0].name}/paint/index.html"
            start, stroke = _visits(browser, address)
            server.shutdown()
    row("from the begin button to the first picture, the demo's generator", f"{start:.1f} s", "3 s")
    row("a stroke, the demo's generator", f"{stroke:.0f} ms", "100 ms")


def _visits(browser: Any, address: str) -> tuple[float, float]:
    """Seconds to the first picture, the median of three visits, and milliseconds of a stroke, of nine."""
    starts, strokes = [], []
    for _ in range(3):
        page = browser.new_context(viewport={"width": 1280, "height": 900}).new_page()
        page.goto(address)
        begun = time.perf_counter()
        page.click("[data-begin]")
        page.wait_for_function(f"{STATE}.drawn >= 1", timeout=120_000)
        starts.append(time.perf_counter() - begun)
        board = page.locator("[data-board]")
        for key in ("ArrowLeft", "ArrowUp", "ArrowRight"):
            before = page.evaluate(f"{STATE}.drawn")
            board.press(key)
            board.press("Space")
            page.wait_for_function(f"n => {STATE}.drawn > n", arg=float(before), timeout=60_000)
            strokes.append(float(page.evaluate(f"{STATE}.milliseconds")))
        page.context.close()
    return sorted(starts)[1], sorted(strokes)[4]
