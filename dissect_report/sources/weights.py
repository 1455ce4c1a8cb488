"""Weight files of others: downloaded once, checked against their digest."""

from __future__ import annotations

import hashlib
import os
import pickle
import tempfile
import urllib.error
import urllib.request
from collections.abc import Mapping
from pathlib import Path
from urllib.parse import unquote, urlsplit

import torch
from rich.console import Console
from rich.progress import BarColumn, DownloadColumn, Progress, TextColumn, TimeRemainingColumn
from torch import Tensor

from dissect_report.errors import StorageError, WeightsError

CHUNK = 1 << 20
TIMEOUT = 30.0


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


def fetch(url: str, sha256_prefix: str = "", cache: Path | None = None, offline: bool = False) -> Path:
    """The file behind ``url``, downloaded unless it is there already.

    Args:
        url: http, https or file.
        sha256_prefix: how the file's sha256 begins; "" skips the check.
        cache: folder for the file; default a place of its own in the user's cache.
        offline: never touch the network.

    Raises:
        WeightsError: offline or unreachable and not there, or the digest is another.
        StorageError: the cache cannot be written.
    """
    path = _place(url, cache)
    if path.is_file():
        found = _sha256(path)
        if not found.startswith(sha256_prefix.lower()):
            raise WeightsError(
                f"{path}: sha256 begins {found[:12]}, not {sha256_prefix}: delete it to download it again"
            )
        return path
    by_hand = f"download it by hand and save it as {path}"
    if offline:
        raise WeightsError(f"offline, and {url} is not in the cache: {by_hand}")
    try:
        path.parent.mkdir(parents=True, exist_ok=True)
        handle, name = tempfile.mkstemp(prefix=f"{path.name}.", suffix=".part", dir=path.parent)
    except OSError as error:
        raise StorageError(f"{path.parent}: cannot be written ({error.strerror})") from None
    part = Path(name)
    try:
        with os.fdopen(handle, "wb") as stream:
            found = _download(url, stream.fileno(), by_hand)
        if not found.startswith(sha256_prefix.lower()):
            raise WeightsError(f"{url}: sha256 begins {found[:12]}, not {sha256_prefix}: refused")
        os.replace(part, path)
    finally:
        part.unlink(missing_ok=True)
    return path


def _place(url: str, cache: Path | None) -> Path:
    """Where the file is kept: by host and path, so that equal names of two places do not meet."""
    address = urlsplit(url)
    steps = [step for step in unquote(address.path).split("/") if step not in ("", ".", "..")]
    if not steps:
        raise WeightsError(f"{url}: names no file")
    if cache is not None:
        return cache / steps[-1]
    host = (address.netloc or "local").replace(":", "_")
    return cache_folder().joinpath("weights", host, *steps)


def _download(url: str, descriptor: int, by_hand: str) -> str:
    """Copies ``url`` to an open file with a progress bar; the sha256 of what came."""
    digest = hashlib.sha256()
    columns = (TextColumn("{task.description}"), BarColumn(), DownloadColumn(), TimeRemainingColumn())
    try:
        with (
            urllib.request.urlopen(url, timeout=TIMEOUT) as response,
            # A console of its own: the run may be showing another progress bar.
            Progress(*columns, console=Console(stderr=True), transient=True) as progress,
        ):
            size = int(response.headers.get("Content-Length") or 0)
            task = progress.add_task(f"downloading {url.rpartition('/')[2]}", total=size or None)
            received = 0
            while chunk := response.read(CHUNK):
                _write(descriptor, chunk, url)
                digest.update(chunk)
                received += len(chunk)
                progress.update(task, completed=received)
    except (OSError, ValueError) as error:  # URLError and timeouts are OSErrors; ValueError: not an address
        if isinstance(error, urllib.error.HTTPError):
            error.close()  # it is an answer too, with its connection open
        reason = getattr(error, "reason", None) or error
        raise WeightsError(f"{url} cannot be downloaded ({reason}): {by_hand}") from None
    if size and received != size:
        raise WeightsError(
            f"{url}: the connection broke after {received} of {size} bytes: try again, or {by_hand}"
        )
    return digest.hexdigest()


def _write(descriptor: int, chunk: bytes, url: str) -> None:
    try:
        rest = memoryview(chunk)
        while rest:
            rest = rest[os.write(descriptor, rest) :]
    except OSError as error:
        raise StorageError(f"{cache_folder()}: {url} cannot be stored ({error.strerror})") from None


def _sha256(path: Path) -> str:
    with path.open("rb") as stream:
        return hashlib.file_digest(stream, "sha256").hexdigest()


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
