"""What the report hands to ``publish``: pages, data files and the names of scripts and styles."""

from __future__ import annotations

from dataclasses import dataclass
from pathlib import PurePosixPath

#: Style sheets of every page, in ``templates/``; a site has them in one file.
STYLES = (
    "assets/css/dissect.css",
    "assets/css/pages.css",
    "assets/css/removals.css",
    "assets/css/compare.css",
    "assets/css/edits.css",
    "assets/css/paint.css",
    "assets/css/layer.css",
    "assets/css/photo.css",
)

#: Scripts of every page, in this order; a site has them in one file. ``figures.js`` loads ``plotly.min.js``
#: from beside that when the first figure comes into view.
SCRIPTS = (
    "assets/js/register.js",
    "assets/js/address.js",
    "assets/js/bars.js",
    "assets/js/figures.js",
    "assets/js/page.js",
    "assets/js/tiles.js",
    "assets/js/iou_threshold.js",
    "assets/js/tray.js",
    "assets/js/query.js",
    "assets/js/card_pictures.js",
    "assets/js/layer.js",
    "assets/js/layer_controls.js",
    "assets/js/removals.js",
    "assets/js/edits.js",
)


@dataclass(frozen=True)
class Page:
    """One page of the site.

    Attributes:
        path: below the site's root, e.g. ``squeezenet/fire9/150.html``.
        title: plain text, not escaped: for the browser's title and the navigation.
        description: plain text, one sentence.
        body: HTML of the content area with exactly one ``<h1>``; links are relative to ``path``.
        search: plain words to index.
        nav: place in the navigation, e.g. ("squeezenet", "fire9"); None keeps the page out of it.
        card: below the site's root, the picture where a link to the page is shared; "" for the site's own.
    """

    path: PurePosixPath
    title: str
    description: str
    body: str
    search: str
    nav: tuple[str, ...] | None
    card: str = ""


@dataclass(frozen=True)
class DataFile:
    """A text file beside the pages: a download, or a script that hands its data to ``dissect.register``."""

    path: PurePosixPath
    text: str
