"""``dissect-report render``: findings to website, without torch."""

from __future__ import annotations

import time

from rich.markup import escape

from dissect_report.cli.configuration import ConfigArgument, read_configuration
from dissect_report.cli.console import console


def render(config: ConfigArgument = None) -> None:
    """Build the website from the findings; needs no torch and no GPU."""
    loaded = read_configuration(config)
    from dissect_report.publish.builder import build_site  # noqa: PLC0415  plotly is slow to load

    start = time.monotonic()
    index = build_site(loaded, console())
    seconds = time.monotonic() - start
    for line in (
        f"[bold green]done[/] in {seconds:.1f} s: [bold]{escape(str(index))}[/]",
        f"open that file in a browser, or run: dissect-report serve {escape(str(loaded.folder))}",
    ):
        console().print(line, soft_wrap=True)
