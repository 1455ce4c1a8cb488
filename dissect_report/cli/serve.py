"""``dissect-report serve``: shows a built site in the browser."""

from __future__ import annotations

import webbrowser
from pathlib import Path
from typing import Annotated

import typer
from rich.markup import escape

from dissect_report.cli.configuration import DEMO
from dissect_report.cli.console import console
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
) -> None:
    """Show a built site in the browser, on this machine only; Ctrl-C ends it."""
    from dissect_report.publish.folders import is_unfinished  # noqa: PLC0415  not for other verbs
    from dissect_report.publish.server import address_of, make_server  # noqa: PLC0415

    folder = built_site(site or DEMO)
    with make_server(folder, port) as server:
        if is_unfinished(folder):
            console().print("[yellow]note:[/] the last build of this site did not finish; run `render` again")
        address = address_of(server)
        console().print(f"{escape(str(folder))} is at [bold]{address}[/]  (Ctrl-C ends it)", soft_wrap=True)
        if not no_open:
            webbrowser.open(address)
        try:
            server.serve_forever()
        except KeyboardInterrupt:
            console().print("stopped")


def built_site(path: Path) -> Path:
    """The folder to serve: ``path`` itself, or the ``site/`` of the configuration that it names."""
    folder = path.parent if path.suffix == ".toml" else path
    return folder if (folder / "index.html").is_file() else SitePaths(folder).site
