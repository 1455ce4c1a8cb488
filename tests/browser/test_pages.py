from __future__ import annotations

from pathlib import Path
from typing import Any

import pytest

from tests.browser.conftest import DEMO, opened

LAYER = "vgg16/features.conv1_1"
KINDS = {
    "home": "index.html",
    "compare": "compare.html",
    "layer": f"{LAYER}/index.html",
    "unit": f"{LAYER}/5.html",
    "dead unit": f"{LAYER}/3.html",
    "concepts": "concepts/index.html",
    "concept": "concepts/tree.html",
    "methods": "vgg16/methods.html",
    "data": "vgg16/data.html",
    "important layer": "vgg16/features.conv1_2/index.html",
    "classes": "vgg16/classes/index.html",
    "class": "vgg16/classes/ski-resort.html",
    "class without labels": "net2/classes/harbor.html",
    "removing and keeping": "vgg16/experiments/removing-and-keeping.html",
    "important units": "vgg16/experiments/important-and-interpretable.html",
}


def scroll_through(page: Any) -> None:
    """Makes everything that waits for the reader's eye appear."""
    page.eval_on_selector_all("details", "all => all.forEach(one => { one.open = true; })")
    for _ in range(12):
        page.mouse.wheel(0, 1500)
        page.wait_for_timeout(60)
    page.wait_for_load_state("load")


def undrawn(page: Any) -> list[str]:
    return page.eval_on_selector_all(
        ".figure",
        "all => all.filter(f => !f.querySelector('.plot :is(svg, .bar)')).map(f => f.dataset.figure)",
    )


@pytest.mark.parametrize("kind", KINDS)
def test_every_kind_of_page_opens_without_a_complaint(page: Any, root: str, kind: str):
    page.goto(root + KINDS[kind])
    assert page.locator("h1").count() == 1
    scroll_through(page)
    page.wait_for_function(
        "[...document.querySelectorAll('.figure')].every(f => f.querySelector('.plot :is(svg, .bar)'))"
    )
    assert undrawn(page) == []
    broken = page.eval_on_selector_all(
        "img[src]", "all => all.filter(i => i.complete && !i.naturalWidth).map(i => i.src)"
    )
    assert broken == []


@pytest.mark.parametrize("kind", KINDS)
def test_no_page_is_wider_than_a_phone(phone: Any, root: str, kind: str):
    phone.goto(root + KINDS[kind])
    scroll_through(phone)
    assert phone.evaluate("document.documentElement.scrollWidth") == 390


@pytest.mark.parametrize("width", [1280, 390])
def test_hostile_names_run_nothing_and_stay_inside_the_page(chromium: Any, hostile_site: Path, width: int):
    root = f"{hostile_site.as_uri()}/"
    for page in opened(chromium, root, viewport={"width": width, "height": 844}):
        page.on("dialog", lambda dialog: pytest.fail(f"a name ran as a script: {dialog.message}"))
        layers = sorted(path.parent for path in hostile_site.glob("vgg16/*/units.js"))
        paths = [
            hostile_site / "index.html",
            *(layer / name for layer in layers for name in ("index.html", "0.html")),
        ]
        paths += sorted(hostile_site.glob("vgg16/classes/*.html"))[:6]
        paths += sorted(hostile_site.glob("vgg16/experiments/*.html"))
        for path in [*paths, *sorted((hostile_site / "concepts").glob("*.html"))[:8]]:
            page.goto(path.as_uri())
            scroll_through(page)
            assert page.evaluate("document.documentElement.scrollWidth") == width, path


@pytest.mark.parametrize("kind", ["home", "layer", "unit"])
def test_the_built_demo_opens_without_a_complaint(chromium: Any, kind: str):
    if not (DEMO / "index.html").is_file():
        pytest.skip("needs the built demo: dissect-report build")
    layer = sorted(DEMO.glob("*/*/units.js"))[-1].parent
    path = {"home": DEMO / "index.html", "layer": layer / "index.html", "unit": layer / "0.html"}[kind]
    for page in opened(chromium, f"{DEMO.as_uri()}/"):
        page.goto(path.as_uri())
        scroll_through(page)
        assert page.locator("h1").count() == 1
