"""A key of the configuration: its default, its help text, and the values that it cannot have."""

from __future__ import annotations

from collections.abc import Iterable
from dataclasses import field
from typing import Any

from dissect_report.errors import ConfigError


def key(default: Any, text: str) -> Any:
    """A configuration key with its default and its help text."""
    return field(default=default, metadata={"help": text})


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
