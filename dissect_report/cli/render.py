"""``dissect-report render``: findings to website, without torch."""

from __future__ import annotations

import json
import time
from pathlib import Path
from typing import TYPE_CHECKING

import typer
from rich.markup import escape

from dissect_report.cli.configuration import (
    ConfigArgument,
    JsonOption,
    QuietOption,
    SetOption,
    read_configuration,
)
from dissect_report.cli.console import console

if TYPE_CHECKING:
    from dissect_report.config import Config


def render(
    config: ConfigArgument = None,
    changes: SetOption = None,
    as_json: JsonOption = False,
    quiet: QuietOption = False,
) -> None:
    """Build the website from the findings; needs no torch and no GPU."""
    index = built(read_configuration(config, changes))
    if as_json:
        typer.echo(json.dumps({"site": str(index)}, indent=1))


def built(config: Config) -> Path:
    """Builds the site, says where it is, and returns its first page."""
    from dissect_report.publish.builder import build_site  # noqa: PLC0415  mkdocs is slow to load

    start = time.monotonic()
    index = build_site(config, console())
    seconds = time.monotonic() - start
    for line in (
        f"[bold green]done[/] in {seconds:.1f} s: [bold]{escape(str(index))}[/]",
        f"open that file in a browser, or run: dissect-report serve {escape(str(config.folder))}",
    ):
        console().print(line, soft_wrap=True)
    return index
