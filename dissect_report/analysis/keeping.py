"""Records of arrays, taken apart for a file of arrays and put together again."""

from __future__ import annotations

from dataclasses import fields, is_dataclass
from typing import Any, TypeVar, get_type_hints

import numpy as np

T = TypeVar("T")


def taken_apart(record: Any, before: str = "") -> dict[str, np.ndarray]:
    """The arrays and numbers of a dataclass, and of those within it, by dotted name."""
    arrays: dict[str, np.ndarray] = {}
    for field in fields(record):
        value, name = getattr(record, field.name), f"{before}{field.name}"
        if is_dataclass(value):
            arrays |= taken_apart(value, f"{name}.")
        else:
            arrays[name] = np.asarray(value)
    return arrays


def restore(kind: type[T], arrays: dict[str, np.ndarray], before: str = "") -> T:
    """The dataclass that ``taken_apart`` took apart."""
    values: dict[str, Any] = {}
    for name, hint in get_type_hints(kind).items():
        if is_dataclass(hint):
            values[name] = restore(hint, arrays, f"{before}{name}.")  # type: ignore[arg-type]
        else:
            array = arrays[f"{before}{name}"]
            values[name] = int(array) if hint is int else array
    return kind(**values)
