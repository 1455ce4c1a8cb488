"""What a reader chose is in the address: a link that is sent shows the same."""

from __future__ import annotations

from typing import Any

import pytest

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
    address = page.url
    page.goto(root + UNIT)
    page.goto(address)
    assert rows.evaluate_all(visible) == some
    page.fill("form[data-rows] [name=q]", "")
    assert "#" not in page.url
    assert rows.evaluate_all(visible) == everything


def test_what_is_drawn_over_the_images_can_be_sent_as_a_link(page: Any, root: str):
    page.goto(root + UNIT)
    page.keyboard.press("s")
    assert page.url.endswith("#mode=segmentation")
    page.keyboard.press("m")
    assert "#" not in page.url
    page.goto(root + "index.html")
    page.goto(root + UNIT + "#mode=original")
    assert page.locator("#top-images").get_attribute("data-mode") == "original"
    page.goto(root + "index.html")
    page.goto(root + UNIT + "#top-images")
    page.keyboard.press("s")
    assert page.url.endswith("#top-images")
