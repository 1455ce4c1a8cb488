"""Pictures of the demo's site for README and documentation: ``nox -s screenshots``, after the demo is built.

Every picture is of the site as it was built; nothing is drawn over it.
"""

from __future__ import annotations

import shutil
import sys
import threading
from collections.abc import Callable
from dataclasses import dataclass
from io import BytesIO
from pathlib import Path
from typing import Any

from PIL import Image
from playwright.sync_api import sync_playwright

from dissect_report.publish.server import address_of, make_server

ROOT = Path(__file__).resolve().parents[2]
SITE = ROOT / "sites" / "demo" / "site"
OUT = Path(__file__).parent / "pages" / "assets" / "screenshots"
#: Pixels of the window; pictures are taken at twice that and saved at WIDTH.
WINDOW, WIDTH = {"width": 1120, "height": 820}, 1120


@dataclass(frozen=True)
class Shot:
    """One picture.

    Attributes:
        name: of its file.
        page: below the site's root, or what finds it: a concept's best unit.
        scheme: light or dark.
        top: what the picture begins at; the top of the page where it is empty.
        act: what a reader would have done before.
    """

    name: str
    page: str
    scheme: str = "light"
    top: str = ""
    act: Callable[[Any], None] = lambda page: None


def best_unit(page: Any, root: str) -> str:
    """The address of the first unit on the best layer's page."""
    page.goto(f"{root}classifier/conv5_2/index.html")
    page.wait_for_selector(".slot .card")
    return str(page.eval_on_selector(".slot .card", "card => new URL(card.href).pathname.slice(1)"))


def insert_in_the_middle(page: Any) -> None:
    """Points at a cell of the lattice that is shown."""
    lattice = page.locator(".of-concept:not([data-off]) .cells button")
    lattice.nth(lattice.count() * 5 // 8).hover()


def paint_a_row(page: Any) -> None:
    """Begins, and draws a stroke across the picture."""
    ready = "document.querySelector('[data-paint]').dataset.state === 'ready'"
    page.click("[data-begin]")
    page.wait_for_function(ready, timeout=60_000)
    box = page.locator("[data-board]").bounding_box()
    across = [(box["x"] + box["width"] * part, box["y"] + box["height"] * 0.62) for part in (0.1, 0.5, 0.9)]
    page.mouse.move(*across[0])
    page.mouse.down()
    for point in across[1:]:
        page.mouse.move(*point, steps=6)
    page.mouse.up()
    page.wait_for_timeout(3000)
    page.wait_for_function(ready, timeout=60_000)


SHOTS = (
    Shot("home", "index.html"),
    Shot("layer", "classifier/conv5_2/index.html"),
    Shot("unit", "best unit"),
    Shot("class", "classifier/classes/ski-resort.html", "dark"),
    Shot("removing", "generator/experiments/removing.html", top=".concept-chips"),
    Shot("inserting", "generator/experiments/inserting.html", "dark", ".concept-chips", insert_in_the_middle),
    Shot("painting", "generator/paint/index.html", top=".paint", act=paint_a_row),
)


def take(browser: Any, root: str, shot: Shot) -> None:
    """Opens, waits until everything is drawn, and saves."""
    context = browser.new_context(viewport=WINDOW, device_scale_factor=2, color_scheme=shot.scheme)
    page = context.new_page()
    address = best_unit(page, root) if shot.page == "best unit" else shot.page
    page.goto(root + address)
    if shot.top:
        page.eval_on_selector(
            shot.top, "part => window.scrollTo(0, part.getBoundingClientRect().top + scrollY - 80)"
        )
    page.wait_for_load_state("networkidle")
    shot.act(page)
    page.wait_for_timeout(1500)
    picture = Image.open(BytesIO(page.screenshot()))
    context.close()
    height = round(picture.height * WIDTH / picture.width)
    OUT.mkdir(parents=True, exist_ok=True)
    picture.convert("RGB").resize((WIDTH, height), Image.Resampling.LANCZOS).save(
        OUT / f"{shot.name}.webp", quality=82, method=6
    )


def main() -> None:
    """Takes every picture, or those that are named."""
    chromium = shutil.which("chromium") or shutil.which("chromium-browser") or shutil.which("google-chrome")
    if chromium is None:
        raise SystemExit("needs Chromium on the PATH")
    if not (SITE / "index.html").is_file():
        raise SystemExit(f"{SITE}: not built yet; run `dissect-report build` first")
    with make_server(SITE, 0) as server, sync_playwright() as playwright:
        threading.Thread(target=server.serve_forever, daemon=True).start()
        browser = playwright.chromium.launch(executable_path=chromium, args=["--no-sandbox"])
        for shot in SHOTS:
            if not sys.argv[1:] or shot.name in sys.argv[1:]:
                take(browser, address_of(server), shot)
                print(f"{shot.name}: {(OUT / f'{shot.name}.webp').stat().st_size / 1000:.0f} KB", flush=True)
        browser.close()
        server.shutdown()


if __name__ == "__main__":
    main()
