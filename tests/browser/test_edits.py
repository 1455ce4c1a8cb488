"""Pages of a generator's edits in Chromium: pictures that swap, the lattice, the heat map."""

from __future__ import annotations

from collections.abc import Iterator
from pathlib import Path
from typing import Any

import pytest
from rich.console import Console

from dissect_report.config import load_config
from dissect_report.findings.generation import ConceptEdits, Generation
from dissect_report.publish.builder import build_site
from dissect_report.report.site import load_site
from tests.browser.conftest import href, opened
from tests.browser.test_pages import scroll_through
from tests.synthetic_generation import write_synthetic_generator

STAGE = ".of-concept:visible [data-stage]"
LATTICE = ".of-concept:visible [data-lattice]"


@pytest.fixture(scope="module")
def config(tmp_path_factory: pytest.TempPathFactory) -> Path:
    """One generator, two of whose layers were edited."""
    made = write_synthetic_generator(tmp_path_factory.mktemp("edited"), concepts=14, every_layer=True)
    build_site(load_config(made), Console(quiet=True))
    return made


@pytest.fixture(scope="module")
def found(config: Path) -> Generation:
    """The edits of the first layer."""
    layer = next(iter(load_site(load_config(config)).runs[0].layers.values()))
    assert layer.generation is not None
    return layer.generation


@pytest.fixture(scope="module")
def run_root(config: Path) -> str:
    (run,) = (config.parent / "site").glob("*/experiments")
    return f"{run.parent.as_uri()}/"


@pytest.fixture
def reader(chromium: Any, run_root: str) -> Iterator[Any]:
    yield from opened(chromium, run_root.rsplit("/", 2)[0])


@pytest.fixture
def finger(chromium: Any, run_root: str) -> Iterator[Any]:
    size = {"width": 390, "height": 844}
    yield from opened(chromium, run_root.rsplit("/", 2)[0], viewport=size, has_touch=True)


def shot(picture: Any) -> bytes:
    """Its pixels, once it is loaded; the pointer is elsewhere."""
    picture.page.mouse.move(0, 0)
    picture.page.wait_for_function("[...document.images].every(i => i.loading === 'lazy' || i.complete)")
    return bytes(picture.screenshot(animations="disabled"))


def where(thing: Any) -> list[float]:
    """Its box on the page, however far that is scrolled."""
    box = "e => (b => [b.left + scrollX, b.top + scrollY, b.width, b.height])(e.getBoundingClientRect())"
    return [round(value, 1) for value in thing.evaluate(box)]


def said(page: Any, part: str) -> str:
    return str(page.locator(f"{part} [data-words]").first.inner_text()).replace("\N{NO-BREAK SPACE}", " ")


def test_the_slider_swaps_intact_and_edited_in_place(reader: Any, run_root: str, found: Generation):
    reader.goto(run_root + "experiments/removing.html")
    stage = reader.locator(STAGE).first
    picture, slider = stage.locator("button"), stage.locator("input")
    slider.focus()  # scrolls, if anything does
    edited, place = shot(picture), where(picture)
    assert f"{found.grid_counts[-1]} units removed" in said(reader, STAGE)
    reader.keyboard.press("Home")
    assert "intact: " in said(reader, STAGE)
    intact = shot(picture)
    assert intact != edited
    below = stage.locator("xpath=following-sibling::*[1]")
    under = where(below)
    seen = set()
    for size in found.grid_counts[1:]:
        reader.keyboard.press("ArrowRight")
        assert f"{size} units removed" in said(reader, STAGE)
        assert slider.get_attribute("aria-valuetext") == f"{size} units removed"
        seen.add(shot(picture))
        assert where(picture) == place
        assert where(below) == under
    assert intact not in seen
    assert edited in seen


@pytest.mark.parametrize("how", ["click", "key"])
def test_pressing_the_large_picture_swaps_it_and_back(reader: Any, run_root: str, how: str):
    reader.goto(run_root + "experiments/removing.html")
    picture = reader.locator(f"{STAGE} button").first
    before, edited = said(reader, STAGE), shot(picture)
    press = picture.click if how == "click" else lambda: picture.press("Enter")
    press()
    assert "intact: " in said(reader, STAGE)
    assert picture.get_attribute("aria-pressed") == "true"
    assert shot(picture) != edited
    press()
    assert said(reader, STAGE) == before
    assert picture.get_attribute("aria-pressed") == "false"


