"""Writes the mkdocs project of a site: ``docs/`` and ``mkdocs.yml``, only where bytes changed."""

from __future__ import annotations

from collections.abc import Iterable, Iterator
from pathlib import Path, PurePosixPath

from markupsafe import Markup

from dissect_report import __version__
from dissect_report.config import Config
from dissect_report.errors import PublishError
from dissect_report.findings import folders
from dissect_report.findings.paths import SitePaths
from dissect_report.publish.navigation import navigation
from dissect_report.publish.sources import frame_page, source_path, to_source, to_yaml
from dissect_report.report import emblem
from dissect_report.report.experiments import EXPERIMENTS
from dissect_report.report.page import SCRIPTS, STYLES, Page
from dissect_report.report.parquet import parquet_files
from dissect_report.report.plotly import plotly_script
from dissect_report.report.render import pages
from dissect_report.report.site import SiteFindings
from dissect_report.report.templating import environment, templates_folder

#: What surrounds the report's pages; lies with the theme's own files, from ``templates/overrides``.
CHROME = "assets/stylesheets/chrome.css"
PLOTLY = PurePosixPath("assets/js/plotly.min.js")
#: All scripts of the report in one file, and all style sheets: two requests and two lines of every page.
SCRIPT, STYLE = PurePosixPath("assets/js/report.js"), PurePosixPath("assets/css/report.css")


def write_project(site: SiteFindings) -> Path:
    """Writes the project of ``site`` into its folder; files that are no longer wanted are removed.

    Returns:
        ``mkdocs.yml``.

    Raises:
        PublishError: ``mkdocs.yml`` is somebody else's.
        StorageError: ``docs/`` is.
    """
    config = site.config
    paths = SitePaths(config.folder)
    # Written last, refused first: nothing is touched if either is somebody else's.
    _check_ours(paths.mkdocs)
    folders.claim(paths.docs)
    folders.mark(paths.docs, folders.UNFINISHED)
    written = list(pages(site))
    wanted = set()
    for path, data in _sources(site, written):
        wanted.add(paths.docs / path)
        folders.write_if_changed(paths.docs / path, data)
    folders.remove_others(paths.docs, wanted)
    folders.mark(paths.docs, folders.COMPLETE)
    folders.write_if_changed(paths.mkdocs, mkdocs_yml(config, written).encode())
    return paths.mkdocs


def _sources(site: SiteFindings, written: Iterable[Page]) -> Iterator[tuple[PurePosixPath, bytes]]:
    """Every file of ``docs/``: pages, one frame a folder that needs one, assets."""
    framed = [
        PurePosixPath(run.record.name) / layer.folder for run in site.runs for layer in run.record.layers
    ]
    for page in written:
        yield source_path(page), to_source(page).encode()
        if page.nav is None:
            framed.append(page.path.parent)
    for folder in dict.fromkeys(framed):
        frame = frame_page(folder)
        yield source_path(frame), to_source(frame).encode()
    yield emblem.ICON, emblem.icon(site).encode()
    if site.config.site.url:
        yield emblem.CARD, emblem.card(site)
        for run in site.runs:
            for experiment in EXPERIMENTS:
                yield from experiment.social_cards(site, run)
    yield from parquet_files(site)
    for bundle, parts in ((SCRIPT, SCRIPTS), (STYLE, STYLES)):
        yield bundle, b"\n".join((templates_folder() / part).read_bytes() for part in parts)
    yield PLOTLY, plotly_script()


def mkdocs_yml(config: Config, written: Iterable[Page]) -> str:
    """The text of ``mkdocs.yml`` for pages that have been made."""
    values = {
        "site_name": config.title,
        "site_url": config.site.url,
        "site_description": f"What each unit looks for: {config.title}, taken apart unit by unit.",
        "copyright": f"Made with dissect-report {__version__}",
        "config_name": config.path.name,
        "icon": str(emblem.ICON),
        "card": str(emblem.CARD),
        "scripts": [str(SCRIPT)],
        "styles": [CHROME, str(STYLE)],
        "nav": navigation(written),
    }
    template = environment().get_template("mkdocs.yml.j2")
    return (
        template.render({name: Markup(to_yaml(value)) if value else "" for name, value in values.items()})
        + "\n"
    )


def _check_ours(path: Path) -> None:
    """Refuses a ``mkdocs.yml`` that somebody else wrote.

    Raises:
        PublishError: naming it.
    """
    if path.exists() and not path.read_text(encoding="utf-8").startswith("# Written by dissect-report"):
        raise PublishError(f"{path}: was not made by dissect-report; move it away or delete it yourself")
