"""Directions of a notebook as tables: a dictionary that is at hand becomes a file beside the findings."""

from __future__ import annotations

from collections.abc import Mapping, Sequence
from pathlib import Path
from typing import Any

from safetensors.torch import save
from torch import Tensor, nn

from dissect_report.errors import ConfigError
from dissect_report.file_names import file_names
from dissect_report.findings.disk import write_atomically


def direction_tables(directions: Sequence[Mapping[str, Any]], home: Path) -> dict[str, Any]:
    """What of the ``[model]`` table says them; nothing without any.

    Args:
        directions: tables; the file of a dictionary may be a module, or its tensors by name.
        home: where files go.

    Raises:
        ConfigError: something that is no table, or no dictionary.
    """
    if isinstance(directions, Mapping) or not all(isinstance(each, Mapping) for each in directions):
        raise ConfigError(
            'dissect: directions is a list of tables: [{"layer": "layer4", "kind": "rotation"}]'
        )
    tables = [_table(dict(each), home) for each in directions]
    return {"directions": tables} if tables else {}


def _table(table: dict[str, Any], home: Path) -> dict[str, Any]:
    held = table.get("file", "")
    if isinstance(held, str | Path):
        return {**table, "file": str(held)} if held else table
    tensors = held.state_dict() if isinstance(held, nn.Module) else held
    if not isinstance(tensors, Mapping) or not all(isinstance(each, Tensor) for each in tensors.values()):
        raise ConfigError("dissect: the file of directions is a path, a module, or tensors by name")
    name = str(table.get("name") or "dictionary")
    stem = file_names([f"{table.get('layer', '')} {name}"])[0]
    content = save({key: each.detach().cpu().contiguous().clone() for key, each in tensors.items()})
    write_atomically(home / f"{stem}.safetensors", content)
    return {**table, "file": f"{stem}.safetensors", "name": name}
