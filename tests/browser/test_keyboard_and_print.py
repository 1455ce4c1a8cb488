"""Without a mouse, and on paper."""

from __future__ import annotations

from typing import Any

import pytest

#: The focused element, and whether the reader sees that it is: a hidden box shows it at its neighbour.
FOCUSED = """() => {
  const here = document.activeElement;
  const hidden = getComputedStyle(here).opacity === "0" && !here.matches(".pick");
  const style = getComputedStyle(hidden ? here.nextElementSibling : here);
  return {
    inside: Boolean(here.closest(".dissect")),
    words: here.outerHTML.slice(0, 160),
    shown: style.outlineStyle !== "none" || style.boxShadow !== "none",
  };
}"""
CONTROLS = {
    "vgg16/features.conv1_2/index.html": [
        'id="iou-slider"', "data-svg", 'name="q"', 'name="category"', 'name="min"', 'name="smin"',
        'name="class"', 'name="grade"', 'name="sort"', 'type="reset"', "data-pick", 'class="card',
    ],
    "vgg16/features.conv1_2/5.html": [
        'name="unit"', 'rel="prev"', 'rel="next"', 'name="mode"', "data-svg", "data-copy-link", "<summary",
        "download",
    ],
    "concepts/index.html": ['name="q"', 'name="category"', 'name="found"', "<button"],
}  # fmt: skip


@pytest.mark.parametrize("path", CONTROLS)
def test_every_control_is_reached_by_tab_and_shows_its_focus(page: Any, root: str, path: str):
    page.goto(root + path)
    page.wait_for_timeout(500)
    seen = []
    missing = list(CONTROLS[path])
    for _ in range(250):  # the first 36 cards of a layer are two controls each
        page.keyboard.press("Tab")
        found = page.evaluate(FOCUSED)
        if found["inside"]:
            seen.append(found)
            missing = [control for control in missing if control not in found["words"]]
    assert missing == []
    assert [found["words"] for found in seen if not found["shown"]] == []


def test_a_reader_of_the_dark_scheme_prints_dark_on_white(page: Any, root: str):
    page.emulate_media(color_scheme="dark")
    page.goto(root + "vgg16/features.conv1_2/5.html")
    ink = "getComputedStyle(document.querySelector('.dissect h1')).color"
    page.wait_for_function("document.body.dataset.mdColorScheme === 'slate'")
    on_screen = page.evaluate(ink)
    page.emulate_media(media="print", color_scheme="dark")
    page.wait_for_function(f"{ink} !== '{on_screen}'")
    light = [int(value) for value in page.evaluate(ink).removeprefix("rgb(").removesuffix(")").split(",")]
    assert max(light) < 60
    assert page.locator(".md-header, .actions, .jump").evaluate_all(
        "all => all.every(part => getComputedStyle(part).display === 'none')"
    )
