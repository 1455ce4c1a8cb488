"""``dissect-report build``: analyze, then render."""

from __future__ import annotations

import json
from typing import Annotated

import typer

from dissect_report.cli.analyze import ForceOption, measured
from dissect_report.cli.configuration import (
    ConfigArgument,
    JsonOption,
    QuietOption,
    SetOption,
    read_configuration,
)
from dissect_report.cli.console import console
from dissect_report.cli.progress import TerminalProgress
from dissect_report.cli.render import built


def build(
    config: ConfigArgument = None,
    dry_run: Annotated[
        bool, typer.Option("--dry-run", help="Forecast time, disk and site size from one batch, and stop.")
    ] = False,
    force: ForceOption = False,
    changes: SetOption = None,
    as_json: JsonOption = False,
    quiet: QuietOption = False,
) -> None:
    """Dissect the network and build its website: `analyze`, then `render`."""
    loaded = read_configuration(config, changes)
    if dry_run:
        from dissect_report.analysis.forecast import forecast  # noqa: PLC0415  torch is slow to load

        lines = list(forecast(loaded, TerminalProgress()))
        if as_json:
            typer.echo(json.dumps({"forecast": lines}, indent=1))
        for line in lines:
            console().print(line, soft_wrap=True, markup=False)
        return
    if own := loaded.templates:
        from dissect_report.report.templating import check_own  # noqa: PLC0415  only where there are some

        check_own(own)  # before hours of measuring
    runs = measured(loaded, force)
    index = built(loaded)
    if as_json:
        typer.echo(json.dumps({"runs": runs, "site": str(index)}, indent=1))
