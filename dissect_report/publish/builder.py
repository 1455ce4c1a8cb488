"""From findings to a built site, in one call."""

from __future__ import annotations

import logging
import os
from collections.abc import Iterator
from contextlib import contextmanager
from pathlib import Path

from rich.console import Console
from rich.markup import escape

from dissect_report.config import Config
from dissect_report.errors import DissectError, FindingsError, PublishError, StorageError
from dissect_report.findings import folders
from dissect_report.findings.disk import alone_in, sweep
from dissect_report.findings.manifest import MISSING, faults, read_manifest, told
from dissect_report.findings.parts import is_picture
from dissect_report.findings.paths import SitePaths
from dissect_report.findings.verification import NO_MANIFEST
from dissect_report.publish.project import write_project
from dissect_report.report.site import SiteFindings, load_site
from dissect_report.report.templating import fault_of

PLUGIN = "dissect-report"


def build_site(config: Config, console: Console) -> Path:
    """Writes the mkdocs project, builds it beside the old site and puts it in its place.

    Until the new site is whole the old one stays; files with equal bytes keep their modification time.

    Returns:
        ``index.html`` of the built site.

    Raises:
        FindingsError: the site was not analysed yet.
        PublishError: mkdocs complains, or a template of the site's own fails.
        StorageError: the disk refuses, a folder is somebody else's, or another build is under way.
    """
    with alone_in(config.folder):
        return _build_beside(config, console)


def _build_beside(config: Config, console: Console) -> Path:
    paths = SitePaths(config.folder)
    folders.check_claimable(paths.site)
    folders.settle(paths.site)
    new = folders.new_of(paths.site)
    folders.clear(new)
    sweep(paths.root, below=False)
    try:
        site = load_site(config)
        check_whole(site, console)
        pages = _build(write_project(site), new, site)
        if config.site.readable:
            folders.open_to_all(new)
        changed, total = folders.replace(paths.site, new)
    except DissectError:
        raise
    except Exception as error:
        # A template of the site's own can fail in any way; its author needs the place, not our calls.
        if fault := fault_of(config.templates, error):
            raise PublishError(fault) from None
        if isinstance(error, OSError):
            raise StorageError(f"{error.filename or paths.root}: {error.strerror or error}") from None
        raise
    finally:
        folders.clear(new)
    console.print(escape(f"  site: {pages:,} pages; {changed:,} of {total:,} files changed"), soft_wrap=True)
    return paths.site / "index.html"


def check_whole(site: SiteFindings, console: Console) -> None:
    """Refuses findings of which something is missing or damaged; pictures may be, where the site shows none.

    Raises:
        FindingsError: naming the files.
    """
    for run in site.runs:
        root = run.paths.root
        manifest = read_manifest(root)
        if manifest is None:
            console.print(f"[yellow]note:[/] {escape(f'{root}: {NO_MANIFEST}')}", soft_wrap=True)
            continue
        found = {
            name: fault
            for name, fault in faults(root, manifest).items()
            if site.config.site.images or fault != MISSING or not is_picture(name)
        }
        if found:
            raise FindingsError(told(root, found))


def _build(project: Path, folder: Path, site: SiteFindings) -> int:
    """Runs mkdocs into ``folder``; the number of pages.

    Raises:
        PublishError: what mkdocs said, in one line.
    """
    # The theme prints an announcement at import unless told otherwise.
    os.environ.setdefault("NO_MKDOCS_2_WARNING", "1")
    from mkdocs.commands.build import build  # noqa: PLC0415  half a second, which other verbs do not pay
    from mkdocs.config import load_config  # noqa: PLC0415
    from mkdocs.exceptions import Abort, MkDocsException  # noqa: PLC0415

    from dissect_report.publish.plugin import DissectReportPlugin  # noqa: PLC0415

    with _messages() as messages:
        try:
            settings = load_config(str(project), site_dir=str(folder))
            plugin = settings.plugins.get(PLUGIN)
            if not isinstance(plugin, DissectReportPlugin):
                raise PublishError(f"{project}: the plugin {PLUGIN!r} is missing; run `render` again")
            plugin.site, plugin.previous = site, SitePaths(site.config.folder).site
            settings.plugins.on_startup(command="build", dirty=False)
            build(settings)
            settings.plugins.on_shutdown()
        except (MkDocsException, Abort) as error:
            said = "; ".join([*messages, str(error)])
            raise PublishError(f"{project}: mkdocs: {' '.join(said.split())}") from None
    if messages:
        raise PublishError(f"{project}: mkdocs: {'; '.join(messages)}")
    return plugin.written


@contextmanager
def _messages() -> Iterator[list[str]]:
    """Collects what mkdocs warns about instead of letting it reach the terminal."""
    collected: list[str] = []
    handler = logging.Handler(logging.WARNING)
    handler.emit = lambda record: collected.append(record.getMessage())  # type: ignore[method-assign]
    logger = logging.getLogger("mkdocs")
    propagate = logger.propagate
    logger.addHandler(handler)
    logger.propagate = False
    try:
        yield collected
    finally:
        logger.removeHandler(handler)
        logger.propagate = propagate
