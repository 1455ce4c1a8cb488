"""Painting in Chromium: what is drawn is what the network draws, from a web address and from disk."""

from __future__ import annotations

import io
import json
import shutil
import threading
from collections.abc import Iterator
from pathlib import Path
from typing import Any

import numpy as np
import pytest
from PIL import Image
from rich.console import Console

from dissect_report.config import load_config
from dissect_report.findings.painting import Painting
from dissect_report.publish.builder import build_site
from dissect_report.publish.server import address_of, make_server
from tests.browser.conftest import href, opened
from tests.painted_site import measure, painted_layer, truth, write_painted_site

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


@pytest.fixture(scope="module")
def config(tmp_path_factory: pytest.TempPathFactory) -> Path:
    made = write_painted_site(tmp_path_factory.mktemp("painted"))
    measure(made)
    build_site(load_config(made), Console(quiet=True))
    return made


@pytest.fixture(scope="module")
def painting(config: Path) -> Painting:
    return painted_layer(measure(config)[0])[1]


@pytest.fixture(scope="module")
def served(config: Path, tmp_path_factory: pytest.TempPathFactory) -> Iterator[str]:
    root = tmp_path_factory.mktemp("root")
    (root / "index.html").write_text("another site")
    (root / "some").mkdir()
    shutil.copytree(config.parent / "site", root / "some" / "path")
    with make_server(root, 0) as server:
        threading.Thread(target=server.serve_forever, daemon=True).start()
        yield f"{address_of(server)}some/path/"
        server.shutdown()


@pytest.fixture(params=["http", "file"])
def address(request: pytest.FixtureRequest, config: Path) -> str:
    """Of the site."""
    http = request.param == "http"
    return request.getfixturevalue("served") if http else f"{(config.parent / 'site').as_uri()}/"


@pytest.fixture
def root(address: str, config: Path) -> str:
    """Of the run."""
    (run,) = (config.parent / "site").glob("*/paint")
    return f"{address}{run.parent.name}/"


@pytest.fixture
def reader(chromium: Any, address: str) -> Iterator[Any]:
    yield from opened(chromium, address)


@pytest.fixture
def disk(config: Path) -> str:
    (run,) = (config.parent / "site").glob("*/paint")
    return f"{run.parent.as_uri()}/"


@pytest.fixture
def offline(chromium: Any, config: Path) -> Iterator[Any]:
    yield from opened(chromium, f"{(config.parent / 'site').as_uri()}/")


@pytest.fixture
def finger(chromium: Any, config: Path) -> Iterator[Any]:
    size = {"width": 390, "height": 844}
    site = f"{(config.parent / 'site').as_uri()}/"
    yield from opened(chromium, site, viewport=size, has_touch=True)


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


def test_a_stroke_gives_pythons_pixels_and_undo_the_intact_ones(
    reader: Any, root: str, config: Path, painting: Painting
):
    reader.goto(root + PAGE)
    begin(reader)
    assert any(
        thread.url.startswith("blob:") for thread in reader.workers
    )  # a thread of its own, from disk too
    intact = pixels(reader)
    assert apart(intact, truth(config, painting, 0, [])) <= 1
    drag(reader, (2, 1), (2, 5), (5, 6))
    added = pixels(reader)
    assert len(strokes(reader)) == 1
    assert apart(added, truth(config, painting, 0, strokes(reader))) <= 1
    assert apart(added, intact) > 10
    reader.locator("[name=way][value=remove]").check(force=True)
    reader.locator("[name=width]").last.check(force=True)
    drag(reader, (6, 2))
    assert strokes(reader)[1].startswith("r.")
    assert apart(pixels(reader), truth(config, painting, 0, strokes(reader))) <= 1
    for _ in range(2):
        before = drawn(reader)
        reader.locator("[data-undo]").click()
        settle(reader, before + 1)
    reader.wait_for_timeout(300)
    assert strokes(reader) == []
    assert (pixels(reader) == intact).all()
    before = drawn(reader)
    reader.locator("[data-redo]").click()
    settle(reader, before + 1)
    reader.wait_for_timeout(300)
    assert (pixels(reader) == added).all()


def test_a_shared_link_shows_the_same_picture(reader: Any, root: str, config: Path, painting: Painting):
    concept = painting.sets[1].concept
    texts = [f"a.c{concept}.70.3.s.2244", "r.u3.100.5.0."]
    reader.goto(f"{root}{PAGE}#scene=2&set=u3&s={texts[0]}&s={texts[1]}")
    settle(reader, 1)
    assert apart(pixels(reader), truth(config, painting, 2, texts)) <= 1
    assert reader.locator("[data-scene='2']").get_attribute("aria-pressed") == "true"
    assert reader.locator("[data-unit]").input_value() == "3"
    assert "unit 3" in reader.locator("[data-of=unit]").inner_text()


def test_nothing_is_loaded_before_a_reader_begins_and_nothing_leaves_the_page(
    chromium: Any, served: str, config: Path
):
    (run,) = (config.parent / "site").glob("*/paint")
    asked: list[str] = []
    for page in opened(chromium, served):
        page.on("request", lambda request: asked.append(request.url))
        page.goto(f"{served}{run.parent.name}/{PAGE}")
        page.wait_for_timeout(300)
        assert not any("runtime/" in url or "graph.js" in url for url in asked)
        begin(page)
        drag(page, (3, 3), (3, 5))
    assert any("runtime/onnxruntime.js" in url for url in asked)
    assert all(url.startswith((served, "blob:", "data:")) for url in asked)


