"""The hub: a folder or a name of it, and whether it can be reached at all."""

from __future__ import annotations

import logging
import os
import re
import socket
import sys
import urllib.request
from collections.abc import Iterator
from contextlib import contextmanager
from functools import cache
from pathlib import Path
from typing import Any
from urllib.parse import urlsplit

from dissect_report.errors import SourceError
from dissect_report.schemes import rest_of

#: Seconds that the hub has to answer the door.
PATIENCE = 5.0

NAME = re.compile(r"[A-Za-z0-9][\w.-]*(/[\w.-]+)?")


def local_or_hub(source: str, folder: Path, error: type[SourceError]) -> tuple[str, bool]:
    """The folder that a source names, or a name of the hub's; and whether it is a folder.

    Raises:
        SourceError: of the class ``error``: it is neither.
    """
    rest = rest_of(source)
    path = folder / Path(rest).expanduser()
    if rest and path.is_dir():
        return str(path.resolve()), True
    if not NAME.fullmatch(rest):
        raise error(f"{source}: {path} is no folder, and {rest!r} is no name of the hub's (ORG/NAME)")
    return rest, False


@contextmanager
def within_reach() -> Iterator[None]:
    """Inside, the hub's client looks into its cache alone where the hub cannot be reached.

    Left to itself it asks again for half a minute a file, and says so every time.
    """
    logger, constants = logging.getLogger("huggingface_hub"), _constants()
    level, offline = logger.level, getattr(constants, "HF_HUB_OFFLINE", False)
    logger.setLevel(logging.ERROR)
    if constants is not None and not offline and not _reached(str(constants.ENDPOINT)):
        constants.HF_HUB_OFFLINE = True
    try:
        yield
    finally:
        logger.setLevel(level)
        if constants is not None:
            constants.HF_HUB_OFFLINE = offline


def _constants() -> Any:
    """Of the hub's client; None where nobody has loaded it."""
    return sys.modules.get("huggingface_hub.constants")


@cache
def _reached(endpoint: str) -> bool:
    """Whether somebody answers there; behind a proxy nobody can tell, and it is tried."""
    address = urlsplit(endpoint)
    if urllib.request.getproxies() or not address.hostname or os.environ.get("ALL_PROXY"):
        return True
    port = address.port or (443 if address.scheme == "https" else 80)
    try:
        with socket.create_connection((address.hostname, port), timeout=PATIENCE):
            return True
    except OSError:
        return False
