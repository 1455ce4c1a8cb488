"""The mkdocs plugin: bodies go to the page as they are, and the built site gets what mkdocs need not see.

mkdocs renders the pages of the navigation and one frame a folder. After the build, the pages outside
the navigation (units, concepts), data files and pictures are written beside them.
"""

from __future__ import annotations

import html
from pathlib import Path, PurePosixPath
from typing import Any

from markupsafe import Markup
from mkdocs.config import config_options
from mkdocs.config.base import Config
from mkdocs.config.defaults import MkDocsConfig
from mkdocs.plugins import BasePlugin, CombinedEvent, event_priority
from mkdocs.structure.files import Files
from mkdocs.structure.nav import Navigation
from mkdocs.structure.pages import Page as ThemePage

from dissect_report.config import load_config
from dissect_report.errors import PublishError
from dissect_report.findings import folders
from dissect_report.publish import frames
from dissect_report.publish.contents import Contents
from dissect_report.publish.frames import Frame
from dissect_report.publish.sources import FRAMED, from_source
from dissect_report.publish.verification import write_site_listing
from dissect_report.report.page import Page
from dissect_report.report.site import SiteFindings, load_site
from dissect_report.report.templating import templates_folder

_DIALOG = 'data-md-component="search" role="dialog"'


class Options(Config):  # type: ignore[no-untyped-call]
    """The plugin's part of ``mkdocs.yml``."""

    config = config_options.Type(str, default="dissect.toml")


class DissectReportPlugin(BasePlugin[Options]):  # type: ignore[no-untyped-call]
    """See the module.

    Attributes:
        site: the findings; read from ``dissect.toml`` where nobody has set them.
        previous: an older build of the site in another folder.
        written: pages of the site, after the build.
    """

    def __init__(self) -> None:
        super().__init__()
        self.site: SiteFindings | None = None
        self.previous: Path | None = None
        self.written = 0
        self._start()

    def _start(self) -> None:
        self._pages: list[Page] = []
        self._framed: list[Page] = []
        self._frames: dict[PurePosixPath, Frame] = {}
        self._bodies: dict[str, str] = {}
        self._current: ThemePage | None = None

    def on_config(self, config: MkDocsConfig) -> MkDocsConfig:
        """Adds our templates to the theme and makes the site's folder ours."""
        self._start()
        overrides = str(templates_folder() / "overrides")
        if overrides not in config.theme.dirs:
            config.theme.dirs.insert(0, overrides)
        # Its links start at the server's root: wrong below a sub-path and from disk.
        config.theme.static_templates.discard("404.html")
        config.site_name = _escaped(config.site_name)
        config.site_description = _escaped(config.site_description or "")
        folders.claim(Path(config.site_dir))
        folders.mark(Path(config.site_dir), folders.UNFINISHED)
        return config

    def on_files(self, files: Files, *, config: MkDocsConfig) -> Files:
        """Takes the pages outside the navigation away from mkdocs."""
        for file in list(files):
            if file.src_uri.endswith(FRAMED):
                self._framed.append(from_source(PurePosixPath(file.src_uri), file.content_string))
                files.remove(file)
        return files

    def on_nav(self, nav: Navigation, *, config: MkDocsConfig, files: Files) -> None:
        """Escapes the names in the navigation, which the theme does not."""
        waiting: list[Any] = list(nav.items)
        while waiting:
            item = waiting.pop()
            if item.title is not None:
                item.title = _escaped(item.title)
            waiting += item.children or []

    def on_page_markdown(self, markdown: str, *, page: ThemePage, config: MkDocsConfig, files: Files) -> str:
        """Keeps the body from being read as Markdown."""
        path = PurePosixPath(page.file.dest_uri)
        self._bodies[page.file.src_uri] = markdown
        if path.stem != frames.ADDRESS:
            meta = page.meta
            self._pages.append(Page(path, meta["title"], meta["description"], "", meta["words"], nav=()))
        page.meta = {
            "title": _escaped(page.meta["title"]),
            "description": _escaped(page.meta["description"]),
            "card": page.meta.get("card", ""),
            "hide": ["toc"],
            "search": {"exclude": True},
        }
        return ""

    def on_page_content(self, content: str, *, page: ThemePage, config: MkDocsConfig, files: Files) -> str:
        """Puts the body where Markdown would have been."""
        return self._bodies.pop(page.file.src_uri)

    def on_page_context(
        self, context: Any, *, page: ThemePage, config: MkDocsConfig, nav: Navigation
    ) -> None:
        """Shows in a frame's navigation where its pages belong: the index of their folder."""
        if page.file.name == frames.ADDRESS:
            index = str(PurePosixPath(page.file.dest_uri).with_name("index.html"))
            self._current = next((known for known in nav.pages if known.file.dest_uri == index), None)
            if self._current:
                self._current.active = True

    def on_post_page(self, output: str, *, page: ThemePage, config: MkDocsConfig) -> str:
        """Names the search dialog; keeps a frame for later instead of writing it."""
        if self._current:
            self._current.active = False
            self._current = None
        if _DIALOG not in output:
            raise PublishError("mkdocs-material's search dialog has changed; install a version below 10")
        output = output.replace(_DIALOG, f'{_DIALOG} aria-label="Search"')
        if page.file.name != frames.ADDRESS:
            return output
        self._frames[PurePosixPath(page.file.dest_uri).parent] = Frame.parse(output)
        return ""

    # After search has written its index, before `offline` copies it into a script.
    @event_priority(-50)
    def _write_contents(self, *, config: MkDocsConfig) -> None:
        """Writes everything that mkdocs did not see."""
        folder = Path(config.site_dir)
        site = self.site or load_site(load_config(Path(config.config_file_path).parent / self.config.config))
        contents = Contents(folder, site, self._frames, self.previous)
        self.written = contents.write(self._pages, self._framed, config.site_url or "")

    # After `offline`, whose script is the last file of a site.
    @event_priority(-200)
    def _end(self, *, config: MkDocsConfig) -> None:
        """Lists the files, and says in the marker that the site is whole."""
        write_site_listing(Path(config.site_dir), self.previous)
        folders.mark(Path(config.site_dir), folders.COMPLETE)

    on_post_build = CombinedEvent(_write_contents, _end)


def _escaped(text: str) -> Markup:
    """``text`` for a theme that does not escape; where it does escape, this is not escaped again."""
    return Markup(html.escape(text))
