"""``dissect-report publish``: puts a built site on a branch that a web server shows."""

from __future__ import annotations

import re
import sys
from pathlib import Path
from typing import Annotated

import typer
from rich.markup import escape

from dissect_report.cli.configuration import DEMO, ConfigArgument
from dissect_report.cli.console import console
from dissect_report.config import Config, load_config
from dissect_report.errors import PublishError
from dissect_report.findings.disk import alone_in

BECOME_PUBLIC = "; they become public with it"
#: How the theme names a page's own address, with and without quotation marks.
_CANONICAL = re.compile(r'<link rel="?canonical"? href="?([^">]*)index\.html')


def publish(
    config: ConfigArgument = None,
    remote: Annotated[str, typer.Option(help="Remote of the repository that the site lies in.")] = "origin",
    branch: Annotated[str, typer.Option(help="Branch that holds the site and nothing else.")] = "gh-pages",
    message: Annotated[str, typer.Option(help="Of the commit; default: the site's title.")] = "",
    yes: Annotated[bool, typer.Option("--yes", "-y", help="Do not ask.")] = False,
    force: Annotated[
        bool, typer.Option("--force", help="Replace a branch that holds something else.")
    ] = False,
) -> None:
    """Put a built site on the branch that GitHub Pages shows, after saying what becomes public."""
    from dissect_report.publish import inventory  # noqa: PLC0415  not for other verbs
    from dissect_report.publish.branch import Branch  # noqa: PLC0415

    loaded = load_config(config or DEMO)
    held = inventory.take_inventory(inventory.finished_site(loaded))
    inventory.check_pictures(held, loaded)
    console().print(f"{held.sentence()}{BECOME_PUBLIC if held.pictures else ''}", soft_wrap=True)
    console().print(inventory.besides(held.folder), soft_wrap=True, markup=False)
    if warning := inventory.check_size(held):
        console().print(f"[yellow]note:[/] {escape(warning)}", soft_wrap=True)
    if warning := wrong_address(loaded, held.folder):
        console().print(f"[yellow]note:[/] {escape(warning)}", soft_wrap=True)
    target = Branch.find(loaded.folder, remote, branch)
    if not yes and not confirmed(held.size, target.remote, target.name):
        console().print("nothing was published")
        raise typer.Exit(1)
    target.fetch()
    if not force:
        target.check_ours()
    with alone_in(loaded.folder):  # nobody swaps the site meanwhile
        target.put(held.folder, message or f"Site: {loaded.title}")
    console().print(
        f"[bold green]published[/] to {escape(branch)} of {escape(remote)}; "
        f"{escape(where(loaded.site.url or target.address()))}",
        soft_wrap=True,
    )


def confirmed(size: int, remote: str, branch: str) -> bool:
    """Whether the user agrees.

    Raises:
        PublishError: nobody is there to be asked.
    """
    if not sys.stdin.isatty():
        raise PublishError("nobody is there to confirm what becomes public; add --yes")
    return typer.confirm(f"push {size / 1e6:,.1f} MB to {branch} of {remote}?")


def wrong_address(config: Config, site: Path) -> str:
    """A warning where the site was built for another address than the configuration now names; or ""."""
    found = _CANONICAL.search((site / "index.html").read_text(encoding="utf-8"))
    built, wanted = found.group(1) if found else "", config.site.url
    if built.rstrip("/") == wanted.rstrip("/"):
        return ""
    return f"{site}: was built for {built or 'no address'}, [site] url is {wanted or 'empty'}; render again"


def where(address: str) -> str:
    """Where to look for the site."""
    return f"soon at {address}" if address else "the server of that remote decides where it is shown"
