"""The Jinja environment: strict, always escaping, and where templates are looked for."""

from __future__ import annotations

import json
import traceback
from collections.abc import Iterator
from functools import cache
from pathlib import Path

from jinja2 import (
    BaseLoader,
    ChoiceLoader,
    Environment,
    FileSystemLoader,
    PrefixLoader,
    StrictUndefined,
    TemplateSyntaxError,
)
from jinja2.sandbox import SandboxedEnvironment
from markupsafe import Markup

from dissect_report.errors import PublishError, nearest

#: The folders whose templates a site may replace by its own of the same name.
REPLACEABLE = ("pages", "partials")
#: Before the name of a template: the shipped one, even where the site has its own.
SHIPPED = "shipped"


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


def check_own(folder: Path) -> None:
    """Refuses a folder of a site's own templates that could not do what its author means.

    A file whose name begins with ``_`` is the author's own part, for ``include`` and ``import``.

    Raises:
        PublishError: there is no such folder, a name that none of ours has, or a link in it.
    """
    if not folder.is_dir():
        raise PublishError(f"{folder}: no such folder; make it, or take `templates` out of [site]")
    for path in folder.rglob("*"):
        if path.is_symlink():
            raise PublishError(f"{path}: is a link; put the template itself there")
    known = list(_names(templates_folder()))
    for name in _names(folder):
        if name not in known and not name.rpartition("/")[2].startswith("_"):
            raise PublishError(f"{folder / name}: replaces no template of ours; {nearest(name, known)}")


def _names(folder: Path) -> Iterator[str]:
    """Names of the templates in ``folder``; what an editor leaves behind is none."""
    for path in sorted(folder.rglob("*")):
        name = path.relative_to(folder)
        ours = folder != templates_folder() or name.parts[0] in REPLACEABLE
        if path.is_file() and ours and not name.name.startswith(".") and not name.name.endswith("~"):
            yield name.as_posix()


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
def environment(*overrides: Path, pictures: bool = True) -> Environment:
    """Templates of ``overrides`` win over the shipped ones of the same name.

    Args:
        overrides: folders, the first one wins.
        pictures: what every template finds as ``with_pictures``: whether the site shows probe images.
    """
    shipped = FileSystemLoader(templates_folder())
    own: list[BaseLoader] = [FileSystemLoader(folder) for folder in overrides]
    kind = SandboxedEnvironment if own else Environment  # a site's own templates may be a stranger's
    made = kind(
        loader=ChoiceLoader([*own, shipped, PrefixLoader({SHIPPED: shipped})]),
        autoescape=True,
        undefined=StrictUndefined,
        trim_blocks=True,
        lstrip_blocks=True,
    )
    made.filters["tojson"] = script_json
    made.globals["with_pictures"] = pictures
    return made


def fault_of(folder: Path | None, error: BaseException) -> str | None:
    """Where and why a template of ``folder`` failed, in one line; None if it was not one of them."""
    if folder is None:
        return None
    if isinstance(error, TemplateSyntaxError):
        places = [(error.filename or "", error.lineno)]
    else:
        # Every frame counts: a shipped partial that was called with the wrong values is its caller's fault.
        frames = traceback.extract_tb(error.__traceback__)
        places = [(frame.filename, frame.lineno or 0) for frame in reversed(frames)]
    for name, line in places:
        if name and Path(name).is_relative_to(folder):
            reason = " ".join(str(error).split()) or type(error).__name__
            return f"{name}: line {line}: {reason}"
    return None
