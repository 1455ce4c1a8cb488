"""Which configuration a verb works on."""

from __future__ import annotations

from collections.abc import Sequence
from pathlib import Path
from typing import Annotated

import typer

from dissect_report.cli.console import hush
from dissect_report.config import Config, load_config
from dissect_report.findings.disk import write_atomically

#: Where the built-in demo is built when no configuration is named.
DEMO = Path("sites/demo/dissect.toml")

ConfigArgument = Annotated[
    Path | None,
    typer.Argument(
        metavar="[CONFIG]",
        help="A dissect.toml or the folder that holds one. Without it: the built-in demo, in sites/demo.",
        show_default=False,
    ),
]


SetOption = Annotated[
    list[str] | None,
    typer.Option(
        "--set",
        metavar="KEY=VALUE",
        help="Instead of what the file says: probe.limit=100; of several runs RUN.probe.limit=100.",
        show_default=False,
    ),
]

QuietOption = Annotated[
    bool, typer.Option("--quiet", "-q", help="Print nothing but failures.", callback=hush, show_default=False)
]

JsonOption = Annotated[
    bool, typer.Option("--json", help="Print the result as JSON, and nothing else.", callback=hush)
]


def read_configuration(path: Path | None, changes: Sequence[str] | None = None) -> Config:
    """The named configuration, or the demo's, written to ``sites/demo`` where it is not there yet.

    Args:
        changes: "KEY=VALUE" each, instead of what the file says.
    """
    if path is None:
        path = DEMO
        if not DEMO.is_file():
            write_atomically(DEMO, demo_configuration().encode())
    return load_config(path, changes or ())


def site_folder(config: object) -> Path:
    """The folder of the site that a verb was given, by its first argument; the demo's without one."""
    path = config if isinstance(config, Path) else DEMO
    return path if path.is_dir() else path.parent


def demo_configuration() -> str:
    """Text of the demo's ``dissect.toml``: from the installed package, else from the repository."""
    package = Path(__file__).resolve().parent.parent
    shipped = package / "demo" / "dissect.toml"
    source = shipped if shipped.is_file() else package.parent / DEMO
    return source.read_text(encoding="utf-8")
