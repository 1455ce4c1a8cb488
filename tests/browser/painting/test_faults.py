"""What goes wrong in a browser is one sentence in the page."""

from __future__ import annotations

from pathlib import Path
from typing import Any

import pytest

from tests.browser.painting.hands import PAGE, PATIENCE


def faulty(chromium: Any, page_address: str, init: str = "", route: Any = None) -> str:
    """What a page says in which something is missing."""
    context = chromium.new_context()
    page = context.new_page()
    if init:
        page.add_init_script(init)
    if route:
        route(page)
    page.goto(page_address)
    page.locator("[data-begin]").click()
    page.wait_for_function(
        "document.querySelector('[data-paint]').dataset.state === 'broken'", timeout=PATIENCE
    )
    text = str(page.locator("[data-status]").inner_text())
    context.close()
    return text


@pytest.mark.parametrize(
    ("init", "said"),
    [
        ("delete window.WebAssembly", "This browser has no WebAssembly"),
        ("delete window.DecompressionStream", "too old to unpack"),
        (
            "window.Worker = function () { throw new Error('no') }",
            "does not let a page from here start a worker",
        ),
    ],
)
def test_a_browser_that_cannot_is_told_in_one_sentence(chromium: Any, disk: str, init: str, said: str):
    text = faulty(chromium, disk + PAGE, init)
    assert said in text
    assert text.count("\n") == 0


@pytest.mark.parametrize("name", ["graph.js", "scene-0.js", "onnxruntime.js"])
@pytest.mark.parametrize("how", ["cut short", "garbled", "missing"])
def test_a_damaged_file_is_told_in_one_sentence(
    chromium: Any, served: str, config: Path, name: str, how: str
):
    (run,) = (config.parent / "site").glob("*/paint")
    (path,) = (config.parent / "site").rglob(name)
    text = path.read_text(encoding="utf-8")
    middle = len(text) * 2 // 3
    bad = text[:middle] if how == "cut short" else text[:middle] + "AAAAAAAA" + text[middle + 8 :]

    def route(page: Any) -> None:
        answer = {"status": 404} if how == "missing" else {"body": bad, "content_type": "text/javascript"}
        page.route(f"**/{name}", lambda route: route.fulfill(**answer))

    said = faulty(chromium, f"{served}{run.parent.name}/{PAGE}", route=route)
    assert "load the page again" in said, said


def test_too_little_memory_is_told_in_one_sentence(chromium: Any, disk: str):
    init = """
      const make = Blob;
      window.Blob = class extends make {
        constructor(parts, options) {
          const full = "WebAssembly.instantiate = () => Promise.reject(new RangeError('no memory'));";
          super(options && /javascript/.test(options.type) ? [full, ...parts] : parts, options);
        }
      };"""
    assert "needs more memory" in faulty(chromium, disk + PAGE, init)


def test_another_picture_than_the_networks_is_not_shown(chromium: Any, served: str, config: Path):
    (run,) = (config.parent / "site").glob("*/paint")
    (path,) = (config.parent / "site").rglob("scene-0.js")
    text = path.read_text(encoding="utf-8")
    start = text.index('"samples":[') + 11
    changed = text[:start] + "0.9,-0.9,0.9,-0.9," + ",".join(text[start:].split(",")[4:])

    def route(page: Any) -> None:
        page.route("**/scene-0.js", lambda route: route.fulfill(body=changed, content_type="text/javascript"))

    said = faulty(chromium, f"{served}{run.parent.name}/{PAGE}", route=route)
    assert "draws another picture" in said
