"""What a reader chose is in the address: a link that is sent shows the same."""

from __future__ import annotations

from typing import Any

import pytest

from tests.browser.conftest import href

UNIT = "vgg16/features.conv1_1/5.html"


@pytest.mark.parametrize("path", ["concepts/index.html", "vgg16/classes/index.html", "compare.html"])
def test_a_filtered_table_can_be_sent_as_a_link(page: Any, root: str, path: str):
    visible = "rows => rows.filter(row => !row.hidden).map(row => row.dataset.name)"
    page.goto(root + path)
    rows = page.locator("tbody tr[data-name]")
    everything = rows.evaluate_all(visible)
    page.fill("form[data-rows] [name=q]", everything[0][:3])
    some = rows.evaluate_all(visible)
    assert 0 < len(some) < len(everything)
    address = href(page)
    page.goto(root + UNIT)
    page.goto(address)
    assert rows.evaluate_all(visible) == some
    page.fill("form[data-rows] [name=q]", "")
    assert "#" not in href(page)
    assert rows.evaluate_all(visible) == everything


def test_what_is_drawn_over_the_images_can_be_sent_as_a_link(page: Any, root: str):
    page.goto(root + UNIT)
    page.keyboard.press("s")
    assert href(page).endswith("#mode=segmentation")
    page.keyboard.press("m")
    assert "#" not in href(page)
    page.goto(root + "index.html")
    page.goto(root + UNIT + "#mode=original")
    assert page.locator("#top-images").get_attribute("data-mode") == "original"
    page.goto(root + "index.html")
    page.goto(root + UNIT + "#top-images")
    page.keyboard.press("s")
    assert href(page).endswith("#top-images&mode=segmentation")


def test_ticked_units_are_in_the_address_and_come_back(page: Any, root: str):
    page.goto(f"{root}vgg16/classes/ski-resort.html")
    page.locator("[name=unit]").nth(1).check()
    page.locator("[name=unit]").nth(3).check()
    page.wait_for_function("document.querySelector('[data-live]').dataset.removed?.includes(',')")
    before = page.evaluate("({...document.querySelector('[data-live]').dataset})")
    page.reload()
    page.wait_for_function("document.querySelector('[data-live]').dataset.balanced")
    after = page.evaluate("({...document.querySelector('[data-live]').dataset})")
    assert {k: after[k] for k in ("removed", "balanced")} == {k: before[k] for k in ("removed", "balanced")}
    assert page.eval_on_selector_all("[name=unit]:checked", "all => all.length") == 2
    page.get_by_role("button", name="none").click()
    assert "removed" not in href(page)


def test_a_table_s_order_is_in_the_address_beside_other_choices(page: Any, root: str):
    page.goto(f"{root}concepts/index.html#q=tree")
    column = "[...document.querySelectorAll('#concept-rows tbody tr')].map(row => row.dataset.name)"
    written = page.evaluate(column)
    page.locator("#concept-rows thead button").nth(0).click()
    assert page.evaluate(column) == sorted(written) != written
    page.locator("#concept-rows thead button").nth(0).click()
    assert page.evaluate(column) == sorted(written, reverse=True)
    assert "q=tree" in href(page)
    page.reload()
    assert page.evaluate(column) == sorted(written, reverse=True)
    assert page.locator("#concept-rows thead th").nth(0).get_attribute("aria-sort") == "descending"
    assert page.locator("[name=q]").input_value() == "tree"


def test_a_place_in_the_address_stays_beside_what_is_chosen(page: Any, root: str):
    page.goto(f"{root}vgg16/experiments/removing-and-keeping.html#somewhere")
    page.locator("table[data-sortable] thead button").first.click()
    assert href(page).split("#")[1].startswith("somewhere&order=0.")
