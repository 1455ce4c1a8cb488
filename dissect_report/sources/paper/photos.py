"""The paper's photos: an archive of 365 folders, unpacked once in the user's cache."""

from __future__ import annotations

from pathlib import Path

from dissect_report.errors import ProbeError
from dissect_report.sources.fetching.archives import marked, unpacked
from dissect_report.sources.fetching.digests import digests_of, record_of
from dissect_report.sources.fetching.fetch import fetched
from dissect_report.sources.fetching.places import place_of
from dissect_report.sources.paper.classifiers import CLASSES
from dissect_report.sources.paper.files import PLACES_VAL, find


def photo_folder(source: str) -> Path:
    """The folder of the photos' folders; the archive is downloaded and unpacked where it is not there.

    Raises:
        ProbeError: the paper has no such photos.
        WeightsError: the archive cannot be had, is another, or holds what it should not.
        StorageError: the disk refuses.
    """
    (archive,) = find(source, ("photos",), ProbeError).files
    if known := known_folder(source):
        return known
    path = fetched(archive)
    return innermost(unpacked(path, digests_of(path, md5=False).sha256))


def known_folder(source: str = PLACES_VAL.source) -> Path | None:
    """Where the photos are unpacked already, by this program or by hand; None where they are not."""
    (archive,) = find(source, ("photos",), ProbeError).files
    path = place_of(archive.url)
    folder = path.with_name(f"{path.name}.unpacked")
    return innermost(folder) if folder.is_dir() and not _stale(path, folder) else None


def _stale(archive: Path, folder: Path) -> bool:
    """Whether a folder was unpacked from another archive than the one that was last seen."""
    record, digest = record_of(archive), marked(folder)
    return bool(digest) and record.is_file() and record.read_text(encoding="utf-8").split()[:1] != [digest]


def innermost(folder: Path) -> Path:
    """Down through folders that hold a single folder and nothing else."""
    while True:
        inside = [path for path in folder.iterdir() if not path.name.startswith(".")]
        if len(inside) != 1 or not inside[0].is_dir():
            return folder
        folder = inside[0]


def place_names() -> tuple[str, ...]:
    """What the paper's classifiers tell apart: their classes are the photos' folders in order.

    Empty where the photos are not here: nobody else names the classes.
    """
    folder = known_folder()
    names = sorted(path.name for path in folder.iterdir() if path.is_dir()) if folder else []
    return tuple(names) if len(names) == CLASSES else ()