def test_a_finger_swaps_the_large_picture(finger: Any, run_root: str):
    finger.goto(run_root + "experiments/removing.html")
    finger.locator(f"{STAGE} button").first.tap()
    assert "intact: " in said(finger, STAGE)


def test_arrow_keys_over_the_grid_choose_the_large_picture(reader: Any, run_root: str):
    reader.goto(run_root + "experiments/removing.html")
    cells = reader.locator(".of-concept:visible [data-edit-grid]").first.locator("button")
    cells.nth(0).focus()
    assert said(reader, STAGE).startswith("Latent 0, intact")
    reader.keyboard.press("ArrowDown")
    reader.keyboard.press("ArrowRight")
    assert said(reader, STAGE).startswith("Latent 1, 2 units removed")
    assert cells.nth(6).get_attribute("aria-current") is not None
    reader.keyboard.press("ArrowUp")
    reader.keyboard.press("End")
    assert said(reader, STAGE).startswith("Latent 0, 20 units removed")


def test_one_concept_is_shown_at_a_time_and_the_address_says_which(reader: Any, run_root: str):
    reader.goto(run_root + "experiments/removing.html")
    layer = reader.locator(".edited-layer").first
    chips = layer.locator(".concept-chips a")
    assert layer.locator(".of-concept:visible").count() == 1
    chips.nth(1).click()
    shown = layer.locator(".of-concept:visible")
    assert shown.count() == 1
    anchor = shown.get_attribute("id")
    assert href(reader).endswith(f"#{anchor}")
    reader.goto("about:blank")
    reader.goto(run_root + f"experiments/removing.html#{anchor}")
    assert layer.locator(".of-concept:visible").get_attribute("id") == anchor
    assert chips.nth(1).get_attribute("aria-current") == "true"


def opened_on(found: Generation) -> ConceptEdits:
    """The concept that the page opens on: the one that gains most at one place."""
    return max(found.concepts, key=lambda edits: (edits.added or 0, -edits.concept))


def added(found: Generation, latent: int, place: int) -> str:
    """What that concept's lattice says of a place, at its end."""
    value = 100 * opened_on(found).lattice_added[latent][place]
    return f"{'−' if value < 0 else '+'}{abs(value):.2f} % of the image."


def test_the_lattice_follows_the_pointer_and_lets_go(reader: Any, run_root: str, found: Generation):
    reader.goto(run_root + "experiments/inserting.html")
    stage = reader.locator(f"{LATTICE} .lattice-stage").first
    intact, before = shot(stage), said(reader, LATTICE)
    assert "intact: " in before
    best = max(range(64), key=lambda place: opened_on(found).lattice_added[0][place])
    stage.locator(".cells button").nth(best).hover()
    text = said(reader, LATTICE)
    assert text.startswith(f"Row {best // 8 + 1}, column {best % 8 + 1}, on ")
    assert text.endswith(added(found, 0, best))
    reader.wait_for_function("document.querySelector('.frame.sheet.shown img').complete")
    assert stage.screenshot() != intact
    assert shot(stage) == intact
    assert said(reader, LATTICE) == before


def test_the_lattice_follows_the_arrow_keys(reader: Any, run_root: str, found: Generation):
    reader.goto(run_root + "experiments/inserting.html")
    box = reader.locator(LATTICE).first
    cells = box.locator(".cells button")
    cells.nth(0).focus()
    for key in ("ArrowRight", "ArrowRight", "ArrowDown", "ArrowLeft"):
        reader.keyboard.press(key)
    assert said(reader, LATTICE).endswith(added(found, 0, 9))
    assert cells.nth(9).get_attribute("aria-label").replace("\N{NO-BREAK SPACE}", " ") == said(
        reader, LATTICE
    )
    reader.keyboard.press("End")
    assert said(reader, LATTICE).startswith("Row 2, column 8")
    reader.keyboard.press("ArrowRight")  # the edge holds
    assert said(reader, LATTICE).startswith("Row 2, column 8")
    reader.keyboard.press("Escape")
    assert "intact: " in said(reader, LATTICE)