def test_the_pixels_of_every_concept_are_counted(offline: Any, disk: str, painting: Painting):
    offline.goto(disk + PAGE)
    begin(offline)
    drag(offline, (1, 1), (6, 6))
    offline.wait_for_function("!document.querySelector('[data-count] td').textContent.includes('–')")
    rows = offline.locator("[data-count]")
    assert rows.count() == len(painting.sets)
    for row in rows.all():
        before, after, change = (
            int(text.replace("\N{MINUS SIGN}", "-").replace(",", ""))
            for text in row.locator("td").all_inner_texts()
        )
        assert after - before == change
        assert 0 <= before <= 32 * 32
    before = drawn(offline)
    offline.locator("[data-reset]").click()
    settle(offline, before + 1)
    offline.wait_for_function(
        "[...document.querySelectorAll('[data-count]')]"
        ".every(r => r.cells[1].textContent === r.cells[2].textContent)"
    )


def test_holding_shows_the_intact_picture(offline: Any, disk: str):
    offline.goto(disk + PAGE)
    begin(offline)
    intact = pixels(offline)
    drag(offline, (2, 1), (4, 6))
    painted = pixels(offline)
    offline.locator("[data-hold]").hover()
    offline.mouse.down()
    assert (pixels(offline) == intact).all()
    offline.mouse.up()
    assert (pixels(offline) == painted).all()
    offline.locator("[data-board]").focus()
    offline.keyboard.down("i")
    assert (pixels(offline) == intact).all()
    offline.keyboard.up("i")
    assert (pixels(offline) == painted).all()


def test_the_keyboard_alone_paints(offline: Any, disk: str, config: Path, painting: Painting):
    offline.goto(disk + PAGE)
    board = offline.locator("[data-board]")
    board.focus()
    offline.keyboard.press("ArrowLeft")
    assert offline.locator("[data-status]").inner_text() == "row 5, column 4"
    offline.keyboard.press("Space")
    settle(offline, 1)
    offline.keyboard.down("Shift")
    offline.keyboard.press("ArrowUp")
    offline.keyboard.press("ArrowUp")
    offline.keyboard.up("Shift")
    offline.wait_for_function("dissect.address.chosen().getAll('s').length === 2")
    offline.keyboard.press("x")
    offline.keyboard.press("Enter")
    offline.wait_for_function("dissect.address.chosen().getAll('s').length === 3")
    offline.wait_for_timeout(800)
    first, second, third = strokes(offline)
    assert [first.split(".")[4:], second.split(".")[4:]] == [["z", ""], ["z", "00"]]
    assert third.startswith("r.")
    assert apart(pixels(offline), truth(config, painting, 0, [first, second, third])) <= 1
    offline.keyboard.press("z")
    assert len(strokes(offline)) == 2
    offline.keyboard.press("Shift+Z")
    assert len(strokes(offline)) == 3


def test_a_finger_paints_at_390_pixels(finger: Any, disk: str, config: Path, painting: Painting):
    finger.goto(disk + PAGE)
    assert finger.evaluate("document.documentElement.scrollWidth") <= 390
    box = finger.locator("[data-board]").bounding_box()
    finger.touchscreen.tap(box["x"] + box["width"] * 0.3, box["y"] + box["height"] * 0.3)
    settle(finger, 1)
    finger.wait_for_timeout(500)
    (stroke,) = strokes(finger)
    assert stroke.split(".")[4] == "i"  # row 2, column 2
    assert apart(pixels(finger), truth(config, painting, 0, [stroke])) <= 1


def test_a_saved_picture_carries_its_recipe(offline: Any, disk: str, painting: Painting):
    offline.goto(disk + PAGE)
    begin(offline)
    drag(offline, (2, 1), (4, 6))
    with offline.expect_download() as waiting:
        offline.locator("[data-save]").click()
    data = Path(waiting.value.path()).read_bytes()
    with Image.open(io.BytesIO(data)) as picture:
        picture.load()
        recipe = json.loads(picture.text["Comment"])  # type: ignore[attr-defined]
        assert picture.size == (512, 512)
    assert recipe["strokes"] == strokes(offline)
    assert (recipe["scene"], recipe["layer"], recipe["key"]) == (0, "layer1", painting.key)
    assert recipe["page"] == href(offline)


def test_a_units_page_leads_to_painting_with_it(offline: Any, disk: str):
    offline.goto(disk + "layer1/4.html")
    offline.get_by_role("link", name="Paint with this unit").click()
    offline.wait_for_url("**/paint/index.html#set=u4")
    begin(offline)
    drag(offline, (3, 3))
    assert strokes(offline)[0].startswith("a.u4.")


def test_the_home_page_shows_it(offline: Any, disk: str):
    offline.goto(disk.rsplit("/", 2)[0] + "/index.html")
    picture = offline.get_by_role("img", name="intact and with")
    picture.scroll_into_view_if_needed()
    offline.wait_for_function("document.querySelector('.painted img').naturalWidth")
    picture.click()
    offline.wait_for_url("**/paint/index.html")


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
