"""The configuration reference, from ``dissect_report/config``: every key, type, default, meaning."""

from __future__ import annotations

import dataclasses
import json
import types
import typing
from collections.abc import Iterator
from typing import Any, Literal

from docstrings import Docstring, cell, code, table

from dissect_report.config import OPTIONAL, SECTIONS, DirectionsConfig, SiteConfig
from dissect_report.schemes import OWN_CODE, schemes

INTRODUCTION = """\
# Configuration

Every key that a `dissect.toml` can hold. This page is written from the program itself when the documentation
is built; `dissect-report init FOLDER` writes the same as a commented file. A key that is not listed here
is an error that names the nearest one. Paths are relative to the file's folder. A single value may stand for
a list of one. A dash means that the default is empty.
"""

#: What stands above the sections; read in ``config.parse_config``, where no dataclass describes it.
TOP_LEVEL = (
    ("title", "text", "the run's name", "of the site"),
    (
        "[[run]]", "table", "–",
        "one network on one probe dataset; write the sections below it as `[run.model]`, `[run.probe]`, "
        "`[[run.segmenter]]` and so on. Without it the sections stand alone and are the only run",
    ),
    (
        "name", "text", "the last part of `[model] source`",
        "of a run, inside `[[run]]`: its folder and its place on the site; letters, digits, `.`, `_` and `-`",
    ),
)  # fmt: skip

SOURCES = """\
What `source` (and `[probe] images`) can name beside files and folders. Other packages add kinds by an entry
point of the group `dissect_report.sources`, whose value is a `dissect_report.schemes.Scheme`."""
SOURCE_HEADINGS = ("written", "in", "meaning")
ROLE_KEYS = {"model": "[model]", "segmenter": "[[segmenter]]", "images": "[probe] images"}

HEADINGS = ("key", "type", "default", "meaning")


def configuration_page() -> str:
    """The page as Markdown."""
    parts = [INTRODUCTION, "## Top level", table(HEADINGS, [_top_row(*row) for row in TOP_LEVEL])]
    for name, section in {**SECTIONS, "site": SiteConfig}.items():
        parts += list(_section(name, section))
        if name == "model":
            parts += list(_section("model.directions", DirectionsConfig))
    parts += ["## Sources { #sources }", SOURCES, table(SOURCE_HEADINGS, list(_source_rows()))]
    return "\n\n".join(parts) + "\n"


def _source_rows() -> Iterator[tuple[str, ...]]:
    """Own code, and every kind of the table in each of its roles."""
    for form in OWN_CODE:
        yield code(form), "[model], [[segmenter]]", "a function of yours that makes it"
    for scheme in schemes():
        for role, form in scheme.forms.items():
            yield cell(code(form)), ROLE_KEYS[role], cell(scheme.help)


def _top_row(key: str, kind: str, default: str, meaning: str) -> tuple[str, ...]:
    return code(key), kind, default, meaning


def _section(name: str, section: type[Any]) -> Iterator[str]:
    heading = f"[[{name}]]" if name in ("segmenter", "model.directions") else f"[{name}]"
    yield f"## {code(heading)} {{ #{name} }}"
    yield Docstring.of(section).text
    if name in OPTIONAL:
        yield "The table alone switches it on: each of its keys has a default."
    hints = typing.get_type_hints(section)
    yield table(HEADINGS, [_row(name, field, hints[field.name]) for field in dataclasses.fields(section)])


def _row(section: str, field: dataclasses.Field[Any], hint: Any) -> tuple[str, ...]:
    anchor = f'<span id="{section}.{field.name}">{code(field.name)}</span>'
    return anchor, type_words(hint), default_words(field), cell(field.metadata["help"]).replace("*", "\\*")


def default_words(field: dataclasses.Field[Any]) -> str:
    """The default as TOML; a dash where it is empty."""
    value = field.default if field.default_factory is dataclasses.MISSING else field.default_factory()
    if value in ("", (), {}) or dataclasses.is_dataclass(value):
        return "–"
    return code(json.dumps(list(value) if isinstance(value, tuple) else value, ensure_ascii=False))


def type_words(hint: Any, many: bool = False) -> str:
    """A field's type in words; of ``many`` values where it stands for what a list or table holds."""
    plain = {
        str: "text", int: "whole number", float: "number", bool: "true or false", list[Any]: "list",
        Any: "value",
    }  # fmt: skip
    ending = "s" if many else ""
    if hint in plain:
        return plain[hint] + ending
    if dataclasses.is_dataclass(hint):
        return f"table{ending}"
    origin, arguments = typing.get_origin(hint), typing.get_args(hint)
    if origin is Literal:
        return " or ".join(code(json.dumps(choice)) for choice in arguments)
    if origin is tuple:
        return f"list{ending} of {type_words(arguments[0], many=True)}"
    if origin is dict:
        return f"table{ending} of {type_words(arguments[1], many=True)}"
    if isinstance(hint, types.UnionType):
        return " or ".join(type_words(argument, many) for argument in arguments)
    raise TypeError(f"{hint} has no words yet: add them here")
