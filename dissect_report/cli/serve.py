"""``dissect-report serve``: shows a built site in the browser, up to date."""

from __future__ import annotations

import threading
import webbrowser
from collections.abc import Iterator
from contextlib import contextmanager, nullcontext
from pathlib import Path
from typing import Annotated

import typer
from rich.markup import escape

from dissect_report.cli.configuration import DEMO
from dissect_report.cli.console import console, on_one_line
from dissect_report.cli.failures import failure
from dissect_report.config import load_config
from dissect_report.errors import BusyError
from dissect_report.findings.paths import SitePaths

SiteArgument = Annotated[
    Path | None,
    typer.Argument(
        metavar="[SITE]",
        help="A built site, its dissect.toml, or the folder that holds both. Without it: the demo's.",
        show_default=False,
    ),
]


def serve(
    site: SiteArgument = None,
    port: Annotated[int, typer.Option(help="Port to listen on; any free one if it is taken.")] = 8000,
    no_open: Annotated[bool, typer.Option("--no-open", help="Do not open a browser.")] = False,
    no_watch: Annotated[bool, typer.Option("--no-watch", help="Do not build the site again.")] = False,
) -> None:
    """Show a built site, on this machine only; it is built again when findings or templates change."""
    from dissect_report.findings.folders import is_unfinished  # noqa: PLC0415  not for other verbs
    from dissect_report.publish.server import address_of, make_server  # noqa: PLC0415

    folder = built_site(site or DEMO)
    config = site if site is not None and site.suffix == ".toml" else folder.with_name("dissect.toml")
    with make_server(folder, port) as server:
        if is_unfinished(folder):
            console().print("[yellow]note:[/] the last build of this site did not finish; run `render` again")
        address = address_of(server)
        console().print(f"{escape(str(folder))} is at [bold]{address}[/]  (Ctrl-C ends it)", soft_wrap=True)
        if not no_open:
            webbrowser.open(address)
        with rebuilding(config) if config.is_file() and not no_watch else nullcontext():
            try:
                server.serve_forever()
            except KeyboardInterrupt:
                console().print("stopped")


@contextmanager
def rebuilding(config: Path) -> Iterator[None]:
    """Builds the site of ``config`` again after every change, beside whatever else happens."""
    from dissect_report.publish.following import follow, state_of  # noqa: PLC0415  not for other verbs

    stop = threading.Event()
    told = (config, state_of(config), lambda: rebuild(config), stop)
    thread = threading.Thread(target=follow, args=told, daemon=True)
    thread.start()
    try:
        yield
    finally:
        stop.set()
        thread.join()


def rebuild(config: Path) -> bool:
    """Builds the site once; what fails is said in one line, and the old site stays.

    Returns:
        False where another process is at work on the site, so that it has to be built later.
    """
    from dissect_report.publish.builder import build_site  # noqa: PLC0415  mkdocs is slow to load

    try:
        build_site(load_config(config), console())
    except BusyError:
        return False
    except Exception as error:  # a site's own templates may fail in any way, and the next build may not
        line = on_one_line(failure(error, config.parent).line)
        console().print(f"[bold red]error:[/] {escape(line)}", soft_wrap=True, highlight=False)
    else:
        console().print("built again; reload the page", soft_wrap=True)
    return True


def built_site(path: Path) -> Path:
    """The folder to serve: ``path`` itself, or the ``site/`` of the configuration that it names."""
    folder = path.parent if path.suffix == ".toml" else path
    return folder if (folder / "index.html").is_file() else SitePaths(folder).site
