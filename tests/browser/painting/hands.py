"""What a reader does on the page to paint on, and what the canvas shows then."""

from __future__ import annotations

from typing import Any

import numpy as np

PAGE = "paint/index.html"
#: Of a picture in the page: the canvas as it is, whatever it is enlarged to.
PIXELS = """canvas => {
  const copy = document.createElement("canvas");
  [copy.width, copy.height] = [canvas.width, canvas.height];
  const pen = copy.getContext("2d", { willReadFrequently: true });
  pen.drawImage(canvas, 0, 0);
  return [...pen.getImageData(0, 0, copy.width, copy.height).data];
}"""
READY = "document.querySelector('[data-paint]').dataset.state === 'ready'"
BROKEN = "document.querySelector('[data-paint]').dataset.state === 'broken'"
DRAWN = "n => Number(document.querySelector('[data-paint]').dataset.drawn || 0) >= n"
#: Loading and drawing on a busy machine.
PATIENCE = 60_000


def begin(page: Any) -> None:
    """Loads the network and waits for its first picture."""
    page.locator("[data-begin]").click()
    settle(page, 1)


def settle(page: Any, drawn: int) -> None:
    page.wait_for_function(DRAWN, arg=drawn, timeout=PATIENCE)
    page.wait_for_function(
        "document.querySelector('[data-paint]').dataset.state === 'ready'", timeout=PATIENCE
    )


def drawn(page: Any) -> int:
    return int(page.evaluate("Number(document.querySelector('[data-paint]').dataset.drawn || 0)"))


def pixels(page: Any) -> np.ndarray:
    flat = np.array(page.locator("[data-board] canvas").evaluate(PIXELS), np.uint8)
    return flat.reshape(32, 32, 4)[:, :, :3]


def drag(page: Any, *cells: tuple[float, float]) -> None:
    """With the mouse over cells of the 8x8 map, row and column; waits for the picture."""
    before, box = drawn(page), page.locator("[data-board]").bounding_box()
    points = [
        (box["x"] + (x + 0.5) / 8 * box["width"], box["y"] + (y + 0.5) / 8 * box["height"]) for y, x in cells
    ]
    page.mouse.move(*points[0])
    page.mouse.down()
    for point in points[1:]:
        page.mouse.move(*point, steps=3)
    page.mouse.up()
    page.mouse.move(box["x"] - 20, box["y"] - 20)
    settle(page, before + 1)
    # the last picture may have been asked for while another was made
    page.wait_for_function("!document.querySelector('[data-status]').textContent.startsWith('Drawing')")
    page.wait_for_timeout(400)


def strokes(page: Any) -> list[str]:
    return list(page.evaluate("dissect.address.chosen().getAll('s')"))


def apart(one: np.ndarray, other: np.ndarray) -> int:
    return int(np.abs(one.astype(int) - other).max())
