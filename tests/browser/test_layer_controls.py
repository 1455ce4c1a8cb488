"""The slider of the iou_threshold, the tray of units to compare, and figures as files."""

from __future__ import annotations

import json
import re
from collections import Counter
from pathlib import Path
from typing import Any

import pytest

from dissect_report.findings.grades import ENOUGH_GROUPS, grade
from tests.browser.conftest import href
from tests.browser.test_layer import LAYER, names


@pytest.fixture(scope="module")
def units(site: Path) -> dict[str, Any]:
    """The data of the layer page's cards."""
    text = (site / LAYER).with_name("units.js").read_text(encoding="utf-8")
    return json.loads("[" + text.removeprefix("dissect.register(").removesuffix(");\n") + "]")[1]


def slide(page: Any, step: int) -> None:
    page.locator("#iou-slider").evaluate(
        "(slider, step) => { slider.value = step; slider.dispatchEvent(new Event('input')); }", step
    )


def test_the_slider_counts_units_and_concepts_above_it(page: Any, root: str, units: dict[str, Any]):
    page.goto(root + LAYER)
    names(page)
    measured = page.inner_text(".headline")
    step = next(i for i, (at, *_) in enumerate(units["steps"]) if at == 0.1)
    slide(page, step)
    above = [row for row in units["units"] if row[2] is not None and row[2] > 0.1]
    assert 0 < len(above) < len([row for row in units["units"] if row[7] & 1])
    assert page.inner_text("[data-detectors]") == str(len(above))
    assert page.inner_text("[data-concepts]") == str(len({row[1] for row in above}))
    assert float(page.inner_text("[data-chance]")) == pytest.approx(units["steps"][step][1], abs=0.005)
    assert float(page.inner_text("[data-chance-p]")) == units["steps"][step][3]
    assert page.inner_text("[data-threshold]") == "0.1"
    page.locator("[data-figure=concepts]").scroll_into_view_if_needed()
    page.wait_for_selector("[data-figure=concepts] .bar")
    labels = page.eval_on_selector_all(".bar", "bars => bars.map(bar => bar.getAttribute('aria-label'))")
    found = [re.fullmatch(r"(.+): (\d+) units?", label) for label in labels]
    drawn = {match[1]: int(match[2]) for match in found if match}
    assert drawn == Counter(units["concepts"][row[1]][0] for row in above)
    page.click("[data-measured]")
    assert page.inner_text(".headline") == measured


def grades(site: Path, units: dict[str, Any], at: float) -> list[str]:
    """Of every unit at an iou_threshold, from the numbers of its own file."""
    records = [
        json.loads((site / LAYER).with_name(f"{row[0]}.json").read_text(encoding="utf-8"))
        for row in units["units"]
    ]
    return [grade(r["iou"], r["q"], r["robust_iou"], at, ENOUGH_GROUPS) for r in records]


@pytest.mark.parametrize("at", [0.04, 0.1])
def test_counts_filter_order_remarks_and_tray_say_the_grades_of_the_slider(
    page: Any, root: str, site: Path, units: dict[str, Any], at: float
):
    found = grades(site, units, at)
    page.goto(f"{root}{LAYER}#t={at}")
    names(page)
    for name in ("strong", "weak", "chance"):
        assert page.inner_text(f"[data-grade={name}]") == str(found.count(name))
    assert len({found.count("strong"), 0, len(found)}) == 3, "the made-up layer has units of other grades"
    for choice in ("strong", "weak", "strong,weak", "chance", "none"):
        page.select_option("select[name=grade]", choice)
        wanted = sum(name in choice.split(",") for name in found)
        page.wait_for_function(
            "wanted => document.querySelector('[data-count]').textContent.startsWith(`${wanted} of `)",
            arg=wanted,
        )
    page.select_option("select[name=grade]", "")
    page.select_option("select[name=sort]", "grade")
    page.wait_for_function("document.querySelector('[data-count]').textContent.match(/^\\d+ units/)")
    page.wait_for_timeout(100)  # two choices within a breath: the second is drawn after it
    shown = page.locator("[data-cards] .slot").evaluate_all("slots => slots.map(s => Number(s.dataset.unit))")
    order = [found[unit] for unit in shown]
    assert order == sorted(order, key=("strong", "weak", "chance", "untested", "none").index)
    words = {"chance": "no better than chance", "none": "no detector"}
    chosen = [found.index(name) for name in ("strong", "weak", "chance", "none") if name in found]
    page.goto(f"{root}{LAYER}#t={at}&compare={','.join(map(str, chosen))}&beside=1")
    page.reload()
    page.wait_for_selector("dialog[open]")
    said = page.locator(".beside-unit dl").all_inner_texts()
    for unit, text in zip(chosen, said, strict=True):
        assert text.split("\n")[:2] == ["grade", words.get(found[unit], found[unit])]