def test_a_finger_inserts_and_takes_back(finger: Any, run_root: str, found: Generation):
    finger.goto(run_root + "experiments/inserting.html")
    box = finger.locator(LATTICE).first
    box.locator(".cells button").nth(20).tap()
    assert said(finger, LATTICE).endswith(added(found, 0, 20))
    box.locator("[data-intact]").tap()
    assert "intact: " in said(finger, LATTICE)


def test_the_chosen_latent_stays_when_another_concept_is_chosen(reader: Any, run_root: str):
    reader.goto(run_root + "experiments/inserting.html")
    layer = reader.locator(".edited-layer").first
    layer.locator("[data-latent]:visible").nth(2).click()
    assert said(reader, LATTICE).startswith("Latent 2, intact")
    layer.locator(".concept-chips a").nth(1).click()
    assert said(reader, LATTICE).startswith("Latent 2, intact")
    assert layer.locator("[data-latent]:visible").nth(2).get_attribute("aria-pressed") == "true"


def test_a_cell_of_the_heat_map_opens_the_grid_of_the_removed_concept(
    reader: Any, run_root: str, found: Generation
):
    reader.goto(run_root + "experiments/side-effects.html")
    plot = reader.locator(".plot").first
    reader.wait_for_selector(".plot .heatmaplayer image")
    box = plot.locator(".heatmaplayer image").bounding_box()
    rows = len(found.concepts)
    reader.mouse.move(box["x"] + box["width"] * 0.3, box["y"] + box["height"] * 1.5 / rows)
    reader.wait_for_selector(".hoverlayer text")
    assert " removed: " in plot.locator(".hoverlayer").text_content()
    reader.mouse.click(box["x"] + box["width"] * 0.3, box["y"] + box["height"] * 1.5 / rows)
    reader.wait_for_url("**/removing.html#*")
    shown = reader.locator(".edited-layer").first.locator(".of-concept:visible")
    anchor = href(reader).split("#")[1]
    assert shown.get_attribute("id") == anchor
    assert shown.locator(".edit-grid").bounding_box()["y"] < 900
    reader.go_back()
    reader.locator(f'tbody a[href$="#{anchor}"]').first.press("Enter")
    reader.wait_for_url(f"**/removing.html#{anchor}")


def test_without_scripts_every_concept_is_there(chromium: Any, run_root: str, found: Generation):
    context = chromium.new_context(java_script_enabled=False)
    page = context.new_page()
    for name in ("removing", "inserting"):
        page.goto(f"{run_root}experiments/{name}.html")
        assert page.locator(".edited-layer").first.locator(".of-concept:visible").count() == len(
            found.concepts
        )
        assert page.locator(".steps-range:visible").count() == 0
    context.close()


@pytest.mark.parametrize("width", [1280, 390])
@pytest.mark.parametrize("name", ["removing", "inserting", "side-effects"])
def test_hostile_names_stay_inside_the_pages(chromium: Any, hostile: str, name: str, width: int):
    for page in opened(chromium, hostile.rsplit("/", 2)[0], viewport={"width": width, "height": 844}):
        page.on("dialog", lambda dialog: pytest.fail(f"a name ran as a script: {dialog.message}"))
        page.goto(f"{hostile}experiments/{name}.html")
        chips = page.locator(".concept-chips a")
        for at in range(chips.count()):
            chips.nth(at).click()
        scroll_through(page)
        assert page.evaluate("document.documentElement.scrollWidth") == width


@pytest.fixture(scope="module")
def hostile(tmp_path_factory: pytest.TempPathFactory) -> str:
    folder = tmp_path_factory.mktemp("hostile")
    made = write_synthetic_generator(
        folder, hostile=True, every_layer=True, layers=2, units=8, concepts=9, latents=3
    )
    build_site(load_config(made), Console(quiet=True))
    (run,) = (folder / "site").glob("*/experiments")
    return f"{run.parent.as_uri()}/"
