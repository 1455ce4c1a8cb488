"""``[fetch]``: where files of others come from."""

from __future__ import annotations

import os
from collections.abc import Iterator, Mapping
from contextlib import contextmanager
from contextvars import ContextVar
from dataclasses import dataclass
from urllib.parse import urlsplit

from dissect_report.config.keys import key, refuse
from dissect_report.config.tables import settle_types
from dissect_report.errors import ConfigError

#: Environment: mirrors, parted by white space; 1 for no network at all.
MIRRORS, OFFLINE = "DISSECT_REPORT_MIRRORS", "DISSECT_REPORT_OFFLINE"


@dataclass(frozen=True)
class FetchConfig:
    """Where files of others come from: weights, photos, tables of names."""

    mirrors: tuple[str, ...] = key(
        (),
        'asked before a host: ["dissect.csail.mit.edu=https://mirror.example/dissect"], or =file:///folder',
    )
    offline: bool = key(False, "true never asks the network: every file must be in the cache")

    def __post_init__(self) -> None:
        settle_types(self, "[fetch]")
        refuse([(_is_mirror(entry), _line("[fetch] mirrors", entry)) for entry in self.mirrors])

    def addresses(self, url: str) -> list[str]:
        """Where a file may be had, mirrors first; those of the environment before the file's."""
        found = []
        host = urlsplit(url).netloc
        for entry in (*_environment(), *self.mirrors):
            of, _, base = entry.partition("=")
            if of == host:
                found.append(base.rstrip("/") + url.partition(host)[2])
        return [*dict.fromkeys(found), url]


def _is_mirror(entry: str) -> bool:
    host, equals, base = entry.partition("=")
    return bool(host and equals and urlsplit(base).scheme in ("http", "https", "file"))


def _line(where: str, entry: str) -> str:
    return f"{where}: {entry!r} is not HOST=https://..., HOST=http://... or HOST=file:///..."


def _environment(variables: Mapping[str, str] = os.environ) -> list[str]:
    entries = variables.get(MIRRORS, "").split()
    for entry in entries:
        if not _is_mirror(entry):
            raise ConfigError(_line(MIRRORS, entry))
    return entries


_current: ContextVar[FetchConfig] = ContextVar("fetch", default=FetchConfig())


@contextmanager
def fetching(config: FetchConfig) -> Iterator[None]:
    """Inside, files are fetched as ``config`` says."""
    token = _current.set(config)
    try:
        yield
    finally:
        _current.reset(token)


def current() -> FetchConfig:
    """How files are fetched now."""
    return _current.get()


def is_offline() -> bool:
    """Whether the network must not be asked, by the configuration or the environment."""
    return current().offline or os.environ.get(OFFLINE, "").strip() not in ("", "0")
