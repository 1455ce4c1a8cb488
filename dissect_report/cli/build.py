"""``dissect-report build``: analyze, then render."""

from __future__ import annotations

from typing import Annotated

import typer

from dissect_report.cli.analyze import ForceOption, analyze
from dissect_report.cli.configuration import ConfigArgument, read_configuration
from dissect_report.cli.console import console
from dissect_report.cli.progress import TerminalProgress
from dissect_report.cli.render import render


def build(
    config: ConfigArgument = None,
    dry_run: Annotated[
        bool, typer.Option("--dry-run", help="Forecast time, disk and site size from one batch, and stop.")
    ] = False,
    force: ForceOption = False,
) -> None:
    """Dissect the network and build its website: `analyze`, then `render`."""
    if dry_run:
        loaded = read_configuration(config)
        from dissect_report.analysis.forecast import forecast  # noqa: PLC0415  torch is slow to load

        for line in forecast(loaded, TerminalProgress()):
            console().print(line, soft_wrap=True, markup=False)
        return
    analyze(config, force)
    render(config)
