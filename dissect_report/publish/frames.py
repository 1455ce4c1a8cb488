"""Thousands of pages through one pass of the theme.

A folder's pages outside the navigation differ in title, description, address and body, and in nothing
else: the theme renders one frame for them all, with tokens in these four places, and every page is
that frame with its own text put in.
"""

from __future__ import annotations

import html
import re
from collections.abc import Iterator
from dataclasses import dataclass
from urllib.parse import quote

from dissect_report.errors import PublishError
from dissect_report.report.page import Page

TITLE, DESCRIPTION, BODY = "dissect-frame-title", "dissect-frame-description", "dissect-frame-body"
#: Also the name of the frame's source, so that it stands wherever the theme writes the page's address.
ADDRESS = "dissect-frame-address"
_TOKEN = re.compile(f"({TITLE}|{DESCRIPTION}|{BODY}|{ADDRESS})")


@dataclass(frozen=True)
class Frame:
    """What the theme puts around the pages of one folder.

    Attributes:
        pieces: the theme's text and, at every odd place, the token that a page fills.
    """

    pieces: tuple[str, ...]

    @classmethod
    def parse(cls, text: str) -> Frame:
        """The frame in a page that the theme made of the four tokens.

        Raises:
            PublishError: the theme left a token out, or shows the body more than once.
        """
        pieces = tuple(_TOKEN.split(text))
        tokens = pieces[1::2]
        if tokens.count(BODY) != 1 or TITLE not in tokens or DESCRIPTION not in tokens:
            raise PublishError(
                "the mkdocs theme does not show a page's title, description and body once; "
                "install the versions that dissect-report asks for"
            )
        return cls(pieces)

    def fill(self, page: Page) -> str:
        """The whole page; title and description are escaped, the body is HTML already."""
        texts = {
            TITLE: html.escape(page.title),
            DESCRIPTION: html.escape(page.description),
            BODY: page.body,
            ADDRESS: quote(page.path.stem),
        }
        return "".join(self._filled(texts))

    def _filled(self, texts: dict[str, str]) -> Iterator[str]:
        for place, piece in enumerate(self.pieces):
            yield texts[piece] if place % 2 else piece
