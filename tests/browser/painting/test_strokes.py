"""What is drawn is what the network draws, from a web address and from disk."""

from __future__ import annotations

import io
import json
from pathlib import Path
from typing import Any

from PIL import Image

from dissect_report.findings.painting import Painting
from tests.browser.conftest import href, opened
from tests.browser.painting.hands import PAGE, apart, begin, drag, drawn, pixels, settle, strokes
from tests.painted_site import truth


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
