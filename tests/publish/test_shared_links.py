from __future__ import annotations

import html
import re
from pathlib import Path
from urllib.parse import unquote

CARD = "assets/images/card.png"


def properties(page: Path) -> dict[str, str]:
    found = re.findall(r'<meta property="(og:[a-z:_]+)" content="([^"]*)">', page.read_text(encoding="utf-8"))
    return {name: html.unescape(value) for name, value in found}


def test_a_site_that_knows_its_address_says_how_a_link_to_each_page_looks(hostile):
    folder = hostile.site
    assert (folder / CARD).is_file()
    units = sorted(folder.glob("*/*/0.html"))
    for page in [folder / "index.html", *units]:
        found = properties(page)
        assert (
            unquote(found["og:url"]) == f"https://example.org/sub/path/{page.relative_to(folder).as_posix()}"
        )
        assert found["og:image"] == f"https://example.org/sub/path/{CARD}"
        assert found["og:title"]
        assert found["og:description"]
    assert len({properties(page)["og:url"] for page in units}) == len(units) > 1


def test_a_site_that_does_not_know_its_address_has_an_icon_but_no_card(built):
    assert properties(built.site / "index.html") == {}
    assert not (built.site / CARD).exists()
    for page in (built.site / "index.html", next(built.site.glob("*/*/0.html"))):
        (icon,) = re.findall(r'<link rel="icon" href="([^"]+)">', page.read_text(encoding="utf-8"))
        assert (page.parent / icon).read_text(encoding="utf-8").startswith("<svg")
