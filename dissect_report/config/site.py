"""``[site]``: how the site is published."""

from __future__ import annotations

import re
from dataclasses import dataclass
from urllib.parse import urlsplit

from dissect_report.config.keys import key, refuse
from dissect_report.config.tables import settle_types


@dataclass(frozen=True)
class SiteConfig:
    """How the site is published."""

    url: str = key("", "address the site will have, e.g. https://me.github.io/project/; may stay empty")
    images: bool = key(True, "false leaves every probe picture out: thumbnails, top images, segmentations")
    parquet: bool = key(False, "true adds units.parquet beside every units.csv; needs the extra `parquet`")
    readable: bool = key(
        True, "all users of this machine may read the site, as servers must; false: by umask"
    )
    templates: str = key("", "folder of own pages/*.html and partials/*.html, which win over the shipped")

    def __post_init__(self) -> None:
        settle_types(self, "[site]")
        told = f"[site] url = {self.url!r}: an address begins with https:// or http://, such as https://me.github.io/project/"
        refuse([(not self.url or _is_address(self.url), told)])


def _is_address(text: str) -> bool:
    try:
        parts = urlsplit(text)
    except ValueError:
        return False
    return (
        parts.scheme in ("https", "http")
        and bool(parts.hostname)
        and not re.search(r"[\s\x00-\x1f\"'<>]", text)
    )
