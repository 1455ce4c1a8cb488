"""Values of the command line over those of the file: ``--set probe.limit=100``."""

from __future__ import annotations

import copy
import tomllib
from collections.abc import Iterable
from typing import Any

from dissect_report.errors import ConfigError


def override(tables: dict[str, Any], changes: Iterable[str]) -> dict[str, Any]:
    """The parsed file with some of its keys set.

    Args:
        tables: of a ``dissect.toml``; left as they are.
        changes: ``KEY=VALUE`` each. A key is a path of names (``model.layers``), with the run's name first
            where the file has several (``generator.probe.latents``); ``segmenter`` is the only one, or goes
            by its number from 0 (``segmenter.0.source``). A value is written as in the file; what is no TOML
            is a text.

    Raises:
        ConfigError: a change is not of this form, or its key names no single place.
    """
    changed = copy.deepcopy(tables)
    for change in changes:
        name, equals, text = change.partition("=")
        path = [part.strip() for part in name.split(".")]
        if not equals or not all(path) or path[-1].isdecimal():
            raise ConfigError(f"--set {change}: not KEY=VALUE, such as --set probe.limit=100")
        place = changed
        for part in path[:-1]:
            place = _within(place, part, change)
        place[path[-1]] = _value(text)
    return changed


def _within(place: dict[str, Any], part: str, change: str) -> dict[str, Any]:
    """The table called ``part``, made where there is none."""
    runs: list[dict[str, Any]] = place["run"] if isinstance(place.get("run"), list) else []
    if runs and part not in place:
        named = next((run for run in runs if run.get("name") == part), None)
        if named is None and len(runs) > 1:
            names = ", ".join(repr(run.get("name")) for run in runs)
            raise ConfigError(f"--set {change}: begin with the name of a run: {names}")
        return named if named is not None else _within(runs[0], part, change)
    inner = place.setdefault(part, {})
    if isinstance(inner, list):
        inner = inner[0] if len(inner) == 1 else {str(number): item for number, item in enumerate(inner)}
    if not isinstance(inner, dict):
        raise ConfigError(f"--set {change}: {part} is no table")
    return inner


def _value(text: str) -> Any:
    """As TOML; what is none is a text."""
    try:
        return tomllib.loads(f"value = {text}")["value"]
    except (ValueError, RecursionError):
        return text.strip()
