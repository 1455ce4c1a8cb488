from __future__ import annotations

import json
from pathlib import Path, PurePosixPath

import pytest

from dissect_report.errors import PublishError
from dissect_report.publish.search import INDEX, page_entries, unit_entry, write_entries
from dissect_report.report.page import Page


def page(title: str, search: str = "words") -> Page:
    return Page(PurePosixPath(f"concepts/{title} ä.html"), title, "", "", search, None)


def test_a_title_that_begins_others_outweighs_them():
    titles = ["treetop", "tree", "car", "tree", "treetops", "sea"]
    boosts = {entry["title"]: entry["boost"] for entry in page_entries(map(page, titles))}
    assert boosts["tree"] > boosts["treetop"] > boosts["treetops"] == boosts["car"] == boosts["sea"]


def test_pages_keep_their_order_and_get_an_address():
    entries = page_entries([page("b"), page("a")])
    assert [entry["location"] for entry in entries] == [
        "concepts/b%20%C3%A4.html",
        "concepts/a%20%C3%A4.html",
    ]


def test_a_unit_is_one_line_and_the_run_it_belongs_to():
    entry = unit_entry(page("long title", "fire9 unit 150 · <b>"), "squeezenet")
    assert (entry["title"], entry["text"]) == ("fire9 unit 150 · &lt;b&gt;", "squeezenet")
    assert "boost" not in entry


def test_entries_replace_what_the_theme_indexed(tmp_path: Path):
    path = tmp_path / INDEX
    path.parent.mkdir()
    path.write_text('{"config": {"lang": ["en"]}, "docs": [{"location": "old.html"}]}')
    write_entries(tmp_path, page_entries([page("a")]))
    index = json.loads(path.read_text())
    assert index["config"] == {"lang": ["en"]}
    assert [entry["title"] for entry in index["docs"]] == ["a"]


def test_a_missing_index_is_an_error(tmp_path: Path):
    with pytest.raises(PublishError, match="wrote no index"):
        write_entries(tmp_path, [])
