from __future__ import annotations

from typing import Any

import pytest


def results(page: Any, query: str) -> list[str]:
    page.click("[data-md-component=search-query]")
    # The index is read; the theme forgets what was typed before.
    page.wait_for_function("document.querySelector('.md-search-result__meta').textContent.includes('Type')")
    page.keyboard.type(query)
    page.wait_for_selector(".md-search-result__item a")
    found = page.locator(".md-search-result__item > a, .md-search-result__item article")
    texts: list[str] = []
    while True:  # letter by letter: what is found may be of a part of it, until nothing changes any more
        page.wait_for_timeout(700)
        before, texts = texts, found.all_inner_texts()
        if texts == before:
            return texts


@pytest.mark.parametrize("start", ["index.html", "vgg16/features.conv1_1/5.html"])
def test_search_finds_a_concept_and_opens_its_page(page: Any, root: str, start: str):
    page.goto(root + start)
    assert results(page, "tree")[0].startswith("tree\n")
    page.locator(".md-search-result__item a").first.click()
    page.wait_for_url("**/concepts/tree.html*")
    assert "tree" in page.inner_text("h1")


def test_search_finds_a_unit_by_layer_and_number(page: Any, root: str):
    page.goto(root + "index.html")
    found = results(page, "conv1_1 unit 57")
    assert any("57" in text for text in found[:3])
    page.locator(".md-search-result__item a", has_text="57").first.click()
    page.wait_for_url("**/features.conv1_1/57.html*")


def test_the_search_dialog_has_a_name(page: Any, root: str):
    page.goto(root + "index.html")
    assert page.get_by_role("dialog", name="Search").count() == 1