def test_a_link_opens_the_page_at_its_threshold(page: Any, root: str):
    page.goto(f"{root}{LAYER}#t=0.1")
    names(page)
    assert page.inner_text("[data-threshold]") == "0.1"
    assert page.locator("#iou-slider").get_attribute("aria-valuetext") == "IoU above 0.1"
    page.goto(f"{root}{LAYER}#t=nonsense")
    page.reload()
    names(page)
    assert page.inner_text("[data-threshold]") == "0.04"


def test_picked_units_are_shown_side_by_side_and_can_be_sent_as_a_link(page: Any, root: str):
    page.goto(root + LAYER)
    first, second = (name.removesuffix(".html") for name in names(page)[:2])
    for number in (first, second):
        button = page.locator(f"[data-pick='{number}']")
        button.focus()
        page.keyboard.press("Enter")
        assert button.get_attribute("aria-pressed") == "true"
    page.click("[data-tray-open]")
    page.wait_for_selector("dialog[open]")
    address = href(page)
    page.goto(root + "index.html")
    page.goto(address)
    page.wait_for_selector("dialog[open]")
    shown = page.locator(".beside-unit h3 a").evaluate_all("links => links.map(a => a.getAttribute('href'))")
    assert shown == [f"{first}.html", f"{second}.html"]
    page.keyboard.press("Escape")
    page.wait_for_function("!location.hash.includes('beside')")
    assert "compare=" in href(page)
    page.click("[data-tray-clear]")
    assert page.locator("[data-tray]").is_hidden()
    assert "#" not in href(page)


def test_picking_a_unit_leaves_the_cards_and_the_focus_where_they_are(page: Any, root: str):
    page.goto(root + LAYER)
    page.wait_for_selector("[data-cards] .card")
    page.click("[data-all]")
    while page.locator("[data-cards] .card").count() < 130:
        page.mouse.wheel(0, 2000)
        page.wait_for_timeout(40)
    button = page.locator("[data-pick]").nth(100)
    button.scroll_into_view_if_needed()
    top = page.evaluate("scrollY")
    button.press("Enter")
    page.wait_for_selector("[data-tray] li")
    assert page.locator("[data-cards] .card").count() == 130
    assert button.evaluate("button => button === document.activeElement")
    assert page.evaluate("scrollY") == top


def test_pictures_come_once_a_reader_stops_typing(page: Any, root: str):
    page.goto(root + LAYER)
    pictures = "[...document.querySelectorAll('[data-cards] .quad > img')]"
    page.locator("[data-cards]").scroll_into_view_if_needed()
    page.wait_for_function(f"{pictures}.length > 20 && {pictures}.slice(0, 20).every(i => i.naturalWidth)")
    assert page.evaluate(f"{pictures}.some(i => !i.src)")  # far below
    page.fill("[name=q]", "tree")
    assert not page.evaluate(f"{pictures}.every(i => i.src)")
    page.wait_for_function(f"{pictures}.length > 1 && {pictures}.slice(0, 20).every(i => i.naturalWidth)")


def test_cards_that_are_scrolled_to_have_their_pictures(page: Any, root: str):
    page.goto(root + LAYER)
    page.wait_for_selector("[data-cards] .card")
    page.click("[data-all]")
    while page.locator("[data-cards] .card").count() < 130:
        page.mouse.wheel(0, 2000)
        page.wait_for_timeout(40)
    page.locator("[data-cards] .card").nth(120).scroll_into_view_if_needed()
    page.wait_for_function(
        "document.querySelectorAll('[data-cards] .slot')[120].querySelector('img').naturalWidth"
    )


def test_no_more_than_six_units_go_into_the_tray(page: Any, root: str):
    page.goto(f"{root}{LAYER}#compare=0,1,2,4,5,6,7,8,9999,x")
    names(page)
    assert page.locator("[data-tray-units] li").count() == 6
    assert page.locator("[data-pick][aria-pressed=false]:not([disabled])").count() == 0


def test_every_figure_can_be_taken_along_as_svg(page: Any, root: str):
    page.goto(root + LAYER)
    names(page)
    page.click("details.more summary")
    figures = page.locator(".figure")
    for at in range(figures.count()):
        with page.expect_download() as waiting:
            figures.nth(at).locator("[data-svg]").click()
        text = Path(waiting.value.path()).read_text(encoding="utf-8")
        assert text.startswith("<svg")
        assert waiting.value.suggested_filename.endswith(".svg")
