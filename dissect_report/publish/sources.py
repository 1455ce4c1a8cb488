"""A page as a file in ``docs/``: front matter, then the body as it is.

``*.md`` is a page of the navigation, which mkdocs renders; ``*.page`` is one that a folder's frame
shows. Neither goes through Markdown.
"""

from __future__ import annotations

from pathlib import PurePosixPath
from typing import Any

import yaml

from dissect_report.publish import frames
from dissect_report.report.page import Page

IN_NAVIGATION = ".md"
FRAMED = ".page"
_RULE = "---\n"


def source_path(page: Page) -> PurePosixPath:
    """Where a page's source lies below ``docs/``."""
    return page.path.with_suffix(FRAMED if page.nav is None else IN_NAVIGATION)


def frame_page(folder: PurePosixPath) -> Page:
    """The page of tokens that becomes the frame of ``folder``."""
    path = folder / f"{frames.ADDRESS}.html"
    return Page(path, frames.TITLE, frames.DESCRIPTION, frames.BODY, search="", nav=())


def to_source(page: Page) -> str:
    """The text of a page's source."""
    texts = {"title": page.title, "description": page.description, "words": page.search}
    texts |= {"card": page.card} if page.card else {}
    front = {name: " ".join(text.splitlines()) for name, text in texts.items()}
    return f"{_RULE}{to_yaml(front)}\n{_RULE}{page.body}"


def from_source(path: PurePosixPath, text: str) -> Page:
    """The framed page that ``to_source`` wrote to ``path`` below ``docs/``."""
    front, _, body = text.removeprefix(_RULE).partition(f"\n{_RULE}")
    meta = yaml.safe_load(front)  # type: ignore[no-untyped-call]
    return Page(path.with_suffix(".html"), meta["title"], meta["description"], body, meta["words"], nav=None)


def to_yaml(value: Any) -> str:
    """``value`` as YAML on one line, so that nothing in it can look like the rule below a front matter."""
    # Dumped as a list of one: a bare text would be followed by the end mark of a document.
    options = {"default_flow_style": True, "allow_unicode": True, "width": float("inf")}
    text: str = yaml.safe_dump([value], sort_keys=False, **options)  # type: ignore[no-untyped-call]
    return text.strip()[1:-1]
