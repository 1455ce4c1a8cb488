"""Seconds to render and build sites of several sizes from made-up findings."""

from __future__ import annotations

import tempfile
from pathlib import Path

from dissect_report.cli.render import render
from tests.bench.rows import row, seconds
from tests.synthetic import write_synthetic_site


def main() -> None:
    """Prints the rows."""
    for layers, units, target in ((1, 512, "10 s"), (5, 1000, "")):
        with tempfile.TemporaryDirectory() as name:
            config = write_synthetic_site(Path(name), layers=layers, units=units, images=200, concepts=120)
            spent = seconds(lambda config=config: render(config))
            size = sum(path.stat().st_size for path in (Path(name) / "site").rglob("*") if path.is_file())
            what = f"render and build, {layers * units} units ({size / 1e6:.0f} MB)"
            row(what, f"{spent:.1f} s", target)
