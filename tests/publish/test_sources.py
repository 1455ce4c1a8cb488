from __future__ import annotations

from pathlib import PurePosixPath

import pytest
import yaml
from hypothesis import given
from hypothesis import strategies as st
from mkdocs.utils.meta import get_data

from dissect_report.publish.sources import from_source, source_path, to_source, to_yaml
from dissect_report.report.page import Page

NAMES = [
    "a: b",
    "---",
    "x---",
    "null",
    "1.0",
    "- a",
    "'",
    '"',
    "</script>",
    "🌳 日本語",
    "\x7f\x80",
    "{{ 7 }}",
    "#a",
    "&a",
]


def page(name: str, nav: tuple[str, ...] | None = None) -> Page:
    return Page(PurePosixPath("concepts/a.b.html"), name, name, "---\n<h1>x</h1>\n\n  <p>", name, nav)


@pytest.mark.parametrize("name", NAMES)
def test_a_framed_page_is_read_back_as_it_was_written(name: str):
    assert from_source(PurePosixPath("concepts/a.b.page"), to_source(page(name))) == page(name)


@pytest.mark.parametrize("name", NAMES)
def test_mkdocs_reads_the_same_title_and_body(name: str):
    body, meta = get_data(to_source(page(name)))
    assert (body, meta["title"]) == (page(name).body, name)


def test_a_title_of_several_lines_becomes_one_line():
    assert from_source(PurePosixPath("a.page"), to_source(page("a\n---\nb"))).title == "a --- b"


def test_only_pages_of_the_navigation_are_for_mkdocs():
    assert source_path(page("x")) == PurePosixPath("concepts/a.b.page")
    assert source_path(page("x", nav=("x",))) == PurePosixPath("concepts/a.b.md")


# Three characters count as line ends in YAML and come back as a space.
@given(st.text(st.characters(exclude_categories=["Cs"], exclude_characters="\x85\u2028\u2029")))
def test_any_text_survives_yaml(text: str):
    dumped = to_yaml({"name": text})
    assert yaml.safe_load(dumped) == {"name": text}
