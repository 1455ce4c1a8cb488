"""``dissect-report analyze``: runs the measurements, writes the findings."""

from __future__ import annotations

from typing import Annotated

import typer

from dissect_report.cli.configuration import ConfigArgument, read_configuration
from dissect_report.cli.console import console
from dissect_report.cli.progress import TerminalProgress

ForceOption = Annotated[
    bool, typer.Option("--force", help="Measure again even where the findings are up to date.")
]


def analyze(config: ConfigArgument = None, force: ForceOption = False) -> None:
    """Measure every unit and write the findings (JSON, arrays, pictures) to the site's run folder."""
    loaded = read_configuration(config)
    from dissect_report.analysis.dissection import dissect  # noqa: PLC0415  torch is slow to load

    for run in dissect(loaded, progress=TerminalProgress(), force=force):
        for layer in run.record.layers:
            named = sum(layer.concepts.values())
            console().print(
                f"  {run.record.name} {layer.name}: {layer.detectors} of {layer.units} units match "
                f"{named} concepts ({layer.grades['strong']} strong, {layer.chance_detectors:.3g} by chance)",
                soft_wrap=True,
            )
