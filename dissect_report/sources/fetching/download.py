"""One file from one address: what an earlier try left is gone on with where the server allows it."""

from __future__ import annotations

import contextlib
import http.client
import json
import os
import re
import shutil
import urllib.error
import urllib.request
from dataclasses import dataclass
from pathlib import Path
from typing import Any
from urllib.parse import urlsplit

from rich.console import Console
from rich.progress import BarColumn, DownloadColumn, Progress, TextColumn, TimeRemainingColumn

from dissect_report.errors import StorageError
from dissect_report.findings.disk import write_atomically
from dissect_report.sources.fetching.digests import CHUNK, Digests, digests_of

TIMEOUT = 30.0
#: How often a connection may break in a row without a byte in between.
TRIES = 3


class UnreachableError(Exception):
    """An address does not give the file; says why."""


@dataclass
class Part:
    """What there is of a file.

    Attributes:
        path: of its bytes.
        known: whether a digest will tell a wrong piece; without one, pieces must be of the same version.
    """

    path: Path
    known: bool

    @property
    def note(self) -> Path:
        """Where it says which version of which address the bytes are of."""
        return self.path.with_name(f"{self.path.name}.json")

    @property
    def size(self) -> int:
        """Bytes that are there."""
        return self.path.stat().st_size if self.path.is_file() else 0

    def version(self, url: str) -> str:
        """The server's mark of the version that the bytes are of; "" for none, or another address."""
        try:
            note = json.loads(self.note.read_text(encoding="utf-8"))
            return str(note["version"]) if note["url"] == url else ""
        except (OSError, ValueError, KeyError, TypeError):
            return ""

    def begin(self, url: str, version: str) -> None:
        """Bytes of a version come now."""
        write_atomically(self.note, json.dumps({"url": url, "version": version}).encode())

    def forget(self) -> None:
        """Nothing of it is wanted any more."""
        self.path.unlink(missing_ok=True)
        self.note.unlink(missing_ok=True)


def download(url: str, part: Part) -> Digests:
    """Fills ``part`` from ``url`` with a progress bar; the digests of the whole.

    Raises:
        UnreachableError: it does not give the file; what came of it stays for the next try.
        StorageError: the disk refuses.
    """
    columns = (TextColumn("{task.description}"), BarColumn(), DownloadColumn(), TimeRemainingColumn())
    broken = 0
    # A console of its own: the run may be showing another progress bar.
    with Progress(*columns, console=Console(stderr=True), transient=True) as progress:
        task = progress.add_task(f"downloading {url.rpartition('/')[2]}", total=None)
        while True:
            before = part.size
            try:
                return _pass(url, part, lambda done, size: progress.update(task, completed=done, total=size))
            except ConnectionError as error:
                broken = 0 if part.size > before else broken + 1
                if broken >= TRIES:
                    raise UnreachableError(str(error)) from None


def _pass(url: str, part: Part, tell: Any) -> Digests:
    """One connection. Raises ConnectionError where another may help."""
    with _open(url, part) as response:
        start = _start(response, part)
        size = _size(response, start)
        version = response.headers.get("ETag") or response.headers.get("Last-Modified") or ""
        digests = digests_of(part.path) if start else Digests()
        if not start:
            part.begin(url, "" if version.startswith("W/") else version)
        _room(part.path, (size or 0) - start)
        done = start
        with _writing(part.path, start) as stream:
            tell(done, size)
            while chunk := _read(response):
                if size is not None and done + len(chunk) > size:
                    raise UnreachableError(f"more than the {size} bytes that it says")
                _write(stream, chunk, part.path)
                digests.update(chunk)
                done += len(chunk)
                tell(done, size)
    if size is not None and done < size:
        raise ConnectionError(f"the connection broke after {done} of {size} bytes")
    return digests


def _open(url: str, part: Part) -> Any:
    """The answer to a request for what is missing."""
    request = urllib.request.Request(url)
    version, there = part.version(url), part.size
    if there and urlsplit(url).scheme != "file" and (version or part.known):
        request.add_header("Range", f"bytes={there}-")
        if version:
            request.add_header("If-Range", version)
    else:
        there = 0
    try:
        return _ask(request)
    except urllib.error.HTTPError as error:
        error.close()  # it is an answer too, with its connection open
        if error.code == 416 and there:  # nothing is left to give: the bytes are of another version
            part.forget()
            raise ConnectionError("the server has no more of it than is here") from None
        raise UnreachableError(f"HTTP {error.code} {error.reason}") from None
    except (OSError, ValueError) as error:  # URLError and timeouts are OSErrors; ValueError: not an address
        raise UnreachableError(str(getattr(error, "reason", None) or error)) from None


def _ask(request: urllib.request.Request) -> Any:
    """Through the proxies that the environment names now."""
    return urllib.request.build_opener().open(request, timeout=TIMEOUT)


def _start(response: Any, part: Part) -> int:
    """The byte that the answer begins with: what is there, or 0 where the server begins anew."""
    if getattr(response, "status", None) != 206:
        return 0
    found = re.match(r"bytes (\d+)-", response.headers.get("Content-Range") or "")
    if not found or int(found[1]) != part.size:
        part.forget()
        raise ConnectionError("the server gives another piece than was asked for")
    return part.size


def _size(response: Any, start: int) -> int | None:
    """Of the whole file; None where the server does not say."""
    length = response.headers.get("Content-Length") or ""
    return start + int(length) if length.isdecimal() else None


def _read(response: Any) -> bytes:
    try:
        chunk: bytes = response.read(CHUNK)
        return chunk
    except (OSError, http.client.HTTPException, ValueError) as error:
        raise ConnectionError(f"the connection broke ({error})") from None


def _writing(path: Path, start: int) -> Any:
    try:
        return open(path, "ab" if start else "wb", buffering=0)
    except OSError as error:
        raise StorageError(f"{path.parent}: cannot be written ({error.strerror})") from None


def _write(stream: Any, chunk: bytes, path: Path) -> None:
    try:
        rest = memoryview(chunk)
        while rest:
            rest = rest[stream.write(rest) :]
    except OSError as error:
        raise StorageError(f"{path}: cannot be stored ({error.strerror})") from None


def _room(path: Path, needed: int) -> None:
    free = shutil.disk_usage(path.parent).free
    if needed > free:
        raise StorageError(
            f"{path.parent}: {needed / 1e9:.1f} GB needed for {path.name}, {free / 1e9:.1f} GB free; "
            "free some space, or set DISSECT_REPORT_CACHE to a folder on a larger disk"
        )


def asked_size(url: str) -> int | None:
    """Bytes of the file behind an address, by a request that carries none; None where nobody says."""
    request = urllib.request.Request(url, method="HEAD")
    with contextlib.suppress(OSError, ValueError), _ask(request) as answer:
        return _size(answer, 0)
    return None


def make_folder(folder: Path) -> None:
    """Raises StorageError: it cannot be written."""
    try:
        folder.mkdir(parents=True, exist_ok=True)
        if not os.access(folder, os.W_OK):
            raise PermissionError(13, "Permission denied")
    except OSError as error:
        raise StorageError(f"{folder}: cannot be written ({error.strerror})") from None
