"""Which configuration a verb works on."""

from __future__ import annotations

from pathlib import Path
from typing import Annotated

import typer

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


def read_configuration(path: Path | None) -> Config:
    """The named configuration, or the demo's, written to ``sites/demo`` where it is not there yet."""
    if path is not None:
        return load_config(path)
    if not DEMO.is_file():
        write_atomically(DEMO, demo_configuration().encode())
    return load_config(DEMO)


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
