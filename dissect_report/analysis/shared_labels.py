"""Label maps that several sites share: the same photos, segmenters and grid have the same ones.

They lie in the user's cache under the key that they have in a run's own, as a second name of the same file
where the disk can. Only those of published segmenters: a user's own code may read what no key knows.
"""

from __future__ import annotations

import os
from collections.abc import Callable, Iterator
from contextlib import contextmanager
from pathlib import Path

from dissect_report.analysis.cache import Cache
from dissect_report.analysis.setup import Setup
from dissect_report.errors import DissectError, StorageError
from dissect_report.findings.disk import alone_in, share
from dissect_report.sources.weights import cache_folder

#: Of the array in a run's cache.
NAME = "labels.u16"


def borrow_labels(setup: Setup) -> None:
    """Takes the label maps of a run's photos from another site's work, where there are any."""
    if setup.segmenter.published and not setup.run.is_generator:
        _told(setup, lambda: borrow(setup.cache, setup.stages.labels()))


def lend_labels(setup: Setup) -> None:
    """Leaves a run's whole label maps to other sites; together they take no more than a run's cache may."""
    if setup.segmenter.published and not setup.run.is_generator:
        budget = int(setup.run.compute.cache_gb * 1e9)
        _told(setup, lambda: lend(setup.cache, setup.stages.labels(), budget))


def _told(setup: Setup, work: Callable[[], None]) -> None:
    """What cannot be shared is made again: said, and no failure."""
    try:
        work()
    except StorageError as error:
        setup.progress.note(str(error))


def borrow(cache: Cache, key: str) -> None:
    """Takes shared label maps into a run's cache, unless it has them.

    Raises:
        StorageError: the disk refuses.
    """
    if cache.note(NAME).get("key") == key:
        return
    folder = cache_folder() / "labels"
    with _alone(folder):
        numbers, note = _files(folder, key)
        if numbers.is_file() and note.is_file():
            cache.discard(NAME)
            os.utime(numbers)
            share(numbers, cache.folder / NAME)
            share(note, cache.folder / f"{NAME}.json")


def lend(cache: Cache, key: str, budget: int) -> None:
    """Shares the whole label maps of a run, and lets go of the oldest ones beyond a budget in bytes.

    Raises:
        StorageError: the disk refuses.
    """
    folder = cache_folder() / "labels"
    numbers, note = _files(folder, key)
    if numbers.is_file() and note.is_file():
        return
    with _alone(folder, make=True):
        for path in (numbers, note):
            path.unlink(missing_ok=True)
        share(cache.folder / NAME, numbers)
        share(cache.folder / f"{NAME}.json", note)  # last: with it they are whole
        _prune(folder, budget)


def _files(folder: Path, key: str) -> tuple[Path, Path]:
    return folder / f"{key}.u16", folder / f"{key}.u16.json"


@contextmanager
def _alone(folder: Path, make: bool = False) -> Iterator[None]:
    try:
        if make:
            folder.mkdir(parents=True, exist_ok=True)
        with alone_in(folder, wait=True):
            yield
    except DissectError:
        raise
    except OSError as error:
        raise StorageError(f"{folder}: label maps cannot be shared ({error.strerror})") from None


def _prune(folder: Path, budget: int) -> None:
    kept = sorted(folder.glob("*.u16"), key=lambda path: path.stat().st_mtime_ns, reverse=True)
    used = 0
    for path in kept:
        used += path.stat().st_size
        if used > budget:
            path.with_name(f"{path.name}.json").unlink(missing_ok=True)
            path.unlink()
