"""``dissect-report schema``: the findings' JSON Schema."""

from __future__ import annotations

import json

import typer


def schema() -> None:
    """Print the JSON Schema of the findings (run.json, dissection.json, ablation.json, generation.json)."""
    from dissect_report.findings.store import json_schema  # noqa: PLC0415  pydantic is slow to load

    typer.echo(json.dumps(json_schema(), indent=2))
