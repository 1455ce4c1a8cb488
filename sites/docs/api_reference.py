"""The Python reference, written from the package's public names and their docstrings."""

from __future__ import annotations

import dataclasses
import inspect
from collections.abc import Iterator
from types import ModuleType
from typing import Any

from docstrings import Docstring, cell, code, table

import dissect_report
from dissect_report.findings import ablation, generation, painting, photo, records, units
from dissect_report.findings.store import COUNTS

FINDINGS_INTRODUCTION = """\
# Findings

What `run/` of a site holds, file by file. `load_run` reads it; `dissect-report schema` prints the JSON
Schema. This page is written from the program itself when the documentation is built.
"""

#: Which module describes which file, and what the file is.
FILES: tuple[tuple[str, ModuleType, str], ...] = (
    ("run.json", records, "One for each run: what was measured, on what, with what."),
    ("LAYER/dissection.json", units, "One for each layer: what was found of each unit."),
    ("LAYER/ablation.json", ablation, "A classifier's units removed; where there is `[ablation]`."),
    (
        "LAYER/generation.json",
        generation,
        "A generator's units changed; where there is `[generation]`.",
    ),
    (
        "LAYER/painting.json",
        painting,
        "What readers paint with; where there is `[generation] paint = true`.",
    ),
    ("LAYER/photo.json", photo, "A classifier to try on a photo in a browser; where there is `[photo]`."),
)

ARRAYS = {
    "LAYER/counts.npz": COUNTS,
    "LAYER/ablation.npz": ablation.ARRAYS,
    "LAYER/generation.npz": generation.GENERATION_ARRAYS,
    "LAYER/painting.npz": painting.PAINTING_ARRAYS,
    "LAYER/photo.npz": photo.PHOTO_ARRAYS,
}


def python_page() -> str:
    """The public names as Markdown."""
    parts = ["# Python", Docstring.of(dissect_report).text]
    for name in dissect_report.__all__:
        if name != "__version__":
            parts += list(_thing(name, getattr(dissect_report, name)))
    parts += ["## `__version__` { #version }", "The installed version, as text."]
    return "\n\n".join(parts) + "\n"


def findings_page() -> str:
    """The records on disk as Markdown."""
    parts = [FINDINGS_INTRODUCTION]
    for name, module, meaning in FILES:
        parts += [f"## {name}", meaning]
        for record in _records(module):
            parts += [f"### {record.__name__}", *_described(record)]
    for name, arrays in ARRAYS.items():
        rows = [(code(array), cell(meaning)) for array, meaning in arrays.items()]
        parts += [
            f"## {name}",
            "Arrays by name, with their axes and what they hold.",
            table(("array", "what"), rows),
        ]
    return "\n\n".join(parts) + "\n"


def _records(module: ModuleType) -> Iterator[type[Any]]:
    """The dataclasses that a module defines, the one of the whole file first."""
    found = [
        value for value in vars(module).values()
        if inspect.isclass(value) and dataclasses.is_dataclass(value) and value.__module__ == module.__name__
    ]  # fmt: skip
    yield from reversed(found)


def _thing(name: str, value: Any) -> Iterator[str]:
    yield f"## `{name}` {{ #{name} }}"
    if inspect.isclass(value):
        yield from _described(value)
        yield from _members(value)
    else:
        yield f"```python\n{_signature(name, value)}\n```"
        yield from _described(value)


def _signature(name: str, function: Any) -> str:
    """As it is written, one argument a line."""
    signature = inspect.signature(function)
    lines = [
        f"    {p.name}: {p.annotation}{'' if p.default is p.empty else f' = {p.default!r}'},\n"
        for p in signature.parameters.values()
    ]
    return f"{name}(\n{''.join(lines)}) -> {signature.return_annotation}"


def _described(value: Any) -> Iterator[str]:
    """Text and sections of a docstring; the fields of a dataclass with their types."""
    said = Docstring.of(value)
    if not (said.text.startswith(f"{getattr(value, '__name__', '')}(")):  # a dataclass without a docstring
        yield said.text
    fields = {f.name: f.type for f in dataclasses.fields(value)} if dataclasses.is_dataclass(value) else {}
    meanings = said.entries.get("Attributes", {})
    if fields:
        rows = [(code(name), code(kind), cell(meanings.get(name, ""))) for name, kind in fields.items()]
        yield table(("attribute", "type", "meaning"), rows)
    if arguments := said.entries.get("Args"):
        yield table(("argument", "meaning"), [(code(n), cell(m)) for n, m in arguments.items()])
    for section in ("Returns", "Raises"):
        for name, meaning in said.entries.get(section, {}).items():
            yield f"**{section}** {code(name) + ': ' if name else ''}{meaning}"


def _members(kind: type[Any]) -> Iterator[str]:
    """Public properties and methods that the class itself defines."""
    found = {
        name: value for name, value in vars(kind).items()
        if not name.startswith("_") and (inspect.isfunction(value) or hasattr(value, "__get__"))
        and inspect.getdoc(value) and not inspect.ismemberdescriptor(value)
    }  # fmt: skip
    if found:
        rows = [(code(name), cell(Docstring.of(value).text)) for name, value in found.items()]
        yield table(("property or method", "meaning"), rows)
