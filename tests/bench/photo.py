"""How long a reader waits for the first answer about a photo, and for the next, in real Chromium."""

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

#: The demo's classifier on as few scenes as may be.
CONFIG = """
title = "photo"
[model]
source = "dissect_report.demo.networks:scene_classifier"
layers = ["conv5_2"]
mean = [0.5, 0.5, 0.5]
std = [0.25, 0.25, 0.25]
[probe]
images = "demo"
limit = 60
resize = 128
crop = 128
[[segmenter]]
source = "color"
[photo]
photos = 3
"""
#: What the page says when it has nothing left to do.
ANSWERED = "/ s on this device/.test(document.querySelector('[data-state]').textContent)"


def rows(browser: Any) -> None:
    """The first answer and the next on the demo's classifier."""
    with tempfile.TemporaryDirectory() as name:
        path = Path(name) / "dissect.toml"
        path.write_text(CONFIG, encoding="utf-8")
        config = load_config(path)
        dissect(config)
        site = build_site(config, Console(quiet=True)).parent
        with make_server(site, 0) as server:
            threading.Thread(target=server.serve_forever, daemon=True).start()
            first, later = _visits(browser, f"{address_of(server)}{config.runs[0].name}/photo/index.html")
            server.shutdown()
    row("from picking a photo to the first answer, the demo's classifier", f"{first:.1f} s", "3 s")
    row("from picking another to its units, the demo's classifier", f"{later:.2f} s", "0.5 s")


def _visits(browser: Any, address: str) -> tuple[float, float]:
    """Seconds to the first answer and to the next, medians of three visits."""
    firsts, nexts = [], []
    for _ in range(3):
        page = browser.new_context(viewport={"width": 1280, "height": 900}).new_page()
        page.goto(address)
        for place, found in ((0, firsts), (1, nexts)):
            begun = time.perf_counter()
            page.click(f"[data-pick='{place}']")
            shown = (
                f"document.querySelector('[data-pick=\"{place}\"]').getAttribute('aria-pressed') === 'true'"
            )
            page.wait_for_function(f"{shown} && {ANSWERED}", timeout=120_000)
            found.append(time.perf_counter() - begun)
        page.context.close()
    return sorted(firsts)[1], sorted(nexts)[1]
