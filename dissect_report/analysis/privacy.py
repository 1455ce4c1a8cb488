"""Findings are published: nothing in them says where on whose machine they were made."""

from __future__ import annotations

import dataclasses
import os
from collections.abc import Iterator
from pathlib import Path
from typing import Any, TypeVar

from dissect_report.config import Config, RunConfig
from dissect_report.findings.whereabouts import without_folders

T = TypeVar("T")


def unplaced(record: T, config: Config, run: RunConfig) -> T:
    """A record whose texts name files from the site's folder on, or by their last part alone.

    Args:
        record: a dataclass of the findings.
        config: of the site.
        run: the run's, whose own paths may hold spaces and so are known by heart.
    """
    known = sorted({path for text in _texts(dataclasses.asdict(run)) if (path := _absolute(text))}, key=len)
    folders = (str(config.folder), str(config.folder.resolve()))
    changed: T = _changed(record, known[::-1], folders)
    return changed


def _texts(value: Any) -> Iterator[str]:
    if isinstance(value, str):
        yield value
    elif isinstance(value, dict):
        for item in value.values():
            yield from _texts(item)
    elif isinstance(value, list | tuple):
        for item in value:
            yield from _texts(item)


def _absolute(text: str) -> str:
    """The absolute path that a configured text is or begins with, as in ``file.py:factory``; else ""."""
    for path in (text, text.rpartition(":")[0], text.partition(":")[2]):
        if path and Path(os.path.expanduser(path)).is_absolute() and len(Path(path).parts) > 2:
            return path
    return ""


def _changed(value: Any, known: list[str], folders: tuple[str, ...]) -> Any:
    if isinstance(value, str):
        return shortened(value, known, folders)
    if dataclasses.is_dataclass(value) and not isinstance(value, type):
        names = [field.name for field in dataclasses.fields(value)]
        return dataclasses.replace(value, **{n: _changed(getattr(value, n), known, folders) for n in names})
    if isinstance(value, dict):
        return {name: _changed(item, known, folders) for name, item in value.items()}
    if isinstance(value, list | tuple):
        return type(value)(_changed(item, known, folders) for item in value)
    return value


def shortened(text: str, known: list[str], folders: tuple[str, ...]) -> str:
    """A text without the way to its files.

    Args:
        known: absolute paths that may stand in it, the longest first.
        folders: what paths are told from.
    """
    for folder in folders:
        text = text.replace(folder + os.sep, "")
    for path in known:
        text = text.replace(path, Path(path).name)
    return without_folders(text)
