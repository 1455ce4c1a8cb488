"""The search index: one compact entry a page, in place of every word of every page."""

from __future__ import annotations

import html
import json
from collections.abc import Iterable
from pathlib import Path
from typing import Any
from urllib.parse import quote

from dissect_report.errors import PublishError
from dissect_report.report.page import Page

INDEX = Path("search", "search_index.json")
#: A page that stands for many units comes before each of them.
BOOST = 4


def page_entries(pages: Iterable[Page]) -> list[dict[str, Any]]:
    """Entries of pages that stand for many units, in their order.

    The theme finds "treetop" for "tree" too, and ranks the rarer word first: a title that begins
    others outweighs them.
    """
    pages = list(pages)
    boosts: dict[str, float] = {}
    follower = ""
    for title in sorted({page.title for page in pages}, reverse=True):
        boosts[title] = boosts[follower] * BOOST if title and follower.startswith(title) else BOOST
        follower = title
    return [{**_entry(page, page.title, page.search), "boost": boosts[page.title]} for page in pages]


def unit_entry(page: Page, run: str) -> dict[str, Any]:
    """The one line of a unit; ``run`` tells units of several runs apart and may be empty."""
    return _entry(page, page.search, run)


def _entry(page: Page, title: str, text: str) -> dict[str, Any]:
    """What the dialog shows of a page; the theme puts it there as HTML, hence the escaping."""
    texts = {"title": html.escape(title, quote=False), "text": html.escape(text, quote=False)}
    return {"location": quote(str(page.path)), **texts}


def write_entries(site: Path, entries: Iterable[dict[str, Any]]) -> None:
    """Puts ``entries`` into the index that the theme's search plugin wrote.

    Raises:
        PublishError: the index is not there.
    """
    path = site / INDEX
    if not path.is_file():
        raise PublishError(f"{path}: the search plugin wrote no index; keep `search` in mkdocs.yml")
    index = json.loads(path.read_text(encoding="utf-8"))
    index["docs"] = list(entries)
    path.write_text(json.dumps(index, ensure_ascii=False, separators=(",", ":")), encoding="utf-8")
