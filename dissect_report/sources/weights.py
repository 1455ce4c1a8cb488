"""Weight files of others: fetched once, and read only where they hold nothing but tensors."""

from __future__ import annotations

import pickle
from collections.abc import Mapping
from pathlib import Path

import torch
from torch import Tensor

from dissect_report.errors import WeightsError
from dissect_report.sources.fetching.digests import Published
from dissect_report.sources.fetching.fetch import fetched
from dissect_report.sources.fetching.places import cache_folder

__all__ = ["cache_folder", "fetch", "read_restricted"]


def fetch(url: str, sha256_prefix: str = "", cache: Path | None = None, offline: bool = False) -> Path:
    """The file behind ``url``, downloaded unless it is there already.

    Args:
        url: http, https or file.
        sha256_prefix: how the file's sha256 begins; "" where nobody says.
        cache: folder for the file; default a place of its own in the user's cache.
        offline: never touch the network, whatever the configuration says.

    Raises:
        WeightsError: offline or unreachable and not there, or the digest is another.
        StorageError: the cache cannot be written.
    """
    return fetched(Published(url, sha256_prefix), cache, offline)


def read_restricted(path: Path) -> dict[str, Tensor]:
    """A state dict from a pickle that holds nothing but tensors; nothing else is ever run.

    Raises:
        WeightsError: it holds something else.
    """
    try:
        with path.open("rb") as stream:
            content = torch.load(stream, map_location="cpu", weights_only=True)
    except (pickle.UnpicklingError, RuntimeError, EOFError, OSError) as error:
        line = " ".join(str(error).split())[:200]
        raise WeightsError(f"{path}: not a plain state dict ({line})") from None
    if not isinstance(content, Mapping) or not all(isinstance(value, Tensor) for value in content.values()):
        raise WeightsError(f"{path}: not a plain state dict")
    return {str(name): value for name, value in content.items()}
