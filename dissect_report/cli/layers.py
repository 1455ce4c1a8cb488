"""``dissect-report layers``: what can be dissected."""

from __future__ import annotations

from pathlib import Path
from typing import Annotated

import typer
from rich.table import Table

from dissect_report.cli.console import console
from dissect_report.config import load_config


def layers(
    config: Annotated[Path, typer.Argument(help="A dissect.toml or the folder that holds one.")],
) -> None:
    """List every layer that can be dissected: name, units, map size, in execution order."""
    loaded = load_config(config)
    from dissect_report.analysis.networks import survey_layers  # noqa: PLC0415  torch is slow to load

    for run in loaded.runs:
        table = Table(title=run.name if len(loaded.runs) > 1 else None, title_justify="left")
        for heading in ("layer", "units", "map", "recorded as", "chosen"):
            table.add_column(heading, justify="right" if heading == "units" else "left", overflow="fold")
        for info, chosen in survey_layers(run, loaded.folder):
            height, width = info.map_size
            table.add_row(
                info.name, str(info.units), f"{height} x {width}", info.recorded_as, "yes" if chosen else ""
            )
        console().print(table)
