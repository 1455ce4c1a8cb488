"""How fast pages are for a reader, in real Chromium: ``nox -s pages`` fetches Lighthouse for it."""

from __future__ import annotations

import json
import os
import subprocess
import tempfile
import threading
import time
from collections.abc import Iterator
from contextlib import contextmanager
from pathlib import Path
from typing import Any

from playwright.sync_api import sync_playwright
from rich.console import Console

from dissect_report.config import load_config
from dissect_report.publish.builder import build_site
from dissect_report.publish.server import address_of, make_server
from tests.bench import painting, photo
from tests.bench.rows import row
from tests.browser.conftest import ARGUMENTS, CHROMIUM
from tests.synthetic_vgg16 import UNITS, write_vgg16_site

LAYER = "vgg16/features.conv1_1/"
#: Milliseconds between two frames while the page scrolls or filters, the longest.
FRAMES = """async ([steps, pause]) => {
  let last = performance.now(), worst = 0, going = true;
  const tick = now => {
    worst = Math.max(worst, now - last);
    last = now;
    if (going) requestAnimationFrame(tick);
  };
  requestAnimationFrame(tick);
  for (const step of steps) {
    if (typeof step === "number") window.scrollBy(0, step);
    else {
      const field = document.querySelector("[data-filter] [name=q]");
      field.value = step;
      field.dispatchEvent(new Event("input", { bubbles: true }));
    }
    await new Promise(resolve => setTimeout(resolve, pause));
  }
  await new Promise(resolve => setTimeout(resolve, 500)); // what the last step set off
  going = false;
  return worst;
}"""
LCP = """() => new Promise(resolve => {
  const told = list => resolve(list.getEntries().at(-1).startTime);
  new PerformanceObserver(told).observe({ type: "largest-contentful-paint", buffered: true });
})"""


@contextmanager
def served(units: tuple[int, ...]) -> Iterator[str]:
    """The address of a made-up site with pictures of real sizes."""
    with tempfile.TemporaryDirectory() as name:
        config = write_vgg16_site(Path(name), units=units)
        site = build_site(load_config(config), Console(quiet=True)).parent
        with make_server(site, 0) as server:
            threading.Thread(target=server.serve_forever, daemon=True).start()
            yield address_of(server)
            server.shutdown()


def main() -> None:
    """Prints the rows."""
    with sync_playwright() as playwright:
        browser = playwright.chromium.launch(executable_path=CHROMIUM, args=ARGUMENTS)
        with served((512,)) as root:
            for what, path in (("layer of 512 units", "index.html"), ("unit", "5.html")):
                paint = _paint(browser, root + LAYER + path)
                row(f"largest contentful paint, page of a {what}", f"{paint / 1000:.2f} s", "1.5 s")
                if os.environ.get("LIGHTHOUSE"):
                    scores = ", ".join(
                        f"{p} {_lighthouse(root + LAYER + path, p)}" for p in ("desktop", "mobile")
                    )
                    row(f"Lighthouse performance, page of a {what}", scores, "90")
        with served((2048,)) as root:
            visits = [_frames(browser, root + LAYER) for _ in range(5)]
            ways = zip(
                ("scrolling", "filtering in a burst", "filtering as one types"), zip(*visits, strict=True)
            )
            times = [f"{way} {sorted(worst)[2]:.0f} ms (at most {max(worst):.0f})" for way, worst in ways]
            row("longest frame of a visit, page of a layer of 2,048 units", ", ".join(times), "100 ms")
        with served(UNITS) as root:
            ready, answer = _search(browser, root)
            what = f"search among {sum(UNITS):,} units"
            row(what, f"{answer:.2f} s; ready {ready:.1f} s after the page", "1 s")
        painting.rows(browser)
        photo.rows(browser)
        browser.close()


def _opened(browser: Any, address: str) -> Any:
    page = browser.new_context(viewport={"width": 1280, "height": 900}).new_page()
    page.goto(address)
    return page


def _frames(browser: Any, address: str) -> tuple[float, ...]:
    """Milliseconds of the longest frame of a visit: scrolling, filtering in a burst, and as one types."""
    page = _opened(browser, address)
    page.wait_for_selector(".slot .card")
    page.click("[data-all]")
    page.wait_for_timeout(1500)
    words = [*"abcdefgh", "", "object", "", "1", "12", "", "colour", ""]
    found = [
        page.evaluate(FRAMES, [steps, pause])
        for steps, pause in (([120] * 150, 30), (words, 30), (words, 200))
    ]
    page.context.close()
    return tuple(found)


def _paint(browser: Any, address: str) -> float:
    """Milliseconds until the largest content is painted, the median of five fresh visits."""
    found = []
    for _ in range(5):
        page = _opened(browser, address)
        page.wait_for_load_state("load")
        page.wait_for_timeout(800)
        found.append(page.evaluate(LCP))
        page.context.close()
    return float(sorted(found)[2])


def _search(browser: Any, root: str) -> tuple[float, float]:
    """Seconds from a loaded page to a search that is ready, and from a typed word to its first result."""
    page = _opened(browser, root)
    page.wait_for_load_state("load")
    begun = time.perf_counter()
    page.click("[data-md-component=search-query]")
    page.wait_for_function("document.querySelector('.md-search-result__meta').textContent.includes('Type')")
    ready = time.perf_counter()
    page.keyboard.type("object 12")
    page.wait_for_selector(".md-search-result__item a")
    return ready - begun, time.perf_counter() - ready


def _lighthouse(address: str, preset: str) -> int:
    """Lighthouse's own performance score, 0 to 100."""
    flags = ["--preset=desktop"] if preset == "desktop" else []
    done = subprocess.run(
        [
            "node", os.environ["LIGHTHOUSE"], address, "--quiet", "--output=json",
            "--only-categories=performance", "--chrome-flags=--headless=new " + " ".join(ARGUMENTS), *flags,
        ],
        check=True, capture_output=True, text=True, env={**os.environ, "CHROME_PATH": CHROMIUM or ""},
    )  # fmt: skip
    return round(100 * json.loads(done.stdout)["categories"]["performance"]["score"])
