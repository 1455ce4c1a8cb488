"""``[site]``: how the site is published."""

from __future__ import annotations

from dataclasses import dataclass

from dissect_report.config.keys import key
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
