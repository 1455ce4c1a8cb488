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


def entry(page: Page, boost: float = 1) -> dict[str, Any]:
    """What the search dialog shows of a page; the theme puts it there as HTML, hence the escaping."""
    result = {
        "location": quote(str(page.path)),
        "title": html.escape(page.title, quote=False),
        "text": html.escape(page.search, quote=False),
    }
    return result if boost == 1 else {**result, "boost": boost}


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
