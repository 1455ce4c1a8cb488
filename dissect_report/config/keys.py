"""A key of the configuration: its default, its help text, and the values that it cannot have."""

from __future__ import annotations

import dataclasses
from collections.abc import Iterable, Iterator
from dataclasses import field
from typing import Any

from dissect_report.errors import ConfigError

#: No number of a configuration is larger unless its key says so: a slip of the hand, and no machine holds it.
MOST = 10**7
#: Pixels of a side, at most: past it one picture's maps fill any machine.
MOST_PIXELS = 8_192


class Unsaid:
    """Marks a default that what a source knows of its network comes before."""


class UnsaidNumber(int, Unsaid):
    """A number that nobody said."""


class UnsaidNumbers(tuple[float, ...], Unsaid):
    """Numbers that nobody said."""


class UnsaidText(str, Unsaid):
    """A word that nobody said."""

    __slots__ = ()


def key(default: Any, text: str, most: float = MOST) -> Any:
    """A configuration key with its default, its help text, and the largest number that it takes."""
    return field(default=default, metadata={"help": text, "most": most})


def bounded(section: Any, table: str) -> Iterator[tuple[bool, str]]:
    """Checks that no number of a table is beyond what its key takes.

    Args:
        section: a dataclass of configuration keys.
        table: as the file writes it, "[probe]".
    """
    for known in dataclasses.fields(section):
        value, most = getattr(section, known.name), known.metadata.get("most", MOST)
        for number in value if isinstance(value, tuple) else (value,):
            if isinstance(number, int | float):
                yield abs(number) <= most, f"{table} {known.name} = {number}: at most {most:,}"


def refuse(checks: Iterable[tuple[bool, str]]) -> None:
    """Refuses impossible values.

    Args:
        checks: what must hold, and the line for whoever wrote it otherwise.

    Raises:
        ConfigError: the first that does not hold.
    """
    for holds, message in checks:
        if not holds:
            raise ConfigError(message)
