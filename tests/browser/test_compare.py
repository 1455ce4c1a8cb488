"""A classifier beside a generator in real Chromium."""

from __future__ import annotations

from collections.abc import Iterator
from pathlib import Path
from typing import Any

import pytest
from rich.console import Console

from dissect_report.config import load_config
from dissect_report.publish.builder import build_site
from dissect_report.publish.links import check_links
from tests.browser.conftest import opened
from tests.browser.test_pages import scroll_through, undrawn
from tests.synthetic import write_synthetic_site


@pytest.fixture(scope="module")
def beside(tmp_path_factory: pytest.TempPathFactory) -> str:
    """Address of the site on disk."""
    folder = tmp_path_factory.mktemp("beside")
    kinds = ("classifier", "generator")
    config = write_synthetic_site(folder, kinds=kinds, layers=4, units=24, images=20, concepts=34)
    return f"{build_site(load_config(config), Console(quiet=True)).parent.as_uri()}/"


@pytest.fixture
def compare(chromium: Any, beside: str) -> Iterator[Any]:
    """The page, reached from the home page."""
    for page in opened(chromium, beside):
        page.goto(f"{beside}index.html")
        page.get_by_role("link", name="vgg16 and progan side by side").click()
        page.wait_for_url("**/compare.html")
        yield page


def test_the_two_networks_stand_side_by_side_and_their_bars_compare(compare: Any):
    networks = [compare.locator(f"#layers-of-{name}") for name in ("vgg16", "progan")]
    boxes = [network.bounding_box() for network in networks]
    assert boxes[0]["y"] == boxes[1]["y"]
    assert boxes[0]["x"] + boxes[0]["width"] < boxes[1]["x"]
    scale = {}
    for network in networks:
        for row in network.locator("tbody tr").all():
            concepts = int(row.locator("td b").inner_text())
            length = sum(bar.bounding_box()["width"] for bar in row.locator(".stacked i").all())
            scale[length / concepts] = concepts
    assert max(scale) == pytest.approx(min(scale), rel=0.05)


def test_the_bars_of_the_table_compare_across_its_columns(compare: Any):
    found = compare.eval_on_selector_all(
        "#compare-rows .amount",
        "all => all.map(c => [Number(c.textContent), parseFloat(getComputedStyle(c, '::after').width)])",
    )
    scale = [width / units for units, width in found if units]
    assert len(scale) > 20
    assert max(scale) == pytest.approx(min(scale), rel=0.02)


def test_the_table_sorts_by_what_is_gained_and_lost(compare: Any):
    table = compare.locator("#compare-rows")
    heading = table.get_by_role("button", name="change")
    column = heading.evaluate("button => button.closest('th').cellIndex")

    def changes() -> list[int]:
        cells = table.locator(f"tbody tr > :nth-child({column + 1})").all_inner_texts()
        return [int(text.replace("\N{MINUS SIGN}", "-")) for text in cells]

    before = changes()
    assert min(before) < 0 < max(before)
    heading.click()
    assert changes() == sorted(before, reverse=True)
    heading.click()
    assert changes() == sorted(before)


def test_the_table_is_searched_by_concept(compare: Any):
    compare.locator(".toolbar input[name=q]").fill("tree")
    names = compare.locator("#compare-rows tbody tr:not([hidden]) th a").all_inner_texts()
    assert names
    assert all("tree" in name for name in names)


@pytest.mark.parametrize("scheme", ["light", "dark"])
@pytest.mark.parametrize("width", [1280, 390])
@pytest.mark.parametrize("path", ["compare.html", "index.html", "concepts/tree.html", "progan/methods.html"])
def test_pages_of_two_networks_open_without_a_complaint(
    chromium: Any, beside: str, path: str, width: int, scheme: str
):
    viewport = {"width": width, "height": 900}
    for page in opened(chromium, beside, viewport=viewport, color_scheme=scheme):
        page.goto(beside + path)
        scroll_through(page)
        page.wait_for_function(
            "[...document.querySelectorAll('.figure')].every(f => f.querySelector('.plot :is(svg, .bar)'))"
        )
        assert undrawn(page) == []
        assert page.evaluate("document.documentElement.scrollWidth") == width
        broken = page.eval_on_selector_all(
            "img", "all => all.filter(i => i.complete && !i.naturalWidth).map(i => i.src)"
        )
        assert broken == []


def test_a_concept_stands_side_by_side_on_a_wide_page_and_below_on_a_phone(chromium: Any, beside: str):
    for width, side_by_side in ((1280, True), (390, False)):
        for page in opened(chromium, beside, viewport={"width": width, "height": 900}):
            page.goto(f"{beside}concepts/tree.html")
            tops = page.eval_on_selector_all(
                ".runs > .run", "all => all.map(run => run.getBoundingClientRect().top)"
            )
            assert len(tops) == 2
            assert (tops[0] == tops[1]) == side_by_side


def test_every_link_of_the_built_site_leads_somewhere(beside: str):
    assert check_links(Path(beside.removeprefix("file://"))) == []
