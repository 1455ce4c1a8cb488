"""Thousands of pages through one pass of the theme.

A folder's pages outside the navigation differ in title, description, address and body, and in nothing
else: the theme renders one frame for them all, with tokens in these four places, and every page is
that frame with its own text put in.

Header, search dialog, navigation and foot are the largest part of a frame. They lie once a folder, in a
script that writes them where a page asks for them: thousands of pages are smaller by a quarter, and a changed
navigation changes one file.
"""

from __future__ import annotations

import html
import json
import re
from collections.abc import Iterator
from dataclasses import dataclass
from urllib.parse import quote

from dissect_report.errors import PublishError
from dissect_report.report.page import Page

TITLE, DESCRIPTION, BODY = "dissect-frame-title", "dissect-frame-description", "dissect-frame-body"
#: Also the name of the frame's source, so that it stands wherever the theme writes the page's address.
ADDRESS = "dissect-frame-address"
#: Beside the pages of a folder: what the theme shows above their bodies.
SCRIPT = "frame.js"
_TOKEN = re.compile(f"({TITLE}|{DESCRIPTION}|{BODY}|{ADDRESS})")
_ENDS = r"</nav>\s*</div>\s*</div>\s*</div>"
#: Whole elements that such a script writes, where a theme has them.
_SHARED = re.compile(
    r'(?:<input class="md-toggle" data-md-toggle="drawer".*?)?<header\b.*?</header>'
    rf'|(?:<div class="md-sidebar md-sidebar--(?:primary|secondary)".*?{_ENDS}\s*)+'
    r"|<script data-early>.*?</script>|<script>__md_scope.*?</script>|<script>var target=.*?</script>"
    r'|<button type="button" class="md-top\b.*?</button>|<footer class="md-footer">.*?</footer>'
    r'|(?:<div class="md-dialog".*?</div>\s*</div>\s*)?<script id="__config".*?</script>',
    re.DOTALL,
)
_INDENT = re.compile(r"\s*\n\s*")
#: Writes while the page is read, so that it is whole when the theme's own scripts look at it.
_WRITE = """{
  const { part, title } = document.currentScript.dataset;
  const text = document.createElement("i");
  text.textContent = title;
  document.write(%s[part].join(text.innerHTML));
}
"""


@dataclass(frozen=True)
class Frame:
    """What the theme puts around the pages of one folder.

    Attributes:
        pieces: the theme's text and, at every odd place, the token that a page fills.
        script: text of ``SCRIPT``; "" where the pages need none.
    """

    pieces: tuple[str, ...]
    script: str = ""

    @classmethod
    def parse(cls, text: str) -> Frame:
        """The frame in a page that the theme made of the four tokens.

        Raises:
            PublishError: the theme left a token out, or shows the body more than once.
        """
        text, script = _share(_INDENT.sub("\n", text))
        pieces = tuple(_TOKEN.split(text))
        tokens = pieces[1::2]
        if tokens.count(BODY) != 1 or TITLE not in tokens or DESCRIPTION not in tokens:
            raise PublishError(
                "the mkdocs theme does not show a page's title, description and body once; "
                "install the versions that dissect-report asks for"
            )
        return cls(pieces, script)

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


def _share(text: str) -> tuple[str, str]:
    """A frame that asks for its shared elements, and the script that writes them; "" without any."""
    parts: list[list[str]] = []

    def ask(found: re.Match[str]) -> str:
        if set(_TOKEN.findall(found.group())) - {TITLE}:
            return found.group()
        parts.append(found.group().split(TITLE))
        title = f' data-title="{TITLE}"' if len(parts[-1]) > 1 else ""
        return f'<script src="{SCRIPT}" data-part="{len(parts) - 1}"{title}></script>'

    text = _SHARED.sub(ask, text)
    return text, _WRITE % json.dumps(parts, ensure_ascii=False) if parts else ""
