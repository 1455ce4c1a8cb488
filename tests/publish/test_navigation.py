from __future__ import annotations

from pathlib import PurePosixPath

from dissect_report.publish.navigation import navigation
from dissect_report.report.page import Page


def page(path: str, *nav: str, out: bool = False) -> Page:
    return Page(PurePosixPath(path), "Title", "", "", "", None if out else nav)


def test_places_become_sections_in_the_order_of_the_pages():
    pages = [page("index.html", "Home"), page("r/b/index.html", "r", "b"), page("r/a/index.html", "r", "a")]
    assert navigation(pages) == [
        {"Home": "index.md"},
        {"r": [{"b": "r/b/index.md"}, {"a": "r/a/index.md"}]},
    ]


def test_a_page_with_pages_below_opens_its_section():
    pages = [page("r/index.html", "r"), page("r/a/index.html", "r", "a")]
    assert navigation(pages) == [{"r": [{"r": "r/index.md"}, {"a": "r/a/index.md"}]}]


def test_pages_without_a_place_are_left_out():
    assert navigation([page("r/a/1.html", out=True)]) == []


def test_an_empty_place_is_the_top_with_the_title_as_name():
    assert navigation([page("index.html")]) == [{"Title": "index.md"}]
