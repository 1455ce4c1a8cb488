"""One table of a ``dissect.toml`` as its dataclass: unknown keys and wrong types are refused."""

from __future__ import annotations

import dataclasses
import math
import types
import typing
from collections.abc import Iterator, Mapping
from contextlib import contextmanager
from typing import Any, Literal, TypeVar

from dissect_report.errors import ConfigError, nearest

T = TypeVar("T")


def read_section(section: type[T], values: Any, where: str, table: str) -> T:
    """A section from its parsed table.

    Args:
        where: the file.
        table: as the file writes it, "[probe]".

    Raises:
        ConfigError: naming ``where`` and the key.
    """
    here = f"{where}: {table}"
    if not isinstance(values, Mapping):
        raise ConfigError(f"{here} must be a table of keys")
    fields = {f.name: f for f in dataclasses.fields(section)}  # type: ignore[arg-type]
    hints = typing.get_type_hints(section)
    for name in values:
        if name not in fields:
            raise ConfigError(f"{here} has no key {name!r}; {nearest(name, fields)}")
    given = {name: read_value(hints[name], value, f"{here} {name}") for name, value in values.items()}
    with located(where):
        return section(**given)


@contextmanager
def located(where: str) -> Iterator[None]:
    """Names the file in the error of a table that refuses its values."""
    try:
        yield
    except ConfigError as error:
        raise ConfigError(f"{where}: {error}") from None


def read_value(hint: Any, value: Any, where: str) -> Any:
    """``value`` as the type ``hint`` of a field; a single value stands for a list of one."""
    origin = typing.get_origin(hint)
    if origin is Literal:
        if value not in typing.get_args(hint):
            raise ConfigError(f"{where} = {value!r}: {nearest(str(value), map(str, typing.get_args(hint)))}")
        return value
    if isinstance(hint, type) and dataclasses.is_dataclass(hint):
        return read_section(hint, value, *where.rsplit(": ", 1))
    if origin is tuple:
        items = value if isinstance(value, list) else [value]
        return tuple(read_value(typing.get_args(hint)[0], item, where) for item in items)
    if origin is dict:
        if not isinstance(value, Mapping):
            raise ConfigError(f"{where} must be a table of keys")
        inner = typing.get_args(hint)[1]
        return {name: read_value(inner, item, f"{where} {name}") for name, item in value.items()}
    if isinstance(hint, types.UnionType) and type(value) in _plain_types(hint):
        return value
    if hint is float and isinstance(value, int) and not isinstance(value, bool):
        value = float(value)
    if hint is float and isinstance(value, float) and not math.isfinite(value):
        raise ConfigError(f"{where} = {value}: expected a finite number")
    if type(value) is not hint:
        name = hint.__name__ if isinstance(hint, type | types.GenericAlias) else str(hint)
        raise ConfigError(f"{where} = {value!r}: expected {name}, not {type(value).__name__}")
    return value


def _plain_types(hint: types.UnionType) -> set[Any]:
    """What may stand where one of several types is asked for; of a list whatever it holds."""
    return {typing.get_origin(each) or each for each in typing.get_args(hint)}


def read_optional(kind: type[T], tables: Mapping[str, Any], name: str, where: str) -> T | None:
    """The section called ``name``; None where the file does not have it.

    Raises:
        ConfigError: as ``read_section``.
    """
    return read_section(kind, tables[name], where, f"[{name}]") if name in tables else None
