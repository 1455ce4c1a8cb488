"""One table of a ``dissect.toml`` as its dataclass: unknown keys and wrong types are refused."""

from __future__ import annotations

import dataclasses
import math
import numbers
import os
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
    _check_names(section, values, here)
    with located(where):
        return section(**values)


def _check_names(section: type[Any], values: Mapping[str, Any], where: str) -> None:
    known = [f.name for f in dataclasses.fields(section)]
    for name in values:
        if name not in known:
            raise ConfigError(f"{where} has no key {name!r}; {nearest(name, known)}")


def settle_types(section: Any, table: str) -> None:
    """Gives every key of a table the type that it is of, wherever its value came from.

    A list becomes a tuple, a single value stands for a list of one, a path for its text, a number of another
    library for Python's own.

    Args:
        section: a dataclass of configuration keys, as it is made.
        table: as the file writes it, "[probe]".

    Raises:
        ConfigError: naming the key whose value is of another type.
    """
    hints = typing.get_type_hints(type(section))
    for known in dataclasses.fields(section):
        value = getattr(section, known.name)
        if value is not known.default:
            settled = read_value(hints[known.name], value, f"{table} {known.name}")
            object.__setattr__(section, known.name, settled)


@contextmanager
def located(where: str) -> Iterator[None]:
    """Names the file in the error of a table that refuses its values."""
    try:
        yield
    except ConfigError as error:
        raise ConfigError(f"{where}: {error}") from None


def read_value(hint: Any, value: Any, where: str) -> Any:  # noqa: PLR0911  one a kind of type
    """``value`` as the type ``hint`` of a field; a single value stands for a list of one."""
    origin = typing.get_origin(hint)
    if origin is Literal:
        if value not in typing.get_args(hint):
            raise ConfigError(f"{where} = {value!r}: {nearest(str(value), map(str, typing.get_args(hint)))}")
        return value
    if isinstance(hint, type) and dataclasses.is_dataclass(hint):
        return value if isinstance(value, hint) else _read_inner(hint, value, where)
    if origin is tuple:
        items = value if isinstance(value, list | tuple) else [value]
        return tuple(read_value(typing.get_args(hint)[0], item, where) for item in items)
    if hint is Any:
        return _inert(value, where)
    if origin is dict:
        if not isinstance(value, Mapping):
            raise ConfigError(f"{where} must be a table of keys")
        inner = typing.get_args(hint)[1]
        return {name: read_value(inner, item, f"{where} {name}") for name, item in value.items()}
    if isinstance(value, str) and "\0" in value:
        raise ConfigError(f"{where} = {value!r}: a text with a zero byte names nothing")
    if isinstance(hint, types.UnionType) and type(value) in _plain_types(hint):
        return value
    value = _plain(hint, value)
    if hint is float and isinstance(value, float) and not math.isfinite(value):
        raise ConfigError(f"{where} = {value}: expected a finite number")
    if type(value) is not hint:
        name = hint.__name__ if isinstance(hint, type | types.GenericAlias) else str(hint)
        raise ConfigError(f"{where} = {value!r}: expected {name}, not {type(value).__name__}")
    return value


def _read_inner(hint: type[T], value: Any, where: str) -> T:
    """A table within a table."""
    if not isinstance(value, Mapping):
        raise ConfigError(f"{where} must be a table of keys")
    _check_names(hint, value, where)
    return hint(**value)


def _inert(value: Any, where: str) -> Any:
    """Texts, numbers, truth, lists and tables of them: what findings can hold.

    Raises:
        ConfigError: it is something else, such as a date.
    """
    if isinstance(value, list | tuple):
        return [_inert(item, where) for item in value]
    if isinstance(value, Mapping):
        return {str(name): _inert(item, f"{where} {name}") for name, item in value.items()}
    infinite = isinstance(value, float) and not math.isfinite(value)
    if infinite or not isinstance(value, str | bool | int | float):
        raise ConfigError(f"{where} = {value!r}: expected a text, number, true, false, or a list of such")
    return value


def _plain(hint: Any, value: Any) -> Any:
    """Python's own number or text for what counts as one."""
    if hint is str and isinstance(value, os.PathLike):
        return os.fspath(value)
    if hint is int and isinstance(value, numbers.Integral) and not isinstance(value, bool):
        return int(value)
    if hint is float and isinstance(value, numbers.Real) and not isinstance(value, bool):
        return float(value)
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
