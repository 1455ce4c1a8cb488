"""Where files of others are kept: one folder for all sites."""

from __future__ import annotations

import os
from pathlib import Path
from urllib.parse import unquote, urlsplit

from dissect_report.errors import StorageError, WeightsError


def cache_folder() -> Path:
    """The user's cache: ``DISSECT_REPORT_CACHE``, else below ``XDG_CACHE_HOME`` or ``~/.cache``.

    Raises:
        StorageError: there is none of them.
    """
    if own := os.environ.get("DISSECT_REPORT_CACHE"):
        return Path(own)
    base = os.environ.get("XDG_CACHE_HOME")
    try:
        return (Path(base) if base else Path.home() / ".cache") / "dissect-report"
    except RuntimeError:
        raise StorageError(
            "no home folder to keep weights in: name another in DISSECT_REPORT_CACHE"
        ) from None


def place_of(url: str, cache: Path | None = None) -> Path:
    """Where the file is kept: by host and path, so that equal names of two places do not meet.

    Args:
        url: where it was published, whatever mirror it comes from.
        cache: a folder for it alone.

    Raises:
        WeightsError: the address names no file.
    """
    address = urlsplit(url)
    steps = [step for step in unquote(address.path).split("/") if step not in ("", ".", "..")]
    if not steps:
        raise WeightsError(f"{url}: names no file")
    if cache is not None:
        return cache / steps[-1]
    host = (address.netloc or "local").replace(":", "_")
    return cache_folder().joinpath("weights", host, *steps)
