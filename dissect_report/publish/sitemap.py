"""The list of all addresses for search engines."""

from __future__ import annotations

import gzip
from collections.abc import Iterable
from html import escape
from pathlib import Path, PurePosixPath
from urllib.parse import quote, urljoin

SITEMAP = "sitemap.xml"
_HEAD = (
    '<?xml version="1.0" encoding="UTF-8"?>\n<urlset xmlns="http://www.sitemaps.org/schemas/sitemap/0.9">\n'
)


def write_sitemap(site: Path, url: str, pages: Iterable[PurePosixPath]) -> None:
    """Replaces the theme's sitemap, which knows the pages of the navigation alone.

    A sitemap holds absolute addresses: a site that does not know its own (``url`` is empty) has none.
    """
    plain, packed = site / SITEMAP, site / f"{SITEMAP}.gz"
    if not url:
        plain.unlink(missing_ok=True)
        packed.unlink(missing_ok=True)
        return
    base = url.rstrip("/") + "/"
    lines = (f"<url><loc>{escape(urljoin(base, quote(str(path))))}</loc></url>\n" for path in pages)
    text = f"{_HEAD}{''.join(lines)}</urlset>\n".encode()
    plain.write_bytes(text)
    # No time in the archive: the same pages give the same bytes.
    packed.write_bytes(gzip.compress(text, mtime=0))
