"""``dissect-report analyze``: runs the measurements, writes the findings."""

from __future__ import annotations

import json
from typing import TYPE_CHECKING, Annotated, Any

import typer

from dissect_report.cli.configuration import (
    ConfigArgument,
    JsonOption,
    QuietOption,
    SetOption,
    read_configuration,
)
from dissect_report.cli.console import console
from dissect_report.cli.progress import TerminalProgress

if TYPE_CHECKING:
    from dissect_report.config import Config
    from dissect_report.findings.store import LoadedRun

ForceOption = Annotated[
    bool, typer.Option("--force", help="Measure again even where the findings are up to date.")
]


def analyze(
    config: ConfigArgument = None,
    force: ForceOption = False,
    changes: SetOption = None,
    as_json: JsonOption = False,
    quiet: QuietOption = False,
) -> None:
    """Measure every unit and write the findings (JSON, arrays, pictures) to the site's run folder."""
    runs = measured(read_configuration(config, changes), force)
    if as_json:
        typer.echo(json.dumps({"runs": runs}, indent=1))


def measured(config: Config, force: bool) -> list[dict[str, Any]]:
    """Measures every run, says what each layer gave, and returns the same."""
    from dissect_report.analysis.dissection import dissect  # noqa: PLC0415  torch is slow to load

    runs = dissect(config, progress=TerminalProgress(), force=force)
    for run in runs:
        for layer in run.record.layers:
            named = sum(layer.concepts.values())
            console().print(
                f"  {run.record.name} {layer.name}: {layer.detectors} of {layer.units} units match "
                f"{named} concepts ({layer.grades['strong']} strong, {layer.chance_detectors:.3g} by chance)",
                soft_wrap=True,
            )
    return [summary(run) for run in runs]


def summary(run: LoadedRun) -> dict[str, Any]:
    """A run in numbers: of every layer its units, detectors, grades and concepts."""
    layers = [
        {
            "name": layer.name,
            "units": layer.units,
            "detectors": layer.detectors,
            "grades": dict(layer.grades),
            "concepts": sum(layer.concepts.values()),
            "chance_detectors": layer.chance_detectors,
        }
        for layer in run.record.layers
    ]
    notes = list(run.record.provenance.notes)
    return {"name": run.record.name, "findings": str(run.paths.root), "layers": layers, "notes": notes}
