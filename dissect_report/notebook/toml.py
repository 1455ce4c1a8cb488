"""Tables as a ``dissect.toml``, for whoever renders the findings of a notebook elsewhere."""

from __future__ import annotations

import json
from collections.abc import Iterator, Mapping
from pathlib import Path
from typing import Any

from dissect_report.errors import ConfigError

HEAD = """# Written by dissect_report.dissect in a notebook: render, serve and publish work from the findings.
# Sources that begin with memory: are objects of that notebook, and are measured again only there.
"""


def check_own(home: Path) -> None:
    """Refuses a folder whose configuration, or list of classes, somebody wrote by hand.

    Raises:
        ConfigError: naming the file.
    """
    config, classes = home / "dissect.toml", home / "classes.txt"
    own = config.is_file() and config.read_text(encoding="utf-8").startswith(HEAD.splitlines()[0])
    for path in (config, classes):
        if path.exists() and not own:
            raise ConfigError(f"{path}: was not written by a notebook; give dissect another folder=")


def written(tables: Mapping[str, Any], name: str = "") -> str:
    """The text of the file; with a name, of a single ``[[run]]``."""
    lines = [HEAD]
    plain = {key: value for key, value in tables.items() if not isinstance(value, Mapping | list)}
    lines += [f"{key} = {_value(value)}" for key, value in plain.items()]
    before = "run." if name else ""
    if name:
        lines += ["", "[[run]]", f"name = {_value(name)}"]
    for key, value in tables.items():
        where = key if key == "site" else f"{before}{key}"
        if isinstance(value, Mapping):
            lines += ["", f"[{where}]", *_rows(value, where)]
        elif isinstance(value, list):
            for part in value:
                lines += ["", f"[[{where}]]", *_rows(part, where)]
    return "\n".join(lines) + "\n"


def _rows(table: Mapping[str, Any], where: str) -> Iterator[str]:
    inner = {key: value for key, value in table.items() if isinstance(value, Mapping)}
    several = {key: value for key, value in table.items() if _are_tables(value)}
    plain = {key: value for key, value in table.items() if key not in inner and key not in several}
    yield from (f"{_key(key)} = {_value(value)}" for key, value in plain.items())
    for key, parts in several.items():
        for part in parts:
            yield from ("", f"[[{where}.{_key(key)}]]", *_rows(part, f"{where}.{_key(key)}"))
    for key, value in inner.items():
        yield from ("", f"[{where}.{_key(key)}]", *_rows(value, f"{where}.{_key(key)}"))


def _are_tables(value: Any) -> bool:
    return isinstance(value, list) and bool(value) and all(isinstance(part, Mapping) for part in value)


def _key(name: str) -> str:
    return name if name.replace("_", "").replace("-", "").isalnum() and name.isascii() else json.dumps(name)


def _value(value: Any) -> str:
    """A value; what JSON writes of texts, numbers, truth and lists, TOML reads."""
    if isinstance(value, tuple | list):
        return f"[{', '.join(map(_value, value))}]"
    return json.dumps(value, ensure_ascii=False)
