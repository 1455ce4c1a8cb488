"""The Jinja environment: strict, always escaping, and where templates are looked for."""

from __future__ import annotations

import json
from functools import cache
from pathlib import Path

from jinja2 import BaseLoader, ChoiceLoader, Environment, FileSystemLoader, StrictUndefined
from markupsafe import Markup

from dissect_report.errors import PublishError


def templates_folder() -> Path:
    """The shipped templates: in the wheel inside the package, in a checkout beside it.

    Raises:
        PublishError: the installation lacks them.
    """
    package = Path(__file__).resolve().parent.parent
    for folder in (package / "templates", package.parent / "templates"):
        if (folder / "pages").is_dir():
            return folder
    raise PublishError(f"{package}: the templates are missing; install dissect-report again")


def script_json(value: object) -> Markup:
    """``value`` as JSON that is safe inside ``<script>``, in a quoted attribute and in a .js file.

    Raises:
        ValueError: ``value`` holds a NaN or an infinite number.
    """
    text = json.dumps(value, allow_nan=False, separators=(",", ":"))  # ASCII: U+2028 cannot end a line
    for character in "<>&'":
        text = text.replace(character, f"\\u{ord(character):04x}")
    return Markup(text)


@cache
def environment(*overrides: Path) -> Environment:
    """Templates of ``overrides`` win over the shipped ones of the same name."""
    loaders: list[BaseLoader] = [FileSystemLoader(folder) for folder in (*overrides, templates_folder())]
    made = Environment(
        loader=ChoiceLoader(loaders),
        autoescape=True,
        undefined=StrictUndefined,
        trim_blocks=True,
        lstrip_blocks=True,
    )
    made.filters["tojson"] = script_json
    return made
