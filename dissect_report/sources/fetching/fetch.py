"""A file of others in the cache: found there, put there by hand, or downloaded from a mirror or its host."""

from __future__ import annotations

import os
from dataclasses import dataclass
from pathlib import Path

from dissect_report.config.fetch import current, is_offline
from dissect_report.errors import WeightsError
from dissect_report.findings.disk import alone_in
from dissect_report.sources.fetching.digests import Published, check, digests_of
from dissect_report.sources.fetching.download import (
    Part,
    UnreachableError,
    asked_size,
    download,
    make_folder,
)
from dissect_report.sources.fetching.places import cache_folder, place_of


@dataclass(frozen=True)
class Wanted:
    """A file that something needs.

    Attributes:
        published: what is known of it.
        path: where it is kept.
        there: whether it is.
        size: in bytes: its own, or what an address says; None where nobody does.
    """

    published: Published
    path: Path
    there: bool
    size: int | None


def fetched(published: Published, cache: Path | None = None, offline: bool = False) -> Path:
    """The file, downloaded unless it is in the cache, whoever put it there.

    Args:
        published: what is known of it.
        cache: folder for the file; default a place of its own in the user's cache.
        offline: never touch the network, whatever the configuration says.

    Raises:
        WeightsError: it cannot be had, or is another: every address that was tried, what to put where by
            hand.
        StorageError: the cache cannot be written.
    """
    path = _place(published, cache)
    if not path.is_file():
        if offline or is_offline():
            remedy = by_hand(published, path)
            raise WeightsError(f"offline, and {published.url} is not in the cache: {remedy}")
        make_folder(path.parent)
        with alone_in(path.parent, wait=True):  # two runs that want the same file download it once
            if not path.is_file():
                return _obtain(published, path)
    try:
        digests = digests_of(path, bool(published.md5))
    except OSError as error:
        raise WeightsError(f"{path}: cannot be read ({error.strerror})") from None
    check(path, published, digests)
    return path


def _place(published: Published, cache: Path | None = None) -> Path:
    own = cache_folder() / published.folder if published.folder else None
    return place_of(published.url, cache or own)


def _obtain(published: Published, path: Path) -> Path:
    """From the first address that gives it."""
    part = Part(path.with_name(f"{path.name}.part"), published.known)
    tried = []
    for address in current().addresses(published.url):
        try:
            digests = download(address, part)
        except UnreachableError as error:
            tried.append(f"{address} cannot be downloaded ({error})")
            continue
        if misfit := digests.misfit(published):
            part.forget()
            tried.append(f"{address}: {misfit}: refused")
            continue
        check(path, published, digests)
        os.replace(part.path, path)
        part.forget()
        return path
    kept = f"; {part.size / 1e6:,.1f} MB of it are kept for the next try" if part.size else ""
    raise WeightsError(f"{'; '.join(tried)}{kept}: {by_hand(published, path)}")


def by_hand(published: Published, path: Path) -> str:
    """What to put where."""
    name = published.url.rpartition("/")[2]
    return (
        f"download {name} by hand and save it as {path}, or name a mirror in [fetch] mirrors; "
        "what this run has done so far is kept"
    )


def look(published: Published, ask: bool = True) -> Wanted:
    """What is known of a file before anything is downloaded.

    Args:
        ask: the addresses for its size, where it is not there.
    """
    path = _place(published)
    if path.is_file():
        return Wanted(published, path, True, path.stat().st_size)
    addresses = current().addresses(published.url) if ask and not is_offline() else []
    sizes = (asked_size(address) for address in addresses)
    return Wanted(published, path, False, next((size for size in sizes if size is not None), None))
